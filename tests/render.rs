//! `scrapeguard render` and `scrapeguard crd` as people run them, and what becomes of the seed.

#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[path = "render/meaning.rs"]
mod meaning;
#[path = "render/program.rs"]
mod program;
#[path = "render/seed.rs"]
mod seed;

use program::{guard, run, stdout};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[case::built_in("{}")]
#[case::none("{mesh: {istio: none}}")]
#[case::sidecar("{mesh: {istio: sidecar}}")]
#[case::ambient("{mesh: {istio: ambient}}")]
#[case::some_inside("{components: [{name: prometheus, inMesh: true}, {name: grafana, inMesh: true}]}")]
#[case::grafana_outside("{mesh: {istio: sidecar}, components: [{name: grafana, inMesh: false}]}")]
#[case::open("{mesh: {istio: sidecar}, companions: {defaultDeny: false}}")]
#[case::another_release("{release: kps, namespace: observability, mesh: {istio: ambient}}")]
#[case::callers(
    "{mesh: {istio: sidecar}, webAccess: {callers: [{namespace: web, podLabels: {app: nginx}, serviceAccount: web}]}}"
)]
fn a_review_of_what_was_rendered_is_silent(#[case] spec: &str) {
    let guard = guard(spec);
    assert_silent(guard.path().to_str().unwrap());
}

#[test]
fn a_review_of_what_the_seeds_guard_asks_for_is_silent() {
    assert_silent("examples/seed.yaml");
}

/// Nothing is found, not even what is only recorded, and every object was understood.
fn assert_silent(guard: &str) {
    let rendered = stdout(&["render", "--guard", guard], "");
    let review = stdout(&["review", "-f", "-", "-o", "json", "--fail-on", "info", "--guard", guard], &rendered);
    let review: Value = serde_json::from_str(&review).unwrap();
    let objects = review["objects"].as_array().unwrap();
    assert_eq!(objects.len(), rendered.matches("\nkind: ").count());
    let findings: Vec<&Value> = objects.iter().flat_map(|object| object["findings"].as_array().unwrap()).collect();
    assert!(findings.is_empty(), "{findings:#?}");
    for (key, number) in review["summary"].as_object().unwrap() {
        assert!(key == "objects" || number == 0, "{key}: {}", review["summary"]);
    }
}

#[test]
fn json_and_yaml_are_the_same_objects() {
    let arguments = ["render", "--guard", "examples/seed.yaml"];
    let list: Value = serde_json::from_str(&stdout(&[&arguments[..], &["-o", "json"]].concat(), "")).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&stdout(&arguments, "")).unwrap();
    assert_eq!(list["kind"], "List");
    assert_eq!(list["items"].as_array().unwrap(), &documents);
}

#[test]
fn notes_are_comments_or_go_to_standard_error() {
    let yaml = stdout(&["render"], "");
    assert!(yaml.starts_with("# spec.mesh.istio: "), "{yaml}");
    let json = run(&["render", "-o", "json"], "");
    assert!(String::from_utf8(json.stderr).unwrap().contains("note: node-exporter: is on the host network"));
}

/// YAML 1.1, which kubectl reads, takes a plain `yes` for `true` and `1_0` for a number.
#[test]
fn text_stays_text() {
    let guard = guard(
        "{components: [{name: odd, ports: [{name: web, number: 80}], selectorLabels: {a: 'yes', b: '1_0', c: '0x1f', d: '2027-01-01', e: 'n', f: '1e3', g: '0o7', h: '~', i: '1:30'}}]}",
    );
    let yaml = stdout(&["render", "--guard", guard.path().to_str().unwrap()], "");
    for label in ["a: \"yes\"", "b: \"1_0\"", "c: \"0x1f\"", "e: \"n\"", "f: \"1e3\"", "i: \"1:30\""] {
        assert!(yaml.contains(label), "{label} is not in\n{yaml}");
    }
}

#[test]
fn the_example_of_rendered_objects_is_what_is_rendered() {
    let rendered = stdout(&["render", "--guard", "examples/seed.yaml"], "");
    let written = program::file("examples/seed/rendered.yaml");
    assert!(rendered == written, "stale: scrapeguard render --guard examples/seed.yaml > examples/seed/rendered.yaml");
}

const IN_THE_MESH: &str =
    "{mesh: {istio: sidecar, certificates: ocne, dualStack: true}, components: [{name: grafana, inMesh: true}]}";

/// Whoever writes the fragments into manifests leaves nothing to inject.
#[rstest]
#[case::prometheus("prometheus", json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus"}))]
#[case::grafana("grafana", json!({"apiVersion": "apps/v1", "kind": "Deployment"}))]
#[case::node_exporter("node-exporter", json!({"apiVersion": "apps/v1", "kind": "DaemonSet"}))]
#[case::monitors("monitors", json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor"}))]
fn an_object_with_its_fragment_needs_no_patch(#[case] about: &str, #[case] mut object: Value) {
    let guard = guard(IN_THE_MESH);
    let guard = guard.path().to_str().unwrap();
    let fragments: Vec<Value> =
        serde_json::from_str(&stdout(&["render", "--injections", "-o", "json", "--guard", guard], "")).unwrap();
    let found = fragments.iter().find(|fragment| fragment["about"] == about).unwrap();
    let review = |object: &Value| -> Value {
        let report = stdout(&["review", "-f", "-", "-o", "json", "--guard", guard], &object.to_string());
        serde_json::from_str::<Value>(&report).unwrap()["objects"][0]["patch"].clone()
    };
    object["metadata"] = json!({"name": "x", "namespace": "monitoring"});
    object["spec"] = json!({});
    json_patch::merge(&mut object, &found["fragment"]);
    assert_eq!(review(&object), json!([]), "{object}");
}

#[test]
fn fragments_are_documents_that_say_where_they_belong() {
    let yaml = stdout(&["render", "--injections"], "");
    assert!(yaml.starts_with("---\n# operator: into the Deployment, StatefulSet, DaemonSet or Job\nspec:\n"), "{yaml}");
    let documents: Vec<Value> = serde_saphyr::from_multiple(&yaml).unwrap();
    let json: Vec<Value> = serde_json::from_str(&stdout(&["render", "--injections", "-o", "json"], "")).unwrap();
    assert_eq!(documents, json.iter().map(|fragment| fragment["fragment"].clone()).collect::<Vec<_>>());
}

#[rstest]
#[case(&["crd"], 0)]
#[case(&["render"], 0)]
#[case(&["render", "--injections"], 0)]
#[case(&["render", "--guard", "/does/not/exist.yaml"], 2)]
#[case(&["render", "--guard", "Cargo.toml"], 2)]
fn the_exit_code_tells_how_it_went(#[case] arguments: &[&str], #[case] code: i32) {
    let output = run(arguments, "");
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert_eq!(output.stderr.is_empty(), code == 0, "{output:?}");
}
