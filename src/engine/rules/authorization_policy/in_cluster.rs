//! Rules for AuthorizationPolicies that take a look at the rest of the cluster: whether they are enforced, and on whom.

pub(in crate::engine::rules) mod callers;
mod enforcement;
mod identities;
mod layers;

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 7),
        title: "a namespace that does not exist",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "No caller comes from a namespace that is not there, so the rule never matches: an ALLOW policy locks out \
              whoever was meant, a DENY policy stops nobody.",
        fix: "Name a namespace that there is.",
        bad: include_str!("../examples/ap-007-bad.yaml"),
        good: include_str!("../examples/ap-007-good.yaml"),
        check: Check::Cluster(identities::no_namespace),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 8),
        title: "a service account that does not exist",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "No caller has the identity of a service account that is not there, so the rule never matches: an ALLOW \
              policy locks out whoever was meant.",
        fix: "Name the service account of the pods that call.",
        bad: include_str!("../examples/ap-008-bad.yaml"),
        good: include_str!("../examples/ap-008-good.yaml"),
        check: Check::Cluster(identities::no_account),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 21),
        title: "a DENY rule refuses a wanted connection",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "DENY comes before ALLOW: no other policy can let the caller in again. The target goes down with 403 or a \
              reset connection.",
        fix: "Leave the caller out by notPrincipals.",
        bad: include_str!("../examples/ap-021-bad.yaml"),
        good: include_str!("../examples/ap-021-good.yaml"),
        check: Check::Hop,
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 25),
        title: "HTTP fields for a port that is not one of HTTP",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A sidecar looks into HTTP only where the Service names the port so. At any other port it ignores an \
              ALLOW rule with a field about HTTP, and then refuses everybody.",
        fix: "Remove the field, or name the port http-... in the Service.",
        bad: include_str!("../examples/ap-025-bad.yaml"),
        good: include_str!("../examples/ap-025-good.yaml"),
        check: Check::Cluster(layers::http_at_tcp),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 29),
        title: "a selector that selects no pod",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "The policy holds for nobody. Often the labels are those of an older chart.",
        fix: "Select by labels that the pods have.",
        bad: include_str!("../examples/ap-029-bad.yaml"),
        good: include_str!("../examples/ap-029-good.yaml"),
        check: Check::Cluster(enforcement::dead),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 30),
        title: "nobody enforces the policy",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "It is the sidecar or ztunnel of the called pod that enforces policies, on connections that it captures. \
              Pods outside the mesh or on the host network, and ports that are not captured, stay open to everybody.",
        fix: "Inject the pods, or use a NetworkPolicy.",
        bad: include_str!("../examples/ap-030-bad.yaml"),
        good: include_str!("../examples/ap-030-good.yaml"),
        check: Check::Cluster(enforcement::not_enforced),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 34),
        title: "HTTP fields for pods of ambient mode",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A ztunnel knows connections only. It leaves out ALLOW rules with fields about HTTP, and then refuses \
              everybody; of a DENY rule nothing may be left.",
        fix: "Attach the policy to a waypoint by targetRefs.",
        bad: include_str!("../examples/ap-034-bad.yaml"),
        good: include_str!("../examples/ap-034-good.yaml"),
        check: Check::Cluster(layers::http_at_ztunnel),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 35),
        title: "a policy of workloads where a waypoint stands",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A waypoint reads policies with targetRefs only. Behind it the ztunnel sees the waypoint as the caller, \
              so rules for the identity of the real one do not match.",
        fix: "Use targetRefs to the waypoint.",
        bad: include_str!("../examples/ap-035-bad.yaml"),
        good: include_str!("../examples/ap-035-good.yaml"),
        check: Check::Cluster(callers::waypoints),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 39),
        title: "an identity rule at a port that takes plain text",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Who comes without mutual TLS has no identity. No DENY rule that names identities stops them, and at a \
              port that takes no mutual TLS no rule that names identities ever matches.",
        fix: "Set STRICT for the port by a PeerAuthentication.",
        bad: include_str!("../examples/ap-039-bad.yaml"),
        good: include_str!("../examples/ap-039-good.yaml"),
        check: Check::Cluster(callers::plain_text),
    },
];
