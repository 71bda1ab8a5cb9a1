//! The keys of a map, and whether two of them mean the same.

use std::borrow::Cow;

/// Up to this many keys, comparing each with each is faster than sorting.
const FEW: usize = 32;

/// Where a string of the text is that is, or may be, a key. Small, because there are hundreds in a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The position after its opening quote.
    pub(super) start: usize,
    /// The position of its closing quote.
    pub(super) end: usize,
}

impl Key {
    /// What is between the quotes, as written.
    pub(super) fn written(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The string as readers understand it; `None` where its escapes make no characters.
    pub(super) fn meaning(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        let text = str::from_utf8(self.written(bytes)).ok()?;
        if !text.contains('\\') {
            return Some(Cow::Borrowed(text));
        }
        serde_json::from_str(&format!("\"{text}\"")).ok().map(Cow::Owned)
    }
}

/// The second of two keys that are written alike.
pub(super) fn written_twice(keys: &[Key], bytes: &[u8]) -> Option<Key> {
    if keys.len() > FEW {
        return twice(keys, |key| key.written(bytes));
    }
    let mut rest = keys;
    while let Some((last, before)) = rest.split_last() {
        let (length, text) = (last.end - last.start, last.written(bytes));
        if before.iter().any(|key| key.end - key.start == length && key.written(bytes) == text) {
            return Some(*last);
        }
        rest = before;
    }
    None
}

/// The second of two keys that mean the same, however they are written.
pub(super) fn meant_twice(keys: &[Key], bytes: &[u8]) -> Option<Key> {
    twice(keys, |key| key.meaning(bytes))
}

fn twice<T: Ord>(keys: &[Key], meaning: impl Fn(Key) -> T) -> Option<Key> {
    let mut sorted: Vec<_> = keys.iter().map(|&key| (meaning(key), key)).collect();
    sorted.sort_unstable();
    sorted.windows(2).find_map(|pair| match pair {
        [first, second] if first.0 == second.0 => Some(second.1),
        _ => None,
    })
}
