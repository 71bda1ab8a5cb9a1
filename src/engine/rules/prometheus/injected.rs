//! What the labels of a namespace make of pods that say little or nothing to the injector themselves.

use std::collections::BTreeSet;

use super::given::{NAME_LABEL, given};
use crate::engine::reach::mesh::Membership;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::prometheus::pods::Pods;
use crate::model::labels::Labels;
use crate::model::sidecar::{self, INJECT};
use crate::model::snapshot::{ContainerRole, Namespace, Pod, Snapshot};
use crate::model::{FieldPath, ObjectReference, Resource, Severity};

/// Labels by which Jobs know their pods; the older one is still there.
const JOB_LABELS: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];
/// Says of a pod whether its sidecar is one of Kubernetes' own kind, which ends with the pod.
const NATIVE_SIDECAR: &str = "sidecar.istio.io/nativeSidecar";
/// Labels that make the injector's webhook look at a namespace or pod.
const LOOKED_AT: [&str; 2] = ["istio-injection", "istio.io/rev"];

/// The webhook of the injector is called for labels only.
pub(super) fn annotation_is_not_heard(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for prometheus in given(cluster) {
        let Some(pods) = Pods::of_prometheus(&prometheus.resource) else { continue };
        if is_not_heard(pods.labels, pods.annotations, &cluster.snapshot.namespaces().get(prometheus.namespace())) {
            report_annotation(&prometheus.kept.reference, pods.annotation(INJECT), findings);
        }
    }
    let snapshot = cluster.snapshot;
    for (pod, _) in snapshot.first_of_classes() {
        let is_operated = pod.labels.get(NAME_LABEL).is_some();
        let namespace = || snapshot.namespaces().get(&pod.namespace);
        let asks = !is_operated && pod.annotations.get(INJECT) == Some("true");
        if asks && is_not_heard(&pod.labels, &pod.annotations, &namespace()) && !has_sidecar(pod) {
            report_annotation(&pod.object, template(pod).key("annotations").key(INJECT), findings);
        }
    }
}

fn report_annotation(object: &ObjectReference, path: FieldPath, findings: &mut ClusterFindings<'_>) {
    findings.report_as(
        Severity::Warning,
        object,
        path,
        "in this namespace Istio does not hear the annotation",
        format!("write it as a label: {INJECT}: \"true\""),
    );
}

fn is_not_heard(labels: &Labels<'_>, annotations: &Labels<'_>, namespace: &Namespace) -> bool {
    let is_silent = LOOKED_AT.iter().all(|label| namespace.label(label) == Some(None) && labels.get(label).is_none());
    annotations.get(INJECT) == Some("true") && labels.get(INJECT).is_none() && is_silent
}

/// Where the metadata of a pod stands in its object.
fn template(pod: &Pod) -> FieldPath {
    FieldPath::of(match pod.object.kind.as_str() {
        "Pod" => "metadata",
        "CronJob" => "spec.jobTemplate.spec.template.metadata",
        _ => "spec.template.metadata",
    })
}

fn has_sidecar(pod: &Pod) -> bool {
    pod.containers.iter().any(|container| container.name == sidecar::CONTAINER)
}

/// One for each Job: its pods are alike.
pub(super) fn job_never_completes(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let mut seen = BTreeSet::new();
    let mut stays = None;
    for pod in cluster.snapshot.pods().iter().filter(|pod| !pod.has_ended()) {
        let Some(job) = job(pod) else { continue };
        if !matches!(cluster.evaluator.membership(pod), Membership::Sidecar(_)) {
            continue;
        }
        let outlives = sidecar_outlives(pod)
            .unwrap_or_else(|| *stays.get_or_insert_with(|| sidecars_are_containers(cluster.snapshot)));
        if outlives && seen.insert((pod.namespace.as_str(), job)) {
            findings.report(
                &pod.object,
                template(pod).key("labels"),
                "the sidecar outlives the job, which never completes",
                format!("add the label {INJECT}: \"false\" to the pods of the job, or {NATIVE_SIDECAR}: \"true\" as an annotation"),
            );
        }
    }
}

/// The Job of a pod, by its name.
fn job(pod: &Pod) -> Option<&str> {
    let makes_jobs = [Resource::Job, Resource::CronJob].iter().any(|resource| resource.kind() == pod.object.kind);
    let own = makes_jobs.then_some(pod.object.name.as_str());
    own.or_else(|| JOB_LABELS.iter().find_map(|label| pod.labels.get(label)))
}

/// Whether the sidecar is there when all else has ended; `None` where it is still to be made, and nothing is said.
fn sidecar_outlives(pod: &Pod) -> Option<bool> {
    let made = pod.containers.iter().find(|container| container.name == sidecar::CONTAINER);
    let said = match pod.annotations.get(NATIVE_SIDECAR) {
        Some("true") => Some(false),
        Some("false") => Some(true),
        _ => None,
    };
    made.map(|container| container.role == ContainerRole::Regular).or(said)
}

/// Whether the injector makes sidecars that Kubernetes takes for ordinary containers, told by those that it made.
fn sidecars_are_containers(snapshot: &Snapshot) -> bool {
    let sidecars =
        || snapshot.pods().into_iter().flat_map(|pod| &*pod.containers).filter(|it| it.name == sidecar::CONTAINER);
    sidecars().next().is_some() && sidecars().all(|sidecar| sidecar.role == ContainerRole::Regular)
}
