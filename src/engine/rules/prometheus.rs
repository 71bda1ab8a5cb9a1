//! Rules for Prometheus resources, pods and workloads: what is picked up, and what is said to the operator and to Istio.

mod certificates;
#[cfg(test)]
mod cluster_tests;
pub(super) mod given;
mod injected;
mod mesh;
mod neighbours;
mod outgoing;
pub mod pods;
mod port_name;
mod selection;
#[cfg(test)]
mod tests;

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// A workload lacks labels that cannot be added to it, because an operator owns it.
pub const OPERATOR_OWNED: RuleId = RuleId::new(Family::Prometheus, 13);

/// Labels that the operator sets on the pods of a Prometheus itself, over whatever `spec.podMetadata` says
/// (prometheus-operator `pkg/prometheus/server/statefulset.go`, `makeSelectorLabels`).
pub const RESERVED_LABELS: [&str; 6] = [
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "operator.prometheus.io/name",
    "operator.prometheus.io/shard",
    "prometheus",
];

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::Prometheus, 1),
        title: "no monitor selector at all",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "The operator takes a Prometheus without any selector for one whose configuration somebody else \
              writes. It generates none, and picks up no monitor.",
        fix: "Set the selectors of the kinds of monitor that it should pick up.",
        bad: include_str!("examples/pr-001-bad.yaml"),
        good: include_str!("examples/pr-001-good.yaml"),
        check: Check::Prometheus(selection::selects_nothing),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 2),
        title: "a kind of monitor that is not picked up",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A Prometheus without a selector for a kind picks up none of that kind, and nobody says so to those who \
              write them.",
        fix: "Set the selector for that kind.",
        bad: include_str!("examples/pr-002-bad.yaml"),
        good: include_str!("examples/pr-002-good.yaml"),
        check: Check::Cluster(neighbours::kind_is_passed_over),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 3),
        title: "monitors of the whole cluster are picked up",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "Whoever can create a monitor in any namespace decides what Prometheus scrapes, and with which \
              labels. In a cluster of several teams that may be too many.",
        fix: "Narrow the selector of monitors or that of namespaces.",
        bad: include_str!("examples/pr-003-bad.yaml"),
        good: include_str!("examples/pr-003-good.yaml"),
        check: Check::Prometheus(selection::selects_everything),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 4),
        title: "a label that the operator sets itself",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "The operator writes its own value over it, so the pods never carry what is written here.",
        fix: "Remove the label, or use another name.",
        bad: include_str!("examples/pr-004-bad.yaml"),
        good: include_str!("examples/pr-004-good.yaml"),
        check: Check::Prometheus(selection::reserved_labels),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 5),
        title: "a request for injection that Istio does not understand",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Istio knows \"true\" and \"false\" only; for anything else it does what it does by default. Of label \
              and annotation, the label counts.",
        fix: "Write \"true\" or \"false\", as a label.",
        bad: include_str!("examples/pr-005-bad.yaml"),
        good: include_str!("examples/pr-005-good.yaml"),
        check: Check::Both(&Check::Pods(mesh::injection_label), injected::annotation_is_not_heard),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 6),
        title: "certificates of the mesh that do not arrive",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "The sidecar writes certificates to OUTPUT_CERTS. Only through a volume that is mounted there, \
              exists, and is mounted by Prometheus too, can they be read; otherwise the pod fails or scrapes are \
              refused.",
        fix: "Give userVolumeMount, volumes and volumeMounts the same name, and mountPath the value of \
              OUTPUT_CERTS.",
        bad: include_str!("examples/pr-006-bad.yaml"),
        good: include_str!("examples/pr-006-good.yaml"),
        check: Check::Pods(certificates::do_not_arrive),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 7),
        title: "an annotation that Istio cannot read",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Istio's injector checks its annotations when a pod is made, and refuses the pod. A Deployment or \
              StatefulSet shows that only in its events.",
        fix: "Write it as Istio reads it: lists without spaces, address ranges with bits, JSON or YAML that \
              parses.",
        bad: include_str!("examples/pr-007-bad.yaml"),
        good: include_str!("examples/pr-007-good.yaml"),
        check: Check::Pods(certificates::malformed_annotations),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 8),
        title: "scrapes go through Prometheus' own sidecar",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Prometheus connects to addresses of pods, which the sidecar passes through without the mesh's \
              identity, and counts. Certificates do not help then.",
        fix: "Exclude all outbound traffic from capture.",
        bad: include_str!("examples/pr-008-bad.yaml"),
        good: include_str!("examples/pr-008-good.yaml"),
        check: Check::Pods(mesh::outbound_is_captured),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 9),
        title: "only IPv4 is left out of capture",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The guard says that pods have IPv6 addresses too. Scrapes of those still go through the sidecar.",
        fix: "Add ::/0.",
        bad: include_str!("examples/pr-009-bad.yaml"),
        good: include_str!("examples/pr-009-good.yaml"),
        check: Check::Pods(mesh::only_one_address_family),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 10),
        title: "a policy for Prometheus that its sidecar cannot enforce",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "With an empty list of inbound ports the sidecar captures nothing that comes in. Whatever \
              AuthorizationPolicies say, everybody gets through.",
        fix: "Let inbound traffic be captured, or guard the port by a NetworkPolicy.",
        bad: include_str!("examples/pr-010-bad.yaml"),
        good: include_str!("examples/pr-010-good.yaml"),
        check: Check::Cluster(neighbours::policy_is_not_enforced),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 11),
        title: "a Prometheus that nobody can reach",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "With listenLocal it listens on loopback only, and its container declares no port: monitors, policies \
              and Services that name the port find nothing, Grafana is refused.",
        fix: "Set listenLocal: false, or put a proxy beside it.",
        bad: include_str!("examples/pr-011-bad.yaml"),
        good: include_str!("examples/pr-011-good.yaml"),
        check: Check::Prometheus(selection::listens_on_loopback),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 12),
        title: "a name of Prometheus' port that it does not have",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "The operator calls the port as spec.portName says, web if it says nothing. Monitors, policies and \
              Services that use another name find nothing.",
        fix: "Use one name everywhere.",
        bad: include_str!("examples/pr-012-bad.yaml"),
        good: include_str!("examples/pr-012-good.yaml"),
        check: Check::Cluster(port_name::differs),
    },
    Rule {
        id: OPERATOR_OWNED,
        title: "labels are missing on an object that the operator owns",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The operator writes this object from its own resource: a change made here is reverted, or makes it \
              recreate the object again and again. So nothing is injected.",
        fix: "Put the labels into spec.podMetadata of the resource that the operator reads.",
        bad: include_str!("examples/pr-013-bad.yaml"),
        good: include_str!("examples/pr-013-good.yaml"),
        check: Check::Injection,
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 14),
        title: "a job that its sidecar keeps from completing",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A Job is complete when all containers of its pod have ended, and a sidecar that is an ordinary \
              container never does.",
        fix: "Keep the sidecar away from jobs, or have Istio make native sidecars.",
        bad: include_str!("examples/pr-014-bad.yaml"),
        good: include_str!("examples/pr-014-good.yaml"),
        check: Check::Cluster(injected::job_never_completes),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 15),
        title: "a container with the user or group of the sidecar",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Istio does not capture traffic of user and group 1337, which is how it knows its own. Such a \
              container talks past the mesh.",
        fix: "Use another user and group.",
        bad: include_str!("examples/pr-015-bad.yaml"),
        good: include_str!("examples/pr-015-good.yaml"),
        check: Check::Pods(mesh::runs_as_the_proxy),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 16),
        title: "a scrape annotation with a port of the sidecar",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Istio merges the application's metrics with its own, and refuses a pod whose application claims a \
              port of the sidecar.",
        fix: "Name the application's port.",
        bad: include_str!("examples/pr-016-bad.yaml"),
        good: include_str!("examples/pr-016-good.yaml"),
        check: Check::Pods(mesh::scrapes_the_proxy),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 17),
        title: "injection asked for on the host network",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "Capture would change the network of the node, so Istio never injects such pods.",
        fix: "Take the label away, or leave the host network.",
        bad: include_str!("examples/pr-017-bad.yaml"),
        good: include_str!("examples/pr-017-good.yaml"),
        check: Check::Pods(mesh::host_network),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 18),
        title: "ServiceMonitors may read files of Prometheus",
        severity: Severity::Info,
        needs: Needs::Object,
        action: Action::Record,
        why: "A ServiceMonitor can name a file of the pod, such as the service account's token, to be sent to its \
              target. Prometheus picks up ServiceMonitors of other namespaces.",
        fix: "Set arbitraryFSAccessThroughSMs: {deny: true}.",
        bad: include_str!("examples/pr-018-bad.yaml"),
        good: include_str!("examples/pr-018-good.yaml"),
        check: Check::Prometheus(selection::reads_files_for_tenants),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 19),
        title: "ambient and sidecar at once",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "A pod with a sidecar is not captured by ztunnel: what was meant for ambient mode does not hold.",
        fix: "Ask for one of them.",
        bad: include_str!("examples/pr-019-bad.yaml"),
        good: include_str!("examples/pr-019-good.yaml"),
        check: Check::Pods(mesh::sidecar_and_ambient),
    },
    Rule {
        id: RuleId::new(Family::Prometheus, 20),
        title: "alerts or samples that do not get out",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A policy that isolates Prometheus for egress has no rule for where it sends alerts, or for remote \
              storage.",
        fix: "Add an egress rule.",
        bad: include_str!("examples/pr-020-bad.yaml"),
        good: include_str!("examples/pr-020-good.yaml"),
        check: Check::Cluster(outgoing::is_blocked),
    },
];
