//! What a guard's companions look like, in the few words that matter.

use rstest::rstest;
use serde_json::{Value, json};

use super::{Companions, companions};
use crate::model::guard::{CompanionMode, Guard, Guards};

fn guard(spec: &str) -> Guard {
    let head = "apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {name: m}\nspec: ";
    let guards = Guards::parse(&format!("{head}{spec}\n")).unwrap();
    guards.iter().next().unwrap().clone()
}

fn object(companions: &Companions, kind: &str, name: &str) -> Option<Value> {
    let objects = companions.objects.iter().map(|object| serde_json::to_value(object).unwrap());
    let mut named = objects.filter(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    named.next()
}

fn notes(companions: &Companions) -> Vec<String> {
    companions.notes.iter().map(ToString::to_string).collect()
}

#[test]
fn the_api_server_is_let_in_by_a_rule_for_everybody_that_says_it_all() {
    let operator = object(&companions(&Guard::built_in()), "NetworkPolicy", "kube-prometheus-stack-operator").unwrap();
    assert_eq!(operator["spec"]["ingress"], json!([{"ports": [{"port": 10250, "protocol": "TCP"}]}]));
}

#[test]
fn gossip_passes_by_both_protocols() {
    let alertmanager = object(&companions(&Guard::built_in()), "NetworkPolicy", "alertmanager").unwrap();
    let gossip = alertmanager["spec"]["ingress"].as_array().unwrap().last().unwrap().clone();
    let ports = json!([{"port": 9094, "protocol": "TCP"}, {"port": 9094, "protocol": "UDP"}]);
    assert_eq!(gossip["ports"], ports);
}

#[test]
fn a_caller_elsewhere_is_a_namespace_and_pods_in_one_item() {
    let guard = guard("{webAccess: {callers: [{namespace: web, podLabels: {app: nginx}}], to: [pushgateway]}}");
    let policy = object(&companions(&guard), "NetworkPolicy", "prometheus-pushgateway").unwrap();
    let peer = json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "web"}},
        "podSelector": {"matchLabels": {"app": "nginx"}},
    });
    assert!(policy["spec"]["ingress"][0]["from"].as_array().unwrap().contains(&peer), "{policy}");
}

#[test]
fn nothing_is_written_for_the_host_network() {
    let companions = companions(&Guard::built_in());
    assert_eq!(object(&companions, "NetworkPolicy", "prometheus-node-exporter"), None);
    assert!(notes(&companions).iter().any(|note| note.starts_with("node-exporter: is on the host network")));
}

/// Ports of the Prometheus policy that only exist because of the mesh.
#[rstest]
#[case("none", &[])]
#[case("sidecar", &[15090, 15020])]
#[case("ambient", &[15008])]
fn a_mesh_brings_ports_of_its_own(#[case] istio: &str, #[case] expected: &[u64]) {
    let companions = companions(&guard(&format!("{{mesh: {{istio: {istio}}}}}")));
    let policy = object(&companions, "NetworkPolicy", "prometheus").unwrap();
    let rules = policy["spec"]["ingress"].as_array().unwrap();
    let ports = rules.iter().flat_map(|rule| rule["ports"].as_array().unwrap());
    let numbers = ports.filter_map(|port| port["port"].as_u64());
    assert_eq!(numbers.filter(|port| *port > 15000).collect::<Vec<_>>(), expected);
    assert_eq!(object(&companions, "PodMonitor", "envoy-stats").is_some(), istio != "none");
    assert_eq!(object(&companions, "AuthorizationPolicy", "prometheus-authzpol").is_some(), istio != "none");
}

#[test]
fn in_ambient_mode_the_kubelet_probes_from_its_own_addresses() {
    let companions = companions(&guard("{mesh: {istio: ambient}}"));
    let policy = object(&companions, "NetworkPolicy", "prometheus").unwrap();
    let probes = policy["spec"]["ingress"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(probes["from"][0]["ipBlock"]["cidr"], "169.254.7.127/32");
    assert_eq!(probes["from"][1]["ipBlock"]["cidr"], "fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128");
    let ports = json!([{"port": 9090, "protocol": "TCP"}, {"port": 8080, "protocol": "TCP"}]);
    assert_eq!(probes["ports"], ports);
}

#[rstest]
#[case::outside("{name: grafana, inMesh: false}", "grafana, which is outside the mesh")]
#[case::nameless("{name: prometheus-adapter, optional: false}", "prometheus-adapter, whose service account")]
fn no_policy_locks_a_caller_out(#[case] component: &str, #[case] reason: &str) {
    let companions = companions(&guard(&format!("{{mesh: {{istio: sidecar}}, components: [{component}]}}")));
    assert_eq!(object(&companions, "AuthorizationPolicy", "prometheus-authzpol"), None);
    let expected = format!("prometheus: no AuthorizationPolicy, for one would lock out {reason}");
    assert!(notes(&companions).iter().any(|note| note.starts_with(&expected)), "{:?}", notes(&companions));
}

#[test]
fn where_the_mesh_is_not_known_a_caller_may_be_outside() {
    let companions = companions(&guard("{components: [{name: prometheus, inMesh: true}]}"));
    assert_eq!(object(&companions, "AuthorizationPolicy", "prometheus-authzpol"), None);
    assert!(notes(&companions).iter().any(|note| note.contains("grafana, which may be outside the mesh")));
}

#[rstest]
#[case("istio", true)]
#[case("ocne", false)]
fn a_policy_that_nobody_asks_is_noted(#[case] certificates: &str, #[case] noted: bool) {
    let companions = companions(&guard(&format!("{{mesh: {{istio: sidecar, certificates: {certificates}}}}}")));
    assert!(object(&companions, "AuthorizationPolicy", "prometheus-authzpol").is_some());
    assert_eq!(notes(&companions).iter().any(|note| note.contains("is not enforced")), noted);
}

#[test]
fn the_monitor_has_the_label_of_the_release() {
    let companions = companions(&guard("{release: kps, mesh: {istio: sidecar}}"));
    let monitor = object(&companions, "PodMonitor", "envoy-stats").unwrap();
    assert_eq!(monitor["metadata"]["labels"]["release"], "kps");
}

#[test]
fn the_monitor_has_the_labels_that_prometheus_selects_by() {
    let selecting = |selector: &str| {
        companions(&guard(&format!("{{mesh: {{istio: sidecar}}, prometheus: {{podMonitorSelector: {selector}}}}}")))
    };
    let certain = selecting("{matchLabels: {team: web}}");
    assert_eq!(object(&certain, "PodMonitor", "envoy-stats").unwrap()["metadata"]["labels"]["team"], "web");
    let open = selecting("{matchExpressions: [{key: team, operator: Exists}]}");
    let about_it = |companions: &Companions| companions.notes.iter().filter(|note| note.about == "envoy-stats").count();
    assert_eq!((about_it(&certain), about_it(&open)), (0, 1));
}

#[test]
fn what_the_guard_ignores_is_left_out() {
    let mut guard = guard("{mesh: {istio: sidecar}, companions: {defaultDeny: false}}");
    assert_eq!(object(&companions(&guard), "NetworkPolicy", "default-deny-ingress"), None);
    guard.companions.network_policies = CompanionMode::Ignore;
    guard.companions.authorization_policies = CompanionMode::Ignore;
    guard.companions.pod_monitors = CompanionMode::Ignore;
    assert_eq!(companions(&guard).objects, []);
}
