//! The keys of a map, and whether two of them mean the same.

use std::borrow::Cow;

/// Up to this many keys, comparing each with each is faster than sorting.
const FEW: usize = 32;

/// A string of the text that is, or may be, a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'a> {
    /// The position after its opening quote.
    pub(super) start: usize,
    /// What is between the quotes, as written.
    pub(super) text: &'a str,
    /// Whether it may mean the same as another that is written differently.
    pub(super) respelt: bool,
}

impl<'a> Key<'a> {
    /// The string as readers understand it; `None` where its escapes make no characters.
    pub(super) fn meaning(&self) -> Option<Cow<'a, str>> {
        if !self.text.contains('\\') {
            return Some(Cow::Borrowed(self.text));
        }
        serde_json::from_str(&format!("\"{}\"", self.text)).ok().map(Cow::Owned)
    }

    /// Whether readers understand it as this plain word.
    pub(super) fn means(&self, word: &str) -> bool {
        self.text == word || (self.respelt && self.meaning().is_some_and(|meaning| meaning == word))
    }
}

/// The second of two equal keys.
pub(super) fn duplicate<'a>(keys: &[Key<'a>]) -> Option<Key<'a>> {
    if keys.len() > FEW || keys.iter().any(|key| key.respelt) {
        return duplicate_among_many(keys);
    }
    let mut rest = keys;
    while let Some((last, before)) = rest.split_last() {
        if before.iter().any(|key| key.text == last.text) {
            return Some(*last);
        }
        rest = before;
    }
    None
}

fn duplicate_among_many<'a>(keys: &[Key<'a>]) -> Option<Key<'a>> {
    let mut sorted: Vec<_> = keys.iter().map(|&key| (key.meaning(), key)).collect();
    sorted.sort_unstable();
    sorted.windows(2).find_map(|pair| match pair {
        [first, second] if first.0 == second.0 => Some(second.1),
        _ => None,
    })
}
