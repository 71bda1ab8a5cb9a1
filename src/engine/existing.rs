//! Objects that exist and lack what admission would have added to them, because they are older than their guard.

use serde::Deserialize;

use crate::engine::admission::{Circumstances, Request, mutate};
use crate::engine::inject::patch::Patch;
use crate::model::guard::Guards;
use crate::model::resource::Metadata;
use crate::model::{ObjectReference, Resource};

/// An object that lacks something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The guard that wants it.
    pub guard: String,
    /// Its kind.
    pub resource: Resource,
    /// Which object it is.
    pub object: ObjectReference,
    /// What it lacks. Empty where the mode is audit, in which nothing is added.
    pub patch: Patch,
}

#[derive(Deserialize)]
struct Heading<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
}

/// What an object of a guarded namespace lacks, if anything.
///
/// Pods are left alone, for whoever takes a label off a running pod means it. So is what has an owner, which would take
/// back what is added here, and what is on its way out.
pub fn lacking(
    resource: Resource,
    object: &ObjectReference,
    json: &str,
    guards: &Guards,
    circumstances: &Circumstances,
) -> Option<Lacking> {
    let namespace = object.namespace.as_deref()?;
    let guard = guards.of_namespace(namespace)?;
    let Heading { metadata } = serde_json::from_str(json).ok()?;
    let is_left_alone = metadata.controller().is_some() || metadata.deletion_timestamp.is_some();
    if is_left_alone || !is_mended(resource) {
        return None;
    }
    let request = Request::create(resource.group(), resource.kind(), namespace, json);
    let outcome = mutate(&request, guards, circumstances);
    let lacks = !outcome.patch.is_empty() || !outcome.withheld.is_empty();
    lacks.then(|| Lacking { guard: guard.name.clone(), resource, object: object.clone(), patch: outcome.patch })
}

/// Whether objects of a kind can be given what they lack. The template of a Job cannot be changed.
pub const fn is_mended(resource: Resource) -> bool {
    use Resource::{
        CronJob, DaemonSet, Deployment, PodMonitor, Probe, Prometheus, PrometheusAgent, ScrapeConfig, ServiceMonitor,
        StatefulSet,
    };
    matches!(
        resource,
        Deployment
            | StatefulSet
            | DaemonSet
            | CronJob
            | Prometheus
            | PrometheusAgent
            | PodMonitor
            | ServiceMonitor
            | Probe
            | ScrapeConfig
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::guard::Mode;

    fn lacking_in(resource: Resource, object: &Value, namespace: &str, mode: Option<Mode>) -> Option<Lacking> {
        let reference = ObjectReference {
            kind: resource.kind().to_owned(),
            namespace: Some(namespace.to_owned()),
            name: "x".to_owned(),
        };
        let circumstances = Circumstances { now: Timestamp::UNIX_EPOCH, namespace_mode: mode };
        lacking(resource, &reference, &object.to_string(), &Guards::built_in(), &circumstances)
    }

    fn monitor() -> Value {
        json!({"metadata": {"name": "x"}, "spec": {}})
    }

    fn deployment() -> Value {
        let container = json!({"name": "kube-state-metrics", "ports": [{"name": "http", "containerPort": 8080}]});
        let labels = json!({"labels": {"app": "ours"}});
        json!({"metadata": {"name": "x"}, "spec": {"template": {"metadata": labels, "spec": {"containers": [container]}}}})
    }

    #[rstest]
    #[case::monitor(Resource::PodMonitor, monitor(), true)]
    #[case::workload(Resource::Deployment, deployment(), true)]
    #[case::no_monitor_of_ours(Resource::PodMonitor, json!({"metadata": {"labels": {"release": "prometheus-operator"}}}), false)]
    #[case::owned(Resource::PodMonitor, json!({"metadata": {"ownerReferences":
        [{"apiVersion": "a/v1", "kind": "A", "name": "a", "uid": "u", "controller": true}]}}), false)]
    #[case::leaving(Resource::PodMonitor, json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}), false)]
    #[case::policy(Resource::NetworkPolicy, monitor(), false)]
    #[case::nonsense(Resource::PodMonitor, json!([]), false)]
    fn what_admission_would_add_is_lacking(#[case] resource: Resource, #[case] object: Value, #[case] lacks: bool) {
        assert_eq!(lacking_in(resource, &object, "monitoring", None).is_some(), lacks);
        assert_eq!(lacking_in(resource, &object, "elsewhere", None), None);
    }

    #[test]
    fn a_pod_is_never_touched() {
        let pod = deployment()["spec"]["template"].clone();
        assert_eq!(lacking_in(Resource::Pod, &pod, "monitoring", None), None);
    }

    #[test]
    fn in_audit_mode_it_is_told_and_not_added() {
        let told = lacking_in(Resource::PodMonitor, &monitor(), "monitoring", Some(Mode::Audit)).unwrap();
        assert!(told.patch.is_empty());
        assert!(!lacking_in(Resource::PodMonitor, &monitor(), "monitoring", None).unwrap().patch.is_empty());
    }
}
