//! Rules for ports, targets and values, and for what never takes effect.

use super::{namespaces, ports, refused, scope, shape, trust};
use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The rules, numbers 26 to 42.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 26),
        title: "a port that is no decimal text",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Ports are decimal text from \"1\" to \"65535\". Istio refuses names and the API refuses bare numbers; \
              0 and leading zeros are accepted and mean nothing.",
        fix: "Write the number of the container port in quotes.",
        bad: include_str!("../examples/ap-026-bad.yaml"),
        good: include_str!("../examples/ap-026-good.yaml"),
        check: Check::AuthorizationPolicy(ports::malformed),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 27),
        title: "a Service port where the container port belongs",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The called sidecar sees the connection after the Service has rewritten it, so ports are container \
              ports. A rule with the Service port never matches.",
        fix: "Use the container port.",
        bad: include_str!("../examples/ap-027-bad.yaml"),
        good: include_str!("../examples/ap-027-good.yaml"),
        check: Check::AuthorizationPolicy(ports::service_port),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 28),
        title: "a port that no policy is asked about",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "The sidecar serves 15020, 15021 and 15090 itself, past all AuthorizationPolicies. A rule for them \
              protects nothing.",
        fix: "Remove the port; guard it by a NetworkPolicy.",
        bad: include_str!("../examples/ap-028-bad.yaml"),
        good: include_str!("../examples/ap-028-good.yaml"),
        check: Check::AuthorizationPolicy(ports::beyond_the_sidecar),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 31),
        title: "a policy for the whole namespace",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Without a selector it holds for every pod of the namespace, also for those that its author did not \
              think of.",
        fix: "Add a selector.",
        bad: include_str!("../examples/ap-031-bad.yaml"),
        good: include_str!("../examples/ap-031-good.yaml"),
        check: Check::AuthorizationPolicy(scope::whole_namespace),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 32),
        title: "a policy for the whole mesh",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Policies in the mesh's root namespace hold for the workloads of every namespace.",
        fix: "Move it to the namespace that is meant.",
        bad: include_str!("../examples/ap-032-bad.yaml"),
        good: include_str!("../examples/ap-032-good.yaml"),
        check: Check::AuthorizationPolicy(scope::whole_mesh),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 33),
        title: "a selector or target that is refused",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "A policy has one selector or up to 16 target references of its own namespace, without wildcards. The \
              API server or Istio refuses anything else.",
        fix: "Keep one of them and write names in full.",
        bad: include_str!("../examples/ap-033-bad.yaml"),
        good: include_str!("../examples/ap-033-good.yaml"),
        check: Check::AuthorizationPolicy(scope::impossible_target),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 36),
        title: "only exclusions where an identity is needed",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "A caller without a mesh certificate has no principal and no namespace, so it is none of those that are \
              left out: plain text gets in.",
        fix: "Add principals [*] beside the exclusion.",
        bad: include_str!("../examples/ap-036-bad.yaml"),
        good: include_str!("../examples/ap-036-good.yaml"),
        check: Check::AuthorizationPolicy(trust::exclusion_only),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 37),
        title: "an empty list, source, operation or value",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Istio refuses an empty source, operation or value. An empty from or to it reads as an absent one, \
              which matches everything instead of nothing.",
        fix: "Fill it or remove it.",
        bad: include_str!("../examples/ap-037-bad.yaml"),
        good: include_str!("../examples/ap-037-good.yaml"),
        check: Check::AuthorizationPolicy(shape::empty_parts),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 38),
        title: "a dry run",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "With the annotation istio.io/dry-run Istio only logs what the policy would do. Nothing is enforced.",
        fix: "Remove the annotation.",
        bad: include_str!("../examples/ap-038-bad.yaml"),
        good: include_str!("../examples/ap-038-good.yaml"),
        check: Check::AuthorizationPolicy(scope::dry_run),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 40),
        title: "an address that clients can forge",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "remoteIpBlocks and X-Forwarded-For hold what proxies say about the client. Unless every proxy in front \
              is trusted and counted, the client writes it.",
        fix: "Use ipBlocks.",
        bad: include_str!("../examples/ap-040-bad.yaml"),
        good: include_str!("../examples/ap-040-good.yaml"),
        check: Check::AuthorizationPolicy(trust::forwarded_address),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 41),
        title: "a * in the middle of a namespace",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Sidecars match it as a pattern, ztunnel takes it literally: the same policy means two things.",
        fix: "Name each namespace.",
        bad: include_str!("../examples/ap-041-bad.yaml"),
        good: include_str!("../examples/ap-041-good.yaml"),
        check: Check::AuthorizationPolicy(namespaces::star_within),
    },
    Rule {
        id: RuleId::new(Family::AuthorizationPolicy, 42),
        title: "a value that Istio refuses",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Istio's own validation refuses addresses, service accounts, trust domains, path templates and \
              annotations of the wrong form. Without its webhook they are stored and never match.",
        fix: "Write the value in the form that Istio reads.",
        bad: include_str!("../examples/ap-042-bad.yaml"),
        good: include_str!("../examples/ap-042-good.yaml"),
        check: Check::AuthorizationPolicy(refused::refused_values),
    },
];
