//! Rules for NetworkPolicies that take a look at the rest of the cluster: whom policies really mean, and what they block.

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 27),
        title: "Prometheus is closed to a caller that needs it",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A policy isolates Prometheus and leaves out a port that is scraped or queried: the configuration \
              reloader at 8080, its own metrics at 9090, Thanos at 10901. Targets go down, dashboards stay empty.",
        fix: "Add the port and the caller to an ingress rule.",
        bad: include_str!("../examples/np-027-bad.yaml"),
        good: include_str!("../examples/np-027-good.yaml"),
        check: Check::Hop,
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 28),
        title: "the tunnel of the mesh is blocked",
        severity: Severity::Error,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "In ambient mode pods talk through a tunnel to TCP port 15008, and that is all that NetworkPolicies see. \
              A rule for the port of the application admits nobody from the mesh.",
        fix: "Add TCP port 15008 to the rule.",
        bad: include_str!("../examples/np-028-bad.yaml"),
        good: include_str!("../examples/np-028-good.yaml"),
        check: Check::Hop,
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 30),
        title: "metrics of the sidecar are blocked",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "The sidecar serves its metrics at 15090, and those of the whole pod at 15020. Both are ports of the pod, \
              and a policy that isolates it has to admit Prometheus to them like to any other.",
        fix: "Admit Prometheus to the port.",
        bad: include_str!("../examples/np-030-bad.yaml"),
        good: include_str!("../examples/np-030-good.yaml"),
        check: Check::Hop,
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 33),
        title: "an isolating policy blocks a wanted connection",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Once a policy isolates a pod, only what some rule allows gets through. A scrape or another connection \
              that the guard wants is not among it.",
        fix: "Allow the connection.",
        bad: include_str!("../examples/np-033-bad.yaml"),
        good: include_str!("../examples/np-033-good.yaml"),
        check: Check::Hop,
    },
];
