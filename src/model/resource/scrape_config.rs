//! ScrapeConfig (`monitoring.coreos.com/v1alpha1`).

use serde::Deserialize;

use crate::model::Text;
use crate::model::relabeling::RelabelConfig;
use crate::model::resource::endpoint::TlsConfig;
use crate::model::resource::{Metadata, null_as_default, tolerant};

/// A ScrapeConfig.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ScrapeConfig<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// What is scraped, however it is found.
    #[serde(borrow, default)]
    pub spec: ScrapeConfigSpec<'a>,
}

/// What is scraped, however it is found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScrapeConfigSpec<'a> {
    /// Time between scrapes.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scrape_interval: Option<Text<'a>>,
    /// Time after which a scrape is given up.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scrape_timeout: Option<Text<'a>>,
    /// How a target proves who it is, and Prometheus who it is.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub tls_config: Option<TlsConfig<'a>>,
    /// Relabeling of targets before they are scraped.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub relabelings: Vec<RelabelConfig<'a>>,
    /// Relabeling of the metrics that were scraped.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub metric_relabelings: Vec<RelabelConfig<'a>>,
}
