//! Rules for Istio AuthorizationPolicies.

mod callers;
mod principals;

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 1),
        title: "a principal of the wrong form",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Istio compares principals as text and accepts any text. One of the wrong form never matches: an ALLOW \
              locks out, a DENY lets through.",
        fix: "Write <trust domain>/ns/<namespace>/sa/<service account>, without spiffe://.",
        bad: include_str!("examples/ap-001-bad.yaml"),
        good: include_str!("examples/ap-001-good.yaml"),
        check: Check::AuthorizationPolicy(principals::malformed),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 9),
        title: "an identity that none of the declared callers has",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The identity that counts is that of the pod that opens the connection. An authenticating proxy that the \
              ingress controller only asks is not that pod.",
        fix: "Name the caller that the guard declares under webAccess, or declare this one.",
        bad: include_str!("examples/ap-009-bad.yaml"),
        good: include_str!("examples/ap-009-good.yaml"),
        check: Check::AuthorizationPolicy(callers::wrong_identity),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 12),
        title: "namespaces repeat what principals say",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "All fields of a source must match. A principal already contains its namespace; once one of the two is \
              changed alone, the rule never matches again.",
        fix: "Remove namespaces.",
        bad: include_str!("examples/ap-012-bad.yaml"),
        good: include_str!("examples/ap-012-good.yaml"),
        check: Check::AuthorizationPolicy(principals::redundant_namespaces),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 17),
        title: "Prometheus is locked out of its own ports",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The first ALLOW policy on a workload refuses everybody it does not name. Prometheus scrapes itself and \
              its configuration reloader.",
        fix: "Add a rule for Prometheus' own principal.",
        bad: include_str!("examples/ap-017-bad.yaml"),
        good: include_str!("examples/ap-017-good.yaml"),
        check: Check::AuthorizationPolicy(callers::own_ports),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 18),
        title: "a client of Prometheus is locked out",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The first ALLOW policy on a workload refuses everybody it does not name: dashboards stay empty and user \
              interfaces answer 403.",
        fix: "Add a rule for the principal of the client.",
        bad: include_str!("examples/ap-018-bad.yaml"),
        good: include_str!("examples/ap-018-good.yaml"),
        check: Check::AuthorizationPolicy(callers::clients),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 20),
        title: "a caller outside the mesh can never pass",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Principals and namespaces come from the caller's mesh certificate. A pod without a sidecar has none, so \
              no rule that names identities admits it.",
        fix: "Bring the caller into the mesh, or admit it by ipBlocks, or leave the port to a NetworkPolicy.",
        bad: include_str!("examples/ap-020-bad.yaml"),
        good: include_str!("examples/ap-020-good.yaml"),
        check: Check::AuthorizationPolicy(callers::outside_the_mesh),
    },
];
