//! Rules for AuthorizationPolicies that take a look at the rest of the cluster: whether they are enforced, and on whom.

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The rules.
pub(super) const RULES: &[Rule] = &[Rule {
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
}];
