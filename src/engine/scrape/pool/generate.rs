//! What all pools have in common.

use super::selector;
use super::steps::{self, Steps};
use super::tls;
use crate::engine::reach::mesh::ClientTls;
use crate::engine::scrape::monitor::{Monitor, View};
use crate::engine::scrape::prometheus::{ScrapeClass, Settings};
use crate::engine::scrape::{Discovery, RelabelingStep, ScrapePool, ScrapeSettings};
use crate::model::relabeling::{PrometheusVersion, RelabelConfig};
use crate::model::resource::endpoint::{AttachMetadata, NamespaceSelector, Params, ScrapedEndpoint};
use crate::model::resource::http_client::TlsConfig;
use crate::model::{FieldPath, ObjectReference, Resource, Text};

/// The path where none is given (`prometheus/config`, `DefaultScrapeConfig`).
const METRICS_PATH: &str = "/metrics";

/// What a Prometheus makes of a monitor.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::scrape) struct Generator<'p, 's> {
    pub(super) settings: &'p Settings<'s>,
    pub(super) monitor: &'p Monitor<'s>,
    pub(super) class: Option<(usize, &'p ScrapeClass<'s>)>,
}

/// The pools of a monitor, in the order of its endpoints; none if it cannot be read.
pub(in crate::engine::scrape) fn pools(settings: &Settings<'_>, monitor: &Monitor<'_>) -> Vec<ScrapePool> {
    let Ok(view) = &monitor.view else { return Vec::new() };
    let generator = Generator { settings, monitor, class: settings.scrape_class(view.scrape_class()) };
    match view {
        View::Pod(monitor) => generator.pod_monitor(monitor),
        View::Service(monitor) => generator.service_monitor(monitor),
        View::Probe(probe) => vec![generator.probe(probe)],
        View::Config(config) => vec![generator.scrape_config(config)],
    }
}

/// What is different for every pool.
pub(super) struct Draft<'d> {
    pub(super) name: String,
    pub(super) path: FieldPath,
    pub(super) discoveries: Vec<Discovery>,
    pub(super) settings: ScrapeSettings,
    pub(super) tls: Option<TlsConfig<'d>>,
    pub(super) not_considered: Vec<String>,
}

impl<'p> Generator<'p, '_> {
    pub(super) fn reference(&self) -> &'p ObjectReference {
        &self.monitor.kept.reference
    }

    /// No steps yet but the first.
    pub(super) fn steps(&self, own_scheme: Option<&str>) -> Steps<'p> {
        Steps::new(self.reference(), self.version(own_scheme))
    }

    fn version(&self, own_scheme: Option<&str>) -> PrometheusVersion {
        self.settings.relabeling_version(own_scheme)
    }

    /// The name of the pool; `index` is that of the endpoint.
    pub(super) fn name(&self, kind: &str, index: Option<usize>) -> String {
        let (namespace, name) = (self.monitor.kept.namespace(), &self.reference().name);
        match index {
            Some(index) => format!("{kind}/{namespace}/{name}/{index}"),
            None => format!("{kind}/{namespace}/{name}"),
        }
    }

    /// The steps of the scrape class.
    pub(super) fn add_class(&self, steps: &mut Steps<'_>) {
        if let Some((index, class)) = self.class {
            let list = FieldPath::of("spec.scrapeClasses").index(index).key("relabelings");
            steps.add_of_user(&self.settings.kept.reference, &list, &class.relabelings);
        }
    }

    /// The steps of the monitor's user, and the one that nobody gets around.
    pub(super) fn add_user(&self, list: &FieldPath, written: &[RelabelConfig<'_>], steps: &mut Steps<'_>) {
        steps.add_of_user(steps.monitor(), list, written);
        if let Some(label) = self.settings.enforced_label(self.monitor.resource, self.monitor.kept) {
            let step = steps::set(label, self.monitor.kept.namespace());
            steps.add_for(&self.settings.kept.reference, "spec.enforcedNamespaceLabel", &step);
        }
    }

    /// Labels of pods that become labels of targets, as the monitor and then as Prometheus wants it.
    pub(super) fn add_pod_labels(&self, labels: &[Text<'_>], steps: &mut Steps<'_>) {
        selector::add_target_labels("pod", "spec.podTargetLabels", labels, steps);
        for label in &self.settings.spec.pod_target_labels {
            let step = selector::target_label("pod", label);
            steps.add_for(&self.settings.kept.reference, "spec.podTargetLabels", &step);
        }
    }

    /// The namespaces of a discovery.
    pub(super) fn namespaces(&self, selector: &NamespaceSelector<'_>) -> Option<Vec<String>> {
        let own = || vec![self.monitor.kept.namespace().to_owned()];
        match selector {
            _ if self.settings.spec.ignore_namespace_selectors => Some(own()),
            NamespaceSelector { any: true, .. } => None,
            NamespaceSelector { match_names, .. } if match_names.is_empty() => Some(own()),
            NamespaceSelector { match_names, .. } => Some(match_names.iter().map(Text::to_string).collect()),
        }
    }

    /// Whether labels of nodes are attached: since a minor version of Prometheus 2.
    pub(super) fn attaches_node(&self, own: Option<AttachMetadata>, since: u16) -> bool {
        let attached = own.or_else(|| self.class.and_then(|(_, class)| class.attach_metadata));
        let knows = self.settings.version >= PrometheusVersion { major: 2, minor: since };
        knows && attached.and_then(|attached| attached.node) == Some(true)
    }

    /// How the targets of an endpoint are scraped.
    pub(super) fn endpoint_settings(&self, endpoint: &ScrapedEndpoint<'_>) -> ScrapeSettings {
        let (interval, timeout) = (endpoint.interval.as_deref(), endpoint.scrape_timeout.as_deref());
        let path = endpoint.path.as_deref().filter(|path| !path.is_empty());
        self.scrape_settings(endpoint.scheme.as_deref(), path, params(&endpoint.params), (interval, timeout))
    }

    pub(super) fn scrape_settings(
        &self,
        scheme: Option<&str>,
        path: Option<&str>,
        params: Vec<(String, Vec<String>)>,
        (interval, timeout): (Option<&str>, Option<&str>),
    ) -> ScrapeSettings {
        let (scrape_interval, scrape_timeout) = self.settings.timing(interval, timeout);
        ScrapeSettings {
            scheme: scheme.filter(|scheme| !scheme.is_empty()).unwrap_or("http").to_ascii_lowercase(),
            metrics_path: path.unwrap_or(METRICS_PATH).to_owned(),
            params,
            scrape_interval,
            scrape_timeout,
        }
    }

    /// The pool.
    pub(super) fn pool(&self, draft: Draft<'_>, steps: Steps<'_>) -> ScrapePool {
        let (relabeling, refused) = steps.finish();
        let mut not_considered = draft.not_considered;
        not_considered.extend(refused);
        let finds_objects = draft.discoveries.iter().any(|it| matches!(it, Discovery::Kubernetes { .. }));
        let is_own = self.monitor.resource != Resource::ScrapeConfig;
        not_considered.extend(self.settings.elsewhere().filter(|_| finds_objects && is_own));
        ScrapePool {
            name: draft.name,
            monitor: self.reference().clone(),
            path: draft.path,
            discoveries: draft.discoveries,
            tls: self.tls(&draft.settings, draft.tls.as_ref(), &relabeling),
            relabeling,
            settings: draft.settings,
            not_considered,
        }
    }

    fn tls(&self, settings: &ScrapeSettings, own: Option<&TlsConfig<'_>>, steps: &[RelabelingStep]) -> ClientTls {
        let https = tls::of_https(own, self.class.map(|(_, class)| class), self.settings);
        tls::of_scheme(&settings.scheme, https, steps)
    }
}

/// Parameters by name, as they are sent.
pub(super) fn params(params: &Params<'_>) -> Vec<(String, Vec<String>)> {
    params.iter().map(|(name, values)| (name.to_string(), values.iter().map(Text::to_string).collect())).collect()
}
