//! Rules for who gets in and who does not.

use super::{callers, refused, shape, trust};
use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The rules, numbers 13 to 24.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 13),
        title: "an ALLOW policy without rules",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "The first ALLOW policy on a workload refuses everybody it does not name, and this one names nobody: \
              not Prometheus either.",
        fix: "Add rules, or exempt the policy if that is meant.",
        bad: include_str!("../examples/ap-013-bad.yaml"),
        good: include_str!("../examples/ap-013-good.yaml"),
        check: Check::AuthorizationPolicy(shape::allows_nothing),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 14),
        title: "an empty rule that admits everybody",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "A rule without from, to and when matches every request, so all other ALLOW policies on the workload \
              are void.",
        fix: "Add from and to.",
        bad: include_str!("../examples/ap-014-bad.yaml"),
        good: include_str!("../examples/ap-014-good.yaml"),
        check: Check::AuthorizationPolicy(shape::allows_everything),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 15),
        title: "anybody may open a user interface",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "A rule with to alone does not ask who calls. Prometheus, Alertmanager and Grafana then answer \
              anonymous callers.",
        fix: "Add from.",
        bad: include_str!("../examples/ap-015-bad.yaml"),
        good: include_str!("../examples/ap-015-good.yaml"),
        check: Check::AuthorizationPolicy(trust::anonymous_interface),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 16),
        title: "callers are admitted to every port",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "A rule with from alone opens all ports of the pod: Thanos gRPC and the configuration reloader too.",
        fix: "Add to with the ports that are needed.",
        bad: include_str!("../examples/ap-016-bad.yaml"),
        good: include_str!("../examples/ap-016-good.yaml"),
        check: Check::AuthorizationPolicy(trust::all_ports),
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
        bad: include_str!("../examples/ap-017-bad.yaml"),
        good: include_str!("../examples/ap-017-good.yaml"),
        check: Check::AuthorizationPolicy(callers::own_ports),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 18),
        title: "a client of Prometheus is locked out",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The first ALLOW policy on a workload refuses everybody it does not name: dashboards stay empty and \
              user interfaces answer 403.",
        fix: "Add a rule for the principal of the client.",
        bad: include_str!("../examples/ap-018-bad.yaml"),
        good: include_str!("../examples/ap-018-good.yaml"),
        check: Check::AuthorizationPolicy(callers::clients),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 19),
        title: "Prometheus is locked out of a component",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The first ALLOW policy on a workload refuses everybody it does not name. The target goes down with 403 \
              or a reset connection.",
        fix: "Add a rule for Prometheus' principal.",
        bad: include_str!("../examples/ap-019-bad.yaml"),
        good: include_str!("../examples/ap-019-good.yaml"),
        check: Check::AuthorizationPolicy(callers::scraped),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 20),
        title: "a caller outside the mesh can never pass",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Principals and namespaces come from the caller's mesh certificate. A pod without a sidecar has none, \
              so no rule that names identities admits it.",
        fix: "Bring the caller into the mesh, or admit it by ipBlocks, or leave the port to a NetworkPolicy.",
        bad: include_str!("../examples/ap-020-bad.yaml"),
        good: include_str!("../examples/ap-020-good.yaml"),
        check: Check::AuthorizationPolicy(callers::outside_the_mesh),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 22),
        title: "an empty rule that refuses everybody",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "A DENY rule without from, to and when matches every request, and no ALLOW policy overrules it: a total \
              outage.",
        fix: "Add from or to.",
        bad: include_str!("../examples/ap-022-bad.yaml"),
        good: include_str!("../examples/ap-022-good.yaml"),
        check: Check::AuthorizationPolicy(shape::denies_everything),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 23),
        title: "rules, provider or identities that do not fit the action",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "DENY and CUSTOM do nothing without rules, CUSTOM needs a provider and cannot look at identities. Istio \
              refuses such a policy.",
        fix: "Add what the action needs, remove what it cannot have.",
        bad: include_str!("../examples/ap-023-bad.yaml"),
        good: include_str!("../examples/ap-023-good.yaml"),
        check: Check::AuthorizationPolicy(refused::unfit_for_action),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 24),
        title: "a DENY rule of HTTP fields alone",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "On a TCP port Istio cannot see HTTP fields and leaves them away: what remains of the rule denies all \
              TCP traffic.",
        fix: "Add the HTTP ports.",
        bad: include_str!("../examples/ap-024-bad.yaml"),
        good: include_str!("../examples/ap-024-good.yaml"),
        check: Check::AuthorizationPolicy(shape::denies_all_tcp),
    },
];
