//! Rules for what injection could not do.

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// A label that policies select by has another value.
pub const LABEL_CONFLICT: RuleId = RuleId::new(Family::Injection, 1);
/// A workload looks like several components.
pub const AMBIGUOUS: RuleId = RuleId::new(Family::Injection, 2);
/// What a component needs to be in the mesh, or out of it, has another value.
pub const MESH_CONFLICT: RuleId = RuleId::new(Family::Injection, 3);
/// A label that the guarded Prometheus selects monitors by has another value.
pub const MONITOR_CONFLICT: RuleId = RuleId::new(Family::Injection, 4);
/// A pod lacks the label by which Istio decides whether it is in the mesh.
pub const TOO_LATE_FOR_THE_MESH: RuleId = RuleId::new(Family::Injection, 5);

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: LABEL_CONFLICT,
        title: "a selector label has another value",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Policies select the component by this label, so they do not hold for these pods. A value that somebody \
              wrote is never overwritten.",
        fix: "Change the value, or the component's selectorLabels in the guard.",
        bad: include_str!("examples/inj-001-bad.yaml"),
        good: include_str!("examples/inj-001-good.yaml"),
        check: Check::Injection,
    },
    Rule {
        id: AMBIGUOUS,
        title: "a workload that looks like several components",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Nothing is injected where it is not certain what the workload is.",
        fix: "Put the selector labels of the right component on the pod.",
        bad: include_str!("examples/inj-002-bad.yaml"),
        good: include_str!("examples/inj-002-good.yaml"),
        check: Check::Injection,
    },
    Rule {
        id: MESH_CONFLICT,
        title: "mesh metadata has another value than the guard wants",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The guard says whether the component is in the mesh and how it gets its certificates; the object says \
              otherwise. A value that somebody wrote is never overwritten, and the parts only work together.",
        fix: "Change the value, or inMesh of the component or the certificates in the guard.",
        bad: include_str!("examples/inj-003-bad.yaml"),
        good: include_str!("examples/inj-003-good.yaml"),
        check: Check::Injection,
    },
    Rule {
        id: MONITOR_CONFLICT,
        title: "a monitor has another label than its Prometheus selects",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The guarded Prometheus does not pick it up, and says so nowhere. A value that somebody wrote is never \
              overwritten: another Prometheus may be meant.",
        fix: "Change the label, or exempt the monitor if it is meant for another Prometheus.",
        bad: include_str!("examples/inj-004-bad.yaml"),
        good: include_str!("examples/inj-004-good.yaml"),
        check: Check::Injection,
    },
    Rule {
        id: TOO_LATE_FOR_THE_MESH,
        title: "a pod without the label that Istio decides by",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Istio's webhook may run before ours, and is not called again. Whether a label that we add counts would \
              depend on the names of webhook configurations.",
        fix: "Write the label into the manifest, or make the pod from a Deployment, whose template gets it.",
        bad: include_str!("examples/inj-005-bad.yaml"),
        good: include_str!("examples/inj-005-good.yaml"),
        check: Check::Injection,
    },
];
