//! Who must get in according to the guard, and whether an ALLOW policy lets them.
//!
//! Only one policy is seen here. ALLOW policies add up, so another one may admit whom this one leaves out: these rules
//! warn.

use super::principals;
use crate::engine::reach::authorization::{Identity, admits};
use crate::engine::rules::findings::Findings;
use crate::model::guard::document::IstioMode;
use crate::model::guard::{Caller, Component, Connection, Guard, Protocol, Source};
use crate::model::principal::{Principal, value_matches};
use crate::model::resource::AuthorizationPolicy;
use crate::model::{FieldPath, Truth};

const PROMETHEUS: &str = "prometheus";

pub(super) fn own_ports(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for lockout in lockouts(policy, guard).into_iter().filter(Lockout::is_self) {
        findings.report(
            FieldPath::of("spec.rules"),
            format!("locks {PROMETHEUS} out of its own {}", ports(&lockout.ports)),
            add_rule(&lockout),
        );
    }
}

pub(super) fn clients(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let of_prometheus = |lockout: &Lockout<'_>| lockout.component.name == PROMETHEUS && !lockout.is_self();
    for lockout in lockouts(policy, guard).into_iter().filter(of_prometheus) {
        if lockout.principal.is_some() {
            let message = format!("locks {} out of {}", lockout.caller, ports(&lockout.ports));
            findings.report(FieldPath::of("spec.rules"), message, add_rule(&lockout));
        }
    }
}

pub(super) fn outside_the_mesh(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for lockout in lockouts(policy, guard).into_iter().filter(|lockout| lockout.principal.is_none()) {
        findings.report(
            FieldPath::of("spec.rules"),
            format!("{} is outside the mesh, {} refuses it", lockout.caller, ports(&lockout.ports)),
            format!("bring {} into the mesh and name its principal, or admit its ipBlocks", lockout.caller),
        );
    }
}

pub(super) fn wrong_identity(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let missing: Vec<String> = lockouts(policy, guard)
        .into_iter()
        .filter(|lockout| lockout.declared)
        .filter_map(|lockout| lockout.principal)
        .collect();
    let [first, ..] = missing.as_slice() else { return };
    for (path, source) in principals::sources(policy) {
        let strangers = source.principals.iter().enumerate().filter(|(_, principal)| {
            Principal::parse(principal).is_some()
                && !known_identities(guard).any(|known| value_matches(principal, &known))
        });
        for (index, principal) in strangers {
            let account = Principal::parse(principal).map_or("", |parsed| parsed.service_account);
            findings.report(
                path.key("principals").index(index),
                format!("{account:?} is no declared caller"),
                format!("the pods that connect are {first}; name them, or declare this caller in webAccess"),
            );
        }
    }
}

/// A caller that must get in and does not.
struct Lockout<'a> {
    component: &'a Component,
    caller: String,
    /// Identity of the caller; `None` outside the mesh.
    principal: Option<String>,
    /// Whether the caller is declared by the user, not built in.
    declared: bool,
    ports: Vec<u16>,
}

impl Lockout<'_> {
    fn is_self(&self) -> bool {
        self.component.name == PROMETHEUS && self.caller == PROMETHEUS
    }
}

/// Everybody whom the guard demands to be admitted and whom this policy certainly does not admit.
fn lockouts<'a>(policy: &'a AuthorizationPolicy<'_>, guard: &'a Guard) -> Vec<Lockout<'a>> {
    let decidable = policy.spec.allows() && guard.mesh.istio != IstioMode::None && !principals::any_malformed(policy);
    let Some(selector) = policy.spec.selector.as_ref().filter(|_| decidable) else { return Vec::new() };
    let selected = guard.selected_by(selector).filter(|component| component.in_mesh != Some(false));
    selected
        .flat_map(|component| guard.connections_to(component).map(move |connection| (component, connection)))
        .filter_map(|(component, connection)| lockout(policy, guard, component, connection))
        .collect()
}

fn lockout<'a>(
    policy: &AuthorizationPolicy<'_>,
    guard: &Guard,
    component: &'a Component,
    connection: &Connection,
) -> Option<Lockout<'a>> {
    let (caller, principal) = identity(guard, &connection.from)?;
    let identity = principal.as_deref().map_or(Identity::Unauthenticated, Identity::Principal);
    let refused = |(number, protocol): &&(u16, Protocol)| {
        *protocol == Protocol::Tcp && admits(&policy.spec, identity, *number) == Truth::No
    };
    let ports: Vec<u16> = connection.ports.iter().filter(refused).map(|(number, _)| *number).collect();
    let declared = matches!(connection.from, Source::Caller(_));
    (!ports.is_empty()).then_some(Lockout { component, caller, principal, declared, ports })
}

/// Name and principal of a caller; `None` where the guard does not know enough about it to demand anything.
fn identity(guard: &Guard, source: &Source) -> Option<(String, Option<String>)> {
    match source {
        Source::ApiServer => Some(("the API server".to_owned(), None)),
        Source::Caller(caller) => {
            let account = caller.service_account.as_ref()?;
            Some((account.clone(), Some(guard.principal_in(&caller.namespace, account))))
        }
        Source::Component(name) => {
            let component = guard.component(name).filter(|component| !component.optional)?;
            match component.in_mesh {
                Some(false) => Some((name.clone(), None)),
                _ => Some((name.clone(), Some(guard.principal(component.service_account.as_ref()?)))),
            }
        }
    }
}

/// Every principal that the guard knows of.
fn known_identities(guard: &Guard) -> impl Iterator<Item = String> {
    let callers = guard.connections.iter().filter_map(|connection| match &connection.from {
        Source::Caller(Caller { namespace, service_account: Some(account), .. }) => {
            Some(guard.principal_in(namespace, account))
        }
        _ => None,
    });
    let accounts = guard.components.iter().filter_map(|component| component.service_account.as_ref());
    callers.chain(accounts.map(|account| guard.principal(account)))
}

fn ports(ports: &[u16]) -> String {
    let numbers: Vec<String> = ports.iter().map(u16::to_string).collect();
    format!("{} {}", if ports.len() == 1 { "port" } else { "ports" }, numbers.join(" and "))
}

fn add_rule(lockout: &Lockout<'_>) -> String {
    let principal = lockout.principal.as_deref().unwrap_or("its principal");
    let quoted: Vec<String> = lockout.ports.iter().map(|port| format!("\"{port}\"")).collect();
    format!("add a rule from principals [{principal}] to ports [{}]", quoted.join(", "))
}
