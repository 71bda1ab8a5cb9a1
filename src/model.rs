//! The world as values: what the engine decides about. Nothing here does I/O or looks at a clock.

pub mod field_path;
pub mod finding;
pub mod guard;
pub mod object;
pub mod text;

pub use field_path::FieldPath;
pub use finding::{Finding, RuleId, Severity};
pub use object::{ObjectReference, Resource};
pub use text::Text;
