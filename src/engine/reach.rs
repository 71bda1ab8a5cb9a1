//! The scrape path: who reaches what, hop by hop, in three values.

pub mod authorization;
pub mod authorization_policy;
pub mod connection;
pub mod evaluator;
#[cfg(test)]
mod fixtures;
pub mod guarded;
pub mod hop;
pub mod mesh;
pub mod network_policy;
mod not_considered;
pub mod path;
pub mod peer_authentication;
mod wanted;

pub use connection::{Connection, End};
pub use evaluator::{Evaluator, Manner};
pub use hop::{Hop, Step, Verdict};
pub use mesh::MeshSettings;
pub use path::Path;
