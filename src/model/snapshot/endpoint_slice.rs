//! EndpointSlices: who is behind a Service, as the cluster has worked it out.

use std::sync::Arc;

use crate::model::ObjectReference;
use crate::model::Protocol;
use crate::model::labels::Labels;
use crate::model::snapshot::Origin;
use crate::model::snapshot::table::Named;

/// The label that names the Service of a slice (`k8s.io/api/discovery/v1.LabelServiceName`).
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// An EndpointSlice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSlice {
    /// The object.
    pub object: ObjectReference,
    /// Where it stands; `None` if it comes from no file.
    pub origin: Option<Origin>,
    /// Its labels.
    pub labels: Labels<'static>,
    /// Its annotations.
    pub annotations: Labels<'static>,
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: String,
    /// The ports of all its endpoints.
    pub ports: Vec<EndpointPort>,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// A port of all endpoints of a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointPort {
    /// Its name; empty for that of the only port.
    pub name: String,
    /// Its number; `None` for all ports.
    pub number: Option<u16>,
    /// Its protocol.
    pub protocol: Protocol,
    /// `appProtocol`.
    pub app_protocol: Option<String>,
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its addresses: numbers, or names in a slice of type `FQDN`.
    pub addresses: Box<[Box<str>]>,
    /// Whether it is ready, where the object says so. Consumers take nothing for yes.
    pub ready: Option<bool>,
    /// Whether it serves, where the object says so.
    pub serving: Option<bool>,
    /// Whether it is going away, where the object says so.
    pub terminating: Option<bool>,
    /// Its host name.
    pub hostname: Option<Box<str>>,
    /// Where it is, where the object says so.
    pub location: Option<Arc<Location>>,
    /// The object that it stands for, mostly a pod.
    pub target: Option<Arc<ObjectReference>>,
    /// `deprecatedTopology`, where there is any.
    pub topology: Option<Box<Labels<'static>>>,
}

/// Where an endpoint is: all pods of a node are in the same place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The node that it is on.
    pub node_name: Option<Box<str>>,
    /// The zone that it is in.
    pub zone: Option<Box<str>>,
}

impl Location {
    /// This node and zone; `None` where neither is known.
    pub fn of(node_name: Option<Box<str>>, zone: Option<Box<str>>) -> Option<Arc<Self>> {
        (node_name.is_some() || zone.is_some()).then(|| Arc::new(Self { node_name, zone }))
    }
}

impl Endpoint {
    /// The node that it is on.
    pub fn node_name(&self) -> Option<&str> {
        self.location.as_ref()?.node_name.as_deref()
    }

    /// The zone that it is in.
    pub fn zone(&self) -> Option<&str> {
        self.location.as_ref()?.zone.as_deref()
    }
}

impl EndpointSlice {
    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.object.namespace.as_deref().unwrap_or_default()
    }

    /// Whether nobody wrote it: it is what the control plane would make of the Service and its pods.
    pub fn is_made(&self) -> bool {
        self.object.name.ends_with('*')
    }

    /// The name of its Service.
    pub fn service_name(&self) -> Option<&str> {
        self.labels.get(SERVICE_NAME_LABEL)
    }
}

impl Named for EndpointSlice {
    fn names(&self) -> [&str; 4] {
        [self.namespace(), &self.object.name, "", ""]
    }
}
