//! Nodes: one target each, at its kubelet (`prometheus/discovery/kubernetes/node.go`).

use super::attached::Attached;
use super::meta::{self, Listed};
use super::{ADDRESS, Discovered, Scope, stand_in};
use crate::model::snapshot::{Node, Snapshot};

/// The types of addresses that are scraped, those that are preferred first.
const ADDRESS_TYPES: [&str; 6] = ["InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname"];

/// All targets that are nodes. They are in no namespace, so none narrows them down.
pub(super) fn discover<'s>(scope: &Scope, snapshot: &'s Snapshot, found: &mut Vec<Discovered<'s>>) {
    let nodes = snapshot.nodes().iter().filter(|node| scope.selects(&node.labels));
    let labels = nodes.filter_map(labels);
    found.extend(labels.map(|labels| Discovered::listed(labels, Attached::default(), Vec::new())));
}

/// The labels of a node; `None` for one without an address.
fn labels(node: &Node) -> Option<Listed> {
    let first = |kind: &str| node.addresses.iter().find(|(known, _)| known == kind).map(|(_, address)| address);
    let host = ADDRESS_TYPES.into_iter().find_map(first)?;
    let mut listed =
        vec![(ADDRESS.to_owned(), stand_in::join(host, node.kubelet_port)), ("instance".to_owned(), node.name.clone())];
    meta::list(&mut listed, "node_provider_id", node.provider_id.as_str());
    for (kind, status) in &node.conditions {
        let kind = meta::sanitised(&kind.to_lowercase());
        meta::list(&mut listed, &format!("node_condition_{kind}"), status.to_lowercase());
    }
    meta::list(&mut listed, "node_name", node.name.as_str());
    meta::list_object(&mut listed, "node", &node.labels, &node.annotations);
    for (kind, _) in &node.addresses {
        let address = first(kind).map(String::as_str).unwrap_or_default();
        meta::list(&mut listed, &format!("node_address_{}", meta::sanitised(kind)), address);
    }
    Some(listed)
}
