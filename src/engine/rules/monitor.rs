//! What monitors of all four kinds have in common.

mod ignored;
mod selectable;
#[cfg(test)]
mod tests;

pub(in crate::engine::rules) use ignored::{Ignored, MISSING, NAMESPACE, OTHER, ignored_by};
pub(in crate::engine::rules) use selectable::{Looking, Selectable, each_monitor, read_monitor};

use crate::engine::rules::Monitor;
use crate::model::FieldPath;
use crate::model::relabeling::RelabelConfig;
use crate::model::resource::endpoint::{Endpoint, NamespaceSelector, ScrapedEndpoint};
use crate::model::selector::LabelSelector;

/// A list of relabeling steps as it stands in a monitor.
#[derive(Debug)]
pub(super) struct Pipeline<'m, 'a> {
    /// Where the list stands.
    pub(super) path: FieldPath,
    /// The steps.
    pub(super) steps: &'m [RelabelConfig<'a>],
    /// What they run on.
    pub(super) stage: Stage,
    /// The endpoint that they belong to, if monitors of this kind have endpoints.
    pub(super) endpoint: Option<&'m Endpoint<'a>>,
}

/// What relabeling runs on, and so which labels there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Container ports of pods.
    Pods,
    /// Addresses behind Services.
    Endpoints,
    /// A list of targets of a Probe.
    Static,
    /// Hosts and paths of Ingresses.
    Ingresses,
    /// Targets that may have been found in any way.
    AnyTargets,
    /// Metrics that were scraped.
    Metrics,
}

impl<'m, 'a> Pipeline<'m, 'a> {
    fn new(path: FieldPath, steps: &'m [RelabelConfig<'a>], stage: Stage) -> Self {
        Self { path, steps, stage, endpoint: None }
    }

    /// The steps with their places.
    pub(super) fn steps(&self) -> impl Iterator<Item = (FieldPath, &'m RelabelConfig<'a>)> {
        self.steps.iter().enumerate().map(|(index, step)| (self.path.index(index), step))
    }
}

impl<'m, 'a> Monitor<'m, 'a> {
    /// The lists of relabeling steps that are not empty.
    pub(super) fn pipelines(self) -> Vec<Pipeline<'m, 'a>> {
        let mut pipelines = match self {
            Self::Pod(_) => self.endpoint_pipelines(Stage::Pods),
            Self::Service(_) => self.endpoint_pipelines(Stage::Endpoints),
            Self::Probe(probe) => {
                let group = |name: &str| FieldPath::of("spec.targets").key(name).key("relabelingConfigs");
                let targets = &probe.spec.targets;
                let listed = targets.static_config.iter().map(|targets| (targets, "staticConfig", Stage::Static));
                let found = targets.ingress.iter().map(|targets| (targets, "ingress", Stage::Ingresses));
                let configs = listed
                    .chain(found)
                    .map(|(targets, name, stage)| Pipeline::new(group(name), &targets.relabeling_configs, stage));
                configs.chain([metrics(&probe.spec.metric_relabelings)]).collect()
            }
            Self::Config(config) => vec![
                Pipeline::new(FieldPath::of("spec.relabelings"), &config.spec.relabelings, Stage::AnyTargets),
                metrics(&config.spec.metric_relabelings),
            ],
        };
        pipelines.retain(|pipeline| !pipeline.steps.is_empty());
        pipelines
    }

    fn endpoint_pipelines(self, stage: Stage) -> Vec<Pipeline<'m, 'a>> {
        let of_endpoint = |(path, endpoint): (FieldPath, &'m ScrapedEndpoint<'a>)| {
            let targets = Pipeline::new(path.key("relabelings"), &endpoint.relabelings, stage);
            let metrics = Pipeline::new(path.key("metricRelabelings"), &endpoint.metric_relabelings, Stage::Metrics);
            [targets, metrics].map(|pipeline| Pipeline { endpoint: Some(&endpoint.own), ..pipeline })
        };
        self.endpoints().flat_map(of_endpoint).collect()
    }

    /// Every relabeling step with its place.
    pub(super) fn steps(self) -> impl Iterator<Item = (FieldPath, &'m RelabelConfig<'a>)> {
        self.pipelines().into_iter().flat_map(|pipeline| pipeline.steps().collect::<Vec<_>>())
    }

    /// The endpoints with their places; there are none in a Probe or ScrapeConfig.
    pub(super) fn endpoints(self) -> impl Iterator<Item = (FieldPath, &'m ScrapedEndpoint<'a>)> {
        let (name, endpoints): (_, &[ScrapedEndpoint<'a>]) = match self {
            Self::Pod(monitor) => ("spec.podMetricsEndpoints", &monitor.spec.pod_metrics_endpoints),
            Self::Service(monitor) => ("spec.endpoints", &monitor.spec.endpoints),
            Self::Probe(_) | Self::Config(_) => ("spec", &[]),
        };
        let path = FieldPath::of(name);
        endpoints.iter().enumerate().map(move |(index, endpoint)| (path.index(index), endpoint))
    }

    /// The namespaces in which a PodMonitor or ServiceMonitor looks, and what it selects there.
    pub(super) fn selection(self) -> Option<(&'m NamespaceSelector<'a>, &'m LabelSelector<'a>)> {
        match self {
            Self::Pod(monitor) => Some((&monitor.spec.namespace_selector, &monitor.spec.selector)),
            Self::Service(monitor) => Some((&monitor.spec.namespace_selector, &monitor.spec.selector)),
            Self::Probe(_) | Self::Config(_) => None,
        }
    }

    /// The scrape class of a PodMonitor or ServiceMonitor.
    pub(super) fn scrape_class(self) -> Option<&'m str> {
        match self {
            Self::Pod(monitor) => monitor.spec.scrape_class.as_deref(),
            Self::Service(monitor) => monitor.spec.scrape_class.as_deref(),
            Self::Probe(_) | Self::Config(_) => None,
        }
    }

    /// Whether something limits how much one target can send.
    pub(super) fn has_limit(self) -> bool {
        let (samples, labels) = match self {
            Self::Pod(monitor) => (monitor.spec.sample_limit, monitor.spec.label_limit),
            Self::Service(monitor) => (monitor.spec.sample_limit, monitor.spec.label_limit),
            Self::Probe(_) | Self::Config(_) => return false,
        };
        samples.or(labels).is_some()
    }

    /// What is selected.
    pub(super) fn selected(self) -> &'static str {
        if matches!(self, Self::Service(_)) { "Service" } else { "pod" }
    }
}

fn metrics<'m, 'a>(steps: &'m [RelabelConfig<'a>]) -> Pipeline<'m, 'a> {
    Pipeline::new(FieldPath::of("spec.metricRelabelings"), steps, Stage::Metrics)
}

/// The text, short enough for a message.
pub(super) fn shortened(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    text.chars().take(length.saturating_sub(1)).chain(['…']).collect()
}
