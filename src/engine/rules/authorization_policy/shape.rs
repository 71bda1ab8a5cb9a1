//! Policies and rules that match nothing or everything because of what is left out.

use super::parts;
use crate::engine::rules::findings::Findings;
use crate::model::guard::Guard;
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::{Operation, Rule, Source};
use crate::model::{FieldPath, Text};

pub(super) fn allows_nothing(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let spec = &policy.spec;
    // Without a selector it is the default deny of a namespace, which Istio's documentation recommends.
    if spec.allows() && spec.rules.is_empty() && !spec.holds_for_whole_namespace() {
        findings.report(
            FieldPath::of("spec"),
            "ALLOW without rules refuses everybody, Prometheus too",
            "add rules for those who must get in, or exempt this policy if that is meant",
        );
    }
}

pub(super) fn allows_everything(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for path in unconditional(policy, "ALLOW") {
        findings.report(
            path,
            "an empty rule admits everybody to every port",
            "add from and to, or remove the rule; all other ALLOW policies are void beside it",
        );
    }
}

pub(super) fn denies_everything(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for path in unconditional(policy, "DENY") {
        findings.report(
            path,
            "an empty DENY rule refuses everybody on every port",
            "add from or to; no ALLOW policy overrules a DENY",
        );
    }
}

pub(super) fn denies_all_tcp(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, _) in parts::rules(policy).filter(|(_, rule)| policy.spec.has_action("DENY") && is_only_http(rule)) {
        findings.report(
            path,
            "on TCP ports only this rule's HTTP fields fall away",
            "add the HTTP ports to every operation; without ports the rule denies all TCP traffic",
        );
    }
}

pub(super) fn empty_parts(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, rule) in parts::rules(policy) {
        empty_lists(&path, rule, findings);
        empty_items(&path, rule, findings);
        for (index, condition) in rule.when.iter().enumerate() {
            let path = path.key("when").index(index);
            if condition.key.is_empty() {
                findings.report(path, "a condition without key is refused by Istio", "add the key, or remove it");
            } else if condition.values.is_empty() && condition.not_values.is_empty() {
                findings.report(path, "a condition without values is refused by Istio", "add values or notValues");
            } else {
                empty_texts(&path, condition.lists(), findings);
            }
        }
    }
}

/// Istio reads an empty list as it reads none at all, and none at all matches everything.
fn empty_lists(path: &FieldPath, rule: &Rule<'_>, findings: &mut Findings<'_>) {
    let from = rule.from.as_ref().is_some_and(Vec::is_empty);
    let to = rule.to.as_ref().is_some_and(Vec::is_empty);
    for (field, is_empty) in [("from", from), ("to", to)] {
        if is_empty {
            findings.report(
                path.key(field),
                format!("an empty {field} matches everything, not nothing"),
                format!("fill {field}, or remove it if everything is meant"),
            );
        }
    }
}

fn empty_items(path: &FieldPath, rule: &Rule<'_>, findings: &mut Findings<'_>) {
    for (index, from) in rule.from.iter().flatten().enumerate() {
        let path = path.key("from").index(index).key("source");
        match from.source.as_ref().filter(|source| !source.is_empty()) {
            None => findings.report(path, "an empty source is refused by Istio", "fill it, or remove this item"),
            Some(source) => empty_texts(&path, source.lists(), findings),
        }
    }
    for (index, to) in rule.to.iter().flatten().enumerate() {
        let path = path.key("to").index(index).key("operation");
        match to.operation.as_ref().filter(|operation| !operation.is_empty()) {
            None => findings.report(path, "an empty operation is refused by Istio", "fill it, or remove this item"),
            Some(operation) => empty_texts(&path, operation.lists(), findings),
        }
    }
}

fn empty_texts<'a, const N: usize>(path: &FieldPath, lists: [(&str, &'a [Text<'a>]); N], findings: &mut Findings<'_>) {
    for (field, list) in lists {
        for (path, _) in parts::with_paths(&path.key(field), list).filter(|(_, text)| text.is_empty()) {
            findings.report(path, "an empty value is refused by Istio", "put the value here, or remove the item");
        }
    }
}

fn unconditional<'a>(policy: &'a AuthorizationPolicy<'a>, action: &'a str) -> impl Iterator<Item = FieldPath> + 'a {
    let rules = parts::rules(policy).filter(move |(_, rule)| policy.spec.has_action(action) && rule.is_unconditional());
    rules.map(|(path, _)| path)
}

/// Whether nothing is left of a rule where the traffic is not HTTP: only HTTP fields in its operations, or only
/// identities of end users in its sources.
fn is_only_http(rule: &Rule<'_>) -> bool {
    let mut operations = rule.to.iter().flatten().filter_map(|to| to.operation.as_ref()).peekable();
    let mut sources = rule.from.iter().flatten().filter_map(|from| from.source.as_ref()).peekable();
    match (operations.peek().is_some(), sources.peek().is_some()) {
        (true, _) => !operations.any(Operation::names_ports),
        (false, true) => !sources.any(is_about_peer),
        (false, false) => false,
    }
}

fn is_about_peer(source: &Source<'_>) -> bool {
    let about_user = |field: &str| ["requestPrincipals", "notRequestPrincipals"].contains(&field);
    !source.others.is_empty() || source.lists().iter().any(|(field, list)| !list.is_empty() && !about_user(field))
}
