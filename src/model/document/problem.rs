//! What can be wrong with a document, in sentences.

use crate::model::{Position, Span};

/// Why a document could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {problem}", position.line, position.column)]
pub struct DocumentError {
    /// What is wrong.
    pub problem: Problem,
    /// Where, for people.
    pub position: Position,
    /// Where, for pointing at it.
    pub span: Span,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text is not YAML.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// A map has the same key twice. YAML forbids it, and kubectl silently takes the last one.
    #[error("the key {key:?} is here a second time; the first is at line {}, column {}", first.line, first.column)]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands first.
        first: Position,
    },
    /// A map has a key that is not a scalar, or is null.
    #[error("a key must be a string")]
    KeyIsNotText,
    /// A number that JSON cannot express.
    #[error("{0} cannot be written in JSON; quote it if it is meant as a string")]
    NoJsonNumber(String),
    /// A tag and its text contradict each other, or the tag is not supported.
    #[error("{text:?} cannot be read as !!{tag}")]
    WrongTag {
        /// The tag without its `!!`.
        tag: String,
        /// The text.
        text: String,
    },
    /// An alias stands inside the value that it refers to.
    #[error("the alias refers to a value that it is itself part of")]
    EndlessAlias,
    /// Aliases multiply a small document beyond measure.
    #[error("the aliases of this document unfold to more than {0} values, which is refused as an attack")]
    TooManyAliases(usize),
    /// Something other than a map follows `<<:`.
    #[error("only a map or a list of maps can be merged with <<")]
    MergeOfNoMap,
    /// Maps and lists are nested too deep.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// The document is a scalar or a list.
    #[error("not a Kubernetes object: a map with apiVersion and kind is expected")]
    NotAnObject,
    /// A field that every object has is absent, or is not a string.
    #[error("not a Kubernetes object: {0} is missing or is not a string")]
    Missing(&'static str),
}
