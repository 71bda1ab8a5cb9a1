//! Who must get in according to the guard, and whether an ALLOW policy lets them.
//!
//! Only one policy is seen here. ALLOW policies add up, so another one may admit whom this one leaves out: these rules
//! warn.

use super::{namespaces, parts, ports, principals, scope};
use crate::engine::reach::authorization::{Identity, admits, reaches};
use crate::engine::rules::findings::Findings;
use crate::model::Protocol;
use crate::model::guard::document::IstioMode;
use crate::model::guard::{Caller, Component, Connection, Guard, Source};
use crate::model::principal::{Principal, value_matches};
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::Rule;
use crate::model::{FieldPath, Truth};

const PROMETHEUS: &str = "prometheus";

pub(super) fn own_ports(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for lockout in lockouts(policy, guard).into_iter().filter(Lockout::is_self) {
        findings.report(
            FieldPath::of("spec.rules"),
            format!("locks {PROMETHEUS} out of its own {}", listed(&lockout.ports)),
            add_rule(&lockout),
        );
    }
}

pub(super) fn clients(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let of_prometheus = |lockout: &Lockout<'_>| lockout.component.name == PROMETHEUS && !lockout.is_self();
    for lockout in lockouts(policy, guard).into_iter().filter(of_prometheus) {
        if lockout.principal.is_some() {
            let message = format!("locks {} out of {}", lockout.caller, listed(&lockout.ports));
            findings.report(FieldPath::of("spec.rules"), message, add_rule(&lockout));
        }
    }
}

pub(super) fn scraped(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let is_scrape = |lockout: &Lockout<'_>| lockout.component.name != PROMETHEUS && lockout.caller == PROMETHEUS;
    for lockout in lockouts(policy, guard).into_iter().filter(is_scrape) {
        if lockout.principal.is_some() {
            findings.report(
                FieldPath::of("spec.rules"),
                format!("locks {PROMETHEUS} out of {}", listed(&lockout.ports)),
                format!("{}, so that {} is scraped", add_rule(&lockout), lockout.component.name),
            );
        }
    }
}

pub(super) fn outside_the_mesh(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for lockout in lockouts(policy, guard).into_iter().filter(|lockout| lockout.principal.is_none()) {
        findings.report(
            FieldPath::of("spec.rules"),
            format!("{} is outside the mesh, {} refuses it", lockout.caller, listed(&lockout.ports)),
            format!("bring {} into the mesh and name its principal, or admit its ipBlocks", lockout.caller),
        );
    }
}

pub(super) fn wrong_identity(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let lockouts = lockouts(policy, guard);
    for (path, rule) in parts::rules(policy) {
        let Some(meant) = meant_instead(&lockouts, rule, guard) else { continue };
        for (path, source) in parts::sources_of(&path, rule) {
            let principals = parts::with_paths(&path.key("principals"), &source.principals);
            for (path, principal) in principals.filter(|(_, principal)| is_stranger(principal, guard)) {
                let account = Principal::parse(principal).map_or("", |parsed| parsed.service_account);
                findings.report(
                    path,
                    format!("{account:?} is no declared caller"),
                    format!("the pods that connect are {meant}; name them, or declare this caller in the guard"),
                );
            }
        }
    }
}

fn is_stranger(principal: &str, guard: &Guard) -> bool {
    Principal::parse(principal).is_some() && !known_identities(guard).any(|known| value_matches(principal, &known))
}

/// The principal that a rule should rather name: a declared caller that does not get in, or Prometheus, where the rule
/// is about a port that only Prometheus has any business with.
fn meant_instead<'a>(lockouts: &'a [Lockout<'_>], rule: &Rule<'_>, guard: &Guard) -> Option<&'a str> {
    let for_scrape = |lockout: &&Lockout<'_>| {
        let is_meant =
            |port: &u16| is_only_scraped(lockout.component, *port, guard) && reaches(rule, *port) == Truth::Yes;
        rule.to.is_some() && lockout.caller == PROMETHEUS && lockout.ports.iter().any(is_meant)
    };
    let declared = lockouts.iter().find(|lockout| lockout.declared);
    declared.or_else(|| lockouts.iter().find(for_scrape))?.principal.as_deref()
}

/// Whether nobody but Prometheus is known to call a port. Of optional components and user interfaces, not all callers
/// need be known.
fn is_only_scraped(component: &Component, port: u16, guard: &Guard) -> bool {
    let mut callers = guard
        .connections_to(component)
        .filter(|connection| connection.ports.iter().any(|(number, _)| *number == port))
        .map(|connection| &connection.from);
    let from_prometheus = |source: &Source| matches!(source, Source::Component(name) if name == PROMETHEUS);
    let open_ended = component.optional || parts::interfaces(component, guard).any(|interface| interface == port);
    !open_ended && callers.all(from_prometheus)
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

/// Everybody whom the guard demands to be admitted and whom this policy certainly does not admit. A policy without
/// rules, or for the whole namespace, is meant to admit nobody; other rules speak of it. Nor is anything certain while
/// a principal, namespace or port is wrong: mending that may be all that is needed.
fn lockouts<'a>(policy: &'a AuthorizationPolicy<'_>, guard: &'a Guard) -> Vec<Lockout<'a>> {
    let spec = &policy.spec;
    let enforced = spec.allows() && guard.mesh.istio != IstioMode::None && !scope::is_dry_run(policy);
    let selective = !spec.rules.is_empty() && !spec.holds_for_whole_namespace();
    let wrong =
        principals::any_impossible(policy) || namespaces::any_contradiction(policy) || ports::any_wrong(policy, guard);
    if !enforced || !selective || wrong {
        return Vec::new();
    }
    let selected = parts::components(policy, guard).into_iter();
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

fn listed(ports: &[u16]) -> String {
    let numbers: Vec<String> = ports.iter().map(u16::to_string).collect();
    format!("{} {}", if ports.len() == 1 { "port" } else { "ports" }, numbers.join(" and "))
}

fn add_rule(lockout: &Lockout<'_>) -> String {
    let principal = lockout.principal.as_deref().unwrap_or("its principal");
    let quoted: Vec<String> = lockout.ports.iter().map(|port| format!("\"{port}\"")).collect();
    format!("add a rule from principals [{principal}] to ports [{}]", quoted.join(", "))
}
