//! Prometheus and PrometheusAgent resources.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use scrapeguard::model::Resource;
use scrapeguard::model::guard::{Certificates, Component, Guard};
use serde_json::{Map, Value, json};

use crate::guards::mesh_label;
use crate::trees::{labels, map_at, metadata, put, put_mesh_label, sometimes, text};

const RESERVED: [&str; 6] = [
    "prometheus",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "operator.prometheus.io/name",
    "operator.prometheus.io/shard",
];

const CONFIG: &str = "proxyMetadata:\n  OUTPUT_CERTS: /etc/istio-output-certs\n";

/// Proxy configurations, and the directory that each names.
const CONFIGS: [(&str, Option<&str>); 5] = [
    (CONFIG, Some("/etc/istio-output-certs")),
    ("proxyMetadata: {OUTPUT_CERTS: /etc/istio-output-certs, A: b}", Some("/etc/istio-output-certs")),
    ("proxyMetadata: {OUTPUT_CERTS: /certs}", Some("/certs")),
    ("concurrency: 2", None),
    ("{", None),
];

const ISTIO_MOUNT: &str = r#"[{"name":"istio-certs","mountPath":"/etc/istio-output-certs"}]"#;
const OCNE_MOUNT: &str = r#"[{"name":"istio-certs-dir","mountPath":"/etc/istio-output-certs"}]"#;

/// Injection as one would write it first.
pub(crate) fn reference(guard: &Guard, resource: Resource, object: &Value) -> Value {
    let mut result = object.clone();
    let Some(component) = component(guard, resource, object) else { return result };
    put_selector_labels(component, &mut result);
    let on_host = object["spec"]["hostNetwork"] == json!(true);
    if let Some(label) = mesh_label(guard, component, on_host) {
        let mut metadata = result["spec"]["podMetadata"].clone();
        if put_mesh_label(&mut metadata, label) {
            map_at(&mut result, "spec")["podMetadata"] = metadata;
            if label == ("sidecar.istio.io/inject", "true") {
                put_certificates(guard, &mut result);
            }
        }
    }
    result
}

fn component<'a>(guard: &'a Guard, resource: Resource, object: &Value) -> Option<&'a Component> {
    let is_other = guard.prometheus.as_ref().is_some_and(|name| object["metadata"]["name"] != json!(name));
    match resource {
        Resource::PrometheusAgent => guard.component("prometheus-agent"),
        _ if is_other => None,
        _ => guard.component("prometheus"),
    }
}

fn put_selector_labels(component: &Component, object: &mut Value) {
    let found = object["spec"]["podMetadata"].clone();
    let found = |key: &str| text(&found, "labels", key).map(str::to_owned);
    let wanted = || component.selector_labels.iter().filter(|(key, _)| !RESERVED.contains(&key.as_str()));
    if wanted().all(|(key, value)| found(key).is_none_or(|found| found == *value)) {
        for (key, value) in wanted().filter(|(key, _)| found(key).is_none()) {
            map_at(map_at(map_at(object, "spec"), "podMetadata"), "labels")[key] = json!(value);
        }
    }
}

/// All parts, unless one of them cannot be put.
fn put_certificates(guard: &Guard, object: &mut Value) {
    let (name, path, user_mount, traffic) = match (guard.mesh.certificates, guard.mesh.dual_stack) {
        (Certificates::None, _) => return,
        (Certificates::Istio, _) => (
            "istio-certs",
            "/etc/prom-certs/",
            ISTIO_MOUNT,
            vec![("includeInboundPorts", ""), ("includeOutboundIPRanges", "")],
        ),
        (Certificates::Ocne, Some(true)) => {
            ("istio-certs-dir", "/etc/istio-certs", OCNE_MOUNT, vec![("excludeOutboundIPRanges", "0.0.0.0/0,::/0")])
        }
        (Certificates::Ocne, _) => {
            ("istio-certs-dir", "/etc/istio-certs", OCNE_MOUNT, vec![("excludeOutboundIPRanges", "0.0.0.0/0")])
        }
    };
    let spec = &object["spec"];
    let annotation = |key: &str| text(&spec["podMetadata"], "annotations", key);
    let directory = annotation("proxy.istio.io/config")
        .and_then(|config| CONFIGS.iter().find(|(known, _)| *known == config).unwrap().1);
    let config_is_free = annotation("proxy.istio.io/config").is_none() || directory == Some("/etc/istio-output-certs");
    let mount_is_free = annotation("sidecar.istio.io/userVolumeMount").is_none_or(|found| found == user_mount);
    let traffic: Vec<(String, &str)> =
        traffic.into_iter().map(|(key, value)| (format!("traffic.sidecar.istio.io/{key}"), value)).collect();
    let traffic_is_free = traffic.iter().all(|(key, value)| annotation(key).is_none_or(|found| found == *value));
    let mounts = spec["volumeMounts"].as_array().cloned().unwrap_or_default();
    let is_mounted = mounts.iter().any(|mount| mount["name"] == name);
    let taken =
        |mount: &Value| mount["mountPath"].as_str().unwrap().trim_end_matches('/') == path.trim_end_matches('/');
    let place_is_free = is_mounted || !mounts.iter().any(taken);
    if !(config_is_free && mount_is_free && traffic_is_free && place_is_free) {
        return;
    }
    let has_config = annotation("proxy.istio.io/config").is_some();
    let annotations = map_at(map_at(&mut object["spec"], "podMetadata"), "annotations");
    for (key, value) in traffic {
        annotations[key] = json!(value);
    }
    annotations["sidecar.istio.io/userVolumeMount"] = json!(user_mount);
    if !has_config {
        annotations["proxy.istio.io/config"] = json!(CONFIG);
    }
    push_named(&mut object["spec"]["volumes"], json!({"name": name, "emptyDir": {"medium": "Memory"}}));
    push_named(&mut object["spec"]["volumeMounts"], json!({"name": name, "mountPath": path}));
}

/// Appends to a list unless it has an item of that name.
fn push_named(list: &mut Value, item: Value) {
    let items = list.as_array().cloned().unwrap_or_default();
    if !items.iter().any(|known| known["name"] == item["name"]) {
        *list = json!([items, vec![item]].concat());
    }
}

fn annotations() -> impl Strategy<Value = Value> {
    let config = option::weighted(0.4, select(CONFIGS.map(|(config, _)| config).to_vec()));
    let mount = option::weighted(0.4, select(vec![ISTIO_MOUNT, OCNE_MOUNT, "[]"]));
    let outbound = option::weighted(0.2, select(vec!["", "*"]));
    let excluded = option::weighted(0.2, select(vec!["0.0.0.0/0", "10.0.0.0/8"]));
    (config, mount, outbound, excluded).prop_map(|(config, mount, outbound, excluded)| {
        let entries = [
            ("proxy.istio.io/config", config),
            ("sidecar.istio.io/userVolumeMount", mount),
            ("traffic.sidecar.istio.io/includeOutboundIPRanges", outbound),
            ("traffic.sidecar.istio.io/excludeOutboundIPRanges", excluded),
        ];
        entries
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), json!(value?))))
            .collect::<Map<_, _>>()
            .into()
    })
}

fn pod_metadata() -> impl Strategy<Value = Value> {
    (sometimes(labels()), sometimes(annotations())).prop_map(|(labels, annotations)| {
        let mut metadata = json!({"name": "kept"});
        put(&mut metadata, "labels", labels);
        put(&mut metadata, "annotations", annotations);
        metadata
    })
}

fn spec() -> impl Strategy<Value = Value> {
    let name = || select(vec!["istio-certs", "istio-certs-dir", "data"]);
    let volume = name().prop_map(|name| json!({"name": name, "configMap": {"name": "c"}}));
    let path = select(vec!["/etc/prom-certs", "/etc/istio-certs/", "/data", "/more"]);
    let mount = (name(), path).prop_map(|(name, path)| json!({"name": name, "mountPath": path, "readOnly": true}));
    let volumes = sometimes(vec(volume, 0..3).prop_map(Value::from));
    let mounts = sometimes(vec(mount, 0..3).prop_map(Value::from));
    let on_host = option::weighted(0.1, proptest::bool::ANY);
    (sometimes(pod_metadata()), volumes, mounts, on_host).prop_map(|(metadata, volumes, mounts, on_host)| {
        let mut spec = json!({"replicas": 2, "unknown": {"kept": [1]}});
        put(&mut spec, "podMetadata", metadata);
        put(&mut spec, "volumes", volumes);
        put(&mut spec, "volumeMounts", mounts);
        put(&mut spec, "hostNetwork", on_host.map(|on_host| json!(on_host)));
        spec
    })
}

pub(crate) fn any() -> impl Strategy<Value = (Resource, Value)> {
    let kind = select(vec![Resource::Prometheus, Resource::Prometheus, Resource::PrometheusAgent]);
    let spec = prop_oneof![8 => spec().prop_map(Some), 1 => Just(Some(Value::Null)), 1 => Just(None)];
    let name = select(vec!["n", "n", "other"]);
    (kind, metadata(), spec, name).prop_map(|(kind, mut metadata, spec, name)| {
        metadata["name"] = json!(name);
        let mut object = json!({"kind": kind.kind(), "metadata": metadata, "status": {"paused": false}});
        put(&mut object, "spec", spec);
        (kind, object)
    })
}
