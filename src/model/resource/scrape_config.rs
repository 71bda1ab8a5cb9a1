//! ScrapeConfig (`monitoring.coreos.com/v1alpha1`).

use serde::Deserialize;

use crate::model::Text;
use crate::model::relabeling::RelabelConfig;
use crate::model::resource::discovery::{Discovery, StaticTargets};
use crate::model::resource::endpoint::Params;
use crate::model::resource::http_client::HttpClient;
use crate::model::resource::{Inlining, Metadata, null_as_default, tolerant};

/// A ScrapeConfig.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ScrapeConfig<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// What is scraped, however it is found, and by which client.
    #[serde(borrow, default)]
    pub spec: Inlining<ScrapeConfigSpec<'a>, HttpClient<'a>>,
}

/// What is scraped, however it is found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScrapeConfigSpec<'a> {
    /// The job of all targets.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub job_name: Option<Text<'a>>,
    /// `http` or `https`, in upper or lower case.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scheme: Option<Text<'a>>,
    /// The path of the request; `/metrics` if absent.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub metrics_path: Option<Text<'a>>,
    /// Parameters of the request.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub params: Params<'a>,
    /// The class of the Prometheus resource whose settings are the defaults here.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scrape_class: Option<Text<'a>>,
    /// `Legacy` or `UTF8`; as the Prometheus resource says if this is absent.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub name_validation_scheme: Option<Text<'a>>,
    /// Time between scrapes.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scrape_interval: Option<Text<'a>>,
    /// Time after which a scrape is given up.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub scrape_timeout: Option<Text<'a>>,
    /// Targets that are listed.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub static_configs: Vec<StaticTargets<'a>>,
    /// Targets that are Kubernetes objects.
    #[serde(borrow, rename = "kubernetesSDConfigs", deserialize_with = "tolerant")]
    pub kubernetes_sd_configs: Vec<Discovery<'a>>,
    /// Targets that a server lists.
    #[serde(borrow, rename = "httpSDConfigs", deserialize_with = "tolerant")]
    pub http_sd_configs: Vec<Discovery<'a>>,
    /// Targets that Consul knows.
    #[serde(borrow, rename = "consulSDConfigs", deserialize_with = "tolerant")]
    pub consul_sd_configs: Vec<Discovery<'a>>,
    /// Targets that have names.
    #[serde(borrow, rename = "dnsSDConfigs", deserialize_with = "tolerant")]
    pub dns_sd_configs: Vec<Discovery<'a>>,
    /// Relabeling of targets before they are scraped.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub relabelings: Vec<RelabelConfig<'a>>,
    /// Relabeling of the metrics that were scraped.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub metric_relabelings: Vec<RelabelConfig<'a>>,
}
