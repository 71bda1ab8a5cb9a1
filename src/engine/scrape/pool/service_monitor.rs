//! Pools of ServiceMonitors (`generateServiceMonitorConfig`).

use super::generate::{Draft, Generator};
use super::pod_monitor::{add_endpoint_label, add_target_port_filter, port_name, running};
use super::selector::{self, is_asked_of_server};
use super::steps::{self, Steps};
use crate::engine::scrape::{Discovery, Role, Scope, ScrapePool};
use crate::model::FieldPath;
use crate::model::Text;
use crate::model::relabeling::{PrometheusVersion, RelabelConfig};
use crate::model::resource::ServiceMonitor;
use crate::model::resource::endpoint::ScrapedEndpoint;
use crate::model::resource::service_monitor::ServiceMonitorSpec;

impl Generator<'_, '_> {
    pub(super) fn service_monitor(&self, monitor: &ServiceMonitor<'_>) -> Vec<ScrapePool> {
        let endpoints = monitor.spec.endpoints.iter().enumerate();
        endpoints.map(|(index, endpoint)| self.services_endpoint(&monitor.spec, index, endpoint)).collect()
    }

    fn services_endpoint(
        &self,
        spec: &ServiceMonitorSpec<'_>,
        index: usize,
        endpoint: &ScrapedEndpoint<'_>,
    ) -> ScrapePool {
        let path = FieldPath::of("spec.endpoints").index(index);
        let role = self.endpoints_role(spec.service_discovery_role.as_ref());
        let asked = is_asked_of_server(spec.selector_mechanism.as_ref()).then(|| spec.selector.to_static());
        let scope = Scope {
            namespaces: self.namespaces(&spec.namespace_selector),
            label_selector: asked.clone(),
            service_selector: asked,
            attach_node: self.attaches_node(spec.attach_metadata, 37),
            ..Scope::default()
        };
        let mut steps = self.steps(None);
        self.add_service_steps(spec, endpoint, role, &path, &mut steps);
        self.add_class(&mut steps);
        self.add_user(&path.key("relabelings"), &endpoint.relabelings, &mut steps);
        let draft = Draft {
            name: self.name("serviceMonitor", Some(index)),
            path,
            discoveries: vec![Discovery::Kubernetes { role, scope }],
            settings: self.endpoint_settings(endpoint),
            tls: endpoint.inlined.tls_config.clone(),
            not_considered: Vec::new(),
        };
        self.pool(draft, steps)
    }

    /// Endpoints unless somebody says otherwise; the monitor's word counts for more.
    fn endpoints_role(&self, own: Option<&Text<'_>>) -> Role {
        let knows_slices = self.settings.version >= PrometheusVersion { major: 2, minor: 21 };
        let wanted = own.or(self.settings.spec.service_discovery_role.as_ref());
        match wanted.map(Text::as_str) {
            Some("EndpointSlice") if knows_slices => Role::EndpointSlice,
            _ => Role::Endpoints,
        }
    }

    fn add_service_steps(
        &self,
        spec: &ServiceMonitorSpec<'_>,
        endpoint: &ScrapedEndpoint<'_>,
        role: Role,
        path: &FieldPath,
        steps: &mut Steps<'_>,
    ) {
        if !is_asked_of_server(spec.selector_mechanism.as_ref()) {
            selector::add(&spec.selector, "service", &FieldPath::of("spec.selector"), steps);
        }
        let labels = if role == Role::EndpointSlice { "endpointslice" } else { "endpoint" };
        match port_name(endpoint) {
            Some(name) => {
                let source = format!("__meta_kubernetes_{labels}_port_name");
                steps.add_at(path.key("port"), &steps::keep([source], name));
            }
            None => add_target_port_filter(endpoint, path, steps),
        }
        steps.add("", &behind(labels, "Node;(.*)", "node"));
        steps.add("", &behind(labels, "Pod;(.*)", "pod"));
        steps.add("", &steps::copy(["__meta_kubernetes_namespace"], "namespace"));
        steps.add("", &steps::copy(["__meta_kubernetes_service_name"], "service"));
        steps.add("", &steps::copy(["__meta_kubernetes_pod_name"], "pod"));
        steps.add("", &steps::copy(["__meta_kubernetes_pod_container_name"], "container"));
        if endpoint.filter_running.unwrap_or(true) {
            steps.add_at(path.key("filterRunning"), &running());
        }
        selector::add_target_labels("service", "spec.targetLabels", &spec.target_labels, steps);
        self.add_pod_labels(&spec.pod_target_labels, steps);
        let name = steps::copy(["__meta_kubernetes_service_name"], "job");
        steps.add("", &RelabelConfig { replacement: Some(Text::from("${1}")), ..name });
        selector::add_job_label("service", spec.job_label.as_ref(), steps);
        add_endpoint_label(port_name(endpoint), endpoint, path, steps);
    }
}

/// The name of what stands behind an address, if it is of this kind.
fn behind(labels: &str, regex: &str, target: &str) -> RelabelConfig<'static> {
    let source = |what: &str| format!("__meta_kubernetes_{labels}_address_target_{what}");
    let separator = Some(Text::from(";"));
    RelabelConfig { separator, ..steps::copy_match([source("kind"), source("name")], regex, target) }
}
