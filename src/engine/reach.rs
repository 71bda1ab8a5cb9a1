//! The scrape path: who reaches what, hop by hop, in three values.

pub mod authorization;
pub mod connection;
pub mod evaluator;
pub mod hop;
pub mod network_policy;
mod not_considered;
pub mod path;

pub use connection::{Connection, End};
pub use evaluator::{Evaluator, Manner};
pub use hop::{Hop, Step, Verdict};
pub use path::Path;
