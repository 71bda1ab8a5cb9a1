//! Rules for Prometheus resources and the workloads that are made from them.

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// A workload lacks labels that cannot be added to it, because an operator owns it.
pub const OPERATOR_OWNED: RuleId = RuleId::new(Family::Prometheus, 13);

/// Labels that the operator sets on the pods of a Prometheus itself, over whatever `spec.podMetadata` says
/// (prometheus-operator `pkg/prometheus/server/statefulset.go`, `makeSelectorLabels`).
pub const RESERVED_LABELS: [&str; 6] = [
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "operator.prometheus.io/name",
    "operator.prometheus.io/shard",
    "prometheus",
];

/// The family's rules.
pub const RULES: &[Rule] = &[Rule {
    id: OPERATOR_OWNED,
    title: "labels are missing on an object that the operator owns",
    severity: Severity::Error,
    needs: Needs::Guard,
    action: Action::Warn,
    why: "The operator writes this object from its own resource: a change made here is reverted, or makes it recreate \
          the object again and again. So nothing is injected.",
    fix: "Put the labels into spec.podMetadata of the resource that the operator reads.",
    bad: include_str!("examples/pr-013-bad.yaml"),
    good: include_str!("examples/pr-013-good.yaml"),
    check: Check::Injection,
}];
