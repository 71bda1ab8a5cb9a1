//! What an object says, as a set of facts: two objects mean the same when their facts are the same, whatever the order
//! of their lists and however their rules are grouped.

use std::collections::BTreeSet;

use serde_json::Value;

/// The facts of an object.
pub(crate) fn facts(object: &Value) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    let metadata = &object["metadata"];
    facts.insert(format!("name {}", text(&metadata["name"])));
    facts.insert(format!("namespace {}", text(&metadata["namespace"])));
    facts.extend(labels(&metadata["labels"]).into_iter().map(|label| format!("label {label}")));
    match text(&object["kind"]) {
        "NetworkPolicy" => network_policy(&object["spec"], &mut facts),
        "AuthorizationPolicy" => authorization_policy(&object["spec"], &mut facts),
        _ => leaves("", &object["spec"], &mut facts),
    }
    facts
}

fn network_policy(spec: &Value, facts: &mut BTreeSet<String>) {
    facts.insert(format!("selects {}", labels(&spec["podSelector"]["matchLabels"]).join(" ")));
    facts.extend(items(&spec["policyTypes"]).map(|kind| format!("isolates {}", text(kind))));
    for rule in items(&spec["ingress"]) {
        let mut peers: Vec<String> = items(&rule["from"]).map(peer).collect();
        if peers.is_empty() {
            peers.push("everybody".to_owned());
        }
        for port in items(&rule["ports"]) {
            let port = format!("{}/{}", port["port"], text(&port["protocol"]));
            facts.extend(peers.iter().map(|peer| format!("{peer} to {port}")));
        }
    }
}

fn peer(peer: &Value) -> String {
    let pods = labels(&peer["podSelector"]["matchLabels"]).join(" ");
    let namespace = labels(&peer["namespaceSelector"]["matchLabels"]).join(" ");
    if namespace.is_empty() { pods } else { format!("{pods} of {namespace}") }
}

fn authorization_policy(spec: &Value, facts: &mut BTreeSet<String>) {
    facts.insert(format!("selects {}", labels(&spec["selector"]["matchLabels"]).join(" ")));
    // An action that is left out is ALLOW.
    facts.insert(format!("action {}", spec["action"].as_str().unwrap_or("ALLOW")));
    for rule in items(&spec["rules"]) {
        let ports: Vec<&str> = items(&rule["to"]).flat_map(|to| items(&to["operation"]["ports"])).map(text).collect();
        for source in items(&rule["from"]).map(|from| &from["source"]) {
            facts.extend(items(&source["namespaces"]).map(|namespace| format!("only from {}", text(namespace))));
            for principal in items(&source["principals"]).map(text) {
                facts.extend(ports.iter().map(|port| format!("{principal} to {port}")));
            }
        }
    }
}

/// Every value of a tree with its path; the places in lists count, for relabelings are steps.
fn leaves(path: &str, value: &Value, facts: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(key, value)| leaves(&format!("{path}.{key}"), value, facts));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, item)| leaves(&format!("{path}[{index}]"), item, facts));
        }
        _ => drop(facts.insert(format!("{} {value}", path.trim_start_matches('.')))),
    }
}

fn labels(labels: &Value) -> Vec<String> {
    let labels = labels.as_object().into_iter().flatten();
    labels.map(|(key, value)| format!("{key}={}", text(value))).collect()
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
