//! The laws of injection, over random workloads: it is idempotent, it only adds, it leaves unknown fields alone, and
//! it does what a plain implementation on JSON trees does.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

use std::sync::LazyLock;

use json_patch::Patch;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use scrapeguard::engine::admission::{Circumstances, Operation, Outcome, Request, mutate};
use scrapeguard::model::Resource;
use scrapeguard::model::guard::{Component, Guards};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

static GUARDS: LazyLock<Guards> = LazyLock::new(Guards::built_in);

const WORKLOADS: [Resource; 7] = [
    Resource::Pod,
    Resource::Deployment,
    Resource::StatefulSet,
    Resource::DaemonSet,
    Resource::ReplicaSet,
    Resource::Job,
    Resource::CronJob,
];

fn template_pointer(resource: Resource) -> &'static str {
    match resource {
        Resource::Pod => "",
        Resource::CronJob => "/spec/jobTemplate/spec/template",
        _ => "/spec/template",
    }
}

fn review(resource: Resource, object: &Value) -> Outcome {
    let json = RawValue::from_string(object.to_string()).unwrap();
    let request = Request {
        operation: Operation::Create,
        group: resource.group(),
        kind: resource.kind(),
        subresource: "",
        namespace: "monitoring",
        name: "",
        object: Some(&json),
        old_object: None,
    };
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    mutate(&request, &GUARDS, &circumstances)
}

fn patched(resource: Resource, object: &Value) -> Value {
    let patch = serde_json::to_value(review(resource, object).patch).unwrap();
    let patch: Patch = serde_json::from_value(patch).unwrap();
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &patch).unwrap();
    patched
}

/// Injection as one would write it first: on a tree, without a thought for speed.
fn reference(resource: Resource, object: &Value) -> Value {
    let mut result = object.clone();
    let owned = resource != Resource::Pod && is_owned(object);
    let template = object.pointer(template_pointer(resource)).unwrap();
    let guard = GUARDS.iter().next().unwrap();
    let by_labels: Vec<&Component> = guard.components.iter().filter(|component| carries(template, component)).collect();
    let by_signs: Vec<&Component> = guard.components.iter().filter(|component| shows(template, component)).collect();
    let ([component], true, false) = (by_signs.as_slice(), by_labels.is_empty(), owned) else { return result };
    let found = |key: &str| label(template, key);
    if component.selector_labels.iter().any(|(key, value)| found(key).is_some_and(|found| found != value)) {
        return result;
    }
    let template = result.pointer_mut(template_pointer(resource)).unwrap();
    for (key, value) in &component.selector_labels {
        let metadata = map_at(template, "metadata");
        map_at(metadata, "labels")[key] = json!(value);
    }
    result
}

fn map_at<'a>(parent: &'a mut Value, key: &str) -> &'a mut Value {
    if parent[key].is_null() {
        parent[key] = json!({});
    }
    &mut parent[key]
}

fn label<'a>(template: &'a Value, key: &str) -> Option<&'a str> {
    template["metadata"]["labels"][key].as_str()
}

fn is_owned(object: &Value) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array();
    owners.is_some_and(|owners| owners.iter().any(|owner| owner["controller"] == json!(true)))
        || object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "prometheus-operator"
}

fn carries(template: &Value, component: &Component) -> bool {
    component.selector_labels.iter().all(|(key, value)| label(template, key) == Some(value))
}

fn shows(template: &Value, component: &Component) -> bool {
    component.identified_by.iter().any(|signs| {
        let labels = signs.labels.iter().all(|(key, value)| label(template, key) == Some(value));
        let any_container = signs.container.is_none() && signs.port.is_none();
        let container = template["spec"]["containers"].as_array().into_iter().flatten().any(|container| {
            let named = signs.container.as_ref().is_none_or(|name| container["name"] == json!(name));
            let ports = container["ports"].as_array().into_iter().flatten();
            let mut numbers = ports.map(|port| &port["containerPort"]);
            named && signs.port.is_none_or(|port| numbers.any(|number| *number == json!(port)))
        });
        labels && (any_container || container)
    })
}

/// Whether everything that is in `before` is in `after`, at the same place and with the same value.
fn is_kept(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            before.iter().all(|(key, value)| after.get(key).is_some_and(|after| is_kept(value, after)))
        }
        (Value::Null, _) => true,
        _ => before == after,
    }
}

fn labels() -> impl Strategy<Value = Value> {
    let key = select(vec!["app.kubernetes.io/name", "app", "a~b/c"]);
    let value = select(vec!["prometheus", "grafana", "kube-prometheus-stack-operator", "node-exporter", "x", ""]);
    prop_oneof![Just(Value::Null), btree_map(key, value, 0..4).prop_map(|labels| json!(labels)),]
}

fn metadata() -> impl Strategy<Value = Value> {
    let owner = select(vec![("apps/v1", true), ("monitoring.coreos.com/v1", true), ("v1", false)]);
    let annotations = option::of(btree_map("[a-z]{1,8}", "\\PC{0,8}", 0..3));
    (option::of(labels()), option::of(owner), annotations).prop_map(|(labels, owner, annotations)| {
        let mut metadata =
            Map::from_iter([("name".to_owned(), json!("n")), ("creationTimestamp".to_owned(), Value::Null)]);
        metadata.extend(labels.map(|labels| ("labels".to_owned(), labels)));
        metadata.extend(annotations.map(|annotations| ("annotations".to_owned(), json!(annotations))));
        metadata.extend(owner.map(|(version, controller)| {
            let owner =
                json!({"apiVersion": version, "kind": "Owner", "name": "o", "uid": "u", "controller": controller});
            ("ownerReferences".to_owned(), json!([owner]))
        }));
        Value::Object(metadata)
    })
}

fn container() -> impl Strategy<Value = Value> {
    let name = select(vec!["prometheus", "grafana", "node-exporter", "alertmanager", "prometheus-operator", "web"]);
    let port = select(vec![9090_u16, 3000, 9100, 9093, 10250, 80]);
    (name, vec(port, 1..4), any::<bool>()).prop_map(|(name, ports, tty)| {
        let ports: Vec<Value> = ports.iter().map(|port| json!({"containerPort": port, "protocol": "TCP"})).collect();
        json!({"name": name, "image": "i", "ports": ports, "tty": tty, "newField": {"deep": [1, null, "x"]}})
    })
}

fn template() -> impl Strategy<Value = Value> {
    let metadata = prop_oneof![4 => metadata().prop_map(Some), 1 => Just(Some(Value::Null)), 1 => Just(None)];
    (metadata, vec(container(), 1..3)).prop_map(|(metadata, containers)| {
        let mut template = Map::from_iter([("spec".to_owned(), json!({"containers": containers, "unknown": "kept"}))]);
        template.extend(metadata.map(|metadata| ("metadata".to_owned(), metadata)));
        Value::Object(template)
    })
}

fn workload() -> impl Strategy<Value = (Resource, Value)> {
    (select(WORKLOADS.to_vec()), metadata(), template()).prop_map(|(resource, metadata, template)| {
        let object = match resource {
            Resource::Pod => template,
            Resource::CronJob => {
                json!({"metadata": metadata, "spec": {"jobTemplate": {"spec": {"template": template}}, "schedule": "x"}})
            }
            _ => json!({"metadata": metadata, "spec": {"template": template, "replicas": 1}, "status": {}}),
        };
        (resource, object)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn does_what_the_reference_does((resource, object) in workload()) {
        prop_assert_eq!(patched(resource, &object), reference(resource, &object));
    }

    #[test]
    fn injecting_twice_is_injecting_once((resource, object) in workload()) {
        let once = patched(resource, &object);
        prop_assert!(review(resource, &once).patch.is_empty());
    }

    #[test]
    fn whatever_was_there_is_still_there((resource, object) in workload()) {
        prop_assert!(is_kept(&object, &patched(resource, &object)));
    }
}

#[test]
fn the_generator_reaches_every_outcome() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let outcomes: Vec<Outcome> = (0..2_000)
        .map(|_| workload().new_tree(&mut runner).unwrap().current())
        .map(|(resource, object)| review(resource, &object))
        .collect();
    let patches = outcomes.iter().filter(|outcome| !outcome.patch.is_empty()).count();
    assert!(patches > 100, "only {patches} of 2000 workloads got a patch");
    for rule in ["SG-INJ-001", "SG-INJ-002", "SG-PR-013"] {
        let found = |outcome: &&Outcome| outcome.warnings().any(|finding| finding.rule.to_string() == rule);
        assert!(outcomes.iter().filter(found).count() > 5, "{rule} is hardly ever reached");
    }
}
