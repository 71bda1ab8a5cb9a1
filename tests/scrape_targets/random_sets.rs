//! Random sets of objects by seed: what is discovered, monitors of all kinds, and a Prometheus for every batch of sets.
//!
//! A set has two namespaces of its own. Names and labels are few, so that monitors mean something to what is there.

mod discovered;
mod fields;
mod monitors;
mod relabelings;

use serde_json::{Value, json};

use crate::random::Random;
use fields::{field, object};

/// How many sets there are.
pub(crate) const SETS: usize = 200;
/// How many of them one Prometheus looks after.
pub(crate) const BATCH: usize = 50;
/// The namespace of these Prometheuses.
pub(crate) const NAMESPACE: &str = "random";
/// The label of namespaces that tells which Prometheus looks into them.
const LABEL: &str = "batch";

/// The name of the Prometheus of a batch.
pub(crate) fn prometheus_of(batch: usize) -> String {
    format!("batch-{batch}")
}

/// All objects of all sets, and the Prometheuses.
pub(crate) fn objects() -> Vec<Value> {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    let prometheuses = (0..SETS / BATCH).map(prometheus);
    std::iter::once(namespace).chain(prometheuses).chain((0..SETS).flat_map(set)).collect()
}

/// The two namespaces of a set.
fn namespaces(seed: usize) -> [String; 2] {
    ["a", "b"].map(|half| format!("set-{seed:03}-{half}"))
}

fn set(seed: usize) -> Vec<Value> {
    let mut random = Random::new(seed as u64);
    let mut objects = Vec::new();
    for name in namespaces(seed) {
        let mut labels = fields::labels(&mut random);
        labels[LABEL] = (seed / BATCH).to_string().into();
        let metadata = json!({"name": name, "labels": labels});
        objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
    }
    discovered::add(&mut random, seed, &mut objects);
    monitors::add(&mut random, seed, &mut objects);
    objects
}

/// A Prometheus with a choice of what an administrator may say about all monitors.
fn prometheus(batch: usize) -> Value {
    let mut random = Random::new(1_000_000 + batch as u64);
    let random = &mut random;
    let mut spec = object([
        field(random, 40, "podTargetLabels", |random| json!(random.some(&fields::LABELS, 40))),
        field(random, 30, "enforcedNamespaceLabel", |_| json!("tenant")),
        field(random, 20, "ignoreNamespaceSelectors", |_| json!(true)),
        field(random, 60, "serviceDiscoveryRole", |random| json!(random.pick(&["Endpoints", "EndpointSlice"]))),
        field(random, 50, "scrapeInterval", |random| json!(random.pick(&["15s", "1m", "90s"]))),
        field(random, 20, "scrapeTimeout", |_| json!("12s")),
        field(random, 30, "overrideHonorLabels", |_| json!(true)),
    ]);
    spec["scrapeClasses"] = json!([
        {
            "name": "usual",
            "default": random.percent(40),
            "relabelings": relabelings::list(random, &relabelings::OF_PODS),
            "attachMetadata": {"node": random.percent(50)},
        },
        {"name": "secure", "tlsConfig": {"insecureSkipVerify": true}},
    ]);
    for kind in ["podMonitor", "serviceMonitor", "probe", "scrapeConfig"] {
        let everything = json!({});
        let few = json!({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]});
        spec[format!("{kind}Selector")] = if random.percent(70) { everything } else { few };
        spec[format!("{kind}NamespaceSelector")] = json!({"matchLabels": {LABEL: batch.to_string()}});
    }
    if spec["enforcedNamespaceLabel"].is_string() && random.percent(50) {
        let names = (0..SETS).filter(|seed| seed % 3 == 0).map(|seed| namespaces(seed)[0].clone());
        let excluded = |namespace| {
            let resource = random.pick(&["podmonitors", "servicemonitors", "probes", "scrapeconfigs"]);
            json!({"group": "monitoring.coreos.com", "resource": resource, "namespace": namespace})
        };
        spec["excludedFromEnforcement"] = names.map(excluded).collect();
    }
    let metadata = json!({"name": prometheus_of(batch), "namespace": NAMESPACE});
    json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": metadata, "spec": spec})
}
