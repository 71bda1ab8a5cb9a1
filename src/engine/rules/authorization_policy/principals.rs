//! The form of principals, and fields that repeat them.

use crate::engine::rules::findings::Findings;
use crate::model::guard::Guard;
use crate::model::principal::{Principal, has_wildcard};
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::Source;
use crate::model::{FieldPath, Text};

pub(super) fn malformed(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for (path, source) in sources(policy) {
        for (field, principals) in [("principals", &source.principals), ("notPrincipals", &source.not_principals)] {
            for (index, principal) in principals.iter().enumerate().filter(|(_, principal)| is_malformed(principal)) {
                findings.report(path.key(field).index(index), what_is_wrong(principal), correction(principal, guard));
            }
        }
    }
}

pub(super) fn redundant_namespaces(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, source) in sources(policy) {
        let repeated = |principal: &Text<'_>| {
            Principal::parse(principal).is_some_and(|parsed| source.namespaces.iter().any(|ns| *ns == parsed.namespace))
        };
        let both = !source.principals.is_empty() && !source.namespaces.is_empty();
        if both && source.principals.iter().all(repeated) {
            findings.report(
                path.key("namespaces"),
                "namespaces repeats what the principals say",
                "remove namespaces: all fields of a source must match",
            );
        }
    }
}

/// Whether some principal can never match, so that nothing can be said about whom the policy admits.
pub(super) fn any_malformed(policy: &AuthorizationPolicy<'_>) -> bool {
    sources(policy).any(|(_, source)| source.principals.iter().any(is_malformed))
}

/// Every source of the policy with its path.
pub(super) fn sources<'a>(policy: &'a AuthorizationPolicy<'a>) -> impl Iterator<Item = (FieldPath, &'a Source<'a>)> {
    policy.spec.rules.iter().enumerate().flat_map(|(rule_index, rule)| {
        let path = FieldPath::of("spec.rules").index(rule_index).key("from");
        let from = rule.from.iter().flatten().enumerate();
        from.map(move |(index, from)| (path.index(index).key("source"), &from.source))
    })
}

fn is_malformed(principal: &Text<'_>) -> bool {
    !has_wildcard(principal) && Principal::parse(principal).is_none()
}

fn what_is_wrong(principal: &str) -> &'static str {
    if principal.starts_with("spiffe://") {
        "principal with spiffe:// can never match, Istio adds it"
    } else if !principal.contains("/sa/") {
        "principal without /sa/ can never match"
    } else {
        "principal of the wrong form can never match"
    }
}

/// The principal in its right form, with the parts that can be read from the wrong one filled in.
fn correction(principal: &str, guard: &Guard) -> String {
    let bare = principal.strip_prefix("spiffe://").unwrap_or(principal);
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
    fn wildcards_at_the_ends_are_a_right_form(#[case] principal: &str, #[case] malformed: bool) {
        assert_eq!(is_malformed(&principal.into()), malformed);
    }
}
