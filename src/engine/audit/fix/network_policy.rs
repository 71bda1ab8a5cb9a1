//! One more rule in a NetworkPolicy: one peer, one port.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Wanted;
use super::draft::{Draft, list, object};
use crate::engine::audit::exposure::port::Peer;
use crate::model::snapshot::namespace::NAME_LABEL;
use crate::model::{ObjectReference, Resource};

/// Lets the caller in. Nothing but a rule without peers lets in the kube-apiserver.
pub(super) fn let_in(draft: &mut Draft<'_>, wanted: &Wanted<'_, '_>, policy: &ObjectReference) -> Option<String> {
    let ports = [port(wanted)];
    let rule = match &wanted.from {
        Some(from) => json!({"from": [peer(from, policy)], "ports": ports}),
        None => json!({"ports": ports}),
    };
    list(draft.spec(Resource::NetworkPolicy, policy)?, "ingress")?.push(rule);
    let port = wanted.carried_to;
    Some(match &wanted.from {
        Some(from) => format!("let {policy} admit {} to port {port}", from.in_words()),
        None => format!("let {policy} admit everybody to port {port}, for the API server is no pod"),
    })
}

/// Lets the caller out to whom it calls: in the policy that decides, if it is for the caller alone, or in a new one for
/// those callers that it isolates.
pub(super) fn let_out(draft: &mut Draft<'_>, wanted: &Wanted<'_, '_>, policy: &ObjectReference) -> Option<String> {
    let (from, kind) = (wanted.from.as_ref()?, Resource::NetworkPolicy);
    let rule = json!({"to": [peer(&wanted.called, policy)], "ports": [port(wanted)]});
    let whom = format!("out to port {} of {}", wanted.carried_to, wanted.called.in_words());
    let labels = labels(from).into_iter().map(|(key, value)| (key.to_owned(), Value::from(value)));
    let mut selector = draft.read(kind, policy)?.get("podSelector").cloned().unwrap_or_else(|| json!({}));
    let own = object(selector.as_object_mut()?, "matchLabels")?;
    let before = own.len();
    own.extend(labels);
    if own.len() == before {
        list(draft.spec(kind, policy)?, "egress")?.push(rule);
        return Some(format!("let {policy} let traffic {whom}"));
    }
    let name = format!("{}-to-{}-port-{}", policy.name, wanted.to.object.name, wanted.carried_to);
    let reference = ObjectReference { name, ..policy.clone() };
    let json = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": reference.name, "namespace": reference.namespace},
        "spec": {"podSelector": selector, "policyTypes": ["Egress"], "egress": [rule]},
    });
    draft.add(kind, reference, json)?;
    Some(format!("add a NetworkPolicy that lets {} {whom}", from.in_words()))
}

fn port(wanted: &Wanted<'_, '_>) -> Value {
    json!({"port": wanted.carried_to, "protocol": wanted.connection.protocol.to_string()})
}

fn peer(peer: &Peer, policy: &ObjectReference) -> Value {
    let pods = json!({"matchLabels": labels(peer)});
    if policy.namespace.as_ref() == Some(&peer.namespace) {
        json!({"podSelector": pods})
    } else {
        json!({"podSelector": pods, "namespaceSelector": {"matchLabels": {NAME_LABEL: peer.namespace}}})
    }
}

fn labels(peer: &Peer) -> BTreeMap<&str, &str> {
    peer.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}
