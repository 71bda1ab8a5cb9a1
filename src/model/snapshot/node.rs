//! Nodes, as service discovery tells of them.

use crate::model::labels::Labels;
use crate::model::snapshot::table::Named;
use crate::model::{ObjectReference, Resource};

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels<'static>,
    /// Its annotations.
    pub annotations: Labels<'static>,
    /// `spec.providerID`; empty where nothing is said.
    pub provider_id: String,
    /// Its addresses, each with its type, such as `InternalIP`.
    pub addresses: Vec<(String, String)>,
    /// Its conditions, each type with its status.
    pub conditions: Vec<(String, String)>,
    /// The port of its kubelet; zero where nothing is said.
    pub kubelet_port: u16,
}

impl Node {
    /// The object.
    pub fn reference(&self) -> ObjectReference {
        ObjectReference { kind: Resource::Node.kind().to_owned(), namespace: None, name: self.name.clone() }
    }
}

impl Named for Node {
    fn names(&self) -> [&str; 4] {
        [&self.name, "", "", ""]
    }
}
