//! Where objects come from: the file, and the line in it.

use std::fmt;

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
