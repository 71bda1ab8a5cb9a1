//! Scrape pools: what the operator makes of one endpoint of a monitor.

mod generate;
mod pod_monitor;
mod probe;
mod scrape_config;
mod selector;
mod service_monitor;
mod steps;
mod tls;

pub(super) use generate::pools;
pub(super) use scrape_config::elsewhere;

use crate::engine::reach::mesh::ClientTls;
use crate::engine::scrape::Discovery;
use crate::model::relabeling::Step;
use crate::model::{FieldPath, ObjectReference};

/// One element of `scrape_configs` in the configuration of Prometheus.
#[derive(Clone, Debug)]
pub struct ScrapePool {
    /// Its `job_name`, such as `podMonitor/monitoring/envoy-stats/0`.
    pub name: String,
    /// The monitor that it is made from.
    pub monitor: ObjectReference,
    /// The endpoint of the monitor that it is made from; the root where a monitor makes just one pool.
    pub path: FieldPath,
    /// Where targets are looked for.
    pub discoveries: Vec<Discovery>,
    /// What is done to their labels, in order.
    pub relabeling: Vec<RelabelingStep>,
    /// How they are scraped, unless relabeling says otherwise.
    pub settings: ScrapeSettings,
    /// What Prometheus does about TLS by itself.
    pub tls: ClientTls,
    /// What was not considered, each in a sentence without a full stop: then nobody knows all targets.
    pub not_considered: Vec<String>,
}

/// One relabeling step and who wrote it.
#[derive(Clone, Debug)]
pub struct RelabelingStep {
    /// The step.
    pub step: Step,
    /// Who wrote it.
    pub source: StepSource,
}

/// Who wrote a relabeling step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepSource {
    /// The operator, for a field of the monitor or of the Prometheus resource, such as `spec.selector`.
    Operator(ObjectReference, FieldPath),
    /// A user, in this field of this object.
    User(ObjectReference, FieldPath),
}

/// What a target is scraped with, unless relabeling says otherwise. Durations are spelt as in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapeSettings {
    /// `http` or `https`.
    pub scheme: String,
    /// The path of the request.
    pub metrics_path: String,
    /// Parameters of the request, by name.
    pub params: Vec<(String, Vec<String>)>,
    /// Time between scrapes.
    pub scrape_interval: String,
    /// Time after which a scrape is given up.
    pub scrape_timeout: String,
}
