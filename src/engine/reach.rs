//! The scrape path: who reaches what, hop by hop, in three values.

pub mod authorization;
pub mod connection;
pub mod hop;
pub mod network_policy;
pub mod path;

pub use connection::{Connection, End};
pub use hop::{Hop, Step, Verdict};
pub use path::Path;
