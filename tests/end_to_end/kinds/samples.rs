//! The examples of the rule catalogue as objects of a test's namespaces, and the same mistakes in other kinds.

use anyhow::{Context, Result};
use scrapeguard::engine::rules::{self, Needs, Rule};
use scrapeguard::model::RuleId;
use serde_json::{Value, json};

/// What the examples call the guarded namespace.
const GUARDED: &str = "monitoring";
/// Kinds that are made from a pod template, as a Deployment is.
const WORKLOADS: [&str; 6] = ["Pod", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"];
/// What these say depends on what only that kind has: its selectors, or the labels that its targets come with.
const OF_ONE_KIND: [&str; 3] = ["SG-PR-001", "SG-RL-002", "SG-RL-007"];
/// Its owner has to exist, or the garbage collector takes the object away: see `injection` for a test of its own.
const OWNED: &str = "SG-PR-013";

/// A mistake, and the same object without it.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) rule: &'static Rule,
    pub(super) kind: String,
    /// The specification of the guard under which it is one; `None` means the built-in one.
    pub(super) guard: Option<Value>,
    pub(super) bad: Value,
    pub(super) good: Value,
}

/// The samples of all rules that look at one object.
pub(super) fn all() -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for rule in rules::catalogue().filter(|rule| rule.needs != Needs::Cluster && !is_one_of(rule.id, &[OWNED])) {
        let sample = Sample::of(rule).with_context(|| rule.id.to_string())?;
        samples.extend(sample.in_other_kinds());
        samples.push(sample);
    }
    Ok(samples)
}

pub(super) fn is_one_of(rule: RuleId, ids: &[&str]) -> bool {
    ids.contains(&rule.to_string().as_str())
}

impl Sample {
    fn of(rule: &'static Rule) -> Result<Self> {
        let (guard, bad) = read(rule.bad)?;
        let (_, good) = read(rule.good)?;
        let kind = text(&bad["kind"]).to_owned();
        Ok(Self { rule, kind, guard, bad, good })
    }

    fn in_other_kinds(&self) -> Vec<Self> {
        let translate = |kind: &str| {
            let (bad, good) = (translated(&self.bad, kind)?, translated(&self.good, kind)?);
            Some(Self { kind: kind.to_owned(), bad, good, ..self.clone() })
        };
        let kinds: &[&str] = match self.kind.as_str() {
            _ if is_one_of(self.rule.id, &OF_ONE_KIND) => &[],
            "Deployment" => &WORKLOADS,
            "Prometheus" => &["PrometheusAgent"],
            "PodMonitor" => &["ServiceMonitor", "Probe", "ScrapeConfig"],
            _ => &[],
        };
        kinds.iter().filter_map(|kind| translate(kind)).collect()
    }

    /// A name for objects of this rule: short, or headlines would be cut.
    pub(super) fn name(&self) -> String {
        self.rule.id.to_string().trim_start_matches("SG-").to_lowercase()
    }

    /// The bad or the good object, under a name of its own, in the namespaces of a test.
    pub(super) fn placed(&self, object: &Value, name: &str, guarded: &str, elsewhere: &str) -> Value {
        let is_elsewhere = text(&object["metadata"]["namespace"]) != GUARDED;
        let mut object = renamed(object, guarded);
        object["metadata"]["name"] = json!(name);
        object["metadata"]["namespace"] = json!(if is_elsewhere { elsewhere } else { guarded });
        if object["spec"]["selector"]["matchLabels"].is_object() && object["spec"]["template"].is_object() {
            // Controllers adopt what they select.
            object["spec"]["selector"]["matchLabels"]["sample"] = json!(name);
            object["spec"]["template"]["metadata"]["labels"]["sample"] = json!(name);
        }
        if self.kind == "Job" {
            // Only then can its template be changed.
            object["spec"]["suspend"] = json!(true);
        }
        object
    }
}

/// The guard's specification and the object of an example.
fn read(example: &str) -> Result<(Option<Value>, Value)> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(example)?;
    let (guards, mut objects): (Vec<Value>, Vec<Value>) =
        documents.into_iter().partition(|document| document["kind"] == "ScrapeGuard");
    let guard = guards.into_iter().next().map(|mut guard| guard["spec"].take());
    Ok((guard, objects.pop().context("an example without an object")?))
}

/// Puts the guarded namespace of a test wherever the shipped one is meant.
fn renamed(value: &Value, guarded: &str) -> Value {
    match value {
        Value::String(text) if text == GUARDED => json!(guarded),
        Value::String(text) => json!(renamed_in_text(text, guarded)),
        Value::Array(items) => items.iter().map(|item| renamed(item, guarded)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), renamed(value, guarded))).collect())
        }
        _ => value.clone(),
    }
}

/// In a principal, or before the name of an object.
fn renamed_in_text(text: &str, guarded: &str) -> String {
    match text.strip_prefix(&format!("{GUARDED}/")) {
        Some(name) => format!("{guarded}/{name}"),
        None => text.replace(&format!("/ns/{GUARDED}/"), &format!("/ns/{guarded}/")),
    }
}

/// The same in another kind, where that kind has a place for it.
fn translated(object: &Value, kind: &str) -> Option<Value> {
    let (version, spec) = match kind {
        "Pod" => return Some(pod(object)),
        "StatefulSet" | "DaemonSet" | "ReplicaSet" => ("apps/v1", object["spec"].clone()),
        "Job" => ("batch/v1", json!({"template": once(object)})),
        "CronJob" => {
            let job = json!({"spec": {"template": once(object)}});
            ("batch/v1", json!({"schedule": "0 0 1 1 *", "suspend": true, "jobTemplate": job}))
        }
        "PrometheusAgent" => ("monitoring.coreos.com/v1alpha1", object["spec"].clone()),
        _ => return monitor(object, kind),
    };
    Some(json!({"apiVersion": version, "kind": kind, "metadata": object["metadata"], "spec": spec}))
}

fn pod(deployment: &Value) -> Value {
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["namespace"] = deployment["metadata"]["namespace"].clone();
    pod
}

/// The pod template of a Job: its pods end.
fn once(deployment: &Value) -> Value {
    let mut template = deployment["spec"]["template"].clone();
    template["spec"]["restartPolicy"] = json!("Never");
    template
}

/// The relabelings of a PodMonitor in a monitor of another kind.
fn monitor(pod_monitor: &Value, kind: &str) -> Option<Value> {
    let relabelings = &pod_monitor["spec"]["podMetricsEndpoints"][0]["relabelings"];
    let relabelings = relabelings.as_array()?;
    let (version, spec) = match kind {
        "ServiceMonitor" => {
            let endpoint = json!({"port": "http-metrics", "relabelings": relabelings});
            ("v1", json!({"selector": pod_monitor["spec"]["selector"], "endpoints": [endpoint]}))
        }
        "Probe" => {
            let targets = json!({"staticConfig": {"static": ["example.com"], "relabelingConfigs": relabelings}});
            ("v1", json!({"prober": {"url": "blackbox-exporter:9115"}, "targets": targets}))
        }
        _ => ("v1alpha1", json!({"staticConfigs": [{"targets": ["web:8080"]}], "relabelings": relabelings})),
    };
    let version = format!("monitoring.coreos.com/{version}");
    Some(json!({"apiVersion": version, "kind": kind, "metadata": pod_monitor["metadata"], "spec": spec}))
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
