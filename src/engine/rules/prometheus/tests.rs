//! Cases beside the examples: what each rule must and must not find.

use rstest::rstest;
use serde_json::{Value, json};

use crate::engine::admission::{Circumstances, Request, mutate, validate};
use crate::engine::rules;
use crate::model::guard::Guards;
use crate::model::{Resource, RuleId};

/// The rules of this family that find something, each once.
fn found(resource: Resource, object: &Value) -> Vec<String> {
    let json = object.to_string();
    let request = Request::create(resource.group(), resource.kind(), "monitoring", &json);
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    let outcome = validate(&request, &Guards::built_in(), &circumstances);
    assert!(outcome.unknowns.is_empty(), "{:?}", outcome.unknowns);
    let mut rules: Vec<String> = outcome.judgements.iter().map(|it| it.finding.rule.to_string()).collect();
    rules.sort();
    rules.dedup();
    rules.retain(|rule| rule.starts_with("SG-PR-"));
    rules
}

fn of_pod(metadata: &Value, spec: &Value) -> Vec<String> {
    found(Resource::Pod, &json!({"metadata": metadata, "spec": spec}))
}

/// A Prometheus that is silent but for what is added to its spec.
fn of_prometheus(spec: &Value) -> Vec<String> {
    let mut full = json!({"podMonitorSelector": {"matchLabels": {"team": "a"}}});
    full.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    found(Resource::Prometheus, &json!({"kind": "Prometheus", "metadata": {"name": "k8s"}, "spec": full}))
}

const NONE: [&str; 0] = [];

#[test]
fn an_agent_without_selectors_is_not_unmanaged() {
    let agent = json!({"kind": "PrometheusAgent", "metadata": {"name": "k8s"}, "spec": {}});
    assert_eq!(found(Resource::PrometheusAgent, &agent), NONE);
}

#[test]
fn what_the_operator_sets_anyway_may_be_written() {
    let labels = |instance| {
        json!({"podMetadata": {"labels": {
            "app.kubernetes.io/instance": instance, "app.kubernetes.io/managed-by": "prometheus-operator",
            "app.kubernetes.io/name": "prometheus", "operator.prometheus.io/shard": "0", "prometheus": "k8s",
        }}})
    };
    assert_eq!(of_prometheus(&labels("k8s")), NONE);
    assert_eq!(of_prometheus(&labels("other")), ["SG-PR-004"]);
}

#[rstest]
#[case::agree("true", "true", &[])]
#[case::default("", "", &[])]
#[case::disagree("true", "false", &["SG-PR-005"])]
#[case::capital("True", "true", &["SG-PR-005"])]
fn label_and_annotation(#[case] label: &str, #[case] annotation: &str, #[case] expected: &[&str]) {
    let key = "sidecar.istio.io/inject";
    let metadata = json!({"labels": {key: label}, "annotations": {key: annotation}});
    assert_eq!(of_pod(&metadata, &json!({"containers": [{"name": "web"}]})), expected);
}

const MOUNT: &str = r#"[{"name": "c", "mountPath": "/certs/"}]"#;

/// Every part of the wiring, and each of them left out.
#[rstest]
#[case::complete(Some(MOUNT), "c", "c", "true", &[])]
#[case::by_name(Some(r#"{"c": {"mountPath": "/certs"}}"#), "c", "c", "true", &[])]
#[case::no_user_mount(None, "c", "c", "true", &["SG-PR-006"])]
#[case::another_path(Some(r#"[{"name": "c", "mountPath": "/x"}]"#), "c", "c", "true", &["SG-PR-006"])]
#[case::no_volume(Some(MOUNT), "x", "c", "true", &["SG-PR-006"])]
#[case::no_mount(Some(MOUNT), "c", "x", "true", &["SG-PR-006"])]
#[case::out_of_the_mesh(None, "x", "x", "false", &[])]
#[case::unreadable_is_another_rules(Some("- c"), "c", "c", "true", &["SG-PR-007"])]
fn certificates_arrive(
    #[case] user_mount: Option<&str>,
    #[case] volume: &str,
    #[case] mount: &str,
    #[case] inject: &str,
    #[case] expected: &[&str],
) {
    let mut annotations = json!({
        "proxy.istio.io/config": "proxyMetadata: {OUTPUT_CERTS: /certs}",
        "traffic.sidecar.istio.io/includeOutboundIPRanges": "",
    });
    if let Some(user_mount) = user_mount {
        annotations["sidecar.istio.io/userVolumeMount"] = json!(user_mount);
    }
    let metadata = json!({"labels": {"sidecar.istio.io/inject": inject}, "annotations": annotations});
    let (volumes, mounts) = (json!([{"name": volume}]), json!([{"name": mount, "mountPath": "/p"}]));
    let spec = json!({"volumes": volumes, "containers": [{"name": "prometheus", "volumeMounts": mounts}]});
    assert_eq!(of_pod(&metadata, &spec), expected);
    let spec = json!({"podMetadata": metadata, "volumes": volumes, "volumeMounts": mounts});
    assert_eq!(of_prometheus(&spec), expected);
}

/// After injection the sidecar is a container of the pod, and Istio has rewritten the scrape annotations.
#[test]
fn an_injected_pod_is_still_right() {
    let annotations = json!({
        "sidecar.istio.io/status": "{}", "prometheus.io/scrape": "true", "prometheus.io/port": "15020",
        "proxy.istio.io/config": "proxyMetadata: {OUTPUT_CERTS: /certs}", "sidecar.istio.io/userVolumeMount": MOUNT,
        "traffic.sidecar.istio.io/includeOutboundIPRanges": "",
    });
    let proxy = json!({"name": "istio-proxy", "securityContext": {"runAsUser": 1337, "runAsGroup": 1337},
        "volumeMounts": [{"name": "c", "mountPath": "/certs"}]});
    let own = json!({"name": "prometheus", "volumeMounts": [{"name": "c", "mountPath": "/p"}]});
    let metadata = json!({"labels": {"sidecar.istio.io/inject": "true"}, "annotations": annotations});
    let spec = json!({"volumes": [{"name": "c"}], "containers": [own, proxy],
        "initContainers": [{"name": "istio-init", "securityContext": {"runAsUser": 1337}}]});
    assert_eq!(of_pod(&metadata, &spec), NONE);
}

#[rstest]
#[case::none(json!({}), &["SG-PR-008"])]
#[case::all_included(json!({"traffic.sidecar.istio.io/includeOutboundIPRanges": "*"}), &["SG-PR-008"])]
#[case::none_included(json!({"traffic.sidecar.istio.io/includeOutboundIPRanges": ""}), &[])]
#[case::services_only(json!({"traffic.sidecar.istio.io/includeOutboundIPRanges": "10.96.0.0/12"}), &[])]
#[case::some_excluded(json!({"traffic.sidecar.istio.io/excludeOutboundIPRanges": "10.244.0.0/16"}), &[])]
#[case::no_capture(json!({"sidecar.istio.io/interceptionMode": "NONE"}), &[])]
fn scrapes_past_the_sidecar(#[case] annotations: Value, #[case] expected: &[&str]) {
    let metadata = json!({"labels": {"sidecar.istio.io/inject": "true"}, "annotations": annotations});
    assert_eq!(of_prometheus(&json!({"podMetadata": metadata})), expected);
    let container = |name: &str| json!({"containers": [{"name": name}]});
    assert_eq!(of_pod(&metadata, &container("prometheus")), expected);
    assert_eq!(of_pod(&metadata, &container("grafana")), NONE, "only Prometheus connects to every pod");
}

#[rstest]
#[case::of_container(json!({"containers": [{"name": "a", "securityContext": {"runAsGroup": 1337}}]}), true)]
#[case::of_pod(json!({"securityContext": {"runAsUser": 1337}, "containers": [{"name": "a"}]}), true)]
#[case::overridden(
    json!({"securityContext": {"runAsUser": 1337}, "containers": [{"name": "a", "securityContext": {"runAsUser": 1}}]}),
    false
)]
#[case::on_the_host(
    json!({"hostNetwork": true, "containers": [{"name": "a", "securityContext": {"runAsUser": 1337}}]}),
    false
)]
fn runs_as_the_proxy(#[case] spec: Value, #[case] is_found: bool) {
    let rules = of_pod(&json!({"labels": {"sidecar.istio.io/inject": "true"}}), &spec);
    assert_eq!(rules.contains(&"SG-PR-015".to_owned()), is_found);
    assert_eq!(of_pod(&json!({}), &spec), NONE, "nobody says that there is a mesh");
}

#[test]
fn the_operators_containers_inherit_the_user_of_the_pod() {
    let metadata = json!({"labels": {"sidecar.istio.io/inject": "true"},
        "annotations": {"traffic.sidecar.istio.io/includeOutboundIPRanges": ""}});
    let spec = json!({"podMetadata": metadata, "securityContext": {"runAsUser": 1337}});
    assert_eq!(of_prometheus(&spec), ["SG-PR-015"]);
}

#[rstest]
#[case::reserved(json!({"prometheus.io/scrape": "true", "prometheus.io/port": "15090"}), &["SG-PR-016"])]
#[case::seen_before(json!({"prometheus.io/scrape": "true", "prometheus.io/port": "15020"}), &[])]
#[case::not_scraped(json!({"prometheus.io/port": "15090"}), &[])]
#[case::not_merged(
    json!({"prometheus.io/scrape": "true", "prometheus.io/port": "15090", "prometheus.istio.io/merge-metrics": "false"}),
    &[]
)]
fn ports_of_the_sidecar(#[case] annotations: Value, #[case] expected: &[&str]) {
    let metadata = json!({"labels": {"sidecar.istio.io/inject": "true"}, "annotations": annotations});
    assert_eq!(of_pod(&metadata, &json!({"containers": [{"name": "web"}]})), expected);
}

#[test]
fn a_proxy_may_stand_before_a_prometheus_on_loopback() {
    let proxy = json!({"name": "proxy", "ports": [{"containerPort": 8443}]});
    assert_eq!(of_prometheus(&json!({"listenLocal": true, "containers": [proxy]})), NONE);
}

/// The bad example of a rule with one change, which is the fix that the rule names: the rule is silent then.
#[rstest]
#[case("SG-PR-001", json!({"op": "add", "path": "/spec/podMonitorSelector", "value": {}}))]
#[case("SG-PR-003", json!({"op": "add", "path": "/spec/podMonitorSelector/matchLabels", "value": {"team": "a"}}))]
#[case("SG-PR-004", json!({"op": "remove", "path": "/spec/podMetadata/labels/app.kubernetes.io~1instance"}))]
#[case("SG-PR-005", json!({"op": "replace", "path": "/spec/template/metadata/labels/sidecar.istio.io~1inject",
    "value": "true"}))]
#[case("SG-PR-006", json!({"op": "replace", "path": "/spec/podMetadata/annotations/sidecar.istio.io~1userVolumeMount",
    "value": r#"[{"name": "istio-certs", "mountPath": "/etc/istio-output-certs"}]"#}))]
#[case("SG-PR-008", json!({"op": "add", "path": "/spec/podMetadata/annotations",
    "value": {"traffic.sidecar.istio.io/excludeOutboundIPRanges": "0.0.0.0/0"}}))]
#[case("SG-PR-009", json!({"op": "replace", "value": "0.0.0.0/0,::/0",
    "path": "/spec/podMetadata/annotations/traffic.sidecar.istio.io~1excludeOutboundIPRanges"}))]
#[case("SG-PR-011", json!({"op": "replace", "path": "/spec/listenLocal", "value": false}))]
#[case("SG-PR-015", json!({"op": "replace", "value": 1000,
    "path": "/spec/template/spec/containers/0/securityContext/runAsUser"}))]
#[case("SG-PR-017", json!({"op": "replace", "path": "/spec/template/metadata/labels/sidecar.istio.io~1inject",
    "value": "false"}))]
#[case("SG-PR-018", json!({"op": "add", "path": "/spec/arbitraryFSAccessThroughSMs", "value": {"deny": true}}))]
#[case("SG-PR-019", json!({"op": "remove", "path": "/spec/template/metadata/labels/istio.io~1dataplane-mode"}))]
#[case("SG-INJ-003", json!({"op": "replace", "path": "/spec/template/metadata/labels/sidecar.istio.io~1inject",
    "value": "false"}))]
#[case("SG-INJ-004", json!({"op": "replace", "path": "/metadata/labels/release", "value": "prometheus-operator"}))]
#[case("SG-INJ-005", json!({"op": "add", "path": "/metadata/labels/sidecar.istio.io~1inject", "value": "true"}))]
fn the_fix_silences_its_rule(#[case] id: &str, #[case] fix: Value) {
    let rule = rules::rule(id.parse().unwrap()).unwrap();
    let mut documents: Vec<Value> = serde_saphyr::from_multiple(rule.bad).unwrap();
    let mut object = documents.pop().unwrap();
    let guards = documents.pop().map_or_else(Guards::built_in, |guard| Guards::parse(&guard.to_string()).unwrap());
    assert!(all_findings(&object, &guards).contains(&rule.id), "{id} is silent before");
    let fix: json_patch::Patch = serde_json::from_value(json!([fix])).unwrap();
    json_patch::patch(&mut object, &fix).unwrap();
    assert!(!all_findings(&object, &guards).contains(&rule.id), "{id} is not silent after");
}

fn all_findings(object: &Value, guards: &Guards) -> Vec<RuleId> {
    let (version, kind) = (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
    let json = object.to_string();
    let request = Request::create(version.rsplit_once('/').map_or("", |(group, _)| group), kind, "monitoring", &json);
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    let outcomes = [mutate(&request, guards, &circumstances), validate(&request, guards, &circumstances)];
    outcomes.into_iter().flat_map(|outcome| outcome.judgements).map(|judgement| judgement.finding.rule).collect()
}
