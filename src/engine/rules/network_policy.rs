//! Rules for NetworkPolicies.

mod isolation;
mod ports;

use crate::engine::admission::Action;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::guard::Guard;
use crate::model::resource::NetworkPolicy;
use crate::model::{FieldPath, RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 3),
        title: "the API server is locked out of a webhook port",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The kube-apiserver calls webhooks and aggregated APIs from outside the pod network, so no pod selector \
              admits it. With failurePolicy Fail, writes are refused; with Ignore, they go unchecked.",
        fix: "Add an ingress rule with the webhook's container port and no `from`.",
        bad: include_str!("examples/np-003-bad.yaml"),
        good: include_str!("examples/np-003-good.yaml"),
        check: Check::NetworkPolicy(isolation::api_server_locked_out),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 4),
        title: "a Service port where the container port belongs",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "NetworkPolicies see packets after the Service has rewritten them, so they mean container ports. A rule \
              with the Service port never matches.",
        fix: "Use the container port.",
        bad: include_str!("examples/np-004-bad.yaml"),
        good: include_str!("examples/np-004-good.yaml"),
        check: Check::NetworkPolicy(ports::service_port),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 7),
        title: "the policy selects pods on the host network",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Such pods share the address of their node. Most network plug-ins do not apply NetworkPolicies to them, \
              so the port stays open to everybody who reaches the node.",
        fix: "Remove the policy and protect the port on the node: host firewall, host policy of the network plug-in, \
              or kube-rbac-proxy.",
        bad: include_str!("examples/np-007-bad.yaml"),
        good: include_str!("examples/np-007-good.yaml"),
        check: Check::NetworkPolicy(host_network),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 32),
        title: "components that no policy protects",
        severity: Severity::Info,
        needs: Needs::Cluster,
        action: Action::Record,
        why: "Policies that allow something only protect the pods they select. All other pods of the namespace stay \
              open to the whole cluster.",
        fix: "Add a policy that selects every pod and allows no ingress.",
        bad: include_str!("examples/np-032-bad.yaml"),
        good: include_str!("examples/np-032-good.yaml"),
        check: Check::NetworkPolicies(isolation::unprotected_components),
    },
];

fn host_network(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for component in guard.selected_by(&policy.spec.pod_selector).filter(|component| component.host_network) {
        let port =
            component.ports.first().map_or_else(|| "the port".to_owned(), |port| format!("port {}", port.number));
        findings.report(
            FieldPath::of("spec.podSelector"),
            format!("{} is on the host network, this has no effect", component.name),
            format!("remove this policy; protect {port} by a host firewall or kube-rbac-proxy"),
        );
    }
}
