//! One port that takes plain text as well.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Wanted;
use super::draft::{Draft, object};
use crate::engine::audit::exposure::port::Peer;
use crate::model::{ObjectReference, Resource};

/// Permits plain text at the called port: in the policy that decides, if it is for the called pod alone, or in a new one.
pub(super) fn permit(draft: &mut Draft<'_>, wanted: &Wanted<'_, '_>, policy: &ObjectReference) -> Option<String> {
    let port = wanted.connection.port;
    let kind = Resource::PeerAuthentication;
    let is_for_pods = |spec: &Map<String, Value>| {
        let labels = spec.get("selector").and_then(|selector| selector.get("matchLabels")).and_then(Value::as_object);
        labels.is_some_and(|labels| !labels.is_empty())
    };
    if draft.read(kind, policy).as_ref().is_some_and(is_for_pods) {
        let ports = object(draft.spec(kind, policy)?, "portLevelMtls")?;
        ports.insert(port.to_string(), json!({"mode": "PERMISSIVE"}));
        return Some(format!("let {policy} permit plain text at port {port}"));
    }
    let (reference, json) = permissive(&wanted.called, &wanted.to.object.name, port);
    draft.add(kind, reference, json)?;
    Some(format!("add a PeerAuthentication that permits plain text at port {port} of {}", wanted.called.in_words()))
}

fn permissive(called: &Peer, name: &str, port: u16) -> (ObjectReference, Value) {
    let name = format!("{name}-port-{port}");
    let labels: BTreeMap<&str, &str> =
        called.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let json = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": name, "namespace": called.namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "portLevelMtls": {port.to_string(): {"mode": "PERMISSIVE"}},
        },
    });
    let namespace = Some(called.namespace.clone());
    (ObjectReference { kind: "PeerAuthentication".to_owned(), namespace, name }, json)
}
