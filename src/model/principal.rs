//! Principals: the identity of a workload in the mesh, as Istio writes it (SPIFFE without the scheme).

/// A principal of the form `<trust domain>/ns/<namespace>/sa/<service account>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal<'a> {
    /// The trust domain, such as `cluster.local`.
    pub trust_domain: &'a str,
    /// The namespace of the workload.
    pub namespace: &'a str,
    /// Its service account.
    pub service_account: &'a str,
}

impl<'a> Principal<'a> {
    /// Reads a principal; `None` if the text has another form.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('/');
        let mut next = || parts.next();
        let (trust_domain, ns, namespace, sa, service_account) = (next()?, next()?, next()?, next()?, next()?);
        let well_formed = ns == "ns" && sa == "sa" && parts.next().is_none();
        let filled = !trust_domain.is_empty() && !namespace.is_empty() && !service_account.is_empty();
        (well_formed && filled).then_some(Self { trust_domain, namespace, service_account })
    }
}

/// Whether a value of an AuthorizationPolicy matches: `*` anything that is not empty, `abc*` by prefix, `*abc` by
/// suffix, anything else exactly (istio.io/api `security/v1beta1/authorization_policy.proto`).
pub fn value_matches(pattern: &str, value: &str) -> bool {
    if pattern == "*" {
        !value.is_empty()
    } else if let Some(prefix) = pattern.strip_suffix('*') {
        value.starts_with(prefix)
    } else if let Some(suffix) = pattern.strip_prefix('*') {
        value.ends_with(suffix)
    } else {
        pattern == value
    }
}

/// Whether a value has a wildcard where Istio understands one: at its very beginning or end.
pub fn has_wildcard(pattern: &str) -> bool {
    pattern.starts_with('*') || pattern.ends_with('*')
}

/// Whether a value has a `*` where Istio takes it literally: anywhere but at one of its ends.
pub fn has_literal_star(pattern: &str) -> bool {
    let fixed = pattern.strip_suffix('*').or_else(|| pattern.strip_prefix('*')).unwrap_or(pattern);
    fixed.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_principal_has_exactly_its_five_parts() {
        let parsed = Principal::parse("cluster.local/ns/monitoring/sa/prometheus").unwrap();
        assert_eq!((parsed.namespace, parsed.service_account), ("monitoring", "prometheus"));
        for text in
            ["cluster.local/ns/x", "cluster.local/ns/x/sa/y/z", "spiffe://td/ns/x/sa/y", "td/ns//sa/y", "td/sa/y/ns/x"]
        {
            assert_eq!(Principal::parse(text), None, "{text}");
        }
    }

    #[rstest]
    #[case("*", "anything", true)]
    #[case("*", "", false)]
    #[case("cluster.local/ns/a/*", "cluster.local/ns/a/sa/b", true)]
    #[case("*/sa/b", "cluster.local/ns/a/sa/b", true)]
    #[case("a*b", "axb", false)]
    #[case("a*b", "a*b", true)]
    fn wildcards_stand_at_the_ends(#[case] pattern: &str, #[case] value: &str, #[case] matches: bool) {
        assert_eq!(value_matches(pattern, value), matches);
    }

    #[rstest]
    #[case("*", false)]
    #[case("cluster.local/ns/a/*", false)]
    #[case("*/sa/b", false)]
    #[case("cluster.local/ns/*/sa/b", true)]
    #[case("*/ns/a/*", true)]
    fn a_star_within_is_no_wildcard(#[case] pattern: &str, #[case] literal: bool) {
        assert_eq!(has_literal_star(pattern), literal);
    }
}
