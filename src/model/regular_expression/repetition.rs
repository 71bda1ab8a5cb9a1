//! Repetitions: `*`, `+`, `?`, `{n,m}`, each followed by `?` or not.

use super::PatternError;
use super::cursor::Cursor;

/// How often something is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repetition {
    pub(super) min: u32,
    /// No limit if absent.
    pub(super) max: Option<u32>,
    /// Whether it was written with numbers.
    pub(super) counted: bool,
}

/// The most that a repetition, or nested repetitions together, may ask for.
pub(super) const LIMIT: u32 = 1000;

impl Repetition {
    /// Reads a repetition if one comes next. A brace that begins none is a literal.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Option<Self>, PatternError> {
        for (sign, min, max) in [("*", 0, None), ("+", 1, None), ("?", 0, Some(1))] {
            if cursor.eat(sign) {
                return Ok(Some(Self { min, max, counted: false }));
            }
        }
        let start = *cursor;
        let Some((min, max)) = braces(cursor) else {
            *cursor = start;
            return Ok(None);
        };
        let too_large = min > LIMIT || max.is_some_and(|max| max > LIMIT || max < min);
        if too_large {
            return Err(PatternError::InvalidRepetition(cursor.since(start).to_owned()));
        }
        Ok(Some(Self { min, max, counted: true }))
    }

    /// What the repetition multiplies the count of nested repetitions by. One that allows none at all makes what is in
    /// it void.
    pub(super) fn times(self, inner: u32) -> u32 {
        match self.max {
            _ if !self.counted => inner,
            Some(0) => 1,
            max => inner.saturating_mul(max.unwrap_or(self.min).max(1)),
        }
    }

    /// Whether Go looks at the count at all.
    pub(super) fn is_limited(self) -> bool {
        self.counted && (self.min >= 2 || self.max.is_some_and(|max| max >= 2))
    }
}

/// `{min}`, `{min,}` or `{min,max}`.
fn braces(cursor: &mut Cursor<'_>) -> Option<(u32, Option<u32>)> {
    if !cursor.eat("{") {
        return None;
    }
    let min = number(cursor)?;
    let max = if !cursor.eat(",") {
        Some(min)
    } else if cursor.rest().starts_with('}') {
        None
    } else {
        Some(number(cursor)?)
    };
    cursor.eat("}").then_some((min, max))
}

/// A number without leading zeros. One that is too large for us is too large for Go.
fn number(cursor: &mut Cursor<'_>) -> Option<u32> {
    let digits = cursor.digits();
    let well_formed = !digits.is_empty() && (digits.len() == 1 || !digits.starts_with('0'));
    well_formed.then(|| digits.parse().unwrap_or(u32::MAX))
}
