//! Namespaces of a source: alone, and beside principals, which already contain one.

use super::parts;
use crate::engine::rules::findings::Findings;
use crate::model::Text;
use crate::model::guard::Guard;
use crate::model::principal::{Principal, has_literal_star, value_matches};
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::Source;

pub(super) fn contradicting(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, _) in parts::sources(policy).filter(|(_, source)| contradicts_itself(source)) {
        findings.report(
            path.key("namespaces"),
            "no principal here is of these namespaces",
            "remove namespaces: all fields of a source must match, and the principals name their namespace themselves",
        );
    }
}

pub(super) fn redundant(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, source) in parts::sources(policy) {
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

pub(super) fn star_within(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let of_sources = parts::sources(policy).flat_map(|(path, source)| {
        parts::with_paths(&path.key("namespaces"), &source.namespaces)
            .chain(parts::with_paths(&path.key("notNamespaces"), &source.not_namespaces))
    });
    let namespaces = of_sources.chain(parts::values_of(policy, "source.namespace"));
    for (path, _) in namespaces.filter(|(_, namespace)| has_literal_star(namespace)) {
        findings.report(
            path,
            "sidecars and ztunnel disagree on a * within a namespace",
            "name each namespace, or put the only * at the beginning or at the end",
        );
    }
}

/// Whether some source can never match because its fields exclude each other.
pub(super) fn any_contradiction(policy: &AuthorizationPolicy<'_>) -> bool {
    parts::sources(policy).any(|(_, source)| contradicts_itself(source))
}

/// Whether both fields are given and certainly exclude each other. Of a principal with wildcards, or of the wrong
/// form, nothing is certain.
fn contradicts_itself(source: &Source<'_>) -> bool {
    let excluded = |principal: &Text<'_>| {
        Principal::parse(principal).is_some_and(|parsed| {
            !principal.contains('*') && !source.namespaces.iter().any(|ns| may_match(ns, parsed.namespace))
        })
    };
    !source.principals.is_empty() && !source.namespaces.is_empty() && source.principals.iter().all(excluded)
}

fn may_match(pattern: &str, namespace: &str) -> bool {
    has_literal_star(pattern) || value_matches(pattern, namespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::other(r#"{"principals": ["td/ns/a/sa/x"], "namespaces": ["b"]}"#, true)]
    #[case::same(r#"{"principals": ["td/ns/a/sa/x"], "namespaces": ["a"]}"#, false)]
    #[case::one_of_two(r#"{"principals": ["td/ns/a/sa/x", "td/ns/b/sa/x"], "namespaces": ["b"]}"#, false)]
    #[case::wildcard_namespace(r#"{"principals": ["td/ns/abc/sa/x"], "namespaces": ["a*"]}"#, false)]
    #[case::star_within(r#"{"principals": ["td/ns/abc/sa/x"], "namespaces": ["x*z"]}"#, false)]
    #[case::wildcard_principal(r#"{"principals": ["td/ns/a/*"], "namespaces": ["b"]}"#, false)]
    #[case::wildcard_account(r#"{"principals": ["td/ns/a/sa/*"], "namespaces": ["b"]}"#, false)]
    #[case::malformed(r#"{"principals": ["x"], "namespaces": ["b"]}"#, false)]
    #[case::no_namespaces(r#"{"principals": ["td/ns/a/sa/x"]}"#, false)]
    fn only_what_is_certain_is_a_contradiction(#[case] source: &str, #[case] expected: bool) {
        assert_eq!(contradicts_itself(&serde_json::from_str(source).unwrap()), expected);
    }
}
