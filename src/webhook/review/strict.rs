//! What valid JSON is refused for: duplicate keys and half characters, which two readers may understand differently,
//! and deep nesting, which costs readers their stack.
//!
//! One pass over the text, with a single list of the keys of all open objects. It takes well-formed JSON for granted;
//! on anything else it ends too, with a result that does not matter because the text is refused anyway.

use std::borrow::Cow;

/// The most lists and maps inside each other, the review included. Kubernetes objects stay below thirty.
pub const DEPTH_LIMIT: usize = 128;

/// Up to this many keys, comparing each with each is faster than sorting.
const FEW: usize = 32;

/// Why valid JSON is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    /// A map has the same key twice.
    #[error("the key {key:?} occurs twice in one map, the second time at line {line} column {column}")]
    DuplicateKey {
        /// The key, cut short where it is long.
        key: String,
        /// Line of the second one, from one.
        line: usize,
        /// Column of its opening quote, in bytes, from one.
        column: usize,
    },
    /// A string has an escape such as `\ud800` without its other half.
    #[error("the string at line {line} column {column} has half a surrogate pair, which is no character")]
    HalfCharacter {
        /// Line of the string, from one.
        line: usize,
        /// Column of its opening quote, in bytes, from one.
        column: usize,
    },
    /// Lists and maps are nested too deep.
    #[error("the body nests lists and maps deeper than {DEPTH_LIMIT} levels")]
    TooDeep,
}

/// Checks the text of one JSON value.
///
/// # Errors
/// The first map that closes with a duplicate key, or the first level that is too deep.
pub fn check(text: &str) -> Result<(), Fault> {
    let mut scan = Scan { text, keys: Vec::with_capacity(64), levels: Vec::with_capacity(16), key_next: false };
    let mut position = 0;
    while let Some(&byte) = text.as_bytes().get(position) {
        position += 1;
        match byte {
            b'"' => position = scan.string(position)?,
            b'{' => scan.open(Level::Map { first_key: scan.keys.len(), respelt: false })?,
            b'[' => scan.open(Level::List)?,
            b'}' | b']' => scan.close()?,
            b',' => scan.key_next = matches!(scan.levels.last(), Some(Level::Map { .. })),
            _ => {}
        }
    }
    Ok(())
}

enum Level {
    List,
    Map { first_key: usize, respelt: bool },
}

/// The position of the first byte of a key, and its text as written.
type Key<'a> = (usize, &'a str);

struct Scan<'a> {
    text: &'a str,
    keys: Vec<Key<'a>>,
    levels: Vec<Level>,
    key_next: bool,
}

impl<'a> Scan<'a> {
    /// Passes the string that starts at this position and returns the position after its closing quote.
    fn string(&mut self, start: usize) -> Result<usize, Fault> {
        let string = string_at(self.text.as_bytes(), start);
        // What plain values say does not matter, and they are half of all strings.
        if self.key_next || string.respelt {
            self.take(start, &string)?;
        }
        Ok(string.end + 1)
    }

    fn take(&mut self, start: usize, string: &StringShape) -> Result<(), Fault> {
        let text = self.text.get(start..string.end).unwrap_or_default();
        if string.respelt && unescaped(text).is_none() {
            let (line, column) = self.place(start);
            return Err(Fault::HalfCharacter { line, column });
        }
        if self.key_next {
            self.key_next = false;
            self.keys.push((start, text));
            if let (true, Some(Level::Map { respelt, .. })) = (string.respelt, self.levels.last_mut()) {
                *respelt = true;
            }
        }
        Ok(())
    }

    fn open(&mut self, level: Level) -> Result<(), Fault> {
        if self.levels.len() == DEPTH_LIMIT {
            return Err(Fault::TooDeep);
        }
        self.key_next = matches!(level, Level::Map { .. });
        self.levels.push(level);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.key_next = false;
        if let Some(Level::Map { first_key, respelt }) = self.levels.pop() {
            let keys = self.keys.get(first_key..).unwrap_or_default();
            if let Some(second) = duplicate(keys, respelt) {
                return Err(self.duplicate_key(second));
            }
            self.keys.truncate(first_key);
        }
        Ok(())
    }

    fn duplicate_key(&self, (start, key): Key<'a>) -> Fault {
        let (line, column) = self.place(start);
        Fault::DuplicateKey { key: key.chars().take(64).collect(), line, column }
    }

    /// Line and column of the quote before this position.
    fn place(&self, start: usize) -> (usize, usize) {
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1);
        (line, column)
    }
}

/// What there is to know about a string without reading it.
struct StringShape {
    /// The position of the closing quote.
    end: usize,
    /// Whether it has an escape for which there is another spelling, `\u` or `\/`. Strings without are equal only if
    /// they are written alike: the keys of managed fields are full of `\"`.
    respelt: bool,
}

fn string_at(bytes: &[u8], start: usize) -> StringShape {
    let mut string = StringShape { end: start, respelt: false };
    loop {
        string.end = quote_or_backslash(bytes, string.end);
        if bytes.get(string.end) != Some(&b'\\') {
            return string;
        }
        string.respelt |= matches!(bytes.get(string.end + 1), Some(b'u' | b'/'));
        string.end += 2;
    }
}

/// The position of the next quote or backslash, or the end. Most strings in objects are so short that a search by
/// eight bytes at once beats one with vector instructions, which takes longer to start.
fn quote_or_backslash(bytes: &[u8], start: usize) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word & HIGH_BITS;
    let mut position = start;
    while let Some(chunk) = bytes.get(position..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*chunk);
        let found = zero_bytes(word ^ (ONES * u64::from(b'"'))) | zero_bytes(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return position + found.trailing_zeros() as usize / 8;
        }
        position += 8;
    }
    let rest = bytes.get(position..).unwrap_or_default();
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    found.map_or(bytes.len(), |found| position + found)
}

/// The second of two equal keys.
fn duplicate<'a>(keys: &[Key<'a>], respelt: bool) -> Option<Key<'a>> {
    if respelt {
        return duplicate_by(keys, |key| unescaped(key).map_or(Cow::Borrowed(key), Cow::Owned));
    }
    if keys.len() > FEW {
        return duplicate_by(keys, Cow::Borrowed);
    }
    let mut rest = keys;
    while let Some((last, before)) = rest.split_last() {
        if before.iter().any(|key| key.1 == last.1) {
            return Some(*last);
        }
        rest = before;
    }
    None
}

fn duplicate_by<'a>(keys: &[Key<'a>], meaning: impl Fn(&'a str) -> Cow<'a, str>) -> Option<Key<'a>> {
    let mut sorted: Vec<_> = keys.iter().map(|&key| (meaning(key.1), key)).collect();
    sorted.sort_unstable();
    sorted.windows(2).find_map(|pair| match pair {
        [first, second] if first.0 == second.0 => Some(second.1),
        _ => None,
    })
}

/// A string as readers understand it; `None` where it is not valid.
fn unescaped(text: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{text}\"")).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("{}")]
    #[case("[]")]
    #[case("1")]
    #[case(r#""{\"a\":1,\"a\":2}""#)]
    #[case(r#"{"a":{"a":{"a":[{"a":1},{"a":2}]}},"b":"a","c":"a"}"#)]
    #[case(r#"{"a":[1,"a","a",{}],"b":["x","x"]}"#)]
    #[case(r#"{"\"":1,"\\":2,"\\\"":3}"#)]
    #[case(r#"{"a":"\ud83d\ude00 \u003c","\u003c":"\\ud800"}"#)]
    fn accepts(#[case] text: &str) {
        assert_eq!(check(text), Ok(()));
    }

    #[rstest]
    #[case(r#"{"a":1,"a":2}"#, 1, 8)]
    #[case("{\"a\":1,\n \"b\":[{}], \"a\":2}", 2, 12)]
    #[case(r#"[{"b":{"a":1,"c":{"a":0},"a":2}}]"#, 1, 26)]
    #[case(r#"{"a":1,"\u0061":2}"#, 1, 8)]
    #[case(r#"{"":1,"":2}"#, 1, 7)]
    #[case(r#"{"a/b":1,"a\/b":2}"#, 1, 10)]
    #[case(r#"{"k:{\"a\":1}":1,"k:{\"a\":1}":2}"#, 1, 18)]
    fn finds_the_second_of_two_equal_keys(#[case] text: &str, #[case] line: usize, #[case] column: usize) {
        let Err(Fault::DuplicateKey { line: found_line, column: found_column, .. }) = check(text) else {
            panic!("accepted {text}");
        };
        assert_eq!((found_line, found_column), (line, column));
    }

    #[rstest]
    #[case(r#"{"a":"\ud800"}"#, 6)]
    #[case(r#"{"\udc00":1}"#, 2)]
    fn refuses_half_characters(#[case] text: &str, #[case] column: usize) {
        assert_eq!(check(text), Err(Fault::HalfCharacter { line: 1, column }));
    }

    #[test]
    fn finds_one_among_many() {
        let mut keys: Vec<_> = (0..1000).map(|number| format!("\"k{number}\":0")).collect();
        assert_eq!(check(&format!("{{{}}}", keys.join(","))), Ok(()));
        keys.push("\"k500\":1".to_owned());
        assert!(check(&format!("{{{}}}", keys.join(","))).is_err());
    }

    #[test]
    fn counts_levels() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(&nested(DEPTH_LIMIT)), Ok(()));
        assert_eq!(check(&nested(DEPTH_LIMIT + 1)), Err(Fault::TooDeep));
    }

    proptest! {
        #[test]
        fn ends_on_anything(text in "[\\[\\]{}\",:\\\\a\u{e4}1 ]{0,60}") {
            let _ = check(&text);
        }

        #[test]
        fn finds_the_end_of_any_string(text in ".{0,40}", after in ".{0,10}") {
            let quoted = serde_json::to_string(&text).unwrap();
            let string = string_at(format!("{quoted}{after}").as_bytes(), 1);
            prop_assert_eq!(string.end + 1, quoted.len());
        }

        #[test]
        fn agrees_with_a_reader_that_compares_all_keys(keys in prop::collection::vec("[ab]{0,3}", 0..20)) {
            let members: Vec<_> = keys.iter().map(|key| format!("{key:?}:[{{}}]")).collect();
            let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
            prop_assert_eq!(check(&format!("{{{}}}", members.join(","))).is_ok(), distinct.len() == keys.len());
        }

        #[test]
        fn agrees_with_a_reader_whatever_the_spelling(
            keys in prop::collection::vec(r#"(a|\\u0061|/|\\/|\\"|\\u0022|\\n|\\u000[aA]|\\\\){0,2}"#, 0..6),
        ) {
            let members: Vec<_> = keys.iter().map(|key| format!("\"{key}\":0")).collect();
            let distinct: std::collections::BTreeSet<_> = keys.iter().map(|key| unescaped(key).unwrap()).collect();
            prop_assert_eq!(check(&format!("{{{}}}", members.join(","))).is_ok(), distinct.len() == keys.len());
        }
    }
}
