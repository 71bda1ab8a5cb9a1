//! What stands behind `(`: nothing, a name, or flags.

use super::PatternError;
use super::cursor::Cursor;

/// Flags that hold for what is read next.
#[expect(clippy::struct_excessive_bools, reason = "the four flags of RE2 are independent")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    /// `i`: upper and lower case are the same.
    pub(super) fold: bool,
    /// `m`: `^` and `$` also match at lines.
    pub(super) multiline: bool,
    /// `s`: `.` also matches a line feed.
    pub(super) dot_all: bool,
    /// `U`: repetitions are lazy, and greedy with `?`.
    pub(super) swap_greed: bool,
}

/// What `(` begins.
pub(super) enum Opening {
    /// A group that captures, with its name if it has one.
    Capture(Option<String>),
    /// A group that does not, and the flags inside.
    Plain(Flags),
    /// No group: flags for the rest of the group around.
    Flags(Flags),
}

/// Reads what begins with the parenthesis at the cursor.
pub(super) fn opening(cursor: &mut Cursor<'_>, flags: Flags) -> Result<Opening, PatternError> {
    let start = *cursor;
    cursor.next();
    if !cursor.eat("?") {
        return Ok(Opening::Capture(None));
    }
    if cursor.eat("P<") || cursor.eat("<") {
        return name(cursor, start).map(|name| Opening::Capture(Some(name)));
    }
    changed(cursor, flags).ok_or_else(|| PatternError::InvalidGroup(cursor.since(start).to_owned()))
}

fn name(cursor: &mut Cursor<'_>, start: Cursor<'_>) -> Result<String, PatternError> {
    let name = cursor.until(">").unwrap_or_default();
    let well_formed = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.is_empty() || !well_formed {
        return Err(PatternError::InvalidGroupName(start.rest().chars().take(20).collect()));
    }
    Ok(name.to_owned())
}

fn changed(cursor: &mut Cursor<'_>, mut flags: Flags) -> Option<Opening> {
    let (mut set, mut any) = (true, true);
    loop {
        let flag = match cursor.next()? {
            'i' => &mut flags.fold,
            'm' => &mut flags.multiline,
            's' => &mut flags.dot_all,
            'U' => &mut flags.swap_greed,
            '-' if set => {
                (set, any) = (false, false);
                continue;
            }
            ':' if any => return Some(Opening::Plain(flags)),
            ')' if any => return Some(Opening::Flags(flags)),
            _ => return None,
        };
        *flag = set;
        any = true;
    }
}
