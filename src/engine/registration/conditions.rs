//! In which cases a call cannot matter, in CEL, which the API server evaluates before it calls.

use serde::Serialize;

/// A condition of a call. All conditions of a webhook must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Condition {
    name: &'static str,
    expression: String,
}

fn condition(name: &'static str, expression: impl Into<String>) -> Condition {
    Condition { name, expression: expression.into() }
}

/// An object on its way out only loses finalizers; nothing may stand in the way of that.
fn not_being_deleted() -> Condition {
    condition("not-being-deleted", "request.operation == 'DELETE' || !has(object.metadata.deletionTimestamp)")
}

/// Kubelets report mirror pods, which cannot be changed.
fn not_from_a_node() -> Condition {
    condition("not-from-a-node", "!('system:nodes' in request.userInfo.groups)")
}

/// Whether annotations with these keys are other than before.
fn annotations_changed(keys: &[&str]) -> String {
    let keys = keys.iter().map(|key| format!("'{key}'")).collect::<Vec<_>>().join(", ");
    format!("[{keys}].exists(key, object.metadata.?annotations[?key] != oldObject.metadata.?annotations[?key])")
}

/// Exemptions that an object asks for itself.
const EXEMPTIONS: [&str; 3] = ["scrapeguard.io/exempt", "scrapeguard.io/exempt-reason", "scrapeguard.io/exempt-until"];
/// What turns an AuthorizationPolicy into a mere record.
const DRY_RUN: &str = "istio.io/dry-run";

/// Something that is looked at is other than before: spec, labels, or one of these. Old objects with mistakes in them
/// can so still be annotated.
fn something_changed(besides: &[String]) -> Condition {
    let always = [
        "request.operation != 'UPDATE'".to_owned(),
        "object.?spec != oldObject.?spec".to_owned(),
        "object.metadata.?labels != oldObject.metadata.?labels".to_owned(),
    ];
    condition("something-changed", [&always, besides].concat().join(" || "))
}

/// What is injected into: what a Deployment or CronJob makes has the template that we have seen there.
pub(super) fn of_injection() -> Vec<Condition> {
    let of_its_own = "!(request.resource.resource in ['replicasets', 'jobs']) || \
                      !object.metadata.?ownerReferences.orValue([]).exists(owner, owner.?controller.orValue(false))";
    vec![not_being_deleted(), not_from_a_node(), condition("not-made-from-another", of_its_own), something_changed(&[])]
}

/// Policies and monitors.
pub(super) fn of_policies() -> Vec<Condition> {
    let [reasons, why, until] = EXEMPTIONS;
    let annotations = annotations_changed(&[DRY_RUN, reasons, why, until]);
    vec![not_being_deleted(), something_changed(&[annotations])]
}

/// What runs: what it was made from has been looked at. To the controller of an Ingress, the annotations are what the
/// spec is to others.
pub(super) fn of_workloads() -> Vec<Condition> {
    let by_hand = "!object.metadata.?ownerReferences.orValue([]).exists(owner, owner.?controller.orValue(false))";
    let ingress = "(request.resource.resource == 'ingresses' && \
                   object.metadata.?annotations != oldObject.metadata.?annotations)";
    let changed = something_changed(&[annotations_changed(&EXEMPTIONS), ingress.to_owned()]);
    vec![not_being_deleted(), not_from_a_node(), condition("not-made-from-another", by_hand), changed]
}

/// Guards.
pub(super) fn of_guards() -> Vec<Condition> {
    vec![
        not_being_deleted(),
        condition("something-changed", "request.operation != 'UPDATE' || object.?spec != oldObject.?spec"),
    ]
}

/// Whatever may cut scrapes somewhere. When the control plane removes what is in a namespace that goes, or whose owner
/// has gone, nobody is there to be told. Of a workload, only that part of the template counts by which its pods are
/// selected, found and reached; a new image is rolled out without us.
pub(super) fn of_consequences() -> Vec<Condition> {
    let by_somebody = "request.operation != 'DELETE' || \
                       !('system:serviceaccounts:kube-system' in request.userInfo.groups)";
    let field = |path: &str| format!("object.spec.template.{path} != oldObject.spec.template.{path}");
    let of_containers = |path: &str| ["c.name", "c.?ports"].map(|part| field(&format!("spec.{path}.map(c, {part})")));
    let looked_at: Vec<_> =
        ["?metadata.?labels", "?metadata.?annotations", "spec.?serviceAccountName", "spec.?hostNetwork"]
            .map(field)
            .into_iter()
            .chain(of_containers("containers"))
            .chain(of_containers("?initContainers.orValue([])"))
            .collect();
    let workloads = "!(request.resource.resource in ['deployments', 'statefulsets', 'daemonsets'])";
    let template = condition("template-matters", format!("{workloads} || {}", looked_at.join(" || ")));
    let changed = something_changed(&[annotations_changed(&[DRY_RUN])]);
    vec![not_being_deleted(), condition("not-collected", by_somebody), changed, template]
}
