//! Where Prometheus looks for targets, and what it finds in a snapshot.

use crate::model::relabeling::LabelSet;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::Pod;

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
    /// Whether labels and annotations of the node are attached to targets that are pods (`attach_metadata.node`).
    pub attach_node: bool,
    /// Whether labels and annotations of the namespace are attached (`attach_metadata.namespace`).
    pub attach_namespace: bool,
}

/// What may become a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovered<'s> {
    /// Its labels, as `discoveredLabels` without what the scraper adds.
    pub labels: LabelSet,
    /// The pod that it is of, if it is of one.
    pub pod: Option<&'s Pod>,
    /// The container of that pod, if it is of one.
    pub container: Option<&'s str>,
}
