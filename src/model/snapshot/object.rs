//! Objects as they are read, each as what a snapshot has for it.

use std::sync::Arc;

use crate::model::document::{compact, without_bookkeeping};
use crate::model::resource::Metadata;
use crate::model::snapshot::class::ranges;
use crate::model::snapshot::form;
use crate::model::snapshot::read::endpoint_slice::EndpointSliceView;
use crate::model::snapshot::read::keys::KeysView;
use crate::model::snapshot::read::node::NodeView;
use crate::model::snapshot::read::operated::OperatedView;
use crate::model::snapshot::read::pod::TemplateView;
use crate::model::snapshot::read::service::ServiceView;
use crate::model::snapshot::read::workload::WorkloadView;
use crate::model::snapshot::record::Record;
use crate::model::snapshot::terms::Mentions;
use crate::model::snapshot::workload::Workload;
use crate::model::snapshot::{EndpointSlice, Kept, Namespace, Node, Origin, PodStatus, Service};
use crate::model::{ObjectReference, Resource};

/// An object of a kind that is read.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Pod(Arc<Record>),
    Workload(Box<Workload>),
    Namespace(Namespace),
    Node(Box<Node>),
    Service(Box<Service>),
    EndpointSlice(Box<EndpointSlice>),
    /// The names of the keys of a Secret or ConfigMap.
    Keys(Vec<String>),
    /// One that is kept as text, and what an operator would make of it.
    Kept(Resource, Box<Kept>, Option<Box<Workload>>),
}

impl Object {
    /// Reads an object.
    ///
    /// # Errors
    /// In words: what is wrong with its form, where nothing can be kept of it.
    pub(super) fn read(
        resource: Resource,
        metadata: &Metadata<'_>,
        object: ObjectReference,
        json: &str,
        origin: Option<Origin>,
    ) -> Result<Self, String> {
        Ok(match resource {
            Resource::Pod => Self::Pod(pod(metadata, object, json, origin)?),
            Resource::EndpointSlice => {
                let slice = form::read::<EndpointSliceView<'_>>(json)?.endpoint_slice(object, origin);
                Self::EndpointSlice(Box::new(slice))
            }
            Resource::Deployment
            | Resource::StatefulSet
            | Resource::DaemonSet
            | Resource::ReplicaSet
            | Resource::Job
            | Resource::CronJob => {
                Self::Workload(Box::new(form::read::<WorkloadView<'_>>(json)?.workload(object.into())?.at(origin)))
            }
            Resource::Service => Self::Service(Box::new(form::read::<ServiceView<'_>>(json)?.service(object, origin))),
            Resource::Namespace => {
                let namespace = Namespace::new(object.name, metadata.labels.to_static()).at(origin);
                Self::Namespace(namespace.with_annotations(metadata.annotations.to_static()))
            }
            Resource::Node => Self::Node(Box::new(form::read::<NodeView<'_>>(json)?.node(object.name))),
            Resource::Secret | Resource::ConfigMap => Self::Keys(form::read::<KeysView<'_>>(json)?.names()?),
            _ => {
                let view = form::read::<OperatedView<'_>>(json).ok();
                let made = view.and_then(|view| view.workload(resource, &object)).map(|made| Box::new(made.at(origin)));
                Self::Kept(resource, Box::new(Kept::new(object, json, origin, form::check(resource, json).err())), made)
            }
        })
    }

    /// What is wrong with its form, where it is kept all the same.
    pub(super) fn unreadable(&self) -> Option<&String> {
        match self {
            Self::Kept(_, kept, _) => kept.unreadable.as_ref(),
            _ => None,
        }
    }
}

fn pod(
    metadata: &Metadata<'_>,
    object: ObjectReference,
    json: &str,
    origin: Option<Origin>,
) -> Result<Arc<Record>, String> {
    let view = form::read::<TemplateView<'_>>(json)?;
    let controller = metadata.controller().map(|owner| Arc::new(owner.into()));
    let status = PodStatus { controller, ..view.status() };
    Ok(Arc::new(Record { pod: view.pod(object.into()), status, origin: origin.map(Into::into), number: 0 }))
}

impl Kept {
    /// An object as it was written, without what says nothing.
    pub(super) fn new(
        reference: ObjectReference,
        json: &str,
        origin: Option<Origin>,
        unreadable: Option<String>,
    ) -> Self {
        let json = compact(&without_bookkeeping(json));
        let (mentions, ranges) = (Mentions::of_text(&json), ranges::of_text(&json));
        Self { reference, json, origin, unreadable, mentions, ranges }
    }
}
