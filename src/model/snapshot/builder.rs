//! How a snapshot is made: objects are added one by one, in any order, and put in order at the end.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use ipnet::IpNet;
use serde::Deserialize;

use crate::model::document::compact;
use crate::model::labels::LabelSets;
use crate::model::resource::Metadata;
use crate::model::snapshot::class::{Mentions, ranges};
use crate::model::snapshot::form;
use crate::model::snapshot::given::Given;
use crate::model::snapshot::population::GivenPod;
use crate::model::snapshot::read::endpoint_slice::EndpointSliceView;
use crate::model::snapshot::read::keys::KeysView;
use crate::model::snapshot::read::node::NodeView;
use crate::model::snapshot::read::operated::OperatedView;
use crate::model::snapshot::read::pod::TemplateView;
use crate::model::snapshot::read::service::ServiceView;
use crate::model::snapshot::read::workload::WorkloadView;
use crate::model::snapshot::shared::Shared;
use crate::model::snapshot::unmodelled::{Affects, UnmodelledKind};
use crate::model::snapshot::workload::Workload;
use crate::model::snapshot::{
    Container, Controller, EndpointSlice, Namespace, Node, Origin, PodStatus, Problem, ProblemKind, Service, Snapshot,
    SourceId,
};
use crate::model::{Document, DocumentError, ObjectReference, RawDocument, Resource, Source};

/// A snapshot that is being made.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    default_namespace: String,
    /// What was there before.
    pub(super) base: Snapshot,
    /// What is no longer there of that, even where nothing takes its place.
    pub(super) removed: HashSet<ObjectReference>,
    pub(super) sources: Arc<Vec<String>>,
    pub(super) pods: Vec<Given<GivenPod>>,
    controllers: Shared<Controller>,
    containers: Shared<[Container]>,
    /// Images, names of nodes and phases.
    names: Shared<str>,
    label_sets: LabelSets,
    pub(super) workloads: Vec<Given<Workload>>,
    pub(super) namespaces: Vec<Given<Namespace>>,
    pub(super) nodes: Vec<Given<Node>>,
    pub(super) services: Vec<Given<Service>>,
    pub(super) endpoint_slices: Vec<Given<EndpointSlice>>,
    pub(super) kept: BTreeMap<Resource, Vec<Given<Written>>>,
    /// Names of the keys of Secrets and ConfigMaps.
    pub(super) keys: Vec<Given<Vec<String>>>,
    /// What is not evaluated and no longer there, by API group.
    pub(super) removed_unmodelled: HashSet<(String, ObjectReference)>,
    /// By API group, for kinds of several groups are called alike.
    pub(super) unmodelled: BTreeMap<String, Vec<Given<(Affects, Written)>>>,
    pub(super) problems: Vec<Problem>,
    pub(super) passed_over: usize,
}

/// The text of an object.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) json: String,
    pub(super) unreadable: Option<String>,
    pub(super) mentions: Mentions,
    pub(super) ranges: Vec<IpNet>,
}

impl Written {
    fn new(json: &str, unreadable: Option<String>) -> Self {
        Self { json: compact(json), unreadable, mentions: Mentions::of_text(json), ranges: ranges::of_text(json) }
    }
}

/// Just enough of an object to tell which one it is.
#[derive(Deserialize)]
pub(super) struct Heading<'a> {
    #[serde(borrow, default)]
    pub(super) metadata: Metadata<'a>,
}

impl From<Snapshot> for Builder {
    /// Begins with all objects of a snapshot. What is added replaces what is called alike.
    fn from(base: Snapshot) -> Self {
        let (sources, passed_over) = (Arc::clone(&base.sources), base.passed_over);
        Self { base, sources, passed_over, ..Self::new("default") }
    }
}

impl Builder {
    /// A snapshot without objects. Those that are in a namespace and do not say in which are in `default_namespace`.
    pub fn new(default_namespace: impl Into<String>) -> Self {
        Self { default_namespace: default_namespace.into(), ..Self::default() }
    }

    /// The namespace of objects that are in one and do not say in which.
    #[must_use]
    pub fn with_default_namespace(self, namespace: impl Into<String>) -> Self {
        Self { default_namespace: namespace.into(), ..self }
    }

    /// Removes an object, whether it was added to this builder or was there before.
    pub fn remove(&mut self, object: &ObjectReference) {
        self.pods.retain(|given| given.reference != *object);
        self.workloads.retain(|given| given.reference != *object);
        self.namespaces.retain(|given| given.reference != *object);
        self.services.retain(|given| given.reference != *object);
        self.endpoint_slices.retain(|given| given.reference != *object);
        self.kept.values_mut().for_each(|given| given.retain(|given| given.reference != *object));
        if !Resource::ALL.iter().any(|resource| resource.kind() == object.kind) {
            self.unmodelled.values_mut().for_each(|given| given.retain(|given| given.reference != *object));
        }
        self.problems.retain(|problem| problem.object.as_ref() != Some(object));
        self.removed.insert(object.clone());
    }

    /// Removes an object of a kind that is not evaluated.
    pub(super) fn remove_unmodelled(&mut self, group: &str, object: &ObjectReference) {
        if let Some(given) = self.unmodelled.get_mut(group) {
            given.retain(|given| given.reference != *object);
        }
        self.removed_unmodelled.insert((group.to_owned(), object.clone()));
    }

    /// Announces a file by its name in reports. What is read from it refers to it.
    pub fn source(&mut self, name: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        Arc::make_mut(&mut self.sources).push(name.into());
        id
    }

    /// Adds all objects of a text, one after the other. What is broken becomes a problem, and the rest is added.
    /// Returns what is broken, for showing it in the text.
    pub fn add_source(&mut self, name: impl Into<String>, source: &Source<'_>) -> Vec<DocumentError> {
        let id = self.source(name);
        let mut broken = Vec::new();
        for document in RawDocument::read_all(source) {
            match document {
                Ok(document) => {
                    let position = Some(source.position(document.start()));
                    let origin = Origin { source: id, position };
                    self.add_written(document.group(), document.kind(), || document.json(), origin);
                }
                Err(error) => {
                    self.add_broken(id, &error);
                    broken.push(error);
                }
            }
        }
        broken
    }

    /// The same, and hands each document on.
    pub fn add_source_and<'d>(
        &mut self,
        name: impl Into<String>,
        source: &'d Source<'_>,
        mut each: impl FnMut(Document<'d>),
    ) -> Vec<DocumentError> {
        let id = self.source(name);
        let mut broken = Vec::new();
        for document in Document::read_all(source) {
            match document {
                Ok(document) => {
                    let position = Some(source.position(document.start().start));
                    self.add_document(&document, Origin { source: id, position });
                    each(document);
                }
                Err(error) => {
                    self.add_broken(id, &error);
                    broken.push(error);
                }
            }
        }
        broken
    }

    /// Adds an object of a file. Kinds that have no say in who reaches what are passed over.
    pub fn add_document(&mut self, document: &Document<'_>, origin: Origin) {
        self.add_written(document.group(), document.kind(), || document.json().map(Cow::Owned), origin);
    }

    fn add_written<'j>(
        &mut self,
        group: &str,
        kind: &str,
        json: impl FnOnce() -> serde_json::Result<Cow<'j, str>>,
        origin: Origin,
    ) {
        let resource = Resource::of(group, kind);
        if resource.is_none() && UnmodelledKind::of(group, kind).is_none() {
            self.passed_over += 1;
            return;
        }
        match (json(), resource) {
            (Ok(json), Some(resource)) => self.add(resource, &json, Some(origin)),
            (Ok(json), None) => self.add_unmodelled(group, kind, &json, Some(origin)),
            (Err(error), _) => self.add_unreadable(origin, error.to_string()),
        }
    }

    /// Adds an object by its JSON. One that cannot be read becomes a problem.
    pub fn add(&mut self, resource: Resource, json: &str, origin: Option<Origin>) {
        let Some((heading, reference)) = self.heading(resource.kind(), resource.is_namespaced(), json, origin) else {
            return;
        };
        if let Err(problem) = self.add_known(resource, &heading.metadata, reference.clone(), json, origin) {
            // What it was before is no longer true either.
            self.removed.insert(reference.clone());
            self.problem(Some(reference), origin, ProblemKind::Form(problem));
        }
    }

    /// Adds an object by its JSON, instead of the one that is called alike.
    pub(super) fn put(&mut self, resource: Resource, json: &str) {
        if let Some((_, reference)) = self.heading(resource.kind(), resource.is_namespaced(), json, None) {
            self.remove(&reference);
            self.add(resource, json, None);
        }
    }

    /// Adds an object of a kind that is not evaluated. Kinds that have no say in who reaches what are passed over.
    pub fn add_unmodelled(&mut self, group: &str, kind: &str, json: &str, origin: Option<Origin>) {
        let Some(known) = UnmodelledKind::of(group, kind) else {
            self.passed_over += 1;
            return;
        };
        if let Some((_, reference)) = self.heading(kind, known.is_namespaced, json, origin) {
            let written = Written::new(json, None);
            let object = Given { reference, origin, value: (known.affects, written) };
            self.unmodelled.entry(group.to_owned()).or_default().push(object);
        }
    }

    /// Adds an object of a kind that is not evaluated, instead of the one that is called alike.
    pub(super) fn put_unmodelled(&mut self, group: &str, kind: &str, json: &str) {
        let Some(known) = UnmodelledKind::of(group, kind) else { return };
        if let Some((_, reference)) = self.heading(kind, known.is_namespaced, json, None) {
            self.remove_unmodelled(group, &reference);
            self.add_unmodelled(group, kind, json, None);
        }
    }

    /// Notes a document that cannot be read.
    pub fn add_broken(&mut self, source: SourceId, error: &DocumentError) {
        let origin = Origin { source, position: Some(error.position) };
        self.add_unreadable(origin, error.problem.to_string());
    }

    /// Notes a file, or a part of one, that cannot be read, and why.
    pub fn add_unreadable(&mut self, origin: Origin, why: String) {
        self.problem(None, Some(origin), ProblemKind::Unreadable(why));
    }

    fn problem(&mut self, object: Option<ObjectReference>, origin: Option<Origin>, kind: ProblemKind) {
        self.problems.push(Problem { object, origin, kind });
    }

    /// Which object it is; a problem where that cannot be told.
    fn heading<'a>(
        &mut self,
        kind: &str,
        is_namespaced: bool,
        json: &'a str,
        origin: Option<Origin>,
    ) -> Option<(Heading<'a>, ObjectReference)> {
        let heading: Heading<'a> = match serde_json::from_str(json) {
            Ok(heading) => heading,
            Err(error) => {
                self.problem(None, origin, ProblemKind::Form(format!("{kind}: {error}")));
                return None;
            }
        };
        let own = heading.metadata.namespace.as_ref().filter(|namespace| !namespace.is_empty());
        let namespace = own.map_or(self.default_namespace.as_str(), |namespace| namespace.as_str());
        let reference = heading.metadata.reference(kind, if is_namespaced { namespace } else { "" }, "");
        if reference.name.is_empty() {
            self.problem(Some(reference), origin, ProblemKind::Nameless);
            return None;
        }
        Some((heading, reference))
    }

    fn add_known(
        &mut self,
        resource: Resource,
        metadata: &Metadata<'_>,
        reference: ObjectReference,
        json: &str,
        origin: Option<Origin>,
    ) -> Result<(), String> {
        let object = reference.clone();
        match resource {
            Resource::Pod => {
                let view = form::read::<TemplateView<'_>>(json)?;
                let controller = metadata.controller().map(|owner| self.controllers.share(Arc::new(owner.into())));
                let mut pod = view.pod(object);
                pod.labels = self.label_sets.share(&pod.labels);
                pod.annotations = self.label_sets.share(&pod.annotations);
                pod.containers = self.containers.share(pod.containers);
                pod.phase = pod.phase.map(|phase| self.names.share(phase));
                let value = (pod, self.shared(PodStatus { controller, ..view.status() }));
                self.pods.push(Given { reference, origin, value });
            }
            Resource::EndpointSlice => {
                let mut value = form::read::<EndpointSliceView<'_>>(json)?.endpoint_slice(object, origin);
                for labels in [&mut value.labels, &mut value.annotations] {
                    *labels = self.label_sets.share(labels);
                }
                self.endpoint_slices.push(Given { reference, origin, value });
            }
            Resource::Deployment
            | Resource::StatefulSet
            | Resource::DaemonSet
            | Resource::ReplicaSet
            | Resource::Job
            | Resource::CronJob => {
                let value = form::read::<WorkloadView<'_>>(json)?.workload(object)?;
                self.workloads.push(Given { reference, origin, value });
            }
            Resource::Service => {
                let mut value = form::read::<ServiceView<'_>>(json)?.service(object, origin);
                for labels in [&mut value.labels, &mut value.annotations, &mut value.selector] {
                    *labels = self.label_sets.share(labels);
                }
                self.services.push(Given { reference, origin, value });
            }
            Resource::Namespace => {
                let value = Namespace::new(object.name, metadata.labels.to_static()).at(origin);
                let value = value.with_annotations(metadata.annotations.to_static());
                self.namespaces.push(Given { reference, origin, value });
            }
            Resource::Prometheus | Resource::PrometheusAgent | Resource::Alertmanager | Resource::ThanosRuler => {
                self.keep(resource, reference.clone(), json, origin);
                let made = form::read::<OperatedView<'_>>(json).ok().and_then(|view| view.workload(resource, &object));
                self.workloads.extend(made.map(|value| Given { reference, origin, value }));
            }
            Resource::Node => {
                let value = form::read::<NodeView<'_>>(json)?.node(object.name);
                self.nodes.push(Given { reference, origin, value });
            }
            Resource::Secret | Resource::ConfigMap => {
                let value = form::read::<KeysView<'_>>(json)?.names()?;
                self.add_keys(Given { reference, origin, value });
            }
            _ => self.keep(resource, reference, json, origin),
        }
        Ok(())
    }

    /// The same, with names in the memory of those of other pods.
    fn shared(&mut self, status: PodStatus) -> PodStatus {
        let PodStatus { node_name, mut containers, .. } = status;
        containers.iter_mut().for_each(|status| status.image = self.names.share(Arc::clone(&status.image)));
        PodStatus { node_name: self.names.share(node_name), containers, ..status }
    }

    /// Keeps the text of an object, even if nobody will be able to read it: then nobody knows what it does.
    fn keep(&mut self, resource: Resource, reference: ObjectReference, json: &str, origin: Option<Origin>) {
        let unreadable = form::check(resource, json).err();
        if let Some(problem) = unreadable.clone() {
            self.problem(Some(reference.clone()), origin, ProblemKind::Form(problem));
        }
        let value = Written::new(json, unreadable);
        self.kept.entry(resource).or_default().push(Given { reference, origin, value });
    }
}
