//! A second evaluator, which reads the JSON as it is and knows only yes and no. Where something is not known it is asked
//! about every world that is possible.

use std::net::IpAddr;

use serde_json::Value;

/// What is taken for true where it is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    /// Whether what cannot be understood in a rule means what is asked about.
    pub(crate) understands: bool,
    /// What a policy that cannot be read does: nothing, deny everything or allow everything.
    pub(crate) unreadable: Unreadable,
    /// Whether pods on the host network are on the node of the pods that they talk to.
    pub(crate) same_node: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unreadable {
    Absent,
    Denies,
    Allows,
}

impl World {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let unreadable = [Unreadable::Absent, Unreadable::Denies, Unreadable::Allows];
        let both = [false, true];
        unreadable.into_iter().flat_map(move |unreadable| {
            both.into_iter().flat_map(move |understands| {
                both.into_iter().map(move |same_node| Self { understands, unreadable, same_node })
            })
        })
    }
}

/// A question: `from` and `to` are numbers of pods or addresses.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) from: Value,
    pub(crate) to: Value,
    pub(crate) port: u16,
    pub(crate) protocol: &'static str,
}

/// Whether policies of the called pod let it in (`ingress`), or policies of the caller let it out.
pub(crate) fn lets_through(cluster: &Value, world: World, ingress: bool, question: &Question) -> bool {
    let (own, other) = if ingress { (&question.to, &question.from) } else { (&question.from, &question.to) };
    let Some(own) = pod(cluster, own) else { return true };
    if let Some(other) = pod(cluster, other) {
        let is_same = own["namespace"] == other["namespace"] && own["name"] == other["name"];
        if is_same || world.same_node && other["hostNetwork"] == true {
            return true;
        }
    }
    if own["hostNetwork"] == true {
        return true;
    }
    let mut isolated = false;
    for policy in cluster["policies"].as_array().unwrap() {
        if policy["metadata"]["namespace"] != own["namespace"] {
            continue;
        }
        if !policy["spec"].is_object() {
            match world.unreadable {
                Unreadable::Absent => continue,
                Unreadable::Denies => isolated = true,
                Unreadable::Allows => return true,
            }
            continue;
        }
        if !has_type(&policy["spec"], ingress) || !selects(&policy["spec"]["podSelector"], &own["labels"]) {
            continue;
        }
        isolated = true;
        for rule in list(&policy["spec"][if ingress { "ingress" } else { "egress" }]) {
            let peers = list(&rule[if ingress { "from" } else { "to" }]);
            let ports = list(&rule["ports"]);
            let called = pod(cluster, &question.to);
            let peer_matches = peers.is_empty() || peers.iter().any(|peer| is_peer(cluster, world, peer, own, other));
            let port_matches = ports.is_empty() || ports.iter().any(|port| is_port(world, port, called, question));
            if peer_matches && port_matches {
                return true;
            }
        }
    }
    !isolated
}

fn pod<'c>(cluster: &'c Value, end: &Value) -> Option<&'c Value> {
    end.as_u64().map(|number| &cluster["pods"][usize::try_from(number).unwrap()])
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn has_type(spec: &Value, ingress: bool) -> bool {
    match (list(&spec["policyTypes"]), ingress) {
        ([], true) => true,
        ([], false) => !list(&spec["egress"]).is_empty(),
        (types, _) => types.iter().any(|it| it == if ingress { "Ingress" } else { "Egress" }),
    }
}

fn selects(selector: &Value, labels: &Value) -> bool {
    let mut matches = true;
    if let Some(wanted) = selector["matchLabels"].as_object() {
        matches &= wanted.iter().all(|(key, value)| labels.get(key) == Some(value));
    }
    for expression in list(&selector["matchExpressions"]) {
        let value = labels.get(expression["key"].as_str().unwrap());
        let is_in = value.is_some_and(|value| list(&expression["values"]).contains(value));
        matches &= match expression["operator"].as_str().unwrap() {
            "In" => is_in,
            "NotIn" => !is_in,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            other => panic!("{other}"),
        };
    }
    matches
}

fn is_peer(cluster: &Value, world: World, peer: &Value, own: &Value, other: &Value) -> bool {
    let known = ["podSelector", "namespaceSelector", "ipBlock"];
    let keys = peer.as_object().unwrap();
    if keys.is_empty() || keys.keys().any(|key| !known.contains(&key.as_str())) {
        return world.understands;
    }
    let pod = pod(cluster, other);
    if let Some(block) = peer.get("ipBlock") {
        return match (pod, other.as_str()) {
            (Some(pod), _) => list(&pod["addresses"]).iter().any(|it| is_in_block(world, block, it.as_str().unwrap())),
            (None, address) => is_in_block(world, block, address.unwrap()),
        };
    }
    let Some(pod) = pod.filter(|pod| pod["hostNetwork"] == false) else { return false };
    let name = pod["namespace"].as_str().unwrap();
    let namespace_matches = match peer.get("namespaceSelector") {
        None => pod["namespace"] == own["namespace"],
        Some(selector) => {
            let mut labels = cluster["namespaces"][name].clone();
            labels["kubernetes.io/metadata.name"] = Value::from(name);
            selects(selector, &labels)
        }
    };
    namespace_matches && peer.get("podSelector").is_none_or(|selector| selects(selector, &pod["labels"]))
}

fn is_in_block(world: World, block: &Value, address: &str) -> bool {
    let cidr = is_in_range(block["cidr"].as_str().unwrap(), address).unwrap_or(world.understands);
    let mut excepted = list(&block["except"]).iter();
    cidr && !excepted.any(|it| is_in_range(it.as_str().unwrap(), address).unwrap_or(!world.understands))
}

/// Compares the leading bits, written out. `None` for what is no range.
fn is_in_range(range: &str, address: &str) -> Option<bool> {
    let (start, length) = range.split_once('/')?;
    let (start, address) = (bits(start), bits(address));
    let length: usize = length.parse().unwrap();
    Some(start.len() == address.len() && start[..length] == address[..length])
}

fn bits(address: &str) -> String {
    match address.parse().unwrap() {
        IpAddr::V4(address) => format!("{:032b}", u32::from(address)),
        IpAddr::V6(address) => format!("{:0128b}", u128::from(address)),
    }
}

fn is_port(world: World, port: &Value, called: Option<&Value>, question: &Question) -> bool {
    let protocol = port.get("protocol").map_or("TCP", |it| it.as_str().unwrap());
    if !["TCP", "UDP", "SCTP"].contains(&protocol) {
        return world.understands;
    }
    let same_protocol = protocol == question.protocol;
    match (port.get("port"), port.get("endPort")) {
        (None, None) => same_protocol,
        (Some(Value::String(name)), None) => {
            same_protocol && called.is_some_and(|called| has_name(world, called, name, question))
        }
        (Some(Value::Number(first)), last) => {
            let (first, last) = (first.as_u64().unwrap(), last.unwrap_or(&port["port"]).as_u64().unwrap());
            if first == 0 || last > 65535 || last < first {
                return world.understands;
            }
            same_protocol && (first..=last).contains(&u64::from(question.port))
        }
        _ => world.understands,
    }
}

/// Whether a container gives the called port this name: the first port that has it for sure, others perhaps, and none
/// for sure on the host network.
fn has_name(world: World, called: &Value, name: &str, question: &Question) -> bool {
    let mut named =
        list(&called["ports"]).iter().filter(|it| it["name"] == name && it["protocol"] == question.protocol);
    let is_first = named.next().is_some_and(|it| it["number"] == question.port);
    let is_another = named.any(|it| it["number"] == question.port);
    if called["hostNetwork"] == true {
        (is_first || is_another) && world.understands
    } else {
        is_first || is_another && world.understands
    }
}
