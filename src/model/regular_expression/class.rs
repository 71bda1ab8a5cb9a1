//! Character classes: `[...]`, `\d`, `[:alpha:]`, `\p{Greek}`.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

use super::cursor::Cursor;
use super::{PatternError, escape};

/// Reads a class in brackets, with the cursor behind the opening bracket.
pub(super) fn bracketed(cursor: &mut Cursor<'_>, fold: bool) -> Result<ClassUnicode, PatternError> {
    let negated = cursor.eat("^");
    let mut class = ClassUnicode::empty();
    let mut first = true;
    while first || !cursor.eat("]") {
        first = false;
        if let Some(group) = named(cursor, fold)? {
            class.union(&group);
        } else if let Some(group) = unicode(cursor, fold)?.or_else(|| perl(cursor, fold)) {
            class.union(&group);
        } else {
            class.union(&range(cursor, fold)?);
        }
    }
    if negated {
        class.negate();
    }
    Ok(class)
}

/// One code point, or several between two of them.
fn range(cursor: &mut Cursor<'_>, fold: bool) -> Result<ClassUnicode, PatternError> {
    let start = *cursor;
    let low = code_point(cursor)?;
    let rest = cursor.rest();
    let high = if rest.len() > 1 && rest.starts_with('-') && !rest.starts_with("-]") {
        cursor.next();
        code_point(cursor)?
    } else {
        low
    };
    if high < low {
        return Err(PatternError::InvalidClass(cursor.since(start).to_owned()));
    }
    Ok(folded(between(low, high), fold))
}

fn code_point(cursor: &mut Cursor<'_>) -> Result<u32, PatternError> {
    match cursor.peek() {
        None => Err(PatternError::MissingBracket),
        Some('\\') => escape::character(cursor),
        Some(character) => {
            cursor.next();
            Ok(u32::from(character))
        }
    }
}

/// All code points from `low` to `high`. Surrogates are none that a text can hold.
pub(super) fn between(low: u32, high: u32) -> ClassUnicode {
    let parts = [(low, high.min(0xd7ff)), (low.max(0xe000), high)];
    let ends = parts.into_iter().filter(|(low, high)| low <= high);
    let ranges =
        ends.filter_map(|(low, high)| Some(ClassUnicodeRange::new(char::from_u32(low)?, char::from_u32(high)?)));
    ClassUnicode::new(ranges)
}

/// The class, with upper and lower case if they are to be the same.
pub(super) fn folded(mut class: ClassUnicode, fold: bool) -> ClassUnicode {
    if fold {
        // Fails only where the case tables are left out of the build, which they are not.
        let _ = class.try_case_fold_simple();
    }
    class
}

/// `[:name:]` or `[:^name:]`, if that comes next.
fn named(cursor: &mut Cursor<'_>, fold: bool) -> Result<Option<ClassUnicode>, PatternError> {
    let mut after = *cursor;
    if !after.eat("[:") {
        return Ok(None);
    }
    let Some(name) = after.until(":]") else { return Ok(None) };
    let bare = name.strip_prefix('^').unwrap_or(name);
    let ranges = posix(bare).ok_or_else(|| PatternError::InvalidClass(after.since(*cursor).to_owned()))?;
    *cursor = after;
    Ok(Some(group(ranges, fold, bare != name)))
}

/// `\d`, `\s`, `\w` and their opposites, if one comes next. They mean ASCII.
pub(super) fn perl(cursor: &mut Cursor<'_>, fold: bool) -> Option<ClassUnicode> {
    let mut after = *cursor;
    let ranges = match after.eat("\\").then(|| after.next()).flatten()? {
        'd' | 'D' => posix("digit")?,
        's' | 'S' => &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')],
        'w' | 'W' => posix("word")?,
        _ => return None,
    };
    let negated = after.since(*cursor).ends_with(|letter: char| letter.is_ascii_uppercase());
    *cursor = after;
    Some(group(ranges, fold, negated))
}

fn group(ranges: &[(char, char)], fold: bool, negated: bool) -> ClassUnicode {
    let class = ClassUnicode::new(ranges.iter().map(|(low, high)| ClassUnicodeRange::new(*low, *high)));
    opposite(folded(class, fold), negated)
}

fn opposite(mut class: ClassUnicode, negated: bool) -> ClassUnicode {
    if negated {
        class.negate();
    }
    class
}

fn posix(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7f')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

/// `\pL`, `\p{Greek}`, `\P{^Greek}`, if one comes next.
pub(super) fn unicode(cursor: &mut Cursor<'_>, fold: bool) -> Result<Option<ClassUnicode>, PatternError> {
    let start = *cursor;
    let Some(negated) =
        [("\\p", false), ("\\P", true)].into_iter().find_map(|(text, no)| cursor.eat(text).then_some(no))
    else {
        return Ok(None);
    };
    let name = if cursor.eat("{") { cursor.until("}") } else { cursor.next().map(|_| letter(start)) };
    let invalid = || PatternError::InvalidClass(start.rest().chars().take(20).collect());
    let name = name.ok_or_else(invalid)?;
    let bare = name.strip_prefix('^').unwrap_or(name);
    let class = property(bare).ok_or_else(invalid)?;
    Ok(Some(opposite(folded(class, fold), negated != (bare != name))))
}

/// The one letter behind `\p`.
fn letter(start: Cursor<'_>) -> &str {
    let mut behind = start;
    behind.next();
    behind.next();
    let from = behind;
    behind.next();
    behind.since(from)
}

/// The code points of a general category or script. Case, spaces, `_` and `-` in its name make no difference.
pub(super) fn property(name: &str) -> Option<ClassUnicode> {
    let is_separator = |character: &char| matches!(character, ' ' | '_' | '-');
    let name: String = name.chars().filter(|character| !is_separator(character)).collect();
    let well_formed = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    well_formed.then(|| parsed("gc", &name).or_else(|| parsed("sc", &name).filter(|_| is_full_name(&name)))).flatten()
}

fn parsed(kind: &str, name: &str) -> Option<ClassUnicode> {
    // Rust takes a prefix "is" off; no category and no script begins with these letters.
    let plain = !name.to_ascii_lowercase().starts_with("is");
    match regex_syntax::parse(&format!("\\p{{{kind}={name}}}")).ok().filter(|_| plain)?.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        _ => None,
    }
}

/// Whether the name of a script is not its abbreviation, which Go does not know: these have four letters (ISO 15924),
/// and so have few full names.
fn is_full_name(name: &str) -> bool {
    const FOUR_LETTERS: [&str; 8] = ["ahom", "cham", "kawi", "lisu", "modi", "newa", "thai", "toto"];
    name.len() != 4 || FOUR_LETTERS.contains(&name.to_ascii_lowercase().as_str())
}
