//! The form of principals: what can never match.

use super::parts;
use crate::engine::rules::findings::Findings;
use crate::model::guard::Guard;
use crate::model::principal::{Principal, has_literal_star, has_wildcard};
use crate::model::resource::AuthorizationPolicy;

const SCHEME: &str = "spiffe://";

/// What Istio takes in every mesh for the mesh's own trust domain (`pilot/pkg/trustdomain`).
const OWN_TRUST_DOMAIN: &str = "cluster.local";

pub(super) fn malformed(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for (path, principal) in parts::principals(policy).filter(|(_, principal)| is_malformed(principal)) {
        findings.report(path, what_is_wrong(principal), correction(principal, guard));
    }
}

pub(super) fn with_scheme(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for (path, principal) in parts::principals(policy).filter(|(_, principal)| principal.starts_with(SCHEME)) {
        findings.report(path, "principal with spiffe:// can never match, Istio adds it", correction(principal, guard));
    }
}

pub(super) fn literal_star(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let is_literal = |principal: &str| !principal.starts_with(SCHEME) && has_literal_star(principal);
    for (path, _) in parts::principals(policy).filter(|(_, principal)| is_literal(principal)) {
        findings.report(
            path,
            "a * within a principal is no wildcard, it never matches",
            "put the only * at the beginning or at the end, or list serviceAccounts: [<namespace>/<service account>]",
        );
    }
}

pub(super) fn foreign_trust_domain(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let own = guard.mesh.trust_domain.as_str();
    let is_foreign = |domain: &str| !domain.contains('*') && ![own, OWN_TRUST_DOMAIN, ""].contains(&domain);
    let of_principals = parts::principals(policy).filter_map(|(path, principal)| {
        let (domain, rest) = principal.split_once('/')?;
        (rest.starts_with("ns/") && !is_malformed(principal)).then_some((path, domain))
    });
    let of_sources = parts::sources(policy).flat_map(|(path, source)| {
        parts::with_paths(&path.key("trustDomains"), &source.trust_domains)
            .map(|(path, domain)| (path, domain.as_str()))
    });
    for (path, _) in of_principals.chain(of_sources).filter(|(_, domain)| is_foreign(domain)) {
        findings.report(
            path,
            "not the trust domain of this mesh",
            format!("write {own}, or set mesh.trustDomain of the guard if the mesh has another trust domain"),
        );
    }
}

/// Whether some principal can never match, so that nothing can be said about whom the policy admits.
pub(super) fn any_impossible(policy: &AuthorizationPolicy<'_>) -> bool {
    parts::principals(policy)
        .any(|(_, principal)| principal.starts_with(SCHEME) || has_literal_star(principal) || is_malformed(principal))
}

/// An empty principal, one with a scheme and one with a `*` in the wrong place are for other rules.
fn is_malformed(principal: &str) -> bool {
    let of_other_rules = principal.is_empty() || principal.starts_with(SCHEME) || has_literal_star(principal);
    !of_other_rules && !has_wildcard(principal) && Principal::parse(principal).is_none()
}

fn what_is_wrong(principal: &str) -> &'static str {
    if principal.contains("/sa/") {
        "principal of the wrong form can never match"
    } else {
        "principal without /sa/ can never match"
    }
}

/// The principal in its right form, with the parts that can be read from the wrong one filled in.
fn correction(principal: &str, guard: &Guard) -> String {
    let bare = principal.strip_prefix(SCHEME).unwrap_or(principal);
    if Principal::parse(bare).is_some() {
        return format!("write {bare}");
    }
    let part_after = |marker: &str| {
        let (_, rest) = bare.split_once(marker)?;
        let part = rest.split('/').next()?;
        let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        plain.then_some(part)
    };
    let namespace = part_after("/ns/").unwrap_or("<namespace>");
    let account = part_after("/sa/").unwrap_or("<service account>");
    format!("write {}", guard.principal_in(namespace, account))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("cluster.local/ns/oauth2-proxy", "write cluster.local/ns/oauth2-proxy/sa/<service account>")]
    #[case("spiffe://cluster.local/ns/a/sa/b", "write cluster.local/ns/a/sa/b")]
    #[case("cluster.local/ns/TBD FILL THIS IN", "write cluster.local/ns/<namespace>/sa/<service account>")]
    fn the_correction_keeps_what_can_be_read(#[case] principal: &str, #[case] expected: &str) {
        assert_eq!(correction(principal, &crate::model::guard::Guard::built_in()), expected);
    }

    #[rstest]
    #[case("cluster.local/ns/a/sa/b", false)]
    #[case("*", false)]
    #[case("cluster.local/ns/a/*", false)]
    #[case("cluster.local/ns/a", true)]
    #[case::of_another_rule("spiffe://cluster.local/ns/a", false)]
    #[case::of_another_rule("cluster.local/ns/*/sa/b", false)]
    #[case::of_another_rule("", false)]
    fn wildcards_at_the_ends_are_a_right_form(#[case] principal: &str, #[case] malformed: bool) {
        assert_eq!(is_malformed(principal), malformed);
    }
}
