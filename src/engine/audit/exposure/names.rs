//! Names of namespaces and service accounts that policies of the mesh may treat differently.

use std::collections::BTreeSet;

use crate::engine::reach::authorization_policy::Mentioned;
use crate::model::label_syntax;
use crate::model::principal::value_matches;

/// The names that can make a difference: those that policies mention, and one of each kind that none does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// A namespace that is mentioned by nobody.
    pub(super) other_namespace: String,
    /// A service account that is mentioned by nobody.
    pub(super) other_account: String,
    namespaces: BTreeSet<String>,
    /// Of namespaces by a pattern, service accounts by another.
    patterns: Vec<(String, String)>,
}

impl Names {
    /// The names in what policies mention. `is_taken` says whether there is a namespace of this name.
    pub(super) fn of<'p>(mentioned: impl Iterator<Item = Mentioned<'p>>, is_taken: impl Fn(&str) -> bool) -> Self {
        let patterns: Vec<(&str, &str)> = mentioned.filter_map(parts).collect();
        let fragments: Vec<&str> =
            patterns.iter().flat_map(|(one, other)| [*one, *other]).flat_map(|it| it.split('*')).collect();
        let other_namespace = other("anywhere", &fragments, is_taken);
        Self {
            namespaces: examples(patterns.iter().map(|(namespace, _)| *namespace), &other_namespace),
            other_account: other("anybody", &fragments, |_| false),
            other_namespace,
            patterns: patterns.into_iter().map(|(one, other)| (one.to_owned(), other.to_owned())).collect(),
        }
    }

    /// All namespaces that are mentioned.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.iter().map(String::as_str).filter(|name| label_syntax::is_namespace(name))
    }

    /// The service accounts that can make a difference in a namespace, the one that nobody mentions first.
    pub(super) fn accounts_in(&self, namespace: &str) -> Vec<String> {
        let of_namespace = self.patterns.iter().filter(|(pattern, _)| value_matches(pattern, namespace));
        let mentioned = examples(of_namespace.map(|(_, account)| account.as_str()), &self.other_account).into_iter();
        let mentioned = mentioned.filter(|name| label_syntax::is_domain(name) && *name != self.other_account);
        std::iter::once(self.other_account.clone()).chain(mentioned).collect()
    }
}

/// The namespace and the service account that a caller has who is mentioned, each with `*` where any text may stand.
fn parts(mentioned: Mentioned<'_>) -> Option<(&str, &str)> {
    match mentioned {
        Mentioned::Principal(pattern) => Some(parts_of_principal(pattern)),
        Mentioned::Namespace(pattern) => Some((pattern, "*")),
        Mentioned::ServiceAccount(namespace, name) => Some((namespace, name)),
        Mentioned::Addresses(_) => None,
    }
}

/// Principals have a wildcard at one of their ends, so that a part of them may be missing.
fn parts_of_principal(pattern: &str) -> (&str, &str) {
    let behind_domain = pattern.split_once("/ns/").map(|(_, rest)| rest);
    match (behind_domain, pattern.split_once("/sa/")) {
        (Some(rest), Some(_)) => rest.split_once("/sa/").unwrap_or((rest, "*")),
        (Some(rest), None) => (rest.split('/').next().unwrap_or(rest), "*"),
        (None, Some((before, account))) => (before.rsplit('/').next().unwrap_or(before), account),
        (None, None) if pattern.starts_with('*') => ("*", pattern.rsplit('/').next().unwrap_or(pattern)),
        (None, None) => ("*", "*"),
    }
}

/// Texts that these patterns stand for, alone and two at a time.
fn examples<'p>(patterns: impl Iterator<Item = &'p str>, filling: &str) -> BTreeSet<String> {
    let patterns: BTreeSet<&str> = patterns.filter(|pattern| *pattern != "*").collect();
    let mut all = BTreeSet::new();
    for pattern in &patterns {
        all.insert(pattern.replace('*', ""));
        all.insert(pattern.replace('*', filling));
        let Some(head) = pattern.strip_suffix('*') else { continue };
        for tail in patterns.iter().filter_map(|other| other.strip_prefix('*')) {
            all.insert(format!("{head}{tail}"));
            all.insert(format!("{head}{filling}{tail}"));
        }
    }
    all
}

/// A name that begins and ends unlike everything that is mentioned.
fn other(word: &str, mentioned: &[&str], is_taken: impl Fn(&str) -> bool) -> String {
    let is_other = |name: &String| {
        let mut fragments = mentioned.iter().filter(|fragment| !fragment.is_empty());
        !is_taken(name) && !fragments.any(|it| name.starts_with(it) || name.ends_with(it))
    };
    let letters = || std::iter::once(String::new()).chain(('a'..='z').map(String::from));
    let mut names = letters().flat_map(|head| letters().map(move |tail| format!("{head}{word}{tail}")));
    names.find(is_other).unwrap_or_else(|| format!("0{word}0"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("cluster.local/ns/a/sa/b", "a", "b")]
    #[case("cluster.local/ns/a/sa/*", "a", "*")]
    #[case("cluster.local/ns/a/sa/b*", "a", "b*")]
    #[case("cluster.local/ns/a/*", "a", "*")]
    #[case("cluster.local/ns/a*", "a*", "*")]
    #[case("*/ns/a/sa/b", "a", "b")]
    #[case("*a/sa/b", "*a", "b")]
    #[case("*/sa/b", "*", "b")]
    #[case("*/a/sa/b", "a", "b")]
    #[case("*b", "*", "*b")]
    #[case("cluster.local*", "*", "*")]
    #[case("*", "*", "*")]
    fn principals_are_taken_apart(#[case] pattern: &str, #[case] namespace: &str, #[case] account: &str) {
        assert_eq!(parts_of_principal(pattern), (namespace, account));
    }

    #[test]
    fn one_of_each_kind_is_unlike_all_that_is_mentioned() {
        let mentioned = ["any*", "*e", "a"].map(Mentioned::Namespace);
        let names = Names::of(mentioned.into_iter(), |name| name == "banywhere");
        assert_eq!(names.other_namespace, "banywhereb");
        let expected = ["a", "any", "anybanywhereb", "anybanywherebe", "anye", "banywherebe", "e"];
        assert_eq!(names.namespaces().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_service_account_is_mentioned_in_its_namespace() {
        let mentioned = ["cluster.local/ns/a/sa/b", "*/sa/c", "*x/sa/d"].map(Mentioned::Principal);
        let names = Names::of(mentioned.into_iter(), |_| false);
        assert_eq!(names.namespaces().collect::<Vec<_>>(), ["a", "eanywherex", "x"]);
        assert_eq!(names.accounts_in("a"), ["eanybody", "b", "c"]);
        assert_eq!(names.accounts_in("yx"), ["eanybody", "c", "d"]);
    }
}
