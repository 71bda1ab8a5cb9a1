//! `scrapeguard audit` as people run it: on the cluster of the examples, with the guide's policies and with ours.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // clippy knows tests by their attribute only

#[path = "support/program.rs"]
mod program;

use std::io::Write;
use std::path::Path;

use rstest::rstest;
use serde_json::Value;
use tempfile::NamedTempFile;

use program::{run, transcript};

const AS_WRITTEN: [&str; 9] = [
    "audit",
    "-f",
    "examples/cluster",
    "-f",
    "examples/second-replica.yaml",
    "-f",
    "examples/seed/as-written",
    "--guard",
    "examples/seed.yaml",
];

fn json(arguments: &[&str]) -> Value {
    let output = run(&[arguments, &["-o", "json"]].concat(), "");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn file(text: &str) -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

#[test]
fn the_guides_policies_are_told_apart_from_what_they_were_meant_to_do() {
    insta::assert_snapshot!("as-written", transcript(&AS_WRITTEN, ""));
}

/// What a part of the report says, of the elements in which these fields have these values.
fn reasons(report: &Value, part: &str, wanted: &[(&str, &str)]) -> Vec<String> {
    let is_wanted = |element: &&Value| {
        wanted.iter().all(|(field, value)| element[field].as_str().is_some_and(|text| text.contains(value)))
    };
    report[part].as_array().unwrap().iter().filter(is_wanted).map(|element| element["reason"].to_string()).collect()
}

fn finds(report: &Value, rule: &str, object: &str) -> bool {
    let is_it = |finding: &&Value| finding["rule"] == rule && finding["object"]["name"] == object;
    report["findings"].as_array().unwrap().iter().any(|finding| is_it(&finding))
}

#[test]
fn the_operator_is_blocked_where_its_service_port_is_allowed() {
    let report = json(&AS_WRITTEN);
    let said = reasons(&report, "scrapePaths", &[("scrapeUrl", ":10250/metrics"), ("verdict", "blocked")]);
    assert_eq!(said, [r#""allows port 443, not 10250""#]);
    assert!(finds(&report, "SG-NP-004", "kube-prometheus-stack-operator"));
}

#[test]
fn the_api_server_is_locked_out_of_its_webhook() {
    let report = json(&AS_WRITTEN);
    assert_eq!(reasons(&report, "connections", &[("purpose", "webhook"), ("verdict", "blocked")]).len(), 1);
    assert!(finds(&report, "SG-NP-003", "kube-prometheus-stack-operator"));
}

#[test]
fn the_policy_of_node_exporter_has_no_effect() {
    let report = json(&AS_WRITTEN);
    assert!(finds(&report, "SG-NP-007", "node-exporter"));
    assert_eq!(reasons(&report, "scrapePaths", &[("scrapeUrl", ":9100/metrics"), ("verdict", "open")]).len(), 1);
}

#[test]
fn grafanas_datasource_is_blocked_by_the_authorization_policy() {
    let report = json(&AS_WRITTEN);
    let connections = report["connections"].as_array().unwrap();
    let datasource = connections.iter().find(|it| it["purpose"] == "datasource" && it["verdict"] == "blocked").unwrap();
    let hop = datasource["hops"].as_array().unwrap().iter().find(|hop| hop["verdict"] == "blocked").unwrap();
    assert_eq!(hop["hop"], "authorization");
    assert_eq!(hop["object"], "AuthorizationPolicy monitoring/prometheus-authzpol");
    assert!(finds(&report, "SG-AP-018", "prometheus-authzpol"));
}

#[test]
fn the_port_of_the_reloader_is_lost() {
    let report = json(&AS_WRITTEN);
    let said = reasons(&report, "scrapePaths", &[("scrapeUrl", "//10.0.1.11:8080/metrics"), ("verdict", "blocked")]);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("no rule of the only ALLOW policy admits"), "{said:?}");
}

#[test]
fn the_monitor_without_the_label_is_ignored() {
    let report = json(&AS_WRITTEN);
    let said = reasons(&report, "scrapePaths", &[("monitor", "ServiceMonitor shop/web"), ("verdict", "blocked")]);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("wants label release"), "{said:?}");
}

#[test]
fn the_rewrite_to_port_15090_has_no_effect() {
    let pod_monitor = std::fs::read_to_string("examples/seed/as-written/pod-monitor.yaml").unwrap();
    let (before, rest) = pod_monitor.split_once("    - action: replace\n      regex: ([^:]+)").unwrap();
    let (_, after) = rest.split_once("      targetLabel: __address__\n").unwrap();
    let without = file(&format!("{before}{after}"));
    let urls = |policy: &str| {
        let report = json(&["audit", "-f", "examples/cluster", "-f", policy, "--guard", "examples/seed.yaml"]);
        let all = report["scrapePaths"].as_array().unwrap().iter();
        let all = all.filter(|it| it["scrapePool"] == "podMonitor/monitoring/envoy-stats/0");
        all.map(|it| it["scrapeUrl"].to_string()).collect::<Vec<_>>()
    };
    let with = urls("examples/seed/as-written/pod-monitor.yaml");
    assert_eq!(with.len(), 5);
    assert!(with.iter().all(|url| url.contains(":15090/stats/prometheus")), "{with:?}");
    assert_eq!(with, urls(path(&without)));
}

/// The cluster of the examples as admission would have made it: with what injection adds.
fn admitted() -> NamedTempFile {
    let review = json(&["review", "-f", "examples/cluster", "--guard", "examples/seed.yaml"]);
    let mut texts = Vec::new();
    for entry in std::fs::read_dir("examples/cluster").unwrap() {
        let file = entry.unwrap().path();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&std::fs::read_to_string(&file).unwrap()).unwrap();
        texts.extend(documents.into_iter().map(|document| patched(document, &file, &review).to_string()));
    }
    file(&texts.join("\n---\n"))
}

fn patched(mut document: Value, file: &Path, review: &Value) -> Value {
    let is_it = |object: &&Value| {
        object["kind"] == document["kind"]
            && object["name"] == document["metadata"]["name"]
            && object["file"].as_str().is_some_and(|name| Path::new(name) == file)
    };
    if let Some(object) = review["objects"].as_array().unwrap().iter().find(is_it) {
        let patch: json_patch::Patch = serde_json::from_value(object["patch"].clone()).unwrap();
        json_patch::patch(&mut document, &patch).unwrap();
    }
    document
}

#[test]
fn with_what_is_rendered_and_injected_everything_is_open() {
    let cluster = admitted();
    let arguments =
        ["audit", "-f", path(&cluster), "-f", "examples/seed/rendered.yaml", "--guard", "examples/seed.yaml"];
    let report = json(&arguments);
    for part in ["scrapePaths", "connections"] {
        let all = report[part].as_array().unwrap();
        assert!(all.len() > 10);
        for element in all {
            assert_eq!(element["verdict"], "open", "{element:#}");
        }
    }
    assert_eq!(report["exposures"], serde_json::json!([]));
    let said = transcript(&arguments, "").replace(path(&cluster), "CLUSTER");
    insta::assert_snapshot!("rendered", said);
}

const NAMESPACES: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: monitoring}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: shop}}}
---
";
const PROMETHEUS: &str = "
{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: k8s, namespace: monitoring}, spec: {\
podMonitorSelector: {}, podMonitorNamespaceSelector: {matchLabels: {team: shop}}}}
---
";
const PODS: &str = "
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: monitoring, labels: {app.kubernetes.io/name: prometheus, \
operator.prometheus.io/name: k8s}}, spec: {serviceAccountName: k8s, containers: [{name: prometheus}]}, \
status: {phase: Running, podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}, annotations: \
{sidecar.istio.io/status: '{}'}}, spec: {serviceAccountName: web, initContainers: [{name: istio-proxy, restartPolicy: \
Always}], containers: [{name: web, ports: [{name: metrics, containerPort: 9102}]}]}, \
status: {phase: Running, podIP: 10.0.0.2}}
---
";
const MONITOR: &str = "
{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: web, namespace: shop}, spec: {selector: \
{matchLabels: {app: web}}, podMetricsEndpoints: [{port: metrics}]}}
---
";

#[rstest]
#[case::all_is_there("", &["-"], "open", "")]
#[case::missing_namespace("", &["NAMESPACES"], "unknown", "the labels of namespace shop are not known")]
#[case::missing_kind("", &["PROMETHEUS"], "unknown", "the input has no Prometheus resource")]
#[case::custom_provider(
    "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: x, namespace: shop}, \
     spec: {action: CUSTOM, provider: {name: oauth}, rules: [{}]}}",
    &["-"], "unknown", "is left to a provider"
)]
#[case::envoy_filter(
    "{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: x, namespace: shop}, spec: {}}",
    &["-"], "unknown", "EnvoyFilter shop/x may decide otherwise and is not evaluated"
)]
#[case::admin_network_policy(
    "{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: x}, spec: {}}",
    &["-"], "unknown", "AdminNetworkPolicy x may decide otherwise and is not evaluated"
)]
#[case::unparsable_monitor(
    "{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: web, namespace: shop}, \
     spec: {podMetricsEndpoints: 1}}",
    &["MONITOR"], "unknown", "cannot be read"
)]
fn what_is_not_known_is_told_and_denies_nothing(
    #[case] more: &str,
    #[case] without: &[&str],
    #[case] verdict: &str,
    #[case] reason: &str,
) {
    let parts = [("NAMESPACES", NAMESPACES), ("PROMETHEUS", PROMETHEUS), ("PODS", PODS), ("MONITOR", MONITOR)];
    let parts = parts.into_iter().filter(|(name, _)| !without.contains(name)).map(|(_, text)| text);
    let input = parts.chain([more]).collect::<String>();
    let output = run(&["audit", "-f", "-", "-o", "json"], &input);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let paths = report["scrapePaths"].as_array().unwrap();
    let [path] = paths.as_slice() else { panic!("{report:#}") };
    assert_eq!(path["verdict"], verdict, "{path:#}");
    assert!(path["reason"].as_str().unwrap().contains(reason), "{path:#}");
    assert_eq!(report["summary"]["scrapePaths"]["blocked"], 0);
    assert_eq!(report["summary"]["errors"], 0, "{report:#}");
}

#[rstest]
#[case::errors(&AS_WRITTEN, 1)]
#[case::never(&[&AS_WRITTEN[..], &["--fail-on", "never"]].concat(), 0)]
#[case::something_is_missing(&[&AS_WRITTEN[..], &["-f", "Cargo.toml"]].concat(), 2)]
#[case::no_such_file(&["audit", "-f", "no/such/file.yaml"], 2)]
#[case::input_twice(&["audit", "-f", "-", "-f", "-"], 2)]
fn the_exit_code_tells_how_it_went(#[case] arguments: &[&str], #[case] code: i32) {
    let output = run(arguments, "");
    assert_eq!(output.status.code(), Some(code), "{output:?}");
}

#[test]
fn everything_that_a_review_finds_is_in_the_audit() {
    let review = json(&[&["review"], &AS_WRITTEN[1..]].concat());
    let audit = json(&AS_WRITTEN);
    let key = |finding: &Value| {
        let [rule, object, path, line] = ["rule", "object", "path", "line"].map(|field| finding[field].clone());
        (rule, object["kind"].clone(), object["name"].clone(), path, line)
    };
    let audited: Vec<_> = audit["findings"].as_array().unwrap().iter().map(key).collect();
    let objects = review["objects"].as_array().unwrap().iter();
    let reviewed: Vec<_> = objects
        .flat_map(|object| object["findings"].as_array().unwrap())
        .chain(review["findings"].as_array().unwrap())
        .map(key)
        .collect();
    assert!(reviewed.len() > 10);
    for finding in reviewed {
        assert!(audited.contains(&finding), "{finding:?}");
    }
}
