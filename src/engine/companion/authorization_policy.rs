//! AuthorizationPolicies: in the mesh, each component is opened for the identities of its callers.
//!
//! The first ALLOW policy on a workload refuses everybody that it does not name. So one is only written for a component
//! of which every caller is certain to have an identity; for all others a note says who stands in the way, and a
//! NetworkPolicy alone guards the ports.

use serde::Serialize;

use super::admissions::{Admission, grouped};
use super::manifest::{LabelSelector, Manifest, Metadata};
use super::{Companion, Companions, PROMETHEUS, membership, names};
use crate::model::Protocol;
use crate::model::Truth;
use crate::model::guard::{Certificates, Component, Connection, Guard, Source};

/// What an AuthorizationPolicy selects and admits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuthorizationPolicySpec {
    /// The pods that it holds for.
    pub selector: LabelSelector,
    /// Always `ALLOW`.
    pub action: &'static str,
    /// Who is admitted to what.
    pub rules: Vec<Rule>,
}

/// One element of `rules`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Who calls.
    pub from: [RuleFrom; 1],
    /// What is called.
    pub to: [RuleTo; 1],
}

/// One element of `from`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleFrom {
    /// The source.
    pub source: RuleSource,
}

/// Who calls, by identity. The principal contains the namespace, which is therefore not repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleSource {
    /// `<trust domain>/ns/<namespace>/sa/<service account>`.
    pub principals: Vec<String>,
}

/// One element of `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleTo {
    /// The operation.
    pub operation: Operation,
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Container ports, as decimal strings.
    pub ports: Vec<String>,
}

/// Adds the policies of all components in the mesh.
pub(super) fn add(guard: &Guard, companions: &mut Companions) {
    let inside = |component: &&Component| membership::of_component(guard, component) == Truth::Yes;
    let mut admitted = Vec::new();
    for component in guard.components.iter().filter(inside) {
        let strangers = strangers(guard, component);
        if !strangers.is_empty() {
            let message =
                format!("no AuthorizationPolicy, for one would lock out {}", reasons(guard, &strangers).join("; "));
            companions.note(&component.name, message);
        } else if admit(guard, component, companions) {
            admitted.push(component);
        }
    }
    note_certificates(guard, &admitted, companions);
    note_uncaptured(guard, &admitted, companions);
}

/// Adds the policy of one component; no policy where nobody calls, for an ALLOW without rules is easily misread.
fn admit(guard: &Guard, component: &Component, companions: &mut Companions) -> bool {
    let rules: Vec<Rule> = grouped(permissions(guard, component)).into_iter().map(rule).collect();
    if rules.is_empty() {
        return false;
    }
    companions.objects.push(Companion::AuthorizationPolicy(Manifest {
        api_version: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: Metadata::of(guard, format!("{}-authzpol", names::policy(guard, component))),
        spec: AuthorizationPolicySpec {
            selector: LabelSelector::of(component.selector_labels.iter().cloned()),
            action: "ALLOW",
            rules,
        },
    }));
    note_unknown_guests(guard, component, companions);
    true
}

fn rule(admission: Admission<String, u16>) -> Rule {
    let ports = admission.ports.iter().map(u16::to_string).collect();
    Rule {
        from: [RuleFrom { source: RuleSource { principals: admission.callers } }],
        to: [RuleTo { operation: Operation { ports } }],
    }
}

/// Principals and ports. UDP passes the proxies by.
fn permissions(guard: &Guard, component: &Component) -> Vec<(String, u16)> {
    let mut permissions = Vec::new();
    for connection in guard.connections_to(component) {
        let Some(principal) = principal(guard, &connection.from) else { continue };
        permissions.extend(tcp_ports(connection).map(|port| (principal.clone(), port)));
    }
    permissions
}

fn tcp_ports(connection: &Connection) -> impl Iterator<Item = u16> {
    connection.ports.iter().filter(|(_, protocol)| *protocol == Protocol::Tcp).map(|(port, _)| *port)
}

/// The identity of a source that certainly has one that is known.
fn principal(guard: &Guard, source: &Source) -> Option<String> {
    if membership::of_source(guard, source) != Truth::Yes {
        return None;
    }
    match source {
        Source::ApiServer => None,
        Source::Component(name) => Some(guard.principal(guard.component(name)?.service_account.as_ref()?)),
        Source::Caller(caller) => Some(guard.principal_in(&caller.namespace, caller.service_account.as_ref()?)),
    }
}

/// The sources that must get in and that no principal can name.
fn strangers<'a>(guard: &'a Guard, component: &'a Component) -> Vec<&'a Source> {
    nameless(guard, component).filter(|source| !is_optional(guard, source)).collect()
}

/// The sources without a principal that is known. Optional components among them may well not exist.
fn nameless<'a>(guard: &'a Guard, component: &'a Component) -> impl Iterator<Item = &'a Source> {
    let by_tcp = guard.connections_to(component).filter(|connection| tcp_ports(connection).next().is_some());
    by_tcp.map(|connection| &connection.from).filter(|source| principal(guard, source).is_none())
}

fn is_optional(guard: &Guard, source: &Source) -> bool {
    let Source::Component(name) = source else { return false };
    guard.component(name).is_some_and(|component| component.optional)
}

fn reasons(guard: &Guard, strangers: &[&Source]) -> Vec<String> {
    let mut reasons: Vec<String> = strangers.iter().map(|source| reason(guard, source)).collect();
    reasons.dedup();
    reasons
}

/// Who a source is, and why no principal can name it.
fn reason(guard: &Guard, source: &Source) -> String {
    match source {
        Source::ApiServer => "the API server, which is outside the mesh".to_owned(),
        Source::Caller(caller) => {
            format!("the pods of {}, whose service account the guard does not name", caller.namespace)
        }
        Source::Component(name) => match membership::of_source(guard, source) {
            Truth::No => format!("{name}, which is outside the mesh"),
            Truth::Unknown => format!("{name}, which may be outside the mesh: set its inMesh"),
            Truth::Yes => format!("{name}, whose service account the guard does not name"),
        },
    }
}

fn note_unknown_guests(guard: &Guard, component: &Component, companions: &mut Companions) {
    let guests: Vec<&Source> = nameless(guard, component).collect();
    for reason in reasons(guard, &guests) {
        companions.note(&component.name, format!("its AuthorizationPolicy does not admit {reason}"));
    }
}

/// Prometheus usually dials pods past its own sidecar, and then only has an identity if it presents the mesh's
/// certificates itself (istio.io `ops/integrations/prometheus`).
fn note_certificates(guard: &Guard, admitted: &[&Component], companions: &mut Companions) {
    let prometheus = Source::Component(PROMETHEUS.to_owned());
    let calls =
        |component: &&&Component| guard.connections_to(component).any(|connection| connection.from == prometheus);
    let called: Vec<&str> = admitted.iter().filter(calls).map(|component| component.name.as_str()).collect();
    if !called.is_empty() && membership::may_have_sidecar(guard) {
        let message = format!(
            "is admitted by its identity to {}: unless it dials through its sidecar, their monitors need scheme https \
             and the certificates of the mesh",
            called.join(", ")
        );
        companions.note(PROMETHEUS, message);
    }
}

/// In this style the sidecar of Prometheus captures no inbound traffic, so nobody asks the policy
/// (`traffic.sidecar.istio.io/includeInboundPorts: ""`).
fn note_uncaptured(guard: &Guard, admitted: &[&Component], companions: &mut Companions) {
    let has_policy = admitted.iter().any(|component| component.name == PROMETHEUS);
    if has_policy && guard.mesh.certificates == Certificates::Istio {
        let message = "its AuthorizationPolicy is not enforced, for with certificates: istio its sidecar captures no \
                       traffic: its NetworkPolicy alone guards it; certificates: ocne captures what comes in";
        companions.note(PROMETHEUS, message);
    }
}
