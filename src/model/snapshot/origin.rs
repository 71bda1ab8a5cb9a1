//! Where objects come from: the file, and the line in it.

use std::fmt;
use std::num::NonZeroU32;

use crate::model::Position;

/// A file that a snapshot was read from; see [`super::Builder::source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub(super) u32);

/// Where an object, or what is wrong with one, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The file.
    pub source: SourceId,
    /// Where in it; `None` for the file as a whole.
    pub position: Option<Position>,
}

/// An origin in half the room, of which there is one for every pod. Lines and columns beyond four billion count as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CompactOrigin {
    source: SourceId,
    line: Option<NonZeroU32>,
    column: u32,
}

impl From<Origin> for CompactOrigin {
    fn from(Origin { source, position }: Origin) -> Self {
        let fits = position.and_then(|Position { line, column }| {
            Some((NonZeroU32::new(u32::try_from(line).ok()?)?, u32::try_from(column).ok()?))
        });
        let (line, column) = fits.unzip();
        Self { source, line, column: column.unwrap_or_default() }
    }
}

impl From<CompactOrigin> for Origin {
    fn from(CompactOrigin { source, line, column }: CompactOrigin) -> Self {
        let position = line.map(|line| Position { line: line.get() as usize, column: column as usize });
        Self { source, position }
    }
}

/// An origin in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'s> {
    /// The name of the file.
    pub file: &'s str,
    /// Where in it; `None` for the file as a whole.
    pub position: Option<Position>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => write!(formatter, "{}:{line}:{column}", self.file),
            None => formatter.write_str(self.file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compact_origin_is_the_same_place() {
        for position in [None, Some(Position { line: 1, column: 1 }), Some(Position { line: 70_000, column: 12 })] {
            let origin = Origin { source: SourceId(3), position };
            assert_eq!(Origin::from(CompactOrigin::from(origin)), origin);
        }
    }
}
