//! The law on random policies around a Prometheus and what it scrapes: replicas in one namespace, pods in others, one
//! of them in the mesh.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;

const NAMESPACES: [&str; 3] = ["monitoring", "shop", "dev"];
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";

const SCRAPED: &str = "
{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: k8s, namespace: monitoring}, \
spec: {podMonitorSelector: {}, podMonitorNamespaceSelector: {}}}
---
{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: web, namespace: monitoring}, \
spec: {namespaceSelector: {any: true}, selector: {matchLabels: {app: web}}, \
podMetricsEndpoints: [{port: metrics}, {port: metrics, path: /other}]}}
";

fn pod(namespace: &str, name: &str, address: &str) -> String {
    let proxy = if namespace == "dev" { ", {name: istio-proxy}" } else { "" };
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {namespace}, labels: {{app: web, \
         {POD_NAME}: {name}}}}}, spec: {{containers: [{{name: c, ports: [{{name: metrics, containerPort: 8080}}]}}{proxy}]}}, \
         status: {{phase: Running, podIP: {address}, conditions: [{{type: Ready, status: 'True'}}]}}}}\n"
    )
}

fn cluster() -> String {
    let shop = ["10.0.0.1", "10.0.0.2", "10.0.0.130"].into_iter().enumerate();
    let shop = shop.map(|(number, address)| pod("shop", &format!("web-{number}"), address));
    let others = [pod("dev", "web-0", "10.0.1.1"), pod("monitoring", "web-0", "10.0.2.1")];
    std::iter::once(SCRAPED.to_owned()).chain(shop).chain(others).collect()
}

fn selector() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"matchLabels": {"app": "web"}}),
        json!({"matchLabels": {"app.kubernetes.io/name": "prometheus"}}),
        json!({"matchLabels": {POD_NAME: "web-0"}}),
        json!({"matchExpressions": [{"key": "app", "operator": "What"}]}),
    ])
}

fn peer() -> impl Strategy<Value = Value> {
    let addresses = select(vec!["10.0.0.0/25", "10.0.0.2/32", "10.0.0.0/8", "192.0.2.0/24"]);
    prop_oneof![
        selector().prop_map(|pods| json!({"podSelector": pods})),
        selector().prop_map(|pods| json!({"podSelector": pods, "namespaceSelector": {}})),
        addresses.prop_map(|range| json!({"ipBlock": {"cidr": range}})),
    ]
}

fn rules(field: &'static str) -> impl Strategy<Value = Vec<Value>> {
    let ports = select(vec![json!([]), json!([{"port": 8080}]), json!([{"port": "metrics"}]), json!([{"port": 80}])]);
    vec((vec(peer(), 0..3), ports).prop_map(move |(peers, ports)| json!({field: peers, "ports": ports})), 0..2)
}

fn spec() -> impl Strategy<Value = Value> {
    let types = select(vec![json!(["Ingress"]), json!(["Egress"]), json!(["Ingress", "Egress"]), json!(["What"])]);
    let read = (selector(), types, rules("from"), rules("to")).prop_map(|(pods, types, ingress, egress)| {
        json!({"podSelector": pods, "policyTypes": types, "ingress": ingress, "egress": egress})
    });
    prop_oneof![19 => read, 1 => Just(json!({"podSelector": 5}))]
}

/// A policy of one of three names in each namespace.
fn policy() -> impl Strategy<Value = Value> {
    (select(NAMESPACES.to_vec()), select(vec!["a", "b", "c"]), spec())
        .prop_map(|(namespace, name, spec)| json!({"metadata": {"namespace": namespace, "name": name}, "spec": spec}))
}

#[test]
fn one_replica_does_not_stand_for_others_that_the_policy_tells_apart() {
    let snapshot = snapshot(&[&cluster()]);
    let policy = ObjectReference {
        kind: "NetworkPolicy".to_owned(),
        namespace: Some("shop".to_owned()),
        name: "one".to_owned(),
    };
    let pods = json!({"matchLabels": {POD_NAME: "web-1"}});
    let json = json!({"metadata": {"name": "one", "namespace": "shop"}, "spec": {"podSelector": pods}}).to_string();
    let (audited, told) = both(&snapshot, &policy, Some(&json));
    assert_eq!(told.len(), 2, "its two endpoints: {told:?}");
    assert_eq!(told, audited);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn an_impact_is_the_difference_of_two_audits(
        known in vec(policy(), 0..5),
        change in policy(),
        is_deletion in proptest::bool::weighted(0.3),
    ) {
        let mut builder = Builder::new("default");
        prop_assert_eq!(builder.add_source("input", &Source::new(&cluster())), []);
        for policy in &known {
            builder.add(Resource::NetworkPolicy, &policy.to_string(), None);
        }
        let snapshot = builder.finish();
        let field = |name: &str| change["metadata"][name].as_str().unwrap().to_owned();
        let reference = ObjectReference {
            kind: "NetworkPolicy".to_owned(),
            namespace: Some(field("namespace")),
            name: field("name"),
        };
        let json = (!is_deletion).then(|| change.to_string());
        let (audited, told) = both(&snapshot, &reference, json.as_deref());
        prop_assert_eq!(told, audited);
    }
}
