//! Monitors of all kinds.

use proptest::prelude::*;
use proptest::sample::select;
use scrapeguard::model::Resource;
use scrapeguard::model::guard::{Guard, Guards};
use scrapeguard::model::labels::Labels;
use scrapeguard::model::truth::Truth;
use serde_json::{Value, json};

use crate::trees::{map_at, put, sometimes};
use crate::{patched, review};

pub(crate) const KINDS: [Resource; 4] =
    [Resource::PodMonitor, Resource::ServiceMonitor, Resource::Probe, Resource::ScrapeConfig];

/// Every label that a selector of our guards may want, and values of which two mean nothing to it.
const KEYS: [&str; 3] = ["release", "a", "b"];
const VALUES: [&str; 6] = ["prometheus-operator", "x", "y", "z", "this", "that"];

/// Tries all ways to add labels. If of those that make the selector select the monitor one is smaller than all others,
/// that is the one.
pub(crate) fn reference(guard: &Guard, resource: Resource, object: &Value) -> Value {
    let mut result = object.clone();
    let selector = guard.monitors.selector(resource).unwrap();
    let own: Vec<(String, String)> = match object["metadata"]["labels"].as_object() {
        Some(labels) => labels.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect(),
        None => Vec::new(),
    };
    let selects = |added: &[(&str, &str)]| {
        let own = own.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        selector.matches(&own.chain(added.iter().copied()).collect::<Labels<'_>>()) == Truth::Yes
    };
    let free: Vec<&str> = KEYS.into_iter().filter(|key| own.iter().all(|(known, _)| known != key)).collect();
    let mut ways: Vec<Vec<(&str, &str)>> = additions(&free).into_iter().filter(|added| selects(added)).collect();
    let smallest = ways.iter().map(Vec::len).min().unwrap_or_default();
    ways.retain(|added| added.len() == smallest);
    if let [only] = ways.as_slice() {
        for (key, value) in only {
            map_at(map_at(&mut result, "metadata"), "labels")[*key] = json!(value);
        }
    }
    result
}

fn additions(keys: &[&'static str]) -> Vec<Vec<(&'static str, &'static str)>> {
    let Some((key, rest)) = keys.split_first() else { return vec![Vec::new()] };
    let without = additions(rest);
    let with = |value| without.iter().map(move |added| [&[(*key, value)], added.as_slice()].concat());
    without.iter().cloned().chain(VALUES.into_iter().flat_map(with)).collect()
}

pub(crate) fn any() -> impl Strategy<Value = (Resource, Value)> {
    let labels = proptest::collection::btree_map(select(KEYS.to_vec()), select(VALUES.to_vec()), 0..3);
    let metadata = sometimes(labels.prop_map(|labels| json!(labels))).prop_map(|labels| {
        let mut metadata = json!({"name": "n", "annotations": {"kept": "yes"}});
        put(&mut metadata, "labels", labels);
        metadata
    });
    (select(KINDS.to_vec()), sometimes(metadata)).prop_map(|(kind, metadata)| {
        let mut object = json!({"spec": {"unknown": [null, {"kept": true}]}});
        put(&mut object, "metadata", metadata);
        (kind, object)
    })
}

#[test]
fn a_monitor_elsewhere_gets_labels_where_the_guard_certainly_wants_it() {
    let guard = |monitors: &str| {
        let head = "apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {name: g}";
        Guards::parse(&format!("{{{head}, spec: {{monitors: {monitors}}}}}")).unwrap()
    };
    let monitor = json!({"metadata": {"name": "n"}});
    let by_name = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: apps}}}";
    for (monitors, namespace, is_labelled) in [
        ("{}", "apps", true),
        ("{inject: false}", "monitoring", false),
        (by_name, "apps", true),
        (by_name, "other", false),
        ("{namespaceSelector: {matchLabels: {team: a}}}", "apps", false),
    ] {
        let outcome = review(&guard(monitors), Resource::PodMonitor, namespace, &monitor);
        let labels = patched(&monitor, &outcome)["metadata"]["labels"].clone();
        assert_eq!(labels.is_object(), is_labelled, "{monitors} in {namespace}");
    }
}

/// It may be meant for another Prometheus.
#[test]
fn another_value_is_only_spoken_of_in_the_guarded_namespace() {
    let monitor = json!({"metadata": {"name": "n", "labels": {"release": "another"}}});
    for (namespace, findings) in [("monitoring", 1), ("apps", 0)] {
        let outcome = review(&Guards::built_in(), Resource::Probe, namespace, &monitor);
        assert_eq!((outcome.judgements.len(), outcome.patch.is_empty()), (findings, true), "{namespace}");
    }
}
