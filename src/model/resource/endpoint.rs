//! What monitors of several kinds have in common: endpoints, and the namespaces they look in.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Text;
use crate::model::relabeling::RelabelConfig;
use crate::model::resource::http_client::HttpClient;
use crate::model::resource::network_policy::PortReference;
use crate::model::resource::{Inlining, null_as_default, tolerant};

/// An endpoint with the client that scrapes it.
pub type ScrapedEndpoint<'a> = Inlining<Endpoint<'a>, HttpClient<'a>>;

/// One endpoint of the pods of a PodMonitor or of the Services of a ServiceMonitor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint<'a> {
    /// Name of the container port in a PodMonitor, of the Service port in a ServiceMonitor. A number is a mistake.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub port: Option<PortReference<'a>>,
    /// Number of the container port, in a PodMonitor.
    #[serde(deserialize_with = "tolerant")]
    pub port_number: Option<u16>,
    /// Name or number of the container port; deprecated in a PodMonitor.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub target_port: Option<PortReference<'a>>,
    /// `http` or `https`, in upper or lower case.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scheme: Option<Text<'a>>,
    /// The path of the request; `/metrics` if this is empty.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub path: Option<Text<'a>>,
    /// Parameters of the request.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub params: Params<'a>,
    /// Time between scrapes.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub interval: Option<Text<'a>>,
    /// Time after which a scrape is given up.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scrape_timeout: Option<Text<'a>>,
    /// Whether HTTP/2 is used where the target can.
    #[serde(deserialize_with = "tolerant")]
    pub enable_http2: Option<bool>,
    /// A file with a token, in a ServiceMonitor; deprecated.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub bearer_token_file: Option<Text<'a>>,
    /// Whether pods that have ended are left out; they are if this is absent.
    #[serde(deserialize_with = "tolerant")]
    pub filter_running: Option<bool>,
    /// Whether labels that the target sends replace those of Prometheus.
    #[serde(deserialize_with = "tolerant")]
    pub honor_labels: Option<bool>,
    /// Relabeling of targets before they are scraped.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub relabelings: Vec<RelabelConfig<'a>>,
    /// Relabeling of the metrics that were scraped.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub metric_relabelings: Vec<RelabelConfig<'a>>,
}

/// Parameters of a request, by name.
pub type Params<'a> = BTreeMap<Text<'a>, Vec<Text<'a>>>;

/// Which labels are attached to targets besides their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AttachMetadata {
    /// Those of the node.
    #[serde(deserialize_with = "tolerant")]
    pub node: Option<bool>,
}

/// The namespaces in which a monitor looks; its own if empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceSelector<'a> {
    /// All namespaces.
    #[serde(deserialize_with = "null_as_default")]
    pub any: bool,
    /// These namespaces.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub match_names: Vec<Text<'a>>,
}

impl Endpoint<'_> {
    /// Whether a field says which port is meant.
    pub fn has_port(&self) -> bool {
        self.port.is_some() || self.port_number.is_some() || self.target_port.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_another_form_does_not_spoil_the_rest() {
        let endpoint: Endpoint<'_> =
            serde_json::from_str(r#"{"port": 9090, "interval": 30, "honorLabels": "yes", "scheme": "https"}"#).unwrap();
        assert_eq!(endpoint.port, Some(PortReference::Number(9090)));
        assert_eq!((endpoint.interval, endpoint.honor_labels), (None, None));
        assert_eq!(endpoint.scheme.as_deref(), Some("https"));
    }
}
