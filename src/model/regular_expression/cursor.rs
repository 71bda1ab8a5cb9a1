//! The part of a pattern that is still to be read.

/// What is left of a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'p>(&'p str);

impl<'p> Cursor<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self(pattern)
    }

    pub(super) fn rest(self) -> &'p str {
        self.0
    }

    pub(super) fn peek(self) -> Option<char> {
        self.0.chars().next()
    }

    /// Takes the next character.
    pub(super) fn next(&mut self) -> Option<char> {
        let mut chars = self.0.chars();
        let next = chars.next();
        self.0 = chars.as_str();
        next
    }

    /// Takes this text if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let rest = self.0.strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Takes what comes before the next occurrence of `end`, and `end`; nothing if it does not occur.
    pub(super) fn until(&mut self, end: &str) -> Option<&'p str> {
        let (before, rest) = self.0.split_once(end)?;
        self.0 = rest;
        Some(before)
    }

    /// Takes the digits that come next.
    pub(super) fn digits(&mut self) -> &'p str {
        let end = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits
    }

    /// What was taken since the cursor stood at `start`.
    pub(super) fn since(self, start: Self) -> &'p str {
        start.0.get(..start.0.len() - self.0.len()).unwrap_or_default()
    }
}
