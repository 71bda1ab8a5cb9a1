//! Rules for Ingresses to the web interfaces.

mod backends;
mod controllers;

use crate::engine::admission::Action;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::finding::Family;
use crate::model::{RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::Ingress, 1),
        title: "the ingress controller dials pods behind the mesh's back",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "ingress-nginx connects to addresses of pods unless it is told to use the Service. The sidecar does not \
              know whom such a connection is for and passes it on without a certificate, so the web interface sees \
              no identity and refuses it.",
        fix: "Set the annotations service-upstream and upstream-vhost.",
        bad: include_str!("examples/in-001-bad.yaml"),
        good: include_str!("examples/in-001-good.yaml"),
        check: Check::Ingress(backends::without_identity),
    },
    Rule {
        id: RuleId::new(Family::Ingress, 2),
        title: "a web interface that asks nobody who they are",
        severity: Severity::Error,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "Prometheus and Alertmanager have no login. Whoever finds the host reads all metrics and silences all \
              alerts. Grafana has one, so for it this is only a note.",
        fix: "Authenticate at the ingress controller: auth-url and auth-signin, basic auth or client certificates.",
        bad: include_str!("examples/in-002-bad.yaml"),
        good: include_str!("examples/in-002-good.yaml"),
        check: Check::Ingress(backends::public),
    },
    Rule {
        id: RuleId::new(Family::Ingress, 3),
        title: "a backend that does not exist",
        severity: Severity::Warning,
        needs: Needs::Guard,
        action: Action::Warn,
        why: "The ingress controller answers 503 where the Service has no such port, or is called otherwise. \
              prometheus-server is the Service of another chart.",
        fix: "Use the Service and port of the stack that is installed.",
        bad: include_str!("examples/in-003-bad.yaml"),
        good: include_str!("examples/in-003-good.yaml"),
        check: Check::Ingress(backends::wrong_backend),
    },
    Rule {
        id: RuleId::new(Family::Ingress, 4),
        title: "the ingress controller has no identity",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "The AuthorizationPolicy of the backend asks for an identity, which only a pod in the mesh has. From a \
              controller outside everybody gets 403 or a reset connection.",
        fix: "Bring the controller into the mesh, or admit it by ipBlocks.",
        bad: include_str!("examples/in-004-bad.yaml"),
        good: include_str!("examples/in-004-good.yaml"),
        check: Check::Cluster(controllers::without_identity),
    },
];
