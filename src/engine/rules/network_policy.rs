//! Rules for NetworkPolicies: a policy that opens, closes or means something else than its author thought.

mod directions;
#[cfg(test)]
mod fixes;
mod in_cluster;
mod isolation;
mod labels;
mod namespaces;
mod openness;
mod places;
mod ports;
#[cfg(test)]
mod silence;
mod validity;

use crate::engine::admission::Action;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::guard::{Component, Guard};
use crate::model::resource::NetworkPolicy;
use crate::model::{FieldPath, RuleId, Severity, Truth};

/// The family's rules: those that a policy alone decides, and those that take the cluster.
pub const RULES: [&[Rule]; 2] = [ALONE, in_cluster::RULES];

const ALONE: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 1),
        title: "a web interface is open to every pod",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Prometheus, Alertmanager and the Pushgateway ask nobody for a password, and Grafana shows its metrics \
              and a login. A rule without `from` opens them to the whole cluster.",
        fix: "List the callers in `from`.",
        bad: include_str!("examples/np-001-bad.yaml"),
        good: include_str!("examples/np-001-good.yaml"),
        check: Check::NetworkPolicy(openness::interface_open),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 2),
        title: "a rule that allows everything",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The empty rule admits everybody to every port, so the policy is decoration. It is an error where a web \
              interface is behind it, and a warning elsewhere.",
        fix: "Add `from` and `ports`.",
        bad: include_str!("examples/np-002-bad.yaml"),
        good: include_str!("examples/np-002-good.yaml"),
        check: Check::NetworkPolicy(openness::everything_open),
    },
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
        id: RuleId::new(Family::NetworkPolicy, 8),
        title: "Prometheus is looked for in the wrong namespace",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "A pod selector alone means pods of the policy's own namespace. Prometheus is in another one, so it is \
              not admitted and its scrapes time out.",
        fix: "Add a namespace selector to the same item.",
        bad: include_str!("examples/np-008-bad.yaml"),
        good: include_str!("examples/np-008-good.yaml"),
        check: Check::NetworkPolicyElsewhere(namespaces::prometheus_is_elsewhere),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 9),
        title: "two peers where one was meant",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Two items of a list are alternatives: everything in the namespace, or such pods of the policy's own \
              namespace. Only both selectors in one item mean such pods of that namespace.",
        fix: "Merge the two items into one.",
        bad: include_str!("examples/np-009-bad.yaml"),
        good: include_str!("examples/np-009-good.yaml"),
        check: Check::NetworkPolicy(namespaces::two_items),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 10),
        title: "every pod of the cluster is admitted",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "An empty namespace selector selects all namespaces, and without a pod selector all their pods.",
        fix: "Name the namespaces.",
        bad: include_str!("examples/np-010-bad.yaml"),
        good: include_str!("examples/np-010-good.yaml"),
        check: Check::NetworkPolicy(openness::whole_cluster),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 11),
        title: "a label that every namespace can give is trusted",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Whoever may create a pod in any namespace may give it this label, and gets in.",
        fix: "Pin the namespace by its name.",
        bad: include_str!("examples/np-011-bad.yaml"),
        good: include_str!("examples/np-011-good.yaml"),
        check: Check::NetworkPolicy(openness::label_of_any_namespace),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 12),
        title: "the whole namespace may read metrics",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "An empty pod selector admits every pod of the namespace, while only Prometheus needs to read the \
              metrics.",
        fix: "Name the caller.",
        bad: include_str!("examples/np-012-bad.yaml"),
        good: include_str!("examples/np-012-good.yaml"),
        check: Check::NetworkPolicy(openness::whole_namespace),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 14),
        title: "the Helm release is taken for the instance of operated pods",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The operator sets the instance label of the pods that it makes to the name of the Prometheus or \
              Alertmanager resource, so a selector with the release selects nothing.",
        fix: "Select by the label that names the resource.",
        bad: include_str!("examples/np-014-bad.yaml"),
        good: include_str!("examples/np-014-good.yaml"),
        check: Check::NetworkPolicy(labels::instance_of_the_release),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 15),
        title: "the policy selects by a label that changes",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Hashes and versions change with the next rollout, and the name of a pod is that of one replica only. \
              From then on the policy protects nothing.",
        fix: "Select by stable labels.",
        bad: include_str!("examples/np-015-bad.yaml"),
        good: include_str!("examples/np-015-good.yaml"),
        check: Check::NetworkPolicy(labels::volatile),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 17),
        title: "a namespace is trusted by a label that people set",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "Whoever may edit a namespace can give it this label and let all its pods in. The API server itself \
              keeps the label with the name.",
        fix: "Select namespaces by kubernetes.io/metadata.name.",
        bad: include_str!("examples/np-017-bad.yaml"),
        good: include_str!("examples/np-017-good.yaml"),
        check: Check::NetworkPolicy(namespaces::label_of_the_namespace),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 18),
        title: "a component is cut off from everything it calls",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "With the type Egress and no egress rule nothing may go out: no scrape, no DNS, no call of the API \
              server.",
        fix: "Add egress rules or drop the type Egress.",
        bad: include_str!("examples/np-018-bad.yaml"),
        good: include_str!("examples/np-018-good.yaml"),
        check: Check::NetworkPolicy(directions::no_way_out),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 19),
        title: "egress rules that are ignored",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "policyTypes says which directions count. Without Egress in it, egress rules restrict nothing.",
        fix: "Add Egress to policyTypes.",
        bad: include_str!("examples/np-019-bad.yaml"),
        good: include_str!("examples/np-019-good.yaml"),
        check: Check::NetworkPolicy(directions::egress_ignored),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 20),
        title: "ingress rules that are ignored",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "policyTypes says which directions count. Without Ingress in it, everybody may come in, whatever the \
              rules say.",
        fix: "Add Ingress to policyTypes.",
        bad: include_str!("examples/np-020-bad.yaml"),
        good: include_str!("examples/np-020-good.yaml"),
        check: Check::NetworkPolicy(directions::ingress_ignored),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 21),
        title: "DNS is blocked",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Names are looked up over UDP, and over TCP where the answer is long. Without both, lookups fail always \
              or now and then.",
        fix: "Admit port 53 over UDP and TCP.",
        bad: include_str!("examples/np-021-bad.yaml"),
        good: include_str!("examples/np-021-good.yaml"),
        check: Check::NetworkPolicy(directions::no_dns),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 24),
        title: "a web interface is open to every address",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The range of all addresses admits everybody who has a route to the pod.",
        fix: "Restrict the range.",
        bad: include_str!("examples/np-024-bad.yaml"),
        good: include_str!("examples/np-024-good.yaml"),
        check: Check::NetworkPolicy(openness::all_addresses),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 26),
        title: "replicas of Alertmanager cannot gossip",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Replicas tell each other by UDP what they have sent. Where that is blocked, each of them sends every \
              alert.",
        fix: "Admit the port for UDP too.",
        bad: include_str!("examples/np-026-bad.yaml"),
        good: include_str!("examples/np-026-good.yaml"),
        check: Check::NetworkPolicy(ports::gossip_blocked),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 31),
        title: "internals of the sidecar are exposed",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "These ports administer and debug the sidecar, or take captured traffic. No peer has any business there.",
        fix: "Remove the port.",
        bad: include_str!("examples/np-031-bad.yaml"),
        good: include_str!("examples/np-031-good.yaml"),
        check: Check::NetworkPolicy(ports::proxy_internals),
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
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 35),
        title: "the API server will refuse the policy",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "A port, range, protocol or peer is written in a way that is invalid.",
        fix: "Correct it.",
        bad: include_str!("examples/np-035-bad.yaml"),
        good: include_str!("examples/np-035-good.yaml"),
        check: Check::NetworkPolicy(validity::invalid),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 36),
        title: "a range opens ports that nobody meant",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "A range of more than 100 ports also opens administration and debugging ports of the pod.",
        fix: "List the ports.",
        bad: include_str!("examples/np-036-bad.yaml"),
        good: include_str!("examples/np-036-good.yaml"),
        check: Check::NetworkPolicy(ports::wide_range),
    },
];

fn host_network(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let selector = &policy.spec.pod_selector;
    let is_meant = |component: &&Component| {
        component.is_selected_by(selector) == Truth::Yes || labels::are_of_an_older_chart(selector, component)
    };
    let on_the_host = guard.components.iter().filter(|component| component.host_network && !selector.is_empty());
    for component in on_the_host.filter(is_meant) {
        let port =
            component.ports.first().map_or_else(|| "the port".to_owned(), |port| format!("port {}", port.number));
        findings.report(
            FieldPath::of("spec.podSelector"),
            format!("{} is on the host network, this has no effect", component.name),
            format!("remove this policy; protect {port} by a host firewall or kube-rbac-proxy"),
        );
    }
}
