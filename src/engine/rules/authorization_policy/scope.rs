//! Whom a policy holds for, and whether it is enforced at all.

use super::parts;
use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::guard::Guard;
use crate::model::resource::AuthorizationPolicy;

/// Istio reports what such a policy would do and does nothing.
const DRY_RUN: &str = "istio.io/dry-run";
const MOST_TARGETS: usize = 16;
/// As Go's `strconv.ParseBool` reads them.
const TRUE: [&str; 6] = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE: [&str; 6] = ["0", "f", "F", "FALSE", "false", "False"];

pub(super) fn whole_namespace(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let default_deny = policy.spec.allows() && policy.spec.rules.is_empty();
    if policy.spec.holds_for_whole_namespace() && !default_deny && !is_mesh_wide(policy, guard) {
        findings.report(
            FieldPath::of("spec"),
            "without a selector it holds for every pod here",
            "add selector: {matchLabels: {...}} with the labels of the pods that are meant",
        );
    }
}

pub(super) fn whole_mesh(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    if is_mesh_wide(policy, guard) && !policy.spec.has_targets() {
        findings.report(
            FieldPath::of("metadata.namespace"),
            "in the root namespace it holds for the whole mesh",
            "move it to the namespace of the workloads that are meant, or exempt it if the mesh is meant",
        );
    }
}

pub(super) fn impossible_target(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let spec = &policy.spec;
    let ways = [spec.selector.is_some(), spec.target_ref.is_some(), !spec.target_refs.is_empty()];
    if ways.iter().filter(|given| **given).count() > 1 {
        findings.report(
            FieldPath::of("spec"),
            "selector and target references exclude each other",
            "keep selector for workloads, or targetRefs for gateways and Services",
        );
    }
    if spec.target_refs.len() > MOST_TARGETS {
        findings.report(
            FieldPath::of("spec.targetRefs"),
            format!("at most {MOST_TARGETS} target references are possible"),
            "split the policy in two",
        );
    }
    impossible_labels(policy, findings);
    impossible_references(policy, findings);
}

fn impossible_labels(policy: &AuthorizationPolicy<'_>, findings: &mut Findings<'_>) {
    let labels = policy.spec.selector.iter().flat_map(|selector| selector.match_labels.iter());
    for (key, value) in labels {
        let path = FieldPath::of("spec.selector.matchLabels").key(key);
        if key.is_empty() {
            findings.report(path, "a label without a name selects nothing", "put the name of the label here");
        } else if key.contains('*') || value.contains('*') {
            findings.report(path, "selectors know no wildcards", "write the whole value of the label");
        }
    }
}

fn impossible_references(policy: &AuthorizationPolicy<'_>, findings: &mut Findings<'_>) {
    let spec = &policy.spec;
    let one = spec.target_ref.iter().map(|target| (FieldPath::of("spec.targetRef"), target));
    for (path, target) in one.chain(parts::with_paths(&FieldPath::of("spec.targetRefs"), &spec.target_refs)) {
        if target.name.is_empty() {
            findings.report(path.key("name"), "a target reference needs a name", "put the name of the target here");
        }
        if !target.namespace.is_empty() {
            let fix = "remove namespace, and put the policy into the namespace of the target";
            findings.report(path.key("namespace"), "targets of other namespaces are refused", fix);
        }
    }
}

pub(super) fn dry_run(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    if is_dry_run(policy) {
        findings.report(
            FieldPath::of("metadata.annotations").key(DRY_RUN),
            "a dry run: nothing of this policy is enforced",
            "remove the annotation once the policy has been tried",
        );
    }
}

/// Whether the policy is there to be tried only.
pub(in crate::engine::rules) fn is_dry_run(policy: &AuthorizationPolicy<'_>) -> bool {
    policy.metadata.annotations.get(DRY_RUN).is_some_and(|value| TRUE.contains(&value))
}

/// What Istio refuses about the annotation: a value that is neither true nor false, and actions that it cannot try.
pub(super) fn refused_dry_run(policy: &AuthorizationPolicy<'_>, findings: &mut Findings<'_>) {
    let Some(value) = policy.metadata.annotations.get(DRY_RUN) else { return };
    let path = FieldPath::of("metadata.annotations").key(DRY_RUN);
    if !policy.spec.allows() && !policy.spec.has_action("DENY") {
        findings.report(path, "only ALLOW and DENY can be tried by a dry run", "remove the annotation");
    } else if !TRUE.contains(&value) && !FALSE.contains(&value) {
        findings.report(path, "the value must be true or false", "write \"true\" or \"false\"");
    }
}

fn is_mesh_wide(policy: &AuthorizationPolicy<'_>, guard: &Guard) -> bool {
    policy.metadata.namespace.as_ref().is_some_and(|namespace| *namespace == *guard.mesh.root_namespace)
}
