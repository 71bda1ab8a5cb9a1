//! Escapes of one character (`regexp/syntax`, `parseEscape`).

use super::PatternError;
use super::cursor::Cursor;

/// Reads an escape of one character, with the cursor at the backslash, and returns its code point, which may be a
/// surrogate.
pub(super) fn character(cursor: &mut Cursor<'_>) -> Result<u32, PatternError> {
    let start = *cursor;
    cursor.next();
    let Some(escaped) = cursor.next() else { return Err(PatternError::TrailingBackslash) };
    let code = match escaped {
        '0' => Some(octal(escaped, cursor)),
        // One digit alone would be a reference back to a group, which RE2 does not have.
        '1'..='7' if cursor.peek().is_some_and(|next| next.is_digit(8)) => Some(octal(escaped, cursor)),
        'x' => hexadecimal(cursor),
        'a' => Some(0x07),
        'f' => Some(0x0c),
        'n' => Some(0x0a),
        'r' => Some(0x0d),
        't' => Some(0x09),
        'v' => Some(0x0b),
        _ => (escaped.is_ascii() && !escaped.is_ascii_alphanumeric()).then_some(u32::from(escaped)),
    };
    code.ok_or_else(|| PatternError::InvalidEscape(cursor.since(start).to_owned()))
}

fn octal(first: char, cursor: &mut Cursor<'_>) -> u32 {
    let mut code = first.to_digit(8).unwrap_or_default();
    for _ in 0..2 {
        let Some(digit) = cursor.peek().and_then(|next| next.to_digit(8)) else { break };
        code = code * 8 + digit;
        cursor.next();
    }
    code
}

fn hexadecimal(cursor: &mut Cursor<'_>) -> Option<u32> {
    if !cursor.eat("{") {
        let high = cursor.next()?.to_digit(16)?;
        let low = cursor.next()?.to_digit(16)?;
        return Some(high * 16 + low);
    }
    let mut code = cursor.next()?.to_digit(16)?;
    while !cursor.eat("}") {
        code = code * 16 + cursor.next()?.to_digit(16)?;
        if code > u32::from(char::MAX) {
            return None;
        }
    }
    Some(code)
}
