//! JSON trees: how they are built, changed and compared without a thought for speed.

use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// The map at a key, which is made where there is none.
pub(crate) fn map_at<'a>(parent: &'a mut Value, key: &str) -> &'a mut Value {
    if parent[key].is_null() {
        parent[key] = json!({});
    }
    &mut parent[key]
}

/// Puts a value at a key, if there is one.
pub(crate) fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        object[key] = value;
    }
}

/// The value of a label or annotation.
pub(crate) fn text<'a>(metadata: &'a Value, map: &str, key: &str) -> Option<&'a str> {
    metadata[map][key].as_str()
}

/// Puts the label that a mesh needs where nobody has said otherwise; returns whether nobody has.
pub(crate) fn put_mesh_label(metadata: &mut Value, (key, value): (&str, &str)) -> bool {
    let annotation = text(metadata, "annotations", key).filter(|_| key == "sidecar.istio.io/inject");
    let said = text(metadata, "labels", key).or(annotation);
    let other_way = match (key, value) {
        ("sidecar.istio.io/inject", "true") => Some(("istio.io/dataplane-mode", "ambient")),
        ("istio.io/dataplane-mode", "ambient") => Some(("sidecar.istio.io/inject", "true")),
        _ => None,
    };
    let goes_other_way = other_way.is_some_and(|(key, value)| text(metadata, "labels", key) == Some(value));
    if said.is_some_and(|said| said != value) || (said.is_none() && goes_other_way) {
        return false;
    }
    map_at(metadata, "labels")[key] = json!(value);
    true
}

/// Whether everything that is in `before` is in `after`, at the same place and with the same value; lists may only have
/// become longer at their end.
pub(crate) fn is_kept(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            before.iter().all(|(key, value)| after.get(key).is_some_and(|after| is_kept(value, after)))
        }
        (Value::Array(before), Value::Array(after)) => after.starts_with(before),
        (Value::Null, _) => true,
        _ => before == after,
    }
}

pub(crate) fn labels() -> impl Strategy<Value = Value> {
    let key = select(vec!["app.kubernetes.io/name", "app", "a~b/c"]);
    let value = select(vec!["prometheus", "grafana", "kube-prometheus-stack-operator", "node-exporter", "x", ""]);
    let own = btree_map(key, value, 0..4);
    let sidecar = option::weighted(0.2, select(vec!["true", "false", "maybe"]));
    let ambient = option::weighted(0.2, select(vec!["ambient", "none"]));
    let some = (own, sidecar, ambient).prop_map(|(own, sidecar, ambient)| {
        let mut labels = json!(own);
        put(&mut labels, "sidecar.istio.io/inject", sidecar.map(|value| json!(value)));
        put(&mut labels, "istio.io/dataplane-mode", ambient.map(|value| json!(value)));
        labels
    });
    prop_oneof![1 => Just(Value::Null), 4 => some]
}

pub(crate) fn metadata() -> impl Strategy<Value = Value> {
    let owner = select(vec![("apps/v1", true), ("monitoring.coreos.com/v1", true), ("v1", false)]);
    let key = prop_oneof![8 => "[a-z]{1,8}", 1 => Just("sidecar.istio.io/inject".to_owned())];
    let value = prop_oneof!["\\PC{0,8}", Just("true".to_owned()), Just("false".to_owned())];
    let annotations = option::of(btree_map(key, value, 0..3));
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

/// A value, or null, or nothing at all.
pub(crate) fn sometimes(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![4 => value.prop_map(Some), 1 => Just(Some(Value::Null)), 1 => Just(None)]
}
