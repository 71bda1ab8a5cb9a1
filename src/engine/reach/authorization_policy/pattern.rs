//! Texts of policies that stand for several.

/// Whether a text is what a pattern stands for, in which every `*` is any text at all.
pub(super) fn glob_matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(head) else { return false };
    let mut parts = tail.split('*');
    let last = parts.next_back().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// The principals that a written one stands for in a mesh of these trust domains: `cluster.local` and each of them
/// stand for all of them (`istio.io/istio` `pilot/pkg/security/trustdomain/bundle.go`). One that does not have five
/// parts stands for itself.
pub(super) fn with_aliases(written: &str, trust_domains: &[&str]) -> Vec<String> {
    let parts = written.split('/').count();
    let (domain, rest) = written.split_once('/').unwrap_or((written, ""));
    let is_ours = domain == "cluster.local" || trust_domains.iter().any(|known| domains_match(domain, known));
    if parts != 5 || domain == "*" || !is_ours {
        return vec![written.to_owned()];
    }
    let stays = |known: &str| domain.strip_prefix('*').is_some_and(|suffix| known.ends_with(suffix));
    trust_domains
        .iter()
        .map(|known| if stays(known) { written.to_owned() } else { format!("{known}/{rest}") })
        .collect()
}

/// The trust domains that a written one stands for.
pub(super) fn trust_domain_with_aliases(written: &str, trust_domains: &[&str]) -> Vec<String> {
    if trust_domains.contains(&written) {
        trust_domains.iter().map(ToString::to_string).collect()
    } else {
        vec![written.to_owned()]
    }
}

/// Whether two trust domains are the same, where either may begin or end with `*`.
fn domains_match(one: &str, other: &str) -> bool {
    let by_wildcard = |pattern: &str, text: &str| {
        pattern.strip_suffix('*').is_some_and(|prefix| text.starts_with(prefix))
            || pattern.strip_prefix('*').is_some_and(|suffix| text.ends_with(suffix))
    };
    one == other || by_wildcard(one, other) || by_wildcard(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a", "a", true)]
    #[case("a", "ab", false)]
    #[case("*", "", true)]
    #[case("a*", "abc", true)]
    #[case("*c", "abc", true)]
    #[case("a*a", "a", false)]
    #[case("a*b*c", "aXbYc", true)]
    #[case("a*b*c", "aXcYb", false)]
    #[case("*/ns/a*/*", "spiffe://td/ns/abc/sa/x", true)]
    #[case("*/ns/ab/*", "spiffe://td/ns/abc/sa/x", false)]
    fn stars_are_any_text(#[case] pattern: &str, #[case] text: &str, #[case] matches: bool) {
        assert_eq!(glob_matches(pattern, text), matches);
    }

    #[rstest]
    #[case::own("new/ns/a/sa/b", &["new/ns/a/sa/b", "old/ns/a/sa/b"])]
    #[case::alias("old/ns/a/sa/b", &["new/ns/a/sa/b", "old/ns/a/sa/b"])]
    #[case::pointer("cluster.local/ns/a/sa/b", &["new/ns/a/sa/b", "old/ns/a/sa/b"])]
    #[case::pointer_with_wildcard("cluster.local/ns/a/sa/*", &["new/ns/a/sa/*", "old/ns/a/sa/*"])]
    #[case::wildcard("*ld/ns/a/sa/b", &["new/ns/a/sa/b", "*ld/ns/a/sa/b"])]
    #[case::any("*/ns/a/sa/b", &["*/ns/a/sa/b"])]
    #[case::too_short("cluster.local/ns/a/*", &["cluster.local/ns/a/*"])]
    #[case::foreign("other/ns/a/sa/b", &["other/ns/a/sa/b"])]
    fn trust_domains_stand_for_each_other(#[case] written: &str, #[case] expected: &[&str]) {
        assert_eq!(with_aliases(written, &["new", "old"]), expected);
    }
}
