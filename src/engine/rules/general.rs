//! Rules for any object: values that were never filled in, names that no object can have, exemptions that do not count.

mod exemption;
mod strings;
mod versions;

use std::sync::LazyLock;

use regex::Regex;

use crate::engine::admission::Action;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::{Check, Needs, Rule};
use crate::model::field_path::Segment;
use crate::model::finding::Family;
use crate::model::{FieldPath, RuleId, Severity};

/// The family's rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::new(Family::General, 1),
        title: "a placeholder was left in",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "The policy never matches: it locks everybody out, or protects nothing, without a word.",
        fix: "Put the real value in its place.",
        bad: include_str!("examples/gen-001-bad.yaml"),
        good: include_str!("examples/gen-001-good.yaml"),
        check: Check::AnyPolicy(placeholder),
    },
    Rule {
        id: RuleId::new(Family::General, 2),
        title: "a name that no object can have",
        severity: Severity::Error,
        needs: Needs::Object,
        action: Action::Deny,
        why: "Names of namespaces and service accounts are lower case and have no spaces (RFC 1123), so this one can \
              never match.",
        fix: "Use the name as kubectl shows it.",
        bad: include_str!("examples/gen-002-bad.yaml"),
        good: include_str!("examples/gen-002-good.yaml"),
        check: Check::AnyPolicy(impossible_name),
    },
    Rule {
        id: RuleId::new(Family::General, 3),
        title: "an exemption that does not count",
        severity: Severity::Warning,
        needs: Needs::Object,
        action: Action::Warn,
        why: "An object can ask to be spared warnings by the annotation scrapeguard.io/exempt. Without a reason and an \
              end nobody would ever look at it again, so it then has no effect; neither has it after its end.",
        fix: "Give the reason in scrapeguard.io/exempt-reason and the end in scrapeguard.io/exempt-until, or remove \
              the annotation.",
        bad: include_str!("examples/gen-003-bad.yaml"),
        good: include_str!("examples/gen-003-good.yaml"),
        check: Check::Annotations(exemption::invalid),
    },
    Rule {
        id: RuleId::new(Family::General, 4),
        title: "two policies that say the same",
        severity: Severity::Info,
        needs: Needs::Cluster,
        action: Action::Record,
        why: "One of them does nothing, until somebody changes the other and wonders why that has no effect.",
        fix: "Delete one.",
        bad: include_str!("examples/gen-004-bad.yaml"),
        good: include_str!("examples/gen-004-good.yaml"),
        check: Check::Cluster(versions::duplicates),
    },
    Rule {
        id: RuleId::new(Family::General, 5),
        title: "an old version of an API",
        severity: Severity::Info,
        needs: Needs::Cluster,
        action: Action::Record,
        why: "The next release may no longer serve it. Nothing but the version has to change.",
        fix: "Write the version that is served beside it.",
        bad: include_str!("examples/gen-005-bad.yaml"),
        good: include_str!("examples/gen-005-good.yaml"),
        check: Check::Cluster(versions::deprecated),
    },
    Rule {
        id: RuleId::new(Family::General, 6),
        title: "a change that cuts Prometheus off",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Targets that were scraped are not scraped any more, and nothing says so but a gap in the graphs. Where a \
              single hop is to blame, the rule for that is named instead. A guard can refuse such changes: \
              denyLostTargets.",
        fix: "Keep what the targets are found and reached by, or change both at once.",
        bad: include_str!("examples/gen-006-bad.yaml"),
        good: include_str!("examples/gen-006-good.yaml"),
        check: Check::Change,
    },
    Rule {
        id: RuleId::new(Family::General, 7),
        title: "a change that opens a guarded port",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "Somebody who is not meant to, and could not before, gets to a port that the guard looks after.",
        fix: "Name those who are meant, by namespace and labels or by service account.",
        bad: include_str!("examples/gen-007-bad.yaml"),
        good: include_str!("examples/gen-007-good.yaml"),
        check: Check::Change,
    },
    Rule {
        id: RuleId::new(Family::General, 8),
        title: "a change after which nobody knows",
        severity: Severity::Warning,
        needs: Needs::Cluster,
        action: Action::Warn,
        why: "What was open, or closed to others, depends on something afterwards that is not known or not evaluated. \
              That is no reason to refuse it.",
        fix: "Write it so that it depends on labels, ports and identities alone.",
        bad: include_str!("examples/gen-008-bad.yaml"),
        good: include_str!("examples/gen-008-good.yaml"),
        check: Check::Change,
    },
];

/// Words and brackets that people leave where a value belongs. Lower-case `todo` is not among them: applications are
/// called so.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?x)
        (?: ^ | [^A-Za-z0-9_-] )
        ( (?i: TBD | FILL\ THIS\ IN | CHANGE_?ME | REPLACE_?ME | XXX+ ) | TODO | Todo )
        (?: $ | [^A-Za-z0-9_-] )
        | ( <[^<>]+> | \$\{[^}]*\} | \{\{.*\}\} )";
    #[expect(clippy::expect_used, reason = "the pattern is a constant, and a unit test compiles it")]
    Regex::new(pattern).expect("the pattern is valid")
});

/// Fields in which such text has a meaning of its own.
const FREE_TEXT: [&str; 6] = ["regex", "replacement", "targetLabel", "params", "query", "expr"];

fn placeholder(json: &str, findings: &mut Findings<'_>) {
    strings::visit(json, &mut |path, text| {
        if path.segments().iter().any(|segment| matches!(segment, Segment::Key(key) if FREE_TEXT.contains(&&**key))) {
            return;
        }
        if let Some(found) = placeholder_in(text) {
            findings.report(path.clone(), format!("{found:?} was never filled in"), placeholder_fix(path));
        }
    });
}

fn placeholder_in(text: &str) -> Option<&str> {
    let captures = PLACEHOLDER.captures(text)?;
    captures.get(1).or_else(|| captures.get(2)).map(|found| found.as_str())
}

fn placeholder_fix(path: &FieldPath) -> String {
    match list_of(path) {
        Some("principals" | "notPrincipals") => {
            "write the caller as <trust domain>/ns/<namespace>/sa/<service account>".to_owned()
        }
        Some("namespaces") => "remove namespaces: the principals already name the namespace of the caller".to_owned(),
        _ => "put the real value here".to_owned(),
    }
}

fn impossible_name(json: &str, findings: &mut Findings<'_>) {
    strings::visit(json, &mut |path, text| {
        if let Some(name) = names_in(path, text).into_iter().find(|name| !is_possible(name)) {
            let message = format!("{:?} can be no Kubernetes name", shortened(name));
            findings.report(path.clone(), message, "use lower case letters, digits, '-' and '.' only (RFC 1123)");
        }
    });
}

/// The names of Kubernetes objects in the value of a field, without leading and trailing wildcards.
fn names_in<'a>(path: &FieldPath, text: &'a str) -> Vec<&'a str> {
    let names = match list_of(path) {
        Some("namespaces" | "notNamespaces" | "matchNames") => vec![text],
        Some("serviceAccounts" | "notServiceAccounts") => text.split('/').collect(),
        Some("principals" | "notPrincipals") => names_in_principal(text),
        _ => Vec::new(),
    };
    names.into_iter().map(|name| name.trim_matches('*')).collect()
}

fn names_in_principal(principal: &str) -> Vec<&str> {
    let parts: Vec<&str> = principal.split('/').collect();
    let after = |marker: &str| {
        let position = parts.iter().position(|part| *part == marker)?;
        parts.get(position + 1).copied()
    };
    [after("ns"), after("sa")].into_iter().flatten().collect()
}

/// The key of the list that a path ends in, if it ends in the element of a list.
fn list_of(path: &FieldPath) -> Option<&str> {
    match path.segments() {
        [.., Segment::Key(key), Segment::Index(_)] => Some(key),
        _ => None,
    }
}

/// A wildcard in the wrong place is for the rules of AuthorizationPolicies to find.
fn is_possible(name: &str) -> bool {
    name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'*'))
}

fn shortened(name: &str) -> String {
    const LENGTH: usize = 24;
    if name.chars().count() <= LENGTH {
        return name.to_owned();
    }
    name.chars().take(LENGTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("TBD FILL THIS IN WITH THE NAMESPACE", Some("TBD"))]
    #[case("cluster.local/ns/TBD/sa/x", Some("TBD"))]
    #[case("changeme", Some("changeme"))]
    #[case("TODO: the proxy", Some("TODO"))]
    #[case("<namespace>", Some("<namespace>"))]
    #[case("{{ .Release.Name }}", Some("{{ .Release.Name }}"))]
    #[case("${NAMESPACE}", Some("${NAMESPACE}"))]
    #[case("todo", None)]
    #[case("todo-app", None)]
    #[case("tbd-service", None)]
    #[case("ingress-nginx", None)]
    fn placeholders_are_told_from_names(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(placeholder_in(text), expected);
    }

    #[rstest]
    #[case("ingress-nginx", true)]
    #[case("a b", false)]
    #[case("Monitoring", false)]
    #[case("team-*-apps", true)]
    fn names_are_lower_case_and_without_spaces(#[case] name: &str, #[case] possible: bool) {
        assert_eq!(is_possible(name), possible);
    }
}
