//! Rules for relabelings, of targets and of metrics, in monitors of all kinds.

mod address;
mod groups;
mod job_label;
mod labels;
mod redundancy;
mod simulated;
mod targets;
#[cfg(test)]
mod tests;
mod validity;

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::Relabeling, 1),
        title: "an expression that Prometheus cannot read",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Prometheus reads RE2: no look-around, no references back, at most 1000 repetitions. The operator leaves \
              out the whole monitor, without a word in its status.",
        fix: "Write the expression in RE2.",
        bad: include_str!("examples/rl-001-bad.yaml"),
        good: include_str!("examples/rl-001-good.yaml"),
        check: Check::Monitor(validity::expression),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 2),
        title: "relabelings that drop every target",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Warn,
        why: "A target is kept only if every step keeps it. A label that discovery never sets is empty, and what one \
              step alone keeps may be what another drops.",
        fix: "Remove the step, or match a label that targets of this kind have.",
        bad: include_str!("examples/rl-002-bad.yaml"),
        good: include_str!("examples/rl-002-good.yaml"),
        check: Check::Both(&Check::Monitor(targets::dropped), simulated::nothing_is_left),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 3),
        title: "a reference to a group that does not exist",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "After $ the longest name counts: $1_x means the group named 1_x, not group 1. A group that does not \
              exist is empty, which deletes the label, or breaks the address.",
        fix: "Put the number in braces: ${1}_x.",
        bad: include_str!("examples/rl-003-bad.yaml"),
        good: include_str!("examples/rl-003-good.yaml"),
        check: Check::Monitor(groups::missing),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 4),
        title: "a relabeling whose fields do not fit its action",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "The operator leaves out the whole monitor, or Prometheus refuses its whole configuration.",
        fix: "Add the field that is missing, or remove the one that the action does not take.",
        bad: include_str!("examples/rl-004-bad.yaml"),
        good: include_str!("examples/rl-004-good.yaml"),
        check: Check::Monitor(validity::fields),
    },
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
        check: Check::Monitor(address::ipv6),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 6),
        title: "an address from an annotation that Istio changes",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Istio merges the metrics of a pod with those of its sidecar, and writes the port of those into the \
              annotation. Scraped is then that port, not the one that somebody wrote.",
        fix: "Name the container port in the endpoint.",
        bad: include_str!("examples/rl-006-bad.yaml"),
        good: include_str!("examples/rl-006-good.yaml"),
        check: Check::Cluster(address::of_merged_metrics),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 7),
        title: "an address rewrite that makes one target of many",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Each declared port of a pod is a target of its own. A rewrite to one port makes copies of the same \
              target of them, and every sample arrives that many times.",
        fix: "Name the port, or keep one port before the rewrite.",
        bad: include_str!("examples/rl-007-bad.yaml"),
        good: include_str!("examples/rl-007-good.yaml"),
        check: Check::Monitor(address::duplicates),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 8),
        title: "labels removed that targets or metrics need",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "A target without __address__ and a metric without __name__ cannot exist; without job, namespace or pod \
              nobody can tell them apart. labelkeep also removes what begins with __.",
        fix: "Narrow the expression of labeldrop, or widen that of labelkeep.",
        bad: include_str!("examples/rl-008-bad.yaml"),
        good: include_str!("examples/rl-008-good.yaml"),
        check: Check::Monitor(labels::removed),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 9),
        title: "labels that anybody can forge",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Whoever may label or annotate a pod chooses these values, and with honorLabels whoever writes the \
              metrics. One tenant's samples pass for another's.",
        fix: "Take identity from what discovery knows, and remove honorLabels.",
        bad: include_str!("examples/rl-009-bad.yaml"),
        good: include_str!("examples/rl-009-good.yaml"),
        check: Check::Monitor(labels::forgeable),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 10),
        title: "all labels of the pod copied to its metrics",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Every new pod label, such as a template hash, makes new series of everything. Names that differ only in \
              characters that Prometheus replaces collide.",
        fix: "Name the labels in podTargetLabels.",
        bad: include_str!("examples/rl-010-bad.yaml"),
        good: include_str!("examples/rl-010-good.yaml"),
        check: Check::Monitor(labels::all_copied),
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
        check: Check::Monitor(redundancy::redundant),
    },
    Rule {
        id: RuleId::new(Family::Relabeling, 12),
        title: "a job label that nothing has",
        severity: Severity::Info,
        needs: Needs::Cluster,
        action: Action::Record,
        why: "jobLabel names a label of the pods, or in a ServiceMonitor of the Services. Where they have none the \
              job stays what it would be anyway.",
        fix: "Remove jobLabel, or name a label that they have.",
        bad: include_str!("examples/rl-012-bad.yaml"),
        good: include_str!("examples/rl-012-good.yaml"),
        check: Check::Cluster(job_label::nothing_has_it),
    },
];
