//! Who makes which pods, for those who ask what would be if they were made from another template.

use std::sync::Arc;

use crate::model::snapshot::form;
use crate::model::snapshot::read::operated::OperatedView;
use crate::model::snapshot::read::workload::WorkloadView;
use crate::model::snapshot::workload::Workload;
use crate::model::snapshot::{Controller, Pod, Snapshot};
use crate::model::{ObjectReference, Resource};

/// The label by which a Deployment tells its ReplicaSets, and the end of their names.
const TEMPLATE_HASH: &str = "pod-template-hash";
/// Owners of owners are followed this far.
const LONGEST_CHAIN: usize = 3;

/// The pod that an object makes of its template, or that the Prometheus operator would make of it; `None` for kinds that
/// make none, and where it cannot be read. It is called as what makes it.
pub fn template_of(resource: Resource, object: &ObjectReference, json: &str) -> Option<Pod> {
    match resource {
        Resource::Deployment
        | Resource::StatefulSet
        | Resource::DaemonSet
        | Resource::ReplicaSet
        | Resource::Job
        | Resource::CronJob => {
            let workload = form::read::<WorkloadView<'_>>(json).ok()?.workload(Arc::new(object.clone())).ok()?;
            Some(pod_of(workload))
        }
        Resource::Prometheus | Resource::PrometheusAgent | Resource::Alertmanager | Resource::ThanosRuler => {
            Some(pod_of(form::read::<OperatedView<'_>>(json).ok()?.workload(resource, object)?))
        }
        _ => None,
    }
}

fn pod_of(workload: Workload) -> Pod {
    Arc::unwrap_or_clone(workload.template).pod
}

impl Snapshot {
    /// The pods that are there of a workload: those whose owners lead to it. A ReplicaSet or Job that is not here itself
    /// is told by its name.
    pub fn pods_made_by(&self, workload: &ObjectReference) -> Vec<&Pod> {
        let pods = self.pods_with_status(workload.namespace.as_deref());
        let own = pods.filter(|(pod, status)| {
            let controller = status.controller.as_deref();
            pod.object.kind == Resource::Pod.kind() && controller.is_some_and(|it| self.leads_to(pod, it, workload))
        });
        own.map(|(pod, _)| pod).collect()
    }

    fn leads_to(&self, pod: &Pod, controller: &Controller, workload: &ObjectReference) -> bool {
        let mut next = Some(controller);
        for _ in 0..LONGEST_CHAIN {
            let Some(owner) = next else { return false };
            if *owner.kind == *workload.kind && *owner.name == *workload.name {
                return true;
            }
            match self.population.manager(&pod.namespace, owner) {
                Some(known) => next = known.controller.as_deref(),
                None => return is_named_after(pod, owner, workload),
            }
        }
        false
    }
}

fn is_named_after(pod: &Pod, owner: &Controller, workload: &ObjectReference) -> bool {
    let rest = owner.name.strip_prefix(workload.name.as_str()).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| match (&*owner.kind, workload.kind.as_str()) {
        ("ReplicaSet", "Deployment") => pod.labels.get(TEMPLATE_HASH) == Some(rest),
        ("Job", "CronJob") => !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::Source;
    use crate::model::snapshot::Builder;

    const PODS: &str = "
{apiVersion: v1, kind: Pod, metadata: {name: web-1-a, namespace: shop, labels: {pod-template-hash: '1'}, \
ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, controller: true}]}, spec: {containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web-api-2-b, namespace: shop, labels: {pod-template-hash: '2'}, \
ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-api-2, controller: true}]}, spec: {containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: other, namespace: shop, \
ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: renamed, controller: true}]}, spec: {containers: []}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: renamed, namespace: shop, \
ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web-api, controller: true}]}, \
spec: {template: {spec: {containers: []}}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db-0, namespace: shop, \
ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, controller: true}]}, spec: {containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: night-28-x, namespace: shop, \
ownerReferences: [{apiVersion: batch/v1, kind: Job, name: night-28, controller: true}]}, spec: {containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: bare, namespace: shop}, spec: {containers: []}}
";

    #[rstest]
    #[case("Deployment", "web", &["web-1-a"])]
    #[case("Deployment", "web-api", &["other", "web-api-2-b"])]
    #[case("ReplicaSet", "web-1", &["web-1-a"])]
    #[case("StatefulSet", "db", &["db-0"])]
    #[case("CronJob", "night", &["night-28-x"])]
    #[case("Deployment", "night", &[])]
    fn pods_belong_to_whom_their_owners_lead_to(#[case] kind: &str, #[case] name: &str, #[case] expected: &[&str]) {
        let mut builder = Builder::new("default");
        assert_eq!(builder.add_source("input", &Source::new(PODS)), []);
        let (kind, namespace) = (kind.to_owned(), Some("shop".to_owned()));
        let snapshot = builder.finish();
        let made = snapshot.pods_made_by(&ObjectReference { kind, namespace, name: name.to_owned() });
        assert_eq!(made.iter().map(|pod| pod.object.name.as_str()).collect::<Vec<_>>(), expected);
    }
}
