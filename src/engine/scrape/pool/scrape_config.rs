//! Pools of ScrapeConfigs (`generateScrapeConfig`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::generate::{Draft, Generator, params};
use super::steps;
use crate::engine::scrape::{Discovery, Role, Scope, ScrapePool};
use crate::model::relabeling::{PrometheusVersion, RelabelConfig};
use crate::model::resource::ScrapeConfig;
use crate::model::resource::discovery::{DiscoverySection, StaticTargets};
use crate::model::resource::http_client::TlsConfig;
use crate::model::resource::scrape_config::ScrapeConfigSpec;
use crate::model::selector::{self, LabelSelector};
use crate::model::{FieldPath, Text};

/// Fields of service discovery that does not look at Kubernetes objects.
const ELSEWHERE: [&str; 21] = [
    "fileSDConfigs",
    "httpSDConfigs",
    "consulSDConfigs",
    "dnsSDConfigs",
    "ec2SDConfigs",
    "azureSDConfigs",
    "gceSDConfigs",
    "openstackSDConfigs",
    "digitalOceanSDConfigs",
    "kumaSDConfigs",
    "eurekaSDConfigs",
    "dockerSDConfigs",
    "linodeSDConfigs",
    "hetznerSDConfigs",
    "nomadSDConfigs",
    "dockerSwarmSDConfigs",
    "puppetDBSDConfigs",
    "lightSailSDConfigs",
    "ovhcloudSDConfigs",
    "scalewaySDConfigs",
    "ionosSDConfigs",
];

impl Generator<'_, '_> {
    pub(super) fn scrape_config(&self, config: &ScrapeConfig<'_>) -> ScrapePool {
        let spec = &config.spec;
        let mut steps = self.steps(spec.name_validation_scheme.as_deref());
        self.add_class(&mut steps);
        if let Some(job) = &spec.job_name {
            let action = Some(Text::from("replace"));
            steps.add("spec.jobName", &RelabelConfig { action, ..steps::set("job", job.as_str()) });
        }
        // Where a ScrapeConfig has no steps, nothing is enforced on it either.
        if !spec.relabelings.is_empty() {
            self.add_user(&FieldPath::of("spec.relabelings"), &spec.relabelings, &mut steps);
        }
        let mut not_considered = Vec::new();
        let timing = (spec.scrape_interval.as_deref(), spec.scrape_timeout.as_deref());
        let settings =
            self.scrape_settings(spec.scheme.as_deref(), spec.metrics_path.as_deref(), params(&spec.params), timing);
        let draft = Draft {
            name: self.name("scrapeConfig", None),
            path: FieldPath::root(),
            discoveries: self.discoveries(spec, &mut not_considered),
            settings,
            tls: spec.inlined.tls_config.as_ref().and_then(TlsConfig::without_files),
            not_considered,
        };
        self.pool(draft, steps)
    }

    fn discoveries(&self, spec: &ScrapeConfigSpec<'_>, not_considered: &mut Vec<String>) -> Vec<Discovery> {
        let mut discoveries: Vec<Discovery> = spec.static_configs.iter().map(listed).collect();
        for (index, section) in spec.kubernetes_sd_configs.iter().enumerate() {
            let path = FieldPath::of("spec.kubernetesSDConfigs").index(index);
            discoveries.push(self.section(section, &path, not_considered));
        }
        discoveries.extend(elsewhere(&self.monitor.kept.json).map(Discovery::Elsewhere));
        discoveries
    }

    fn section(&self, section: &DiscoverySection<'_>, path: &FieldPath, not_considered: &mut Vec<String>) -> Discovery {
        let Some(role) = section.role.as_deref().and_then(Role::of).filter(|_| section.api_server.is_none()) else {
            return Discovery::Elsewhere("kubernetesSDConfigs");
        };
        let mut scope = Scope {
            namespaces: self.named(section),
            attach_node: self.section_attaches_node(section, role),
            ..Scope::default()
        };
        for selector in &section.selectors {
            let of_role = selector.role.as_deref().and_then(Role::of);
            let of_endpoints = matches!(role, Role::Endpoints | Role::EndpointSlice);
            let asked = match of_role {
                Some(of_role) if of_role == role => Some(&mut scope.label_selector),
                Some(Role::Service) if of_endpoints => Some(&mut scope.service_selector),
                _ => None,
            };
            let labels = selector.label.as_deref().unwrap_or_default();
            match asked.zip(selector::parse(labels).filter(|_| selector.field.is_none())) {
                // Of several for one role, the last counts.
                Some((asked, parsed)) => *asked = Some(parsed).filter(|parsed| *parsed != LabelSelector::default()),
                None => not_considered.push(format!("{path}.selectors are not considered")),
            }
        }
        Discovery::Kubernetes { role, scope }
    }

    /// The namespaces that are named, and Prometheus' own if that is wanted; all if that makes none.
    fn named(&self, section: &DiscoverySection<'_>) -> Option<Vec<String>> {
        let namespaces = section.namespaces.as_ref()?;
        let own = (namespaces.own_namespace == Some(true)).then(|| self.settings.namespace().to_owned());
        let named: Vec<String> = namespaces.names.iter().map(Text::to_string).chain(own).collect();
        (!named.is_empty()).then_some(named)
    }

    fn section_attaches_node(&self, section: &DiscoverySection<'_>, role: Role) -> bool {
        let since = match role {
            Role::Pod => 35,
            Role::Endpoints | Role::EndpointSlice => 37,
            _ => return false,
        };
        let knows = self.settings.version >= PrometheusVersion { major: 2, minor: since };
        knows && section.attach_metadata.and_then(|attached| attached.node) == Some(true)
    }
}

fn listed(targets: &StaticTargets<'_>) -> Discovery {
    let mut labels: Vec<(String, String)> =
        targets.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    labels.sort();
    Discovery::Static { addresses: targets.targets.iter().map(Text::to_string).collect(), labels }
}

/// The fields of a ScrapeConfig that say how targets are found elsewhere.
pub(in crate::engine::scrape) fn elsewhere(json: &str) -> impl Iterator<Item = &'static str> {
    #[derive(Deserialize)]
    struct WithSpec<'a> {
        #[serde(borrow)]
        spec: BTreeMap<Text<'a>, &'a RawValue>,
    }
    let spec = serde_json::from_str::<WithSpec<'_>>(json).map(|object| object.spec).unwrap_or_default();
    let is_there = |field: &str| {
        spec.get(field)
            .is_some_and(|list| !matches!(list.get().split_whitespace().collect::<String>().as_str(), "[]" | "null"))
    };
    ELSEWHERE.into_iter().filter(|field| is_there(field)).collect::<Vec<_>>().into_iter()
}

impl Role {
    /// The role of this name, in upper or lower case.
    pub fn of(name: &str) -> Option<Self> {
        [
            ("pod", Self::Pod),
            ("endpointslice", Self::EndpointSlice),
            ("endpoints", Self::Endpoints),
            ("service", Self::Service),
            ("ingress", Self::Ingress),
            ("node", Self::Node),
        ]
        .into_iter()
        .find_map(|(known, role)| known.eq_ignore_ascii_case(name).then_some(role))
    }
}
