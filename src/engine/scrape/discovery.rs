//! Where Prometheus looks for targets, and what it finds in a snapshot.

mod attached;
mod endpoint_slice;
mod endpoints;
mod ingress;
mod meta;
mod node;
mod pod;
mod service;
pub mod stand_in;
#[cfg(test)]
pub(super) mod tests;

use std::borrow::Cow;

use crate::model::Truth;
use crate::model::labels::Labels;
use crate::model::relabeling::LabelSet;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::{Pod, Snapshot};
use attached::Attached;
use endpoint_slice::EndpointTarget;
use meta::Listed;
use pod::PodTarget;

/// The label that holds host and port of a target.
const ADDRESS: &str = "__address__";

/// The operators of selectors that have a meaning.
const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

/// One element of the `*_sd_configs` or `static_configs` of a scrape pool.
#[derive(Clone, Debug)]
pub enum Discovery {
    /// Objects of Kubernetes.
    Kubernetes {
        /// Which kind of object.
        role: Role,
        /// Which of them.
        scope: Scope,
    },
    /// Addresses that are listed.
    Static {
        /// `host:port`, as written.
        addresses: Vec<String>,
        /// Labels of all of them.
        labels: Vec<(String, String)>,
    },
    /// Anything else, by the name of its field: nobody here knows what it finds.
    Elsewhere(&'static str),
}

/// The kinds of Kubernetes objects that Prometheus can make targets of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// One target for each port of each container.
    Pod,
    /// One target for each port of each address, and for further ports of the pods behind them.
    EndpointSlice,
    /// The same of the older kind of object, which has the same content where a Service selects pods.
    Endpoints,
    /// One target for each port of each Service.
    Service,
    /// One target for each path of each host of each Ingress.
    Ingress,
    /// One target for each node, at its kubelet.
    Node,
}

/// Which objects are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The namespaces; `None` for all.
    pub namespaces: Option<Vec<String>>,
    /// Labels that the objects must have, asked of the API server.
    pub label_selector: Option<LabelSelector<'static>>,
    /// Labels that the Services of endpoints must have to be told of, asked of the API server.
    pub service_selector: Option<LabelSelector<'static>>,
    /// Whether labels and annotations of the node are attached to targets that are pods (`attach_metadata.node`).
    pub attach_node: bool,
    /// Whether labels and annotations of the namespace are attached (`attach_metadata.namespace`).
    pub attach_namespace: bool,
}

/// What may become a target. Its labels are made when they are asked for: most of what is discovered is dropped.
#[derive(Clone, Debug)]
pub struct Discovered<'s>(Thing<'s>);

#[derive(Clone, Debug)]
enum Thing<'s> {
    Pod(PodTarget<'s>),
    Endpoint(EndpointTarget<'s>),
    Listed(Box<ListedTarget<'s>>),
}

/// A target whose labels are all made at once, for there are few of its kind.
#[derive(Clone, Debug)]
struct ListedTarget<'s> {
    labels: LabelSet,
    attached: Attached<'s>,
    /// Meta labels that are there with a value that is not known, without their prefix.
    unknown: Vec<&'static str>,
}

/// What was discovered.
#[derive(Clone, Debug, Default)]
pub struct Found<'s> {
    /// In the order of the objects in the snapshot.
    pub discovered: Vec<Discovered<'s>>,
    /// What was not considered, each in a sentence without a full stop: then there may be more.
    pub not_considered: Vec<String>,
}

/// What Prometheus finds in a snapshot.
pub fn discover<'s>(discovery: &Discovery, snapshot: &'s Snapshot) -> Found<'s> {
    let mut found = Found::default();
    match discovery {
        Discovery::Kubernetes { role, scope } => of_role(*role, scope, snapshot, &mut found),
        Discovery::Static { addresses, labels } => {
            let with = |address: &String| {
                let address = std::iter::once((ADDRESS.to_owned(), address.clone()));
                Discovered::listed(labels.iter().cloned().chain(address).collect(), Attached::default(), Vec::new())
            };
            found.discovered.extend(addresses.iter().map(with));
        }
        Discovery::Elsewhere(field) => found.not_considered.push(format!("what {field} discovers is not known here")),
    }
    found
}

fn of_role<'s>(role: Role, scope: &Scope, snapshot: &'s Snapshot, found: &mut Found<'s>) {
    let requirements = scope.label_selector.iter().flat_map(|selector| &selector.match_expressions);
    let strange = requirements.filter(|it| !OPERATORS.contains(&it.operator.as_str()));
    found.not_considered.extend(strange.map(|it| format!("the operator {} of a selector is not known", it.operator)));
    match role {
        Role::Pod => pod::discover(scope, snapshot, &mut found.discovered),
        Role::EndpointSlice => endpoint_slice::discover(role, scope, snapshot, &mut found.discovered),
        Role::Endpoints => {
            endpoint_slice::discover(role, scope, snapshot, &mut found.discovered);
            found.not_considered.extend(endpoints::not_considered(scope, snapshot));
        }
        Role::Service => service::discover(scope, snapshot, &mut found.discovered),
        Role::Ingress => ingress::discover(scope, snapshot, found),
        Role::Node => node::discover(scope, snapshot, &mut found.discovered),
    }
}

impl Scope {
    /// The namespaces to look through, `None` standing for all. Those that are named twice are looked through twice by
    /// Prometheus, too, and what comes of that is one and the same target.
    fn namespaces(&self) -> Vec<Option<&str>> {
        match &self.namespaces {
            None => vec![None],
            Some(namespaces) => {
                let mut names: Vec<&str> = namespaces.iter().map(String::as_str).collect();
                names.sort_unstable();
                names.dedup();
                names.into_iter().map(Some).collect()
            }
        }
    }

    /// Whether an object with these labels is looked at.
    fn selects(&self, labels: &Labels<'_>) -> bool {
        self.label_selector.as_ref().is_none_or(|selector| selector.matches(labels) == Truth::Yes)
    }

    /// Whether endpoints of a Service with these labels have meta labels that tell of it.
    fn tells_of_service(&self, labels: &Labels<'_>) -> bool {
        self.service_selector.as_ref().is_none_or(|selector| selector.matches(labels) == Truth::Yes)
    }
}

impl<'s> Discovered<'s> {
    fn listed(mut labels: Listed, attached: Attached<'s>, unknown: Vec<&'static str>) -> Self {
        attached.list(&mut labels);
        Self(Thing::Listed(Box::new(ListedTarget { labels: labels.into_iter().collect(), attached, unknown })))
    }

    /// The value of a label; empty if it has no such label.
    pub fn label(&self, name: &str) -> Cow<'_, str> {
        match &self.0 {
            Thing::Pod(target) => target.value(name),
            Thing::Endpoint(target) => target.value(name),
            Thing::Listed(target) => Cow::Borrowed(target.labels.get(name)),
        }
    }

    /// Whether it is known what a label says. Of pods that are still to be made, names and addresses are not.
    pub fn knows(&self, name: &str) -> bool {
        match &self.0 {
            Thing::Pod(target) => target.knows(name),
            Thing::Endpoint(target) => target.knows(name),
            Thing::Listed(target) => {
                let meta_label = name.strip_prefix(meta::PREFIX);
                meta_label.is_none_or(|name| !target.unknown.contains(&name) && target.attached.knows(name))
            }
        }
    }

    /// Whether it is known what every label says.
    pub(super) fn knows_all(&self) -> bool {
        match &self.0 {
            Thing::Pod(target) => target.knows_all(),
            Thing::Endpoint(target) => target.knows_all(),
            Thing::Listed(target) => target.unknown.is_empty() && target.attached.knows_all(),
        }
    }

    /// All its labels, as `discoveredLabels` without what the scraper adds.
    pub fn labels(&self) -> LabelSet {
        let mut listed = Vec::new();
        self.list(&mut listed);
        listed.into_iter().collect()
    }

    pub(super) fn list(&self, listed: &mut Vec<(String, String)>) {
        match &self.0 {
            Thing::Pod(target) => target.list(listed),
            Thing::Endpoint(target) => target.list(listed),
            Thing::Listed(target) => target.list(listed),
        }
    }

    /// Those of its labels that are no meta labels, and so may outlast relabeling.
    pub(super) fn list_lasting(&self, listed: &mut Vec<(String, String)>) {
        match &self.0 {
            Thing::Pod(target) => listed.push((ADDRESS.to_owned(), target.address())),
            Thing::Endpoint(target) => listed.push((ADDRESS.to_owned(), target.address())),
            Thing::Listed(target) => target.list(listed),
        }
    }

    /// The pod that it is of, if it is of one.
    pub fn pod(&self) -> Option<&'s Pod> {
        match &self.0 {
            Thing::Pod(target) => Some(target.pod.pod),
            Thing::Endpoint(target) => target.pod.map(|pod| pod.pod),
            Thing::Listed(_) => None,
        }
    }

    /// The container of that pod, if it is of one.
    pub fn container(&self) -> Option<&'s str> {
        match &self.0 {
            Thing::Pod(target) => Some(&target.container.container.name),
            Thing::Endpoint(target) => target.container.map(|container| container.container.name.as_str()),
            Thing::Listed(_) => None,
        }
    }
}

impl ListedTarget<'_> {
    fn list(&self, listed: &mut Listed) {
        listed.extend(self.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
