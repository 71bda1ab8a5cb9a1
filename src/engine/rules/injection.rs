//! Rules for what injection could not do.

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// A label that policies select by has another value.
pub const LABEL_CONFLICT: RuleId = RuleId::new(Family::Injection, 1);
/// A workload looks like several components.
pub const AMBIGUOUS: RuleId = RuleId::new(Family::Injection, 2);

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
];
