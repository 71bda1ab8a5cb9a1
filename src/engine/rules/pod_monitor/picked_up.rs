//! What keeps monitors from being picked up: their labels, and their namespace.

use crate::engine::inject::certain_labels;
use crate::engine::reach::Step;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::{Ignored, MISSING, NAMESPACE, OTHER, ignored_by, shortened};
use crate::model::Resource;
use crate::model::field_path::{FieldPath, Segment};
use crate::model::resource::Prometheus;
use crate::model::resource::prometheus::PrometheusSpec;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::Kept;

pub(super) fn label_is_missing(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for ignored in ignored_by(MISSING, cluster) {
        let key = key(ignored.step);
        let message = format!("no Prometheus selects it without label {}", shortened(&key, 20));
        findings.report(&ignored.monitor.reference, ignored.step.path.clone(), message, ignored.labels("add"));
    }
}

pub(super) fn label_of_another(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for ignored in ignored_by(OTHER, cluster) {
        let key = key(ignored.step);
        let message = format!("no Prometheus selects this value of {}", shortened(&key, 22));
        findings.report(&ignored.monitor.reference, ignored.step.path.clone(), message, ignored.labels("set"));
    }
}

pub(super) fn namespace_is_not_selected(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for ignored in ignored_by(NAMESPACE, cluster) {
        let namespace = ignored.monitor.namespace();
        let message = format!("no Prometheus looks in namespace {}", shortened(namespace, 25));
        let path = FieldPath::of("metadata.namespace");
        findings.report(&ignored.monitor.reference, path, message, ignored.namespace_fix());
    }
}

/// The label that a step is about.
fn key(step: &Step) -> String {
    match step.path.segments().last() {
        Some(Segment::Key(key)) => key.clone(),
        _ => String::new(),
    }
}

impl Ignored<'_, '_> {
    /// The labels by which the Prometheus selects; where it leaves a choice, what it wants.
    fn labels(&self, verb: &str) -> String {
        let name = shortened(&full_name(self.prometheus), 80);
        let labels = self.selectors(|monitors, _| monitors.map(wanted));
        match labels.flatten().filter(|labels| !labels.is_empty()) {
            Some(labels) => format!("{verb} {}, by which Prometheus {name} selects", shortened(&labels, 90)),
            None => shortened(&self.step.reason, 200),
        }
    }

    fn namespace_fix(&self) -> String {
        let name = shortened(&full_name(self.prometheus), 60);
        let labels = self.selectors(|_, namespaces| namespaces.map(wanted)).flatten();
        let namespace = shortened(self.monitor.namespace(), 40);
        match labels {
            Some(labels) if !labels.is_empty() => {
                format!("label namespace {namespace} {}, by which Prometheus {name} selects", shortened(&labels, 60))
            }
            Some(_) => shortened(&self.step.reason, 200),
            None => {
                let field = namespace_field(&self.monitor.reference.kind);
                format!("set {field}: {{}} in Prometheus {name}, or move the monitor to its namespace")
            }
        }
    }

    /// What the Prometheus selects monitors of this kind by, and their namespaces.
    fn selectors<T>(&self, ask: impl FnOnce(Option<&LabelSelector<'_>>, Option<&LabelSelector<'_>>) -> T) -> Option<T> {
        let prometheus: Prometheus<'_> = serde_json::from_str(&self.prometheus.json).ok()?;
        let (monitors, namespaces) = of_kind(prometheus.spec.as_ref()?, &self.monitor.reference.kind);
        Some(ask(monitors, namespaces))
    }
}

type Selector<'p, 'a> = Option<&'p LabelSelector<'a>>;

fn of_kind<'p, 'a>(spec: &'p PrometheusSpec<'a>, kind: &str) -> (Selector<'p, 'a>, Selector<'p, 'a>) {
    let (monitors, namespaces) = if kind == Resource::PodMonitor.kind() {
        (&spec.pod_monitor_selector, &spec.pod_monitor_namespace_selector)
    } else if kind == Resource::ServiceMonitor.kind() {
        (&spec.service_monitor_selector, &spec.service_monitor_namespace_selector)
    } else if kind == Resource::Probe.kind() {
        (&spec.probe_selector, &spec.probe_namespace_selector)
    } else {
        (&spec.scrape_config_selector, &spec.scrape_config_namespace_selector)
    };
    (monitors.as_ref(), namespaces.as_ref())
}

fn namespace_field(kind: &str) -> String {
    let mut letters = kind.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    format!("{}{}NamespaceSelector", first.into_iter().collect::<String>(), letters.as_str())
}

/// The labels that a selector leaves no choice about.
fn wanted(selector: &LabelSelector<'_>) -> String {
    let labels: Vec<String> = certain_labels(selector).map(|(key, value)| format!("{key}: {value}")).collect();
    labels.join(", ")
}

fn full_name(kept: &Kept) -> String {
    format!("{}/{}", kept.namespace(), kept.reference.name)
}
