//! Policies that look wrong at first sight and are not: a false alarm is as bad as a miss.

use rstest::rstest;
use serde_json::json;

use crate::engine::rules::examples::rules_of;

/// Whether the rule finds something in a policy with this namespace, pod selector and rest of the specification.
fn fires(rule: &str, namespace: &str, name: &str, rest: &serde_json::Value) -> bool {
    let mut spec = rest.clone();
    spec["podSelector"] = json!({"matchLabels": {"app.kubernetes.io/name": name}});
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "policy", "namespace": namespace},
        "spec": spec,
    });
    rules_of(&policy.to_string()).contains(&rule.parse().unwrap())
}

fn pods(name: &str) -> serde_json::Value {
    json!({"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}})
}

fn namespace(name: &str) -> serde_json::Value {
    json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}})
}

#[test]
fn the_ingress_namespace_and_our_own_prometheus_are_two_callers() {
    let rest = json!({"ingress": [{"from": [namespace("ingress-nginx"), pods("prometheus")]}]});
    assert!(!fires("SG-NP-009", "monitoring", "grafana", &rest));
    assert!(fires("SG-NP-009", "shop", "grafana", &rest));
}

#[test]
fn an_ingress_controller_is_at_home_in_its_own_namespace() {
    let rest = json!({"ingress": [{"from": [namespace("ingress-nginx"), pods("ingress-nginx")]}]});
    assert!(!fires("SG-NP-009", "ingress-nginx", "default-backend", &rest));
    assert!(fires("SG-NP-009", "shop", "default-backend", &rest));
}

#[test]
fn what_only_the_api_server_calls_may_be_open() {
    let open = json!({"ingress": [{}]});
    assert!(!fires("SG-NP-002", "monitoring", "prometheus-adapter", &open));
    assert!(!fires("SG-NP-002", "monitoring", "nobody-knows", &open));
    assert!(fires("SG-NP-002", "monitoring", "prometheus-blackbox-exporter", &open));
    assert!(!fires("SG-NP-002", "shop", "prometheus", &open), "only the guarded namespace is known");
}

#[rstest]
#[case::addresses(json!({"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 443}]}), false)]
#[case::everything(json!({}), false)]
#[case::by_name(json!({"ports": [{"port": "dns", "protocol": "UDP"}, {"port": "dns-tcp"}]}), false)]
#[case::openshift(json!({"ports": [{"port": 5353, "protocol": "UDP"}, {"port": 5353}]}), false)]
#[case::range(json!({"ports": [{"port": 1, "endPort": 100}, {"port": 1, "endPort": 100, "protocol": "UDP"}]}), false)]
#[case::https(json!({"ports": [{"port": 443}]}), true)]
#[case::udp_only(json!({"ports": [{"port": 53, "protocol": "UDP"}]}), true)]
fn dns_may_be_admitted_in_many_ways(#[case] rule: serde_json::Value, #[case] blocked: bool) {
    assert_eq!(fires("SG-NP-021", "shop", "web", &json!({"egress": [rule]})), blocked);
}

#[rstest]
#[case::unknown_peer(json!({"from": [{"names": ["x"]}]}), false)]
#[case::empty_peer(json!({"from": [{}]}), true)]
#[case::quoted_port(json!({"ports": [{"port": "9090"}]}), true)]
#[case::impossible_port(json!({"ports": [{"port": 70000}]}), true)]
#[case::impossible_end(json!({"ports": [{"port": 1, "endPort": 70000}]}), true)]
#[case::end_of_a_name(json!({"ports": [{"port": "web", "endPort": 9}]}), true)]
#[case::protocol(json!({"ports": [{"port": 1, "protocol": "tcp"}]}), true)]
#[case::exception(json!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]}), true)]
#[case::both(json!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}), true)]
#[case::no_prefix(json!({"from": [{"ipBlock": {"cidr": "10.0.0.1"}}]}), true)]
#[case::right(json!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}), false)]
fn only_what_the_api_server_refuses_is_invalid(#[case] rule: serde_json::Value, #[case] invalid: bool) {
    assert_eq!(fires("SG-NP-035", "shop", "web", &json!({"ingress": [rule]})), invalid);
}

#[test]
fn prometheus_may_be_named_alone_in_its_own_namespace() {
    let rest = json!({"ingress": [{"from": [pods("prometheus")], "ports": [{"port": 8080}]}]});
    assert!(!fires("SG-NP-008", "monitoring", "kube-state-metrics", &rest));
    assert!(fires("SG-NP-008", "shop", "web", &rest));
}

#[test]
fn another_instance_than_the_release_may_be_another_prometheus() {
    let policy = |instance: &str| {
        let labels = json!({"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/instance": instance});
        json!({"ingress": [{"from": [{"podSelector": {"matchLabels": labels}}], "ports": [{"port": 3000}]}]})
    };
    assert!(!fires("SG-NP-014", "monitoring", "grafana", &policy("second")));
    assert!(!fires("SG-NP-014", "monitoring", "grafana", &policy("prometheus-operator-kube-p-prometheus")));
    assert!(fires("SG-NP-014", "monitoring", "grafana", &policy("prometheus-operator")));
}
