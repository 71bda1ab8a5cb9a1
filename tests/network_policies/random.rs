//! Random small clusters, in which the same few labels, ports and addresses meet again and again.

use std::fmt;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use crate::reference::Question;

const NAMESPACES: [&str; 3] = ["ns-x", "ns-y", "ns-z"];

/// Most objects are in the first one, so that they have to do with each other.
fn namespace() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just(NAMESPACES[0]), 1 => Just(NAMESPACES[1]), 1 => Just(NAMESPACES[2])]
}

/// A cluster and questions about it.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) cluster: Value,
    pub(crate) questions: Vec<Question>,
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "\n  namespaces {}", self.cluster["namespaces"])?;
        for (number, pod) in self.cluster["pods"].as_array().unwrap().iter().enumerate() {
            writeln!(formatter, "  pod {number} {pod}")?;
        }
        for policy in self.cluster["policies"].as_array().unwrap() {
            writeln!(formatter, "  policy {policy}")?;
        }
        for Question { from, to, port, protocol } in &self.questions {
            writeln!(formatter, "  from {from} to {to}, {protocol} port {port}")?;
        }
        Ok(())
    }
}

/// Clusters with some policies, of which everything but their policies is known.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    let labels = option::of(select(vec!["a", "b"]));
    let namespaces = vec(labels, NAMESPACES.len());
    (namespaces, vec(pod(), 2..6), vec(any_policy(), 1..6), vec(question(), 6)).prop_map(
        |(labels, mut pods, mut policies, mut questions)| {
            let namespaces: Map<String, Value> =
                NAMESPACES.iter().zip(labels).map(|(name, team)| ((*name).to_owned(), team_label(team))).collect();
            for (number, pod) in pods.iter_mut().enumerate() {
                pod["name"] = Value::from(format!("p{number}"));
            }
            for (number, policy) in policies.iter_mut().enumerate() {
                policy["metadata"]["name"] = Value::from(format!("n{number}"));
            }
            for question in &mut questions {
                for end in [&mut question.from, &mut question.to] {
                    if let Some(number) = end.as_u64() {
                        *end = Value::from(number % u64::try_from(pods.len()).unwrap());
                    }
                }
            }
            Case { cluster: json!({"namespaces": namespaces, "pods": pods, "policies": policies}), questions }
        },
    )
}

fn team_label(team: Option<&str>) -> Value {
    team.map_or_else(|| json!({}), |team| json!({"team": team}))
}

fn question() -> impl Strategy<Value = Question> {
    let end = || {
        prop_oneof![
            4 => (0_u64..60).prop_map(Value::from),
            1 => select(vec!["10.0.0.9", "192.0.2.1", "fd00::9"]).prop_map(Value::from),
        ]
    };
    (end(), end(), select(vec![80, 81, 443]), protocol()).prop_map(|(from, to, port, protocol)| Question {
        from,
        to,
        port,
        protocol,
    })
}

fn protocol() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("TCP"), 2 => Just("UDP"), 1 => Just("SCTP")]
}

fn labels() -> impl Strategy<Value = Value> {
    btree_map(select(vec!["app", "tier"]), select(vec!["a", "b"]), 0..=2).prop_map(|labels| json!(labels))
}

fn pod() -> impl Strategy<Value = Value> {
    let declared = vec![
        json!({"name": "web", "number": 80, "protocol": "TCP"}),
        json!({"name": "web", "number": 81, "protocol": "TCP"}),
        json!({"name": "web", "number": 80, "protocol": "UDP"}),
        json!({"name": "metrics", "number": 81, "protocol": "TCP"}),
    ];
    let ports = subsequence(declared, 0..=4);
    let addresses = select(vec![vec!["10.0.0.1"], vec!["10.0.1.1"], vec!["fd00::1"], vec!["10.0.0.2", "fd00::2"]]);
    (namespace(), labels(), ports, addresses, proptest::bool::weighted(0.1)).prop_map(
        |(namespace, labels, ports, addresses, host_network)| {
            json!({
                "namespace": namespace, "labels": labels, "ports": ports, "addresses": addresses,
                "hostNetwork": host_network,
            })
        },
    )
}

fn selector(keys: Vec<&'static str>, values: Vec<&'static str>) -> impl Strategy<Value = Value> {
    let key = move || select(keys.clone());
    let value = select(values);
    let expression = (key(), select(vec!["In", "NotIn", "Exists", "DoesNotExist"]), vec(value.clone(), 1..3)).prop_map(
        |(key, operator, values)| match operator {
            "In" | "NotIn" => json!({"key": key, "operator": operator, "values": values}),
            _ => json!({"key": key, "operator": operator}),
        },
    );
    prop_oneof![
        2 => Just(json!({})),
        3 => (key(), value).prop_map(|(key, value)| json!({"matchLabels": {key: value}})),
        2 => vec(expression, 1..3).prop_map(|all| json!({"matchExpressions": all})),
    ]
}

fn pod_selector() -> impl Strategy<Value = Value> {
    selector(vec!["app", "tier"], vec!["a", "b"])
}

fn namespace_selector() -> impl Strategy<Value = Value> {
    prop_oneof![
        selector(vec!["team"], vec!["a", "b"]),
        selector(vec!["kubernetes.io/metadata.name"], vec!["ns-x", "ns-y"]),
    ]
}

fn ip_block() -> impl Strategy<Value = Value> {
    let wide = vec!["0.0.0.0/0", "10.0.0.0/16", "10.0.0.0/24", "10.0.0.1/32", "::/0", "fd00::/64", "what"];
    let narrow = vec!["10.0.0.0/24", "10.0.0.2/32", "fd00::/112", "what"];
    (select(wide), vec(select(narrow), 0..3)).prop_map(|(cidr, except)| json!({"cidr": cidr, "except": except}))
}

fn peer() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => pod_selector().prop_map(|pods| json!({"podSelector": pods})),
        4 => namespace_selector().prop_map(|namespaces| json!({"namespaceSelector": namespaces})),
        4 => (pod_selector(), namespace_selector())
            .prop_map(|(pods, namespaces)| json!({"podSelector": pods, "namespaceSelector": namespaces})),
        4 => ip_block().prop_map(|block| json!({"ipBlock": block})),
        1 => select(vec![json!({}), json!({"names": ["a"]}), json!({"podSelector": {}, "names": ["a"]})]),
    ]
}

fn port() -> impl Strategy<Value = Value> {
    let which = prop_oneof![
        2 => Just(json!({})),
        6 => select(vec![json!({"port": 80}), json!({"port": 81}), json!({"port": 79, "endPort": 81})]),
        3 => select(vec!["web", "web", "metrics", "none"]).prop_map(|name| json!({"port": name})),
        1 => select(vec![
            json!({"port": 0}), json!({"port": 70000}), json!({"port": 81, "endPort": 80}), json!({"endPort": 81}),
            json!({"port": "web", "endPort": 81}), json!({"port": 80, "endPort": 70000}),
        ]),
    ];
    let protocol = prop_oneof![
        6 => Just(None),
        6 => protocol().prop_map(Some),
        1 => Just(Some("ICMP")),
    ];
    (which, protocol).prop_map(|(mut port, protocol)| {
        if let Some(protocol) = protocol {
            port["protocol"] = Value::from(protocol);
        }
        port
    })
}

/// A rule of `ingress`; for one of `egress`, `from` has to be renamed.
pub(crate) fn rule() -> impl Strategy<Value = Value> {
    (option::weighted(0.8, vec(peer(), 0..4)), option::weighted(0.7, vec(port(), 0..4))).prop_map(|(from, ports)| {
        let fields = [("from", from), ("ports", ports)];
        let fields = fields.into_iter().filter_map(|(key, list)| Some((key.to_owned(), Value::from(list?))));
        Value::Object(fields.collect())
    })
}

/// A policy that still has to be named.
pub(crate) fn policy() -> impl Strategy<Value = Value> {
    let both = vec!["Ingress", "Egress"];
    let types = vec![vec![], vec!["Ingress"], vec!["Egress"], both.clone(), both.clone(), both];
    let pods = prop_oneof![2 => Just(json!({})), 1 => pod_selector()];
    let rules = || option::of(vec(rule(), 0..3));
    (namespace(), pods, select(types), rules(), rules()).prop_map(|(namespace, pods, types, ingress, egress)| {
        let egress = egress.map(|rules| Value::from(rules.into_iter().map(to_egress).collect::<Vec<_>>()));
        let spec = json!({"podSelector": pods, "policyTypes": types, "ingress": ingress, "egress": egress});
        json!({"metadata": {"namespace": namespace}, "spec": spec})
    })
}

/// Likewise, and now and then one that cannot be read.
fn any_policy() -> impl Strategy<Value = Value> {
    let unreadable = select(NAMESPACES.to_vec())
        .prop_map(|namespace| json!({"metadata": {"namespace": namespace}, "spec": "of a form that is not known"}));
    prop_oneof![19 => policy(), 1 => unreadable]
}

fn to_egress(mut rule: Value) -> Value {
    if let Some(peers) = rule.as_object_mut().unwrap().remove("from") {
        rule["to"] = peers;
    }
    rule
}

/// Which namespaces and which pods' addresses are not known.
pub(crate) fn gaps() -> impl Strategy<Value = (Vec<bool>, Vec<bool>)> {
    (vec(any::<bool>(), NAMESPACES.len()), vec(any::<bool>(), 5))
}

/// The same case, with less known about its cluster.
pub(crate) fn with_gaps(case: &Case, (namespaces, addresses): &(Vec<bool>, Vec<bool>)) -> Case {
    let mut case = case.clone();
    for (name, is_gap) in NAMESPACES.iter().zip(namespaces) {
        if *is_gap {
            case.cluster["namespaces"][name] = Value::Null;
        }
    }
    for (pod, is_gap) in case.cluster["pods"].as_array_mut().unwrap().iter_mut().zip(addresses) {
        if *is_gap {
            pod["addresses"] = json!([]);
        }
    }
    case
}
