//! Rules for NetworkPolicies that take a look at the rest of the cluster: whom policies really mean, and what they block.

mod addresses;
mod disagreement;
mod isolation;
mod named_ports;
mod selectors;

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 5),
        title: "a port name that no selected pod has",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A name means the port that the container of a selected pod declares under it. A name that none declares \
              never matches, so the rule admits nobody.",
        fix: "Use a name or number that the pods declare.",
        bad: include_str!("../examples/np-005-bad.yaml"),
        good: include_str!("../examples/np-005-good.yaml"),
        check: Check::Cluster(named_ports::undeclared),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 6),
        title: "a port name that stands for several ports",
        severity: Severity::Info,
        needs: Needs::Cluster,
        action: Action::Record,
        why: "Containers of one pod may give the same name to different ports. Network plug-ins then disagree which of \
              them is meant.",
        fix: "Write the number.",
        bad: include_str!("../examples/np-006-bad.yaml"),
        good: include_str!("../examples/np-006-good.yaml"),
        check: Check::Cluster(named_ports::ambiguous),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 13),
        title: "a selector that selects no pod",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "The policy protects nothing. Often the labels are those of an older chart, or the Helm release stands \
              where the operator writes the name of its resource. A peer that means no pod is a note.",
        fix: "Select by labels that the pods have.",
        bad: include_str!("../examples/np-013-bad.yaml"),
        good: include_str!("../examples/np-013-good.yaml"),
        check: Check::Cluster(selectors::dead),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 16),
        title: "a namespace selector that selects no namespace",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "The rule means nobody. Labels that people put on namespaces are forgotten on the next cluster.",
        fix: "Select by kubernetes.io/metadata.name, which the API server sets.",
        bad: include_str!("../examples/np-016-bad.yaml"),
        good: include_str!("../examples/np-016-good.yaml"),
        check: Check::Cluster(selectors::no_namespace),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 22),
        title: "Prometheus may not call what it needs",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Once a policy isolates the egress of Prometheus it needs the API server to discover targets, the targets \
              themselves, and istiod for the certificates of its sidecar.",
        fix: "Add egress rules for them.",
        bad: include_str!("../examples/np-022-bad.yaml"),
        good: include_str!("../examples/np-022-good.yaml"),
        check: Check::Cluster(isolation::prometheus_calls),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 23),
        title: "a range with addresses of the cluster itself",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Ranges are for what is outside the cluster. The address of a Service is replaced before any policy sees \
              it, and that of a pod may be replaced on the way and changes with every restart.",
        fix: "Select pods by their labels.",
        bad: include_str!("../examples/np-023-bad.yaml"),
        good: include_str!("../examples/np-023-good.yaml"),
        check: Check::Cluster(addresses::of_the_cluster),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 25),
        title: "all addresses of one family only",
        severity: Severity::Info,
        needs: Needs::Cluster,
        action: Action::Record,
        why: "Where pods have IPv4 and IPv6 addresses, a range of all addresses of one family leaves the other closed, \
              and callers choose either.",
        fix: "Add the range of the other family.",
        bad: include_str!("../examples/np-025-bad.yaml"),
        good: include_str!("../examples/np-025-good.yaml"),
        check: Check::Cluster(addresses::one_family),
    },
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
        id: RuleId::new(Family::NetworkPolicy, 29),
        title: "probes of ambient pods are blocked",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "In ambient mode the probes of the kubelet come from 169.254.7.127, and not every network plug-in lets it \
              pass by itself. Pods that isolation closes to it never become ready.",
        fix: "Admit the address to the ports of probes.",
        bad: include_str!("../examples/np-029-bad.yaml"),
        good: include_str!("../examples/np-029-good.yaml"),
        check: Check::Cluster(isolation::probes),
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
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 34),
        title: "the whole namespace is admitted beside tighter policies",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Policies add up: what one allows, no other takes back. Beside a policy that admits the whole namespace, \
              those that name single callers in it mean nothing.",
        fix: "Remove the policy that admits the whole namespace.",
        bad: include_str!("../examples/np-034-bad.yaml"),
        good: include_str!("../examples/np-034-good.yaml"),
        check: Check::Cluster(isolation::same_namespace),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 37),
        title: "network and mesh disagree about a caller",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A connection has to get through both kinds of policies. Where one names a caller that the other keeps \
              out, somebody stopped half way.",
        fix: "Let both allow it, or none.",
        bad: include_str!("../examples/np-037-bad.yaml"),
        good: include_str!("../examples/np-037-good.yaml"),
        check: Check::Cluster(disagreement::disagreeing),
    },
    Rule {
        id: RuleId::new(Family::NetworkPolicy, 38),
        title: "a selector means pods on the host network",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Such a pod is seen as the address of its node, so no pod selector ever means it. A Prometheus or ingress \
              controller on the host network stays outside.",
        fix: "Admit the addresses of the nodes by ipBlock.",
        bad: include_str!("../examples/np-038-bad.yaml"),
        good: include_str!("../examples/np-038-good.yaml"),
        check: Check::Cluster(selectors::peers_on_the_host),
    },
];
