//! The end of a string, and whether it is written as JSON wants it (RFC 8259 section 7).

/// What there is to know about a string without reading it.
pub(super) struct StringShape {
    /// The position of the closing quote, or of the first byte that does not belong in a string.
    pub(super) end: usize,
    /// Whether it has an escape for which there is another spelling, `\u` or `\/`. Strings without are equal only if
    /// they are written alike: the keys of managed fields are full of `\"`.
    pub(super) respelt: bool,
    /// Whether there is a closing quote, and before it neither a bare control character nor an unknown escape.
    pub(super) valid: bool,
}

/// The shape of the string whose first byte after the quote is at `start`.
pub(super) fn shape(bytes: &[u8], start: usize) -> StringShape {
    let mut shape = StringShape { end: notable(bytes, start), respelt: false, valid: true };
    while let Some(b'\\') = bytes.get(shape.end) {
        let after = bytes.get(shape.end + 1..).unwrap_or_default();
        let Some(length) = escape_length(after) else { return StringShape { valid: false, ..shape } };
        shape.respelt |= matches!(after.first(), Some(b'u' | b'/'));
        shape.end = notable(bytes, shape.end + 1 + length);
    }
    shape.valid = bytes.get(shape.end) == Some(&b'"');
    shape
}

/// How many bytes after the backslash belong to the escape; `None` if there is no such escape.
fn escape_length(after_backslash: &[u8]) -> Option<usize> {
    match after_backslash {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some(1),
        [b'u', a, b, c, d, ..] if [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit) => Some(5),
        _ => None,
    }
}

/// The position of the next quote, backslash or control character, or the end. Most strings in objects are so short
/// that a search by eight bytes at once beats one with vector instructions, which takes longer to start.
fn notable(bytes: &[u8], start: usize) -> usize {
    let mut position = start;
    while let Some(&[a, b, c, d, e, f, g, h, rest @ ..]) = bytes.get(position..).and_then(<[u8]>::first_chunk::<16>) {
        let first = notable_in(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        let second = notable_in(u64::from_le_bytes(rest));
        if first | second != 0 {
            let found = if first == 0 { 64 + second.trailing_zeros() } else { first.trailing_zeros() };
            return position + found as usize / 8;
        }
        position += 16;
    }
    let rest = bytes.get(position..).unwrap_or_default();
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20));
    found.map_or(bytes.len(), |found| position + found)
}

/// The high bit of the first of eight bytes that is notable, and perhaps of some after it.
const fn notable_in(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
    let quote = (word ^ QUOTES).wrapping_sub(ONES) & !(word ^ QUOTES);
    let backslash = (word ^ BACKSLASHES).wrapping_sub(ONES) & !(word ^ BACKSLASHES);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_the_end_of_any_string(text in ".{0,40}", after in ".{0,10}") {
            let quoted = serde_json::to_string(&text).unwrap();
            let shape = shape(format!("{quoted}{after}").as_bytes(), 1);
            prop_assert!(shape.valid);
            prop_assert_eq!(shape.end + 1, quoted.len());
        }

        #[test]
        fn stops_at_the_first_notable_byte(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let expected = bytes.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'));
            prop_assert_eq!(notable(&bytes, 0), expected.unwrap_or(bytes.len()));
        }
    }
}
