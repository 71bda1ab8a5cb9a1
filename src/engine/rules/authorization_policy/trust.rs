//! Who gets in although nobody meant to let them in.

use super::parts;
use crate::engine::reach::authorization::reaches;
use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::Truth;
use crate::model::guard::Guard;
use crate::model::principal::{Principal, has_literal_star};
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::{Operation, Rule, Source};

/// Fields that say who the caller must be.
const IDENTITIES: [&str; 5] = ["principals", "namespaces", "serviceAccounts", "trustDomains", "requestPrincipals"];
/// Fields that say who the caller must not be.
const EXCLUSIONS: [&str; 4] = ["notPrincipals", "notNamespaces", "notServiceAccounts", "notTrustDomains"];

pub(super) fn everybody(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for (path, rule) in allowing_rules(policy).filter(|(_, rule)| rule.when.is_empty()) {
        let Some((component, port)) = open_interface(policy, guard, rule) else { continue };
        for (path, _) in parts::sources_of(&path, rule).filter(|(_, source)| is_anybody(source)) {
            findings.report(
                path.key("principals"),
                format!("every pod of the mesh may open {component} {port}"),
                "name the principals that need it: <trust domain>/ns/<namespace>/sa/<service account>",
            );
        }
    }
}

pub(super) fn prefix(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let is_prefix = |text: &str| text.len() > 1 && text.ends_with('*') && !has_literal_star(text);
    for (path, source) in allowing_sources(policy) {
        let principals = parts::with_paths(&path.key("principals"), &source.principals);
        for (path, principal) in principals.filter(|(_, principal)| is_prefix(principal)) {
            let whole_namespace = principal.ends_with("/*");
            let message = if whole_namespace {
                "admits every service account of the namespace"
            } else {
                "admits every identity that begins like this"
            };
            findings.report(path, message, "write the principals in full, one for each service account");
        }
    }
}

pub(super) fn default_account(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, source) in allowing_sources(policy) {
        let principals = parts::with_paths(&path.key("principals"), &source.principals)
            .filter(|(_, text)| Principal::parse(text).is_some_and(|principal| principal.service_account == "default"));
        let accounts = parts::with_paths(&path.key("serviceAccounts"), &source.service_accounts)
            .filter(|(_, text)| text.rsplit('/').next() == Some("default"));
        for (path, _) in principals.chain(accounts) {
            findings.report(
                path,
                "admits every pod without a service account of its own",
                "give the caller a service account of its own and name that",
            );
        }
    }
}

pub(super) fn anonymous_interface(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let without_callers = |rule: &Rule<'_>| rule.from.is_none() && rule.to.is_some() && rule.when.is_empty();
    for (path, rule) in allowing_rules(policy).filter(|(_, rule)| without_callers(rule)) {
        if let Some((component, port)) = open_interface(policy, guard, rule) {
            findings.report(
                path,
                format!("anybody may open {component} {port}"),
                "add from with the principals that need it",
            );
        }
    }
}

pub(super) fn all_ports(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let is_for_all = |rule: &Rule<'_>| {
        let names_ports = rule.when.iter().any(|condition| condition.key == "destination.port");
        rule.from.as_ref().is_some_and(|from| !from.is_empty()) && rule.to.is_none() && !names_ports
    };
    for (path, _) in allowing_rules(policy).filter(|(_, rule)| is_for_all(rule)) {
        findings.report(
            path,
            "these callers may open every port of the pod",
            "add to: [{operation: {ports: [\"<container port>\"]}}]",
        );
    }
}

pub(super) fn exclusion_only(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let lacks_identity = |source: &Source<'_>| source.has_any(&EXCLUSIONS) && !source.has_any(&IDENTITIES);
    for (path, _) in allowing_sources(policy).filter(|(_, source)| lacks_identity(source)) {
        findings.report(
            path,
            "callers without any identity are admitted too",
            "add principals: [\"*\"] to this source, so that a mesh identity is needed",
        );
    }
}

pub(super) fn forwarded_address(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let of_sources = parts::sources(policy).flat_map(|(path, source)| {
        let lists = [("remoteIpBlocks", &source.remote_ip_blocks), ("notRemoteIpBlocks", &source.not_remote_ip_blocks)];
        lists.into_iter().filter(|(_, list)| !list.is_empty()).map(move |(field, _)| path.key(field))
    });
    let of_conditions = parts::conditions(policy)
        .filter(|(_, condition)| is_forwarded(&condition.key))
        .map(|(path, _)| path.key("key"));
    for path in of_sources.chain(of_conditions) {
        findings.report(
            path,
            "the address comes from headers that clients can write",
            "use ipBlocks or source.ip, or set numTrustedProxies of the mesh to the proxies in front",
        );
    }
}

fn is_forwarded(key: &str) -> bool {
    key == "remote.ip" || key.eq_ignore_ascii_case("request.headers[x-forwarded-for]")
}

fn is_anybody(source: &Source<'_>) -> bool {
    let alone = source.lists().iter().all(|(field, list)| *field == "principals" || list.is_empty());
    alone && source.others.is_empty() && source.principals.iter().any(|principal| principal == "*")
}

/// Name and number of the first user interface that a rule certainly reaches. Rules that only reach some of its paths
/// are left alone.
fn open_interface<'a>(
    policy: &'a AuthorizationPolicy<'_>,
    guard: &'a Guard,
    rule: &Rule<'_>,
) -> Option<(&'a str, u16)> {
    let by_path = |(_, operation): (FieldPath, &Operation<'_>)| {
        !operation.paths.is_empty() || !operation.not_paths.is_empty() || !operation.hosts.is_empty()
    };
    if parts::operations_of(&FieldPath::root(), rule).any(by_path) {
        return None;
    }
    let components = parts::components(policy, guard).into_iter();
    components
        .flat_map(|component| parts::interfaces(component, guard).map(|port| (component.name.as_str(), port)))
        .find(|(_, port)| reaches(rule, *port) != Truth::No)
}

fn allowing_rules<'a>(policy: &'a AuthorizationPolicy<'a>) -> impl Iterator<Item = (FieldPath, &'a Rule<'a>)> {
    parts::rules(policy).filter(|_| policy.spec.allows())
}

fn allowing_sources<'a>(policy: &'a AuthorizationPolicy<'a>) -> impl Iterator<Item = (FieldPath, &'a Source<'a>)> {
    allowing_rules(policy).flat_map(|(path, rule)| parts::sources_of(&path, rule))
}
