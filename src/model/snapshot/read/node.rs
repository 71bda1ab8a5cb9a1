//! Nodes.

use serde::Deserialize;

use crate::model::Text;
use crate::model::resource::{Metadata, null_as_default, tolerant};
use crate::model::snapshot::Node;

/// A Node.
#[derive(Debug, Deserialize)]
pub(in crate::model::snapshot) struct NodeView<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    spec: SpecView<'a>,
    #[serde(borrow, default, deserialize_with = "tolerant")]
    status: StatusView<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SpecView<'a> {
    #[serde(borrow, rename = "providerID")]
    provider_id: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StatusView<'a> {
    #[serde(borrow, deserialize_with = "null_as_default")]
    addresses: Vec<AddressView<'a>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    conditions: Vec<ConditionView<'a>>,
    #[serde(deserialize_with = "null_as_default")]
    daemon_endpoints: DaemonEndpointsView,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AddressView<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    address: Text<'a>,
}

/// A condition of anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConditionView<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DaemonEndpointsView {
    #[serde(deserialize_with = "null_as_default")]
    kubelet_endpoint: DaemonEndpointView,
}

#[derive(Debug, Default, Deserialize)]
struct DaemonEndpointView {
    /// In upper case, unlike every other field (`k8s.io/api/core/v1.DaemonEndpoint`).
    #[serde(rename = "Port", default)]
    port: u16,
}

impl NodeView<'_> {
    /// The Node.
    pub(in crate::model::snapshot) fn node(&self, name: String) -> Node {
        let StatusView { addresses, conditions, daemon_endpoints } = &self.status;
        let address = |view: &AddressView<'_>| (view.kind.to_string(), view.address.to_string());
        let condition = |view: &ConditionView<'_>| (view.kind.to_string(), view.status.to_string());
        Node {
            name,
            labels: self.metadata.labels.to_static(),
            annotations: self.metadata.annotations.to_static(),
            provider_id: self.spec.provider_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            addresses: addresses.iter().map(address).collect(),
            conditions: conditions.iter().map(condition).collect(),
            kubelet_port: daemon_endpoints.kubelet_endpoint.port,
        }
    }
}
