//! Pools of PodMonitors (`generatePodMonitorConfig`).

use super::generate::{Draft, Generator};
use super::selector::{self, is_asked_of_server};
use super::steps::{self, Steps};
use crate::engine::scrape::{Discovery, Role, Scope, ScrapePool};
use crate::model::FieldPath;
use crate::model::relabeling::RelabelConfig;
use crate::model::resource::PodMonitor;
use crate::model::resource::endpoint::ScrapedEndpoint;
use crate::model::resource::http_client::TlsConfig;
use crate::model::resource::network_policy::PortReference;
use crate::model::resource::pod_monitor::PodMonitorSpec;

const PORT_NAME: &str = "__meta_kubernetes_pod_container_port_name";
const PORT_NUMBER: &str = "__meta_kubernetes_pod_container_port_number";

impl Generator<'_, '_> {
    pub(super) fn pod_monitor(&self, monitor: &PodMonitor<'_>) -> Vec<ScrapePool> {
        let endpoints = monitor.spec.pod_metrics_endpoints.iter().enumerate();
        endpoints.map(|(index, endpoint)| self.pods_endpoint(&monitor.spec, index, endpoint)).collect()
    }

    fn pods_endpoint(&self, spec: &PodMonitorSpec<'_>, index: usize, endpoint: &ScrapedEndpoint<'_>) -> ScrapePool {
        let path = FieldPath::of("spec.podMetricsEndpoints").index(index);
        let scope = Scope {
            namespaces: self.namespaces(&spec.namespace_selector),
            label_selector: is_asked_of_server(spec.selector_mechanism.as_ref()).then(|| spec.selector.to_static()),
            attach_node: self.attaches_node(spec.attach_metadata, 35),
            ..Scope::default()
        };
        let mut steps = self.steps(None);
        self.add_pod_steps(spec, endpoint, &path, &mut steps);
        self.add_class(&mut steps);
        self.add_user(&path.key("relabelings"), &endpoint.relabelings, &mut steps);
        let draft = Draft {
            name: self.name("podMonitor", Some(index)),
            path,
            discoveries: vec![Discovery::Kubernetes { role: Role::Pod, scope }],
            settings: self.endpoint_settings(endpoint),
            tls: endpoint.inlined.tls_config.as_ref().and_then(TlsConfig::without_files),
            not_considered: Vec::new(),
        };
        self.pool(draft, steps)
    }

    fn add_pod_steps(
        &self,
        spec: &PodMonitorSpec<'_>,
        endpoint: &ScrapedEndpoint<'_>,
        path: &FieldPath,
        steps: &mut Steps<'_>,
    ) {
        if endpoint.filter_running.unwrap_or(true) {
            steps.add_at(path.key("filterRunning"), &running());
        }
        if !is_asked_of_server(spec.selector_mechanism.as_ref()) {
            selector::add(&spec.selector, "pod", &FieldPath::of("spec.selector"), steps);
        }
        add_port_filter(endpoint, path, steps);
        steps.add("", &steps::copy(["__meta_kubernetes_namespace"], "namespace"));
        steps.add("", &steps::copy(["__meta_kubernetes_pod_container_name"], "container"));
        steps.add("", &steps::copy(["__meta_kubernetes_pod_name"], "pod"));
        self.add_pod_labels(&spec.pod_target_labels, steps);
        let own = format!("{}/{}", self.monitor.kept.namespace(), self.reference().name);
        steps.add("", &steps::set("job", own));
        selector::add_job_label("pod", spec.job_label.as_ref(), steps);
        add_endpoint_label(port_name(endpoint), endpoint, path, steps);
    }
}

/// Drops pods that have ended.
pub(super) fn running() -> RelabelConfig<'static> {
    steps::drop(["__meta_kubernetes_pod_phase"], "(Failed|Succeeded)")
}

/// The name of a port that is not empty.
pub(super) fn port_name<'e>(endpoint: &'e ScrapedEndpoint<'_>) -> Option<&'e str> {
    match &endpoint.port {
        Some(PortReference::Name(name)) if !name.is_empty() => Some(name),
        _ => None,
    }
}

fn add_port_filter(endpoint: &ScrapedEndpoint<'_>, path: &FieldPath, steps: &mut Steps<'_>) {
    if let Some(name) = port_name(endpoint) {
        steps.add_at(path.key("port"), &steps::keep([PORT_NAME], name));
    } else if let Some(number) = endpoint.port_number.filter(|number| *number != 0) {
        steps.add_at(path.key("portNumber"), &steps::keep([PORT_NUMBER], number.to_string()));
    } else {
        add_target_port_filter(endpoint, path, steps);
    }
}

/// Keeps the container port that is meant, by name or number.
pub(super) fn add_target_port_filter(endpoint: &ScrapedEndpoint<'_>, path: &FieldPath, steps: &mut Steps<'_>) {
    let step = match &endpoint.target_port {
        Some(PortReference::Name(name)) if !name.is_empty() => steps::keep([PORT_NAME], name.as_str()),
        Some(PortReference::Number(number)) if *number != 0 => steps::keep([PORT_NUMBER], number.to_string()),
        Some(PortReference::Impossible(number)) => steps::keep([PORT_NUMBER], number.as_str()),
        _ => return,
    };
    steps.add_at(path.key("targetPort"), &step);
}

/// The label that tells endpoints apart.
pub(super) fn add_endpoint_label(
    name: Option<&str>,
    endpoint: &ScrapedEndpoint<'_>,
    path: &FieldPath,
    steps: &mut Steps<'_>,
) {
    if let Some(name) = name {
        steps.add_at(path.key("port"), &steps::set("endpoint", name));
        return;
    }
    let target = match &endpoint.target_port {
        Some(PortReference::Name(name)) if !name.is_empty() => name.to_string(),
        Some(PortReference::Number(number)) => number.to_string(),
        Some(PortReference::Impossible(number)) => number.clone(),
        _ => return,
    };
    steps.add_at(path.key("targetPort"), &steps::set("endpoint", target));
}
