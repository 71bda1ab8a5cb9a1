//! Rules for relabelings.

use crate::engine::admission::Action;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::guard::Guard;
use crate::model::relabeling::{Action as RelabelAction, RelabelConfig};
use crate::model::resource::PodMonitor;
use crate::model::{FieldPath, RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::Relabeling, 5),
        title: "an address rewrite that IPv6 breaks",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "[^:]+ ends at the first colon. An IPv6 address is full of them, so the expression does not match, or \
              cuts the address in two.",
        fix: "Name the port instead of rewriting the address.",
        bad: include_str!("examples/rl-005-bad.yaml"),
        good: include_str!("examples/rl-005-good.yaml"),
        check: Check::PodMonitor(address_rewrite),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 11),
        title: "a relabeling without effect",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "The operator and Prometheus do this already. What does nothing hides what does something wrong.",
        fix: "Remove it.",
        bad: include_str!("examples/rl-011-bad.yaml"),
        good: include_str!("examples/rl-011-good.yaml"),
        check: Check::PodMonitor(redundant),
    },
];

fn address_rewrite(monitor: &PodMonitor<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, step) in steps(monitor) {
        let reads_address = step.source_labels.iter().any(|label| label == "__address__");
        let rewrites = step.is(RelabelAction::Replace) && step.target() == "__address__" && reads_address;
        if rewrites && step.expression().contains("[^:]") {
            findings.report(
                path.key("regex"),
                "this address rewrite does not match IPv6",
                "name the container port in the endpoint (port: ...) and remove this step",
            );
        }
    }
}

fn redundant(monitor: &PodMonitor<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, step) in steps(monitor) {
        if let Some(reason) = redundancy(step) {
            findings.report(path, reason, "remove this step");
        }
    }
}

/// Every relabeling step with its path.
fn steps<'a>(monitor: &'a PodMonitor<'a>) -> impl Iterator<Item = (FieldPath, &'a RelabelConfig<'a>)> {
    monitor.spec.pod_metrics_endpoints.iter().enumerate().flat_map(|(endpoint, written)| {
        let path = FieldPath::of("spec.podMetricsEndpoints").index(endpoint).key("relabelings");
        written.relabelings.iter().enumerate().map(move |(index, step)| (path.index(index), step))
    })
}

/// Why a step does nothing that is not done anyway (prometheus-operator `pkg/prometheus/promcfg.go`,
/// `generatePodMonitorConfig`), if it does nothing.
fn redundancy(step: &RelabelConfig<'_>) -> Option<&'static str> {
    let copies = |source: &str, target: &str| {
        let unchanged = step.replacement.as_deref().is_none_or(|text| text == "$1" || text == "${1}");
        let whole = step.expression() == "(.*)";
        step.is(RelabelAction::Replace) && whole && unchanged && step.reads_only(&[source]) && step.target() == target
    };
    if step.is(RelabelAction::Drop)
        && step.reads_only(&["__meta_kubernetes_pod_phase"])
        && is_finished(step.expression())
    {
        Some("finished pods are dropped already")
    } else if step.is(RelabelAction::LabelDrop) && step.expression().starts_with("__meta_") {
        Some("__meta labels are dropped after relabeling anyway")
    } else if copies("__meta_kubernetes_namespace", "namespace") || copies("__meta_kubernetes_pod_name", "pod") {
        Some("the operator sets this label already")
    } else if copies("__meta_kubernetes_pod_name", "pod_name") {
        Some("pod_name repeats the label pod")
    } else {
        None
    }
}

fn is_finished(expression: &str) -> bool {
    let bare = expression.trim_start_matches('(').trim_end_matches(')');
    bare.split('|').all(|phase| phase == "Succeeded" || phase == "Failed")
}
