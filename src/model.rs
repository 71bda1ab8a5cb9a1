//! The world as values: what the engine decides about. Nothing here does I/O or looks at a clock.

pub mod document;
pub mod duration;
pub mod field_path;
pub mod finding;
pub mod guard;
pub mod label_syntax;
pub mod labels;
pub mod object;
pub mod object_exemption;
pub mod principal;
pub mod protocol;
pub mod regular_expression;
pub mod relabeling;
pub mod resource;
pub mod selector;
pub mod sidecar;
pub mod snapshot;
pub mod source;
pub mod suggestion;
pub mod text;
pub mod truth;
pub mod url;

pub use document::{Document, DocumentError, RawDocument};
pub use field_path::FieldPath;
pub use finding::{Finding, RuleId, Severity};
pub use object::{ObjectReference, Resource};
pub use protocol::Protocol;
pub use source::{Position, Source, Span};
pub use text::Text;
pub use truth::Truth;
