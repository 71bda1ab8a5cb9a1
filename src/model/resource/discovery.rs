//! How a ScrapeConfig finds its targets, as far as rules look at it.

use serde::Deserialize;

use crate::model::Text;
use crate::model::labels::Labels;
use crate::model::resource::endpoint::AttachMetadata;
use crate::model::resource::http_client::{HttpClient, KeySelector};
use crate::model::resource::{Inlining, tolerant};

/// A section of service discovery with the client that asks.
pub type Discovery<'a> = Inlining<DiscoverySection<'a>, HttpClient<'a>>;

/// Targets that are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StaticTargets<'a> {
    /// Host and port of each.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub targets: Vec<Text<'a>>,
    /// Labels of all of them.
    #[serde(borrow)]
    pub labels: Labels<'a>,
}

/// The fields of service discovery of all kinds; each kind has some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscoverySection<'a> {
    /// Kubernetes: the kind of object, in upper or lower case.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub role: Option<Text<'a>>,
    /// Kubernetes: the API server, if it is not that of Prometheus' own cluster.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub api_server: Option<Text<'a>>,
    /// Kubernetes: where the objects are.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub namespaces: Option<DiscoveryNamespaces<'a>>,
    /// Kubernetes: which objects.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub selectors: Vec<DiscoverySelector<'a>>,
    /// Kubernetes: which labels are attached to targets besides their own.
    #[serde(deserialize_with = "tolerant")]
    pub attach_metadata: Option<AttachMetadata>,
    /// HTTP: who lists the targets.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub url: Option<Text<'a>>,
    /// Consul: where the token is.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub token_ref: Option<KeySelector<'a>>,
    /// DNS: the type of record.
    #[serde(borrow, rename = "type", deserialize_with = "tolerant")]
    pub record: Option<Text<'a>>,
    /// DNS: the port, which only SRV records know.
    #[serde(deserialize_with = "tolerant")]
    pub port: Option<i64>,
}

/// The namespaces of Kubernetes objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscoveryNamespaces<'a> {
    /// These; all of them if none is named and Prometheus' own is not either.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub names: Vec<Text<'a>>,
    /// Whether Prometheus' own namespace is among them.
    #[serde(deserialize_with = "tolerant")]
    pub own_namespace: Option<bool>,
}

/// A selector of Kubernetes objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DiscoverySelector<'a> {
    /// The kind of object that it is for, in upper or lower case.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub role: Option<Text<'a>>,
    /// Labels that it must have, as the API server reads them.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub label: Option<Text<'a>>,
    /// Fields that it must have, as the API server reads them.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub field: Option<Text<'a>>,
}
