//! The labels that policies select a component by.

use crate::engine::inject::patch::{Added, Patch, pointer};
use crate::engine::inject::{Recognition, recognise};
use crate::engine::rules::injection::{AMBIGUOUS, LABEL_CONFLICT};
use crate::engine::rules::prometheus::OPERATOR_OWNED;
use crate::model::field_path::FieldPath;
use crate::model::guard::component::pairs;
use crate::model::guard::{Component, Guard};
use crate::model::resource::{Metadata, OwnerReference, PodTemplate, Workload};
use crate::model::{Resource, RuleId};

/// API group of the Prometheus operator's resources.
const OPERATOR_GROUP: &str = "monitoring.coreos.com/";
/// Marks a copy of a static pod, which the API server does not let anybody change.
const MIRROR_POD: &str = "kubernetes.io/config.mirror";

/// Something that injection met and must not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The rule that says so.
    pub rule: RuleId,
    /// The field.
    pub path: FieldPath,
    /// What is in the way, in one sentence.
    pub message: String,
    /// What the user can do about it.
    pub fix: String,
}

/// The labels that a workload lacks, as a patch; or what stands in the way.
///
/// The patch is empty where there is nothing to do. Applied to the workload, it leaves nothing more to do.
///
/// # Errors
/// What was met that must not be changed; nothing is added then.
pub fn selector_labels(workload: &Workload<'_>, resource: Resource, guard: &Guard) -> Result<Patch, Obstacle> {
    if workload.metadata().annotations.get(MIRROR_POD).is_some() {
        return Ok(Patch::default());
    }
    let component = match recognise(guard, &workload.template) {
        Recognition::Nothing => return Ok(Patch::default()),
        Recognition::Component(component) => component,
        Recognition::Ambiguous(components) => return ambiguous(workload, &components),
    };
    let missing = missing_labels(component, &workload.template);
    if missing.is_empty() {
        return Ok(Patch::default());
    }
    match owner_of_template(workload, resource) {
        Owner::User => {}
        Owner::Kubernetes => return Ok(Patch::default()),
        Owner::Operator { kind } => return Err(operator_owned(workload, component, kind)),
    }
    if let Some(conflict) = conflict(workload, component) {
        return Err(conflict);
    }
    Ok(additions(workload, &missing))
}

/// Who writes the pod template, and would take offence at changes.
enum Owner<'a> {
    /// The user: it may be patched.
    User,
    /// Another workload whose own template was patched, such as the Deployment of a ReplicaSet.
    Kubernetes,
    /// An operator that compares it with what it wrote.
    Operator {
        /// Kind of the resource that the operator makes it from.
        kind: &'a str,
    },
}

/// A pod is nobody's template: no controller compares the labels of pods that it has made.
fn owner_of_template<'a>(workload: &'a Workload<'_>, resource: Resource) -> Owner<'a> {
    let from_operator = |owner: &&OwnerReference<'_>| owner.api_version.starts_with(OPERATOR_GROUP);
    let labels = &workload.metadata().labels;
    let managed = labels.get("app.kubernetes.io/managed-by") == Some("prometheus-operator");
    match workload.metadata().controller() {
        _ if resource == Resource::Pod => Owner::User,
        Some(owner) if from_operator(&owner) => Owner::Operator { kind: &owner.kind },
        _ if managed || labels.get("operator.prometheus.io/name").is_some() => Owner::Operator { kind: "Prometheus" },
        Some(_) => Owner::Kubernetes,
        None => Owner::User,
    }
}

fn missing_labels<'a>(component: &'a Component, template: &PodTemplate<'_>) -> Vec<(&'a str, &'a str)> {
    let labels = template.labels();
    pairs(&component.selector_labels).filter(|(key, value)| labels.get(key) != Some(value)).collect()
}

fn labels_path(workload: &Workload<'_>) -> FieldPath {
    let template = workload.template_keys.iter().fold(FieldPath::root(), |path, key| path.key(key));
    template.key("metadata").key("labels")
}

fn conflict(workload: &Workload<'_>, component: &Component) -> Option<Obstacle> {
    let labels = workload.template.labels();
    let (key, value, found) = pairs(&component.selector_labels)
        .find_map(|(key, value)| Some((key, value, labels.get(key).filter(|found| *found != value)?)))?;
    Some(Obstacle {
        rule: LABEL_CONFLICT,
        path: labels_path(workload).key(key),
        message: format!("policies for {} select {value:?}, not {found:?}", component.name),
        fix: format!("set {key}: {value}, or change selectorLabels of {} in the guard", component.name),
    })
}

fn ambiguous(workload: &Workload<'_>, components: &[&Component]) -> Result<Patch, Obstacle> {
    let labelled = components.iter().any(|component| missing_labels(component, &workload.template).is_empty());
    if labelled {
        return Ok(Patch::default());
    }
    let names: Vec<&str> = components.iter().map(|component| component.name.as_str()).collect();
    Err(Obstacle {
        rule: AMBIGUOUS,
        path: labels_path(workload),
        message: format!("looks like {}; nothing was added", names.join(" and ")),
        fix: "put the selector labels of the right component here".to_owned(),
    })
}

fn operator_owned(workload: &Workload<'_>, component: &Component, kind: &str) -> Obstacle {
    let labels: Vec<String> =
        missing_labels(component, &workload.template).iter().map(|(key, value)| format!("{key}: {value}")).collect();
    Obstacle {
        rule: OPERATOR_OWNED,
        path: labels_path(workload),
        message: "the operator owns this object, labels were not added".to_owned(),
        fix: format!("add {} to spec.podMetadata.labels of the {kind} it is made from", labels.join(", ")),
    }
}

fn additions(workload: &Workload<'_>, missing: &[(&str, &str)]) -> Patch {
    let added = || missing.iter().map(|(key, value)| ((*key).to_owned(), Added::Text((*value).to_owned())));
    let mut keys = workload.template_keys.to_vec();
    keys.push("metadata");
    let mut patch = Patch::default();
    match &workload.template.metadata {
        None => {
            let labels = Added::Map(added().collect());
            patch.add(pointer(keys), Added::Map(vec![("labels".to_owned(), labels)]));
        }
        Some(Metadata { labels, .. }) if labels.is_empty() => {
            keys.push("labels");
            patch.add(pointer(keys), Added::Map(added().collect()));
        }
        Some(_) => {
            keys.push("labels");
            for (key, value) in added() {
                patch.add(pointer(keys.iter().copied().chain([key.as_str()])), value);
            }
        }
    }
    patch
}
