//! What may be told of the node and the namespace of a target, besides the target itself (`attach_metadata`).

use super::Scope;
use super::meta::{self, Listed};
use crate::model::labels::Labels;
use crate::model::snapshot::namespace::NAME_LABEL;
use crate::model::snapshot::{Namespace, Node, Snapshot};

/// Labels and annotations of other objects.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attached<'s> {
    pub(super) node: AttachedNode<'s>,
    pub(super) namespace: Option<&'s Namespace>,
}

/// What is told of a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum AttachedNode<'s> {
    /// Nothing.
    #[default]
    Nothing,
    /// Something that nobody knows here: no node is given.
    Unknown,
    /// What this node says.
    Given(&'s Node),
}

impl<'s> AttachedNode<'s> {
    /// The node of this name. Where the snapshot has no nodes at all, it does not say which ones there are.
    pub(super) fn named(name: &str, snapshot: &'s Snapshot) -> Self {
        match snapshot.node(name) {
            Some(node) => Self::Given(node),
            None if snapshot.nodes().is_empty() => Self::Unknown,
            None => Self::Nothing,
        }
    }
}

impl<'s> Attached<'s> {
    /// What is told of a namespace.
    pub(super) fn namespace(name: &str, scope: &Scope, snapshot: &'s Snapshot) -> Option<&'s Namespace> {
        if scope.attach_namespace { snapshot.namespaces().find(name) } else { None }
    }

    /// The value of a meta label, by its name without the prefix.
    pub(super) fn value(&self, name: &str) -> Option<&'s str> {
        if let Some(rest) = name.strip_prefix("node_") {
            let AttachedNode::Given(node) = self.node else { return None };
            return if rest == "name" {
                Some(&node.name)
            } else {
                meta::of_object(rest, &node.labels, &node.annotations)
            };
        }
        let (rest, namespace) = (name.strip_prefix("namespace_")?, self.namespace?);
        let labels = namespace.labels().unwrap_or(const { &Labels::none() });
        let implied = || match rest.split_once('_')? {
            ("label", key) if meta::becomes(NAME_LABEL, key) => Some(namespace.name()),
            ("labelpresent", key) if meta::becomes(NAME_LABEL, key) => Some("true"),
            _ => None,
        };
        meta::of_object(rest, labels, namespace.annotations()).or_else(implied)
    }

    /// Whether it is known what a meta label says.
    pub(super) fn knows(&self, name: &str) -> bool {
        if name.starts_with("node_") {
            return !matches!(self.node, AttachedNode::Unknown);
        }
        let is_open = self.namespace.is_some_and(|namespace| namespace.labels().is_none());
        !(is_open && name.starts_with("namespace_")) || self.value(name).is_some()
    }

    /// Whether it is known what every meta label says.
    pub(super) fn knows_all(&self) -> bool {
        !matches!(self.node, AttachedNode::Unknown) && self.namespace.is_none_or(|it| it.labels().is_some())
    }

    pub(super) fn list(&self, listed: &mut Listed) {
        if let AttachedNode::Given(node) = self.node {
            meta::list(listed, "node_name", node.name.as_str());
            meta::list_object(listed, "node", &node.labels, &node.annotations);
        }
        if let Some(namespace) = self.namespace {
            let implied = Labels::from_iter([(NAME_LABEL, namespace.name())]);
            meta::list_object(listed, "namespace", &implied, &Labels::none());
            let labels = namespace.labels().unwrap_or(const { &Labels::none() });
            meta::list_object(listed, "namespace", labels, namespace.annotations());
        }
    }
}
