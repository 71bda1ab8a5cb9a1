//! Random small clusters around kube-state-metrics, in which the same few names and labels meet again and again, and
//! the universe of all callers that policies of these clusters can tell apart.

use std::fmt;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::model::labels::Labels;
use crate::model::snapshot::{Container, ContainerRole, Namespace, Pod, PodTemplate};
use crate::model::{ObjectReference, Resource};

pub(in crate::engine::audit) const APP: &str = "app.kubernetes.io/name";
pub(in crate::engine::audit) const ACCOUNT: &str = "prometheus-operator-kube-p-prometheus";

/// Objects by kind.
#[derive(Clone)]
pub(in crate::engine::audit) struct Cluster(pub(in crate::engine::audit) Vec<(Resource, Value)>);

impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(resource, object)| write!(formatter, "\n  {resource:?} {object}"))
    }
}

/// A cluster with a kube-state-metrics that takes part in the mesh or does not.
pub(in crate::engine::audit) fn cluster() -> impl Strategy<Value = Cluster> {
    let policies = (vec(network_policy(), 0..4), vec(authorization_policy(), 0..3), option::of(strict()));
    (select(vec!["none", "none", "sidecar", "ambient"]), existing(), policies).prop_map(
        |(mesh, pods, (network, authorization, strict))| {
            let mut objects = vec![
                (Resource::Namespace, json!({"metadata": {"name": "monitoring"}})),
                (Resource::Namespace, json!({"metadata": {"name": "shop", "labels": {"team": "a"}}})),
                (Resource::Pod, called(mesh)),
            ];
            objects.extend(pods.into_iter().map(|pod| (Resource::Pod, pod)));
            objects.extend(network.into_iter().map(|policy| (Resource::NetworkPolicy, policy)));
            objects.extend(authorization.into_iter().map(|policy| (Resource::AuthorizationPolicy, policy)));
            objects.extend(strict.into_iter().map(|policy| (Resource::PeerAuthentication, policy)));
            for (number, (_, object)) in objects.iter_mut().enumerate() {
                let name = &mut object["metadata"]["name"];
                *name = if name.is_null() { json!(format!("n{number}")) } else { name.take() };
            }
            Cluster(objects)
        },
    )
}

fn called(mesh: &str) -> Value {
    let labels = match mesh {
        "ambient" => json!({APP: "kube-state-metrics", "istio.io/dataplane-mode": "ambient"}),
        _ => json!({APP: "kube-state-metrics"}),
    };
    let containers = match mesh {
        "sidecar" => json!([{"name": "c"}, {"name": "istio-proxy"}]),
        _ => json!([{"name": "c"}]),
    };
    json!({
        "metadata": {"name": "called", "namespace": "monitoring", "labels": labels},
        "spec": {"containers": containers}, "status": {"phase": "Running", "podIP": "10.0.0.1"},
    })
}

fn existing() -> impl Strategy<Value = Vec<Value>> {
    let app = option::of(select(vec!["prometheus", "web"]));
    let pod = (select(vec!["monitoring", "shop", "dev"]), app, option::of(select(vec!["10.1.0.1", "192.0.2.9"])));
    vec(pod, 0..3).prop_map(|pods| {
        let pod = |(namespace, app, address): (&str, Option<&str>, Option<&str>)| {
            let labels = app.map_or_else(|| json!({}), |app| json!({APP: app}));
            json!({
                "metadata": {"namespace": namespace, "labels": labels},
                "spec": {"containers": [{"name": "c"}]}, "status": {"phase": "Running", "podIP": address},
            })
        };
        pods.into_iter().map(pod).collect()
    })
}

fn selector(key: &'static str, values: Vec<&'static str>) -> impl Strategy<Value = Value> {
    let some = (1..=values.len()).prop_flat_map(move |number| subsequence(values.clone(), number));
    let operator = select(vec!["In", "NotIn", "Exists", "DoesNotExist"]);
    let expression = (operator, some.clone()).prop_map(move |(operator, values)| match operator {
        "In" | "NotIn" => json!({"key": key, "operator": operator, "values": values}),
        _ => json!({"key": key, "operator": operator}),
    });
    prop_oneof![
        1 => Just(json!({})),
        3 => some.prop_map(move |values| json!({"matchLabels": {key: values[0]}})),
        2 => expression.prop_map(|expression| json!({"matchExpressions": [expression]})),
    ]
}

fn pod_selector() -> impl Strategy<Value = Value> {
    let both = (selector(APP, vec!["prometheus", "web"]), selector("tier", vec!["a"])).prop_map(|(one, other)| {
        let all = |key: &str| [&one, &other].map(|it| it[key].as_array().cloned().unwrap_or_default()).concat();
        json!({"matchLabels": one["matchLabels"], "matchExpressions": all("matchExpressions")})
    });
    prop_oneof![3 => selector(APP, vec!["prometheus", "web"]), 1 => selector("tier", vec!["a"]), 1 => both]
}

fn peer() -> impl Strategy<Value = Value> {
    let namespaces = prop_oneof![
        2 => selector("team", vec!["a", "b"]),
        3 => selector("kubernetes.io/metadata.name", vec!["shop", "dev", "monitoring"]),
    ];
    prop_oneof![
        3 => pod_selector().prop_map(|pods| json!({"podSelector": pods})),
        2 => namespaces.clone().prop_map(|namespaces| json!({"namespaceSelector": namespaces})),
        3 => (pod_selector(), namespaces)
            .prop_map(|(pods, namespaces)| json!({"podSelector": pods, "namespaceSelector": namespaces})),
        1 => select(vec!["10.0.0.0/8", "0.0.0.0/0", "192.0.2.0/24", "what"])
            .prop_map(|range| json!({"ipBlock": {"cidr": range}})),
    ]
}

/// A policy without a name.
pub(super) fn network_policy() -> impl Strategy<Value = Value> {
    let rule = |field: &'static str| {
        (vec(peer(), 0..3), select(vec![json!([]), json!([{"port": 8080}]), json!([{"port": 8081}, {"port": 15008}])]))
            .prop_map(move |(peers, ports)| json!({field: peers, "ports": ports}))
    };
    let subject = prop_oneof![
        2 => Just(json!({})),
        2 => Just(json!({"matchLabels": {APP: "kube-state-metrics"}})),
        1 => pod_selector(),
    ];
    let ingress = (subject.clone(), vec(rule("from"), 0..3)).prop_map(|(pods, rules)| {
        json!({"metadata": {"namespace": "monitoring"},
            "spec": {"podSelector": pods, "policyTypes": ["Ingress"], "ingress": rules}})
    });
    let egress = (select(vec!["monitoring", "shop", "dev"]), subject, vec(rule("to"), 0..2)).prop_map(
        |(namespace, pods, rules)| {
            json!({"metadata": {"namespace": namespace},
                "spec": {"podSelector": pods, "policyTypes": ["Egress"], "egress": rules}})
        },
    );
    prop_oneof![3 => ingress, 1 => egress]
}

fn source() -> impl Strategy<Value = Value> {
    let principal = select(vec![
        format!("cluster.local/ns/monitoring/sa/{ACCOUNT}"),
        "cluster.local/ns/shop/sa/x".to_owned(),
        "cluster.local/ns/shop/*".to_owned(),
        "*/sa/x".to_owned(),
        "*".to_owned(),
    ]);
    let namespace = select(vec!["shop", "s*", "*r", "dev", "monitoring"]);
    let list = |field: &'static str, values: BoxedStrategy<String>| vec(values, 1..3).prop_map(move |all| (field, all));
    let namespace = namespace.prop_map(str::to_owned).boxed();
    let principal = principal.boxed();
    let field = prop_oneof![
        3 => list("principals", principal.clone()),
        2 => list("namespaces", namespace.clone()),
        1 => list("notPrincipals", principal),
        1 => list("notNamespaces", namespace),
        1 => list("ipBlocks", select(vec!["10.0.0.0/8", "192.0.2.0/25"]).prop_map(str::to_owned).boxed()),
    ];
    vec(field, 1..3).prop_map(|fields| {
        let source: serde_json::Map<String, Value> =
            fields.into_iter().map(|(name, values)| (name.to_owned(), json!(values))).collect();
        json!({"source": source})
    })
}

fn authorization_policy() -> impl Strategy<Value = Value> {
    let to = select(vec![
        json!([]),
        json!([{"operation": {"ports": ["8080"]}}]),
        json!([{"operation": {"ports": ["8081"]}}]),
        json!([{"operation": {"paths": ["/metrics"]}}]),
    ]);
    let rule = (vec(source(), 0..3), to).prop_map(|(from, to)| {
        let mut rule = json!({});
        for (field, values) in [("from", Value::from(from)), ("to", to)] {
            if values != json!([]) {
                rule[field] = values;
            }
        }
        rule
    });
    (select(vec!["ALLOW", "ALLOW", "DENY"]), vec(rule, 0..3)).prop_map(
        |(action, rules)| json!({"metadata": {"namespace": "monitoring"}, "spec": {"action": action, "rules": rules}}),
    )
}

fn strict() -> impl Strategy<Value = Value> {
    Just(json!({"metadata": {"namespace": "monitoring"}, "spec": {"mtls": {"mode": "STRICT"}}}))
}

/// Every caller that policies of these clusters can tell apart, and some that they cannot.
pub(in crate::engine::audit) fn universe() -> Vec<(Namespace, Pod)> {
    let team = |name: &str| {
        [None, Some("a"), Some("b"), Some("z")].map(|team| {
            Namespace::new(name.to_owned(), team.into_iter().map(|team| ("team".to_owned(), team.to_owned())).collect())
        })
    };
    let given = ["monitoring", "shop"].map(|name| {
        let labels =
            if name == "shop" { Labels::from_iter([("team".to_owned(), "a".to_owned())]) } else { Labels::none() };
        Namespace::new(name.to_owned(), labels)
    });
    let namespaces = given.into_iter().chain(["dev", "other", "somewhere", "server"].into_iter().flat_map(team));
    let pod = |namespace: Namespace| pods(namespace.name()).into_iter().map(move |pod| (namespace.clone(), pod));
    namespaces.flat_map(pod).collect()
}

fn pods(namespace: &str) -> Vec<Pod> {
    let mut all = Vec::new();
    for app in [None, Some("prometheus"), Some("web"), Some("z")] {
        for tier in [None, Some("a"), Some("z")] {
            for account in [ACCOUNT, "x", "z"] {
                for mesh in ["outside", "sidecar", "ambient"] {
                    let mode = Some(if mesh == "ambient" { "ambient" } else { "none" });
                    let labels = [(APP, app), ("tier", tier), ("istio.io/dataplane-mode", mode)];
                    let labels =
                        labels.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
                    let pod = pod(namespace, labels.collect(), account, mesh == "sidecar");
                    let at = |address: &str| Pod { addresses: [address.parse().unwrap()].into(), ..pod.clone() };
                    all.extend(["198.51.100.7", "10.9.8.7", "192.0.2.200", "192.0.2.77"].map(at));
                }
            }
        }
    }
    all
}

fn pod(namespace: &str, labels: Labels<'static>, account: &str, has_sidecar: bool) -> Pod {
    let container = |name: &str| Container { name: name.to_owned(), role: ContainerRole::Regular, ports: Vec::new() };
    let proxy = has_sidecar.then(|| container("istio-proxy"));
    let reference =
        ObjectReference { kind: "Pod".to_owned(), namespace: Some(namespace.to_owned()), name: "somebody".to_owned() };
    Pod {
        object: Arc::new(reference),
        template: Arc::new(PodTemplate {
            namespace: namespace.to_owned(),
            labels,
            annotations: Labels::none(),
            service_account: account.to_owned(),
            host_network: false,
            containers: std::iter::once(container("c")).chain(proxy).collect(),
        }),
        addresses: Box::default(),
        phase: Some("Running".into()),
    }
}
