//! The cluster at one moment, as immutable values: what the evaluator follows a connection through.
//!
//! Views of [`crate::model::resource`] show an object as it is written. A snapshot has the objects as the cluster takes
//! them: defaults filled in, templates turned into the pods that they would make, everything owned.

pub mod namespace;
pub mod pod;

pub use namespace::{Namespace, Namespaces};
pub use pod::{Container, ContainerPort, ContainerRole, Pod, Protocol};
