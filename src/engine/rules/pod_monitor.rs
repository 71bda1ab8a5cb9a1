//! Rules for PodMonitors: which pods and ports they pick.

use crate::engine::admission::Action;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::guard::Guard;
use crate::model::relabeling::{Action as RelabelAction, RelabelConfig};
use crate::model::resource::PodMonitor;
use crate::model::resource::pod_monitor::PodMetricsEndpoint;
use crate::model::{FieldPath, RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::PodMonitor, 7),
        title: "an endpoint without a port",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Without port, portNumber or a keep on the port, every declared port of every selected pod becomes a \
              scrape target.",
        fix: "Name the container port.",
        bad: include_str!("examples/pm-007-bad.yaml"),
        good: include_str!("examples/pm-007-good.yaml"),
        check: Check::PodMonitor(no_port),
    },
    Rule {
        id: RuleId::new(Family::PodMonitor, 8),
        title: "a monitor that selects every pod of the cluster",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Prometheus watches every pod of every namespace and relabels each of their ports, on every change.",
        fix: "Narrow the selector, or exempt the monitor with a reason.",
        bad: include_str!("examples/pm-008-bad.yaml"),
        good: include_str!("examples/pm-008-good.yaml"),
        check: Check::PodMonitor(whole_cluster),
    },
];

fn no_port(monitor: &PodMonitor<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let endpoints = monitor.spec.pod_metrics_endpoints.iter().enumerate();
    for (index, _) in endpoints.filter(|(_, endpoint)| !names_port(endpoint)) {
        findings.report(
            FieldPath::of("spec.podMetricsEndpoints").index(index),
            "scrapes every port of every selected pod",
            "add port: <name of the container port>",
        );
    }
}

/// Whether an endpoint says which port it means: by a field, or by keeping only targets whose port matches.
fn names_port(endpoint: &PodMetricsEndpoint<'_>) -> bool {
    let keeps_port = |step: &RelabelConfig<'_>| step.is(RelabelAction::Keep) && step.reads_port();
    endpoint.port.is_some()
        || endpoint.port_number.is_some()
        || endpoint.target_port.is_some()
        || endpoint.relabelings.iter().any(keeps_port)
}

fn whole_cluster(monitor: &PodMonitor<'_>, _: &Guard, findings: &mut Findings<'_>) {
    if monitor.spec.namespace_selector.any && monitor.spec.selector.is_empty() {
        findings.report(
            FieldPath::of("spec.selector"),
            "selects every pod of the cluster",
            "narrow spec.selector or spec.namespaceSelector, or exempt this monitor in the guard with a reason",
        );
    }
}
