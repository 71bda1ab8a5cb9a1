//! Rules for Istio PeerAuthentications.

mod in_cluster;

use crate::engine::admission::Action;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::guard::Guard;
use crate::model::resource::PeerAuthentication;
use crate::model::{FieldPath, RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::PeerAuthentication, 1),
        title: "strict mutual TLS towards a caller outside the mesh",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Prometheus without a sidecar and without certificates of the mesh speaks plain text. Under STRICT every \
              such connection is reset, and the target is down.",
        fix: "Set the port to PERMISSIVE by portLevelMtls, or give Prometheus certificates of the mesh.",
        bad: include_str!("examples/pa-001-bad.yaml"),
        good: include_str!("examples/pa-001-good.yaml"),
        check: Check::Hop,
    },
    Rule {
        id: RuleId::new(Family::PeerAuthentication, 2),
        title: "port settings or a selector that Istio refuses",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Settings of single ports are for selected workloads only, by container port. Istio refuses them without \
              a selector, and so they protect nothing.",
        fix: "Add a selector, or use mtls for the whole namespace.",
        bad: include_str!("examples/pa-002-bad.yaml"),
        good: include_str!("examples/pa-002-good.yaml"),
        check: Check::PeerAuthentication(refused),
    },
    Rule {
        id: RuleId::new(Family::PeerAuthentication, 3),
        title: "a Service port where the container port belongs",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "The called sidecar sees the connection after the Service has rewritten it, so portLevelMtls is by \
              container port. A setting for the Service port has no effect.",
        fix: "Use the container port.",
        bad: include_str!("examples/pa-003-bad.yaml"),
        good: include_str!("examples/pa-003-good.yaml"),
        check: Check::Cluster(in_cluster::service_port),
    },
    Rule {
        id: RuleId::new(Family::PeerAuthentication, 4),
        title: "a selector in the root namespace",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "In the mesh's root namespace a PeerAuthentication holds for the mesh only without a selector. With one it \
              holds for pods of the root namespace alone.",
        fix: "Remove the selector, or put the policy into the namespace of the workloads.",
        bad: include_str!("examples/pa-004-bad.yaml"),
        good: include_str!("examples/pa-004-good.yaml"),
        check: Check::PeerAuthentication(selector_in_root_namespace),
    },
    Rule {
        id: RuleId::new(Family::PeerAuthentication, 5),
        title: "two policies for the same pods",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Of several PeerAuthentications of one scope only the oldest counts, so after a reinstallation another \
              one does.",
        fix: "Keep one.",
        bad: include_str!("examples/pa-005-bad.yaml"),
        good: include_str!("examples/pa-005-good.yaml"),
        check: Check::Cluster(in_cluster::same_scope),
    },
    Rule {
        id: RuleId::new(Family::PeerAuthentication, 6),
        title: "DISABLE in ambient mode",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "A ztunnel takes its own tunnel whatever a policy says: DISABLE is as good as PERMISSIVE.",
        fix: "Write PERMISSIVE.",
        bad: include_str!("examples/pa-006-bad.yaml"),
        good: include_str!("examples/pa-006-good.yaml"),
        check: Check::Cluster(in_cluster::disabled_in_ambient),
    },
    Rule {
        id: RuleId::new(Family::PeerAuthentication, 7),
        title: "plain text where policies rely on identities",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Who comes in plain text has no identity. Where an AuthorizationPolicy names identities for a web \
              interface, that port should take nothing but mutual TLS.",
        fix: "Set STRICT for the port.",
        bad: include_str!("examples/pa-007-bad.yaml"),
        good: include_str!("examples/pa-007-good.yaml"),
        check: Check::Cluster(in_cluster::downgrade),
    },
];

fn refused(policy: &PeerAuthentication<'_>, _: &Guard, findings: &mut Findings<'_>) {
    refused_ports(policy, findings);
    for (key, value) in policy.spec.selector.iter().flat_map(|selector| selector.match_labels.iter()) {
        let path = FieldPath::of("spec.selector.matchLabels").key(key);
        if key.is_empty() {
            findings.report(path, "a label without a name selects nothing", "put the name of the label here");
        } else if key.contains('*') || value.contains('*') {
            findings.report(path, "selectors know no wildcards", "write the whole value of the label");
        }
    }
}

fn refused_ports(policy: &PeerAuthentication<'_>, findings: &mut Findings<'_>) {
    let Some(ports) = &policy.spec.port_level_mtls else { return };
    let path = FieldPath::of("spec.portLevelMtls");
    if ports.is_empty() {
        findings.report(
            path,
            "portLevelMtls without ports is refused",
            "remove portLevelMtls, or add a container port",
        );
        return;
    }
    if policy.spec.holds_for_whole_namespace() {
        findings.report(
            path.clone(),
            "portLevelMtls without a selector is refused",
            "add selector: {matchLabels: {...}} with the labels of the pods, or set mtls for the whole namespace",
        );
    }
    for port in ports.keys().filter(|port| !port.parse::<u16>().is_ok_and(|number| number > 0)) {
        findings.report(path.key(port), "not a port number from 1 to 65535", "write the number of the container port");
    }
}

fn selector_in_root_namespace(policy: &PeerAuthentication<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let in_root = policy.metadata.namespace.as_ref().is_some_and(|name| *name == *guard.mesh.root_namespace);
    if in_root && !policy.spec.holds_for_whole_namespace() {
        findings.report(
            FieldPath::of("spec.selector"),
            "with a selector it holds for the root namespace only",
            "remove selector to mean the whole mesh, or put the policy into the namespace of the workloads",
        );
    }
}
