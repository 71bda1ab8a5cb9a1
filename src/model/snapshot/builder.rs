//! How a snapshot is made: objects are added one by one, in any order, and put in order at the end.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::resource::Metadata;
use crate::model::snapshot::form;
use crate::model::snapshot::given::Given;
use crate::model::snapshot::read::endpoint_slice::EndpointSliceView;
use crate::model::snapshot::read::keys::KeysView;
use crate::model::snapshot::read::node::NodeView;
use crate::model::snapshot::read::pod::TemplateView;
use crate::model::snapshot::read::service::ServiceView;
use crate::model::snapshot::read::workload::WorkloadView;
use crate::model::snapshot::unmodelled::{Affects, UnmodelledKind};
use crate::model::snapshot::workload::Workload;
use crate::model::snapshot::{
    EndpointSlice, Namespace, Node, Origin, Pod, PodStatus, Problem, ProblemKind, Service, SourceId,
};
use crate::model::{Document, DocumentError, ObjectReference, Resource, Source};

/// A snapshot that is being made.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    default_namespace: String,
    pub(super) sources: Vec<String>,
    pub(super) pods: Vec<Given<(Pod, PodStatus)>>,
    pub(super) workloads: Vec<Given<Workload>>,
    pub(super) namespaces: Vec<Given<Namespace>>,
    pub(super) nodes: Vec<Given<Node>>,
    pub(super) services: Vec<Given<Service>>,
    pub(super) endpoint_slices: Vec<Given<EndpointSlice>>,
    pub(super) kept: BTreeMap<Resource, Vec<Given<Written>>>,
    /// Names of the keys of Secrets and ConfigMaps.
    pub(super) keys: Vec<Given<Vec<String>>>,
    /// By API group, for kinds of several groups are called alike.
    pub(super) unmodelled: BTreeMap<String, Vec<Given<(Affects, String)>>>,
    pub(super) problems: Vec<Problem>,
    pub(super) passed_over: usize,
}

/// The text of an object.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) json: String,
    pub(super) unreadable: Option<String>,
}

/// Just enough of an object to tell which one it is.
#[derive(Deserialize)]
struct Heading<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
}

impl Builder {
    /// A snapshot without objects. Those that are in a namespace and do not say in which are in `default_namespace`.
    pub fn new(default_namespace: impl Into<String>) -> Self {
        Self { default_namespace: default_namespace.into(), ..Self::default() }
    }

    /// Announces a file by its name in reports. What is read from it refers to it.
    pub fn source(&mut self, name: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        self.sources.push(name.into());
        id
    }

    /// Adds all objects of a text, one after the other. What is broken becomes a problem, and the rest is added.
    /// Returns what is broken, for showing it in the text.
    pub fn add_source(&mut self, name: impl Into<String>, source: &Source<'_>) -> Vec<DocumentError> {
        let id = self.source(name);
        let mut broken = Vec::new();
        for document in Document::read_all(source) {
            match document {
                Ok(document) => {
                    let position = Some(source.position(document.start().start));
                    self.add_document(&document, Origin { source: id, position });
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
        let resource = Resource::of(document.group(), document.kind());
        let unmodelled = UnmodelledKind::of(document.group(), document.kind());
        if resource.is_none() && unmodelled.is_none() {
            self.passed_over += 1;
            return;
        }
        match (document.json(), resource) {
            (Ok(json), Some(resource)) => self.add(resource, &json, Some(origin)),
            (Ok(json), None) => self.add_unmodelled(document.group(), document.kind(), &json, Some(origin)),
            (Err(error), _) => self.add_unreadable(origin, error.to_string()),
        }
    }

    /// Adds an object by its JSON. One that cannot be read becomes a problem.
    pub fn add(&mut self, resource: Resource, json: &str, origin: Option<Origin>) {
        let Some((heading, reference)) = self.heading(resource.kind(), resource.is_namespaced(), json, origin) else {
            return;
        };
        if let Err(problem) = self.add_known(resource, &heading.metadata, reference.clone(), json, origin) {
            self.problem(Some(reference), origin, ProblemKind::Form(problem));
        }
    }

    /// Adds an object of a kind that is not evaluated. Kinds that have no say in who reaches what are passed over.
    pub fn add_unmodelled(&mut self, group: &str, kind: &str, json: &str, origin: Option<Origin>) {
        let Some(known) = UnmodelledKind::of(group, kind) else {
            self.passed_over += 1;
            return;
        };
        if let Some((_, reference)) = self.heading(kind, known.is_namespaced, json, origin) {
            let object = Given { reference, origin, value: (known.affects, json.to_owned()) };
            self.unmodelled.entry(group.to_owned()).or_default().push(object);
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
                let value = (view.pod(object), view.status());
                self.pods.push(Given { reference, origin, value });
            }
            Resource::EndpointSlice => {
                let value = form::read::<EndpointSliceView<'_>>(json)?.endpoint_slice(object, origin);
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
                let value = form::read::<ServiceView<'_>>(json)?.service(object, origin);
                self.services.push(Given { reference, origin, value });
            }
            Resource::Namespace => {
                let value = Namespace::new(object.name, metadata.labels.to_static());
                let value = value.with_annotations(metadata.annotations.to_static());
                self.namespaces.push(Given { reference, origin, value });
            }
            Resource::Secret | Resource::ConfigMap => {
                let value = form::read::<KeysView<'_>>(json)?.names()?;
                self.add_keys(Given { reference, origin, value });
            }
            Resource::Node => {
                let value = form::read::<NodeView<'_>>(json)?.node(object.name);
                self.nodes.push(Given { reference, origin, value });
            }
            _ => self.keep(resource, reference, json, origin),
        }
        Ok(())
    }

    /// Keeps the text of an object, even if nobody will be able to read it: then nobody knows what it does.
    fn keep(&mut self, resource: Resource, reference: ObjectReference, json: &str, origin: Option<Origin>) {
        let unreadable = form::check(resource, json).err();
        if let Some(problem) = unreadable.clone() {
            self.problem(Some(reference.clone()), origin, ProblemKind::Form(problem));
        }
        let value = Written { json: json.to_owned(), unreadable };
        self.kept.entry(resource).or_default().push(Given { reference, origin, value });
    }
}
