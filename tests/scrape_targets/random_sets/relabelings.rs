//! Random relabeling steps.

use serde_json::{Value, json};

use super::fields::{field, object};
use crate::random::Random;

/// Labels that targets have that are pods, and others.
pub(super) const OF_PODS: [&str; 14] = [
    "__address__",
    "__meta_kubernetes_namespace",
    "__meta_kubernetes_pod_name",
    "__meta_kubernetes_pod_label_app",
    "__meta_kubernetes_pod_label_a_b",
    "__meta_kubernetes_pod_labelpresent_tier",
    "__meta_kubernetes_pod_annotation_prometheus_io_port",
    "__meta_kubernetes_pod_container_port_name",
    "__meta_kubernetes_pod_container_port_number",
    "__meta_kubernetes_pod_phase",
    "__meta_kubernetes_pod_node_name",
    "__meta_kubernetes_node_label_kubernetes_io_hostname",
    "job",
    "namespace",
];

/// Labels that targets have that belong to a Service, and others.
pub(super) const OF_SERVICES: [&str; 12] = [
    "__address__",
    "__meta_kubernetes_service_name",
    "__meta_kubernetes_service_label_app",
    "__meta_kubernetes_service_annotation_prometheus_io_port",
    "__meta_kubernetes_endpoint_ready",
    "__meta_kubernetes_endpointslice_endpoint_conditions_ready",
    "__meta_kubernetes_endpoint_port_name",
    "__meta_kubernetes_endpointslice_port_name",
    "__meta_kubernetes_pod_name",
    "__meta_kubernetes_pod_container_name",
    "service",
    "pod",
];

/// Labels that targets of probes have.
pub(super) const OF_PROBES: [&str; 8] = [
    "__address__",
    "__param_target",
    "instance",
    "__tmp_ingress_address",
    "__meta_kubernetes_ingress_name",
    "__meta_kubernetes_ingress_label_app",
    "__meta_kubernetes_ingress_path",
    "job",
];

const TARGETS: [&str; 12] = [
    "job",
    "instance",
    "custom",
    "pod",
    "__address__",
    "__scheme__",
    "__metrics_path__",
    "__param_module",
    "__tmp_note",
    "tenant",
    "namespace",
    "endpoint",
];
const EXPRESSIONS: [&str; 12] =
    ["(.*)", "(.+)", ".*", "web|api", "v1.2", "(.+):(\\d+)", "([^;]*);(.*)", "^met", "true", "", "(?i)WEB", "[a-z]+"];
const REPLACEMENTS: [&str; 9] = ["$1", "${1}", "$2", "x-$1", "https", "/custom?a=b", "", "$1:1234", "constant"];

/// A few steps.
pub(super) fn list(random: &mut Random, sources: &[&str]) -> Value {
    let number = random.pick(&[1, 1, 2, 3]);
    (0..number).map(|_| step(random, sources)).collect::<Vec<_>>().into()
}

fn step(random: &mut Random, sources: &[&str]) -> Value {
    let action = random.pick(&ACTIONS);
    let mut step = match action.to_ascii_lowercase().as_str() {
        "keep" | "drop" => object([
            field(random, 100, "regex", |random| json!(random.pick(&EXPRESSIONS))),
            field(random, 10, "separator", |_| json!("")),
        ]),
        "labelmap" => json!({
            "regex": random.pick(&["__meta_kubernetes_pod_label_(.+)", "__meta_kubernetes_(service_.+)", "__meta_(.+)_name"]),
            "replacement": random.pick(&["$1", "mapped_$1"]),
        }),
        "labeldrop" => json!({"regex": random.pick(&["job", "__meta_.*", "name.*|pod", "endpoint"])}),
        "labelkeep" => json!({"regex": random.pick(&["__.*|job", "__address__|__s.*|__m.*", "[a-z_]+"])}),
        "keepequal" | "dropequal" => json!({"targetLabel": random.pick(sources)}),
        "hashmod" => json!({"modulus": random.pick(&[1, 2, 7]), "targetLabel": random.pick(&["shard", "__tmp_note"])}),
        "lowercase" | "uppercase" => json!({"targetLabel": random.pick(&TARGETS)}),
        _ => replacement(random),
    };
    if !action.starts_with("label") {
        let number = random.between(1, 2);
        step["sourceLabels"] = (0..number).map(|_| Value::from(random.pick(sources))).collect();
    }
    if action != "replace" || random.percent(20) {
        step["action"] = json!(action);
    }
    step
}

fn replacement(random: &mut Random) -> Value {
    object([
        field(random, 100, "targetLabel", |random| json!(random.pick(&TARGETS))),
        field(random, 60, "regex", |random| json!(random.pick(&EXPRESSIONS))),
        field(random, 60, "replacement", |random| json!(random.pick(&REPLACEMENTS))),
        field(random, 20, "separator", |random| json!(random.pick(&["", "-", ":"]))),
    ])
}

const ACTIONS: [&str; 17] = [
    "replace",
    "replace",
    "replace",
    "replace",
    "replace",
    "replace",
    "Replace",
    "keep",
    "drop",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "keepequal",
    "dropequal",
    "hashmod",
    "lowercase",
    "uppercase",
];
