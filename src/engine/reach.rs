//! The scrape path: who reaches what, hop by hop, in three values.

pub mod authorization;
pub mod authorization_policy;
pub mod connection;
#[cfg(test)]
mod fixtures;
pub mod hop;
pub mod mesh;
pub mod peer_authentication;

pub use connection::{Connection, End};
pub use hop::{Hop, Step, Verdict};
pub use mesh::MeshSettings;
