//! Pods and objects with pod templates.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use scrapeguard::model::Resource;
use scrapeguard::model::guard::{Component, Guard};
use serde_json::{Map, Value, json};

use crate::guards::mesh_label;
use crate::trees::{map_at, metadata, put, put_mesh_label, sometimes, text};

const KINDS: [Resource; 7] = [
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

/// Injection as one would write it first.
pub(crate) fn reference(guard: &Guard, resource: Resource, object: &Value) -> Value {
    let mut result = object.clone();
    let template = object.pointer(template_pointer(resource)).unwrap();
    let Some(component) = only_component(guard, template) else { return result };
    if resource != Resource::Pod && is_owned(object) {
        return result;
    }
    let patched = result.pointer_mut(template_pointer(resource)).unwrap();
    let found = |key: &str| text(&template["metadata"], "labels", key);
    if component.selector_labels.iter().all(|(key, value)| found(key).is_none_or(|found| found == value)) {
        for (key, value) in component.selector_labels.iter().filter(|(key, _)| found(key).is_none()) {
            map_at(map_at(patched, "metadata"), "labels")[key] = json!(value);
        }
    }
    let on_host = template["spec"]["hostNetwork"] == json!(true);
    if let Some(label) = mesh_label(guard, component, on_host).filter(|_| resource != Resource::Pod) {
        let mut with_label = patched["metadata"].clone();
        if put_mesh_label(&mut with_label, label) {
            patched["metadata"] = with_label;
        }
    }
    result
}

fn only_component<'a>(guard: &'a Guard, template: &Value) -> Option<&'a Component> {
    let by_labels: Vec<&Component> = guard.components.iter().filter(|component| carries(template, component)).collect();
    let by_signs: Vec<&Component> = guard.components.iter().filter(|component| shows(template, component)).collect();
    match (by_labels.as_slice(), by_signs.as_slice()) {
        ([component], _) | ([], [component]) => Some(component),
        _ => None,
    }
}

fn is_owned(object: &Value) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array();
    owners.is_some_and(|owners| owners.iter().any(|owner| owner["controller"] == json!(true)))
        || object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "prometheus-operator"
}

fn label<'a>(template: &'a Value, key: &str) -> Option<&'a str> {
    text(&template["metadata"], "labels", key)
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

fn container() -> impl Strategy<Value = Value> {
    let name = select(vec!["prometheus", "grafana", "node-exporter", "alertmanager", "prometheus-operator", "web"]);
    let port = select(vec![9090_u16, 3000, 9100, 9093, 10250, 80]);
    (name, vec(port, 1..4), proptest::bool::ANY).prop_map(|(name, ports, tty)| {
        let ports: Vec<Value> = ports.iter().map(|port| json!({"containerPort": port, "protocol": "TCP"})).collect();
        json!({"name": name, "image": "i", "ports": ports, "tty": tty, "newField": {"deep": [1, null, "x"]}})
    })
}

fn template() -> impl Strategy<Value = Value> {
    let on_host = prop_oneof![4 => Just(None), 1 => proptest::bool::ANY.prop_map(Some)];
    (sometimes(metadata()), vec(container(), 1..3), on_host).prop_map(|(metadata, containers, on_host)| {
        let mut spec = json!({"containers": containers, "unknown": "kept"});
        put(&mut spec, "hostNetwork", on_host.map(|on_host| json!(on_host)));
        let mut template = Map::from_iter([("spec".to_owned(), spec)]);
        template.extend(metadata.map(|metadata| ("metadata".to_owned(), metadata)));
        Value::Object(template)
    })
}

pub(crate) fn any() -> impl Strategy<Value = (Resource, Value)> {
    (select(KINDS.to_vec()), metadata(), template()).prop_map(|(resource, metadata, template)| {
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
