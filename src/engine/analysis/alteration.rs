//! From a request to the change that it makes of a snapshot, if it makes any that matters.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::engine::admission::{Operation, Request};
use crate::model::resource::Metadata;
use crate::model::snapshot::{Change, Pod, Service, Snapshot, template_of};
use crate::model::{ObjectReference, Resource};

/// What it takes to tell what a request closes and opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cost {
    /// Nothing is asked: it closes and opens nothing.
    Nothing,
    /// Only the paths that the object has a say in are asked about again.
    Cheap,
    /// All paths are, on a snapshot that is made for it.
    Whole,
}

/// A request that may close or open something.
#[derive(Debug)]
pub(super) struct Alteration<'r> {
    pub(super) resource: Resource,
    /// The object under review.
    pub(super) object: ObjectReference,
    /// Of the object, as it is to be or, if it goes away, as it was.
    pub(super) metadata: Metadata<'r>,
    /// The namespace that the request names.
    pub(super) namespace: &'r str,
    /// The object as it would be; `None` if it goes away.
    pub(super) json: Option<Cow<'r, str>>,
    /// As it is, where the request says so.
    pub(super) old: Option<&'r str>,
}

/// Two changes of a snapshot: what is compared is the snapshot with each of them.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) before: Vec<Change>,
    pub(super) after: Vec<Change>,
}

/// What of an object decides.
#[derive(Deserialize)]
struct View<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
}

impl<'r> Alteration<'r> {
    /// What a request changes; `None` if that is nothing which has a say in who reaches what. An object without a form
    /// that can be read is left to validation.
    pub(super) fn of(request: &Request<'r>) -> Option<Self> {
        let resource = Resource::of(request.group, request.kind)?;
        let (operation, new, old) = (request.operation, request.object, request.old_object);
        let is_asked = request.subresource.is_empty() && is_judged(resource, operation);
        let shown = new.filter(|_| operation != Operation::Delete).or(old);
        let metadata = match shown {
            Some(text) if is_asked => serde_json::from_str::<View<'r>>(text).ok()?.metadata,
            None if is_asked => Metadata::none(),
            _ => return None,
        };
        let namespace = if resource.is_namespaced() { request.namespace } else { "" };
        let object = metadata.reference(request.kind, namespace, request.name);
        let is_managed = makes_pods(resource) && metadata.controller().is_some();
        let is_same = new.zip(old).is_some_and(|(new, old)| !differs(resource, &object, new, old));
        if object.name.is_empty() || is_managed || is_same {
            return None;
        }
        let json = new.filter(|_| operation != Operation::Delete).map(|json| placed(json, &metadata, &object));
        Some(Self { resource, object, metadata, namespace: request.namespace, json, old })
    }

    pub(super) const fn cost(&self) -> Cost {
        if self.is_policy() || self.is_monitor() { Cost::Cheap } else { Cost::Whole }
    }

    /// Whether the evaluator reads objects of this kind.
    pub(super) const fn is_policy(&self) -> bool {
        matches!(self.resource, Resource::NetworkPolicy | Resource::AuthorizationPolicy | Resource::PeerAuthentication)
    }

    pub(super) const fn is_monitor(&self) -> bool {
        is_monitor(self.resource)
    }

    /// The object as it would be, or its end.
    pub(super) fn change(&self) -> Change {
        match &self.json {
            Some(json) => Change::Put { resource: self.resource, json: json.clone().into_owned() },
            None => Change::Delete(self.object.clone()),
        }
    }

    /// What is compared. Where pods would be made anew, their templates stand for them before and after, for nobody
    /// knows how they will be called; and the EndpointSlices of Services that mean them are as the control plane would
    /// make them.
    pub(super) fn sides(&self, snapshot: &Snapshot) -> Sides {
        let mut after = vec![self.change()];
        let template = |json| template_of(self.resource, &self.object, json);
        let (Some(json), Some(old)) = (self.json.as_deref(), self.old) else {
            return Sides { before: Vec::new(), after };
        };
        let mut gone: Vec<Change> = Vec::new();
        let meant: Vec<Pod> = match (template(old), template(json)) {
            (Some(old), Some(new)) if old != new => {
                let made = snapshot.pods_made_by(&old.object);
                gone.extend(made.iter().map(|pod| Change::Delete((*pod.object).clone())));
                if *old.object != self.object {
                    gone.push(Change::Delete((*old.object).clone()));
                }
                vec![old, new]
            }
            _ if self.resource == Resource::Pod => {
                let known = snapshot.pod_referred_to(&self.object).map(|(pod, _)| pod.clone());
                let changed = snapshot.with(&after);
                known.into_iter().chain(changed.pod_referred_to(&self.object).map(|(pod, _)| pod.clone())).collect()
            }
            _ => return Sides { before: Vec::new(), after },
        };
        gone.extend(slices_of(&meant, snapshot));
        let before =
            Change::Put { resource: self.resource, json: placed(old, &self.metadata, &self.object).into_owned() };
        after.extend(gone.iter().cloned());
        Sides { before: [vec![before], gone].concat(), after }
    }
}

/// The EndpointSlices of Services that mean one of these pods.
fn slices_of<'s>(pods: &[Pod], snapshot: &'s Snapshot) -> impl Iterator<Item = Change> + use<'s> {
    let namespace = pods.first().map(|pod| pod.namespace.as_str()).unwrap_or_default();
    let means = |service: &&Service| pods.iter().any(|pod| service.selects(pod));
    let services: Vec<&'s Service> = snapshot.services_in(namespace).iter().filter(means).collect();
    let slices = services.into_iter().flat_map(|service| snapshot.endpoint_slices_of(service));
    slices.map(|slice| Change::Delete(slice.object.clone()))
}

/// Whether anything can come of doing this to objects of a kind. What makes pods is only judged when it changes: new
/// pods close nothing, and those of a workload that goes away are not missed by anybody.
const fn is_judged(resource: Resource, operation: Operation) -> bool {
    let is_change = matches!(operation, Operation::Update);
    match resource {
        Resource::NetworkPolicy
        | Resource::AuthorizationPolicy
        | Resource::PeerAuthentication
        | Resource::PodMonitor
        | Resource::ServiceMonitor
        | Resource::Probe
        | Resource::ScrapeConfig
        | Resource::Prometheus
        | Resource::PrometheusAgent => !matches!(operation, Operation::Connect),
        Resource::Namespace | Resource::Pod => is_change,
        _ => is_change && makes_pods(resource),
    }
}

const fn is_monitor(resource: Resource) -> bool {
    use Resource::{PodMonitor, Probe, ScrapeConfig, ServiceMonitor};
    matches!(resource, PodMonitor | ServiceMonitor | Probe | ScrapeConfig)
}

const fn makes_pods(resource: Resource) -> bool {
    use Resource::{Alertmanager, CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet, ThanosRuler};
    matches!(resource, Deployment | StatefulSet | DaemonSet | ReplicaSet | Job | CronJob | Alertmanager | ThanosRuler)
}

/// Whether an update changes anything that decides.
fn differs(resource: Resource, object: &ObjectReference, new: &str, old: &str) -> bool {
    if makes_pods(resource) {
        return template_of(resource, object, new) != template_of(resource, object, old);
    }
    let read = |text| serde_json::from_str::<View<'_>>(text).ok();
    let (Some(new), Some(old)) = (read(new), read(old)) else { return true };
    let labels = new.metadata.labels != old.metadata.labels;
    let annotations = || new.metadata.annotations != old.metadata.annotations;
    let spec = || new.spec.map(RawValue::get) != old.spec.map(RawValue::get);
    match resource {
        Resource::Namespace => labels,
        Resource::Pod => labels || annotations(),
        // By an annotation it is only tried out.
        Resource::AuthorizationPolicy => spec() || annotations(),
        _ => labels || spec(),
    }
}

/// The text of an object with its namespace and its name, as a snapshot needs it.
fn placed<'r>(json: &'r str, metadata: &Metadata<'_>, object: &ObjectReference) -> Cow<'r, str> {
    let is_placed = object.namespace.is_none() || metadata.namespace.is_some();
    if is_placed && (metadata.name.is_some() || metadata.generate_name.is_some()) {
        return Cow::Borrowed(json);
    }
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(json) else { return Cow::Borrowed(json) };
    if let Some(metadata) = value.get_mut("metadata").and_then(serde_json::Value::as_object_mut) {
        metadata.insert("name".to_owned(), object.name.clone().into());
        metadata.extend(object.namespace.clone().map(|namespace| ("namespace".to_owned(), namespace.into())));
    }
    Cow::Owned(value.to_string())
}
