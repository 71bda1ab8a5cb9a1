//! EndpointSlices.

use std::sync::Arc;

use serde::Deserialize;

use super::{protocol, said};
use crate::model::Protocol;
use crate::model::labels::Labels;
use crate::model::resource::{Metadata, null_as_default, tolerant};
use crate::model::snapshot::{Endpoint, EndpointPort, EndpointSlice, Location, Origin};
use crate::model::{ObjectReference, Text};

/// An EndpointSlice.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::model::snapshot) struct EndpointSliceView<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(borrow, default)]
    address_type: Text<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    ports: Vec<PortView<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    endpoints: Vec<EndpointView<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PortView<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default, deserialize_with = "protocol")]
    protocol: Protocol,
    #[serde(borrow, default)]
    app_protocol: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EndpointView<'a> {
    #[serde(borrow, deserialize_with = "null_as_default")]
    addresses: Vec<Text<'a>>,
    #[serde(deserialize_with = "null_as_default")]
    conditions: ConditionsView,
    #[serde(borrow)]
    hostname: Option<Text<'a>>,
    #[serde(borrow)]
    node_name: Option<Text<'a>>,
    #[serde(borrow)]
    zone: Option<Text<'a>>,
    #[serde(borrow)]
    target_ref: Option<TargetView<'a>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    deprecated_topology: Labels<'a>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct ConditionsView {
    ready: Option<bool>,
    serving: Option<bool>,
    terminating: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TargetView<'a> {
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

impl EndpointSliceView<'_> {
    /// The EndpointSlice.
    pub(in crate::model::snapshot) fn endpoint_slice(
        &self,
        reference: ObjectReference,
        origin: Option<Origin>,
    ) -> EndpointSlice {
        let endpoint = |view: &EndpointView<'_>| view.endpoint(reference.namespace.as_ref());
        EndpointSlice {
            labels: self.metadata.labels.to_static(),
            annotations: self.metadata.annotations.to_static(),
            address_type: self.address_type.to_string(),
            ports: self.ports.iter().map(PortView::port).collect(),
            endpoints: self.endpoints.iter().map(endpoint).collect(),
            object: reference,
            origin,
        }
    }
}

impl PortView<'_> {
    fn port(&self) -> EndpointPort {
        EndpointPort {
            name: said(self.name.as_ref()).unwrap_or_default(),
            number: self.port,
            protocol: self.protocol,
            app_protocol: said(self.app_protocol.as_ref()),
        }
    }
}

impl EndpointView<'_> {
    fn endpoint(&self, namespace: Option<&String>) -> Endpoint {
        let ConditionsView { ready, serving, terminating } = self.conditions;
        let topology = &self.deprecated_topology;
        let boxed = |text: Option<&Text<'_>>| said(text).map(String::into_boxed_str);
        let target = self.target_ref.as_ref().map(|target| ObjectReference {
            kind: said(target.kind.as_ref()).unwrap_or_default(),
            namespace: said(target.namespace.as_ref()).or_else(|| namespace.cloned()),
            name: said(target.name.as_ref()).unwrap_or_default(),
        });
        Endpoint {
            addresses: self.addresses.iter().map(|address| address.as_str().into()).collect(),
            ready,
            serving,
            terminating,
            hostname: boxed(self.hostname.as_ref()),
            location: Location::of(boxed(self.node_name.as_ref()), boxed(self.zone.as_ref())),
            target: target.map(Arc::new),
            topology: (!topology.is_empty()).then(|| Box::new(topology.to_static())),
        }
    }
}
