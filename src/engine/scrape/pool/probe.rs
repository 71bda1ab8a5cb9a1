//! Pools of Probes (`generateProbeConfig`).

use super::generate::{Draft, Generator};
use super::selector;
use super::steps::{self, Steps};
use crate::engine::scrape::{Discovery, Role, Scope, ScrapePool};
use crate::model::relabeling::RelabelConfig;
use crate::model::resource::Probe;
use crate::model::resource::http_client::TlsConfig;
use crate::model::resource::probe::{ProbeSpec, ProbeTargetGroup};
use crate::model::{FieldPath, Text};

/// The path where a Probe gives none, as its schema says.
const PROBE_PATH: &str = "/probe";

impl Generator<'_, '_> {
    pub(super) fn probe(&self, probe: &Probe<'_>) -> ScrapePool {
        let spec = &probe.spec;
        let mut steps = self.steps(None);
        if let Some(job) = spec.job_name.as_ref().filter(|job| !job.is_empty()) {
            steps.add("spec.jobName", &steps::set("job", job.as_str()));
        }
        let discoveries = match (&spec.targets.static_config, &spec.targets.ingress) {
            (Some(targets), _) => vec![self.add_listed(spec, targets, &mut steps)],
            (None, Some(targets)) => vec![self.add_ingresses(spec, targets, &mut steps)],
            (None, None) => Vec::new(),
        };
        let prober = &spec.prober;
        let timing = (spec.interval.as_deref(), spec.scrape_timeout.as_deref());
        let path = prober.path.as_deref().unwrap_or(PROBE_PATH);
        let draft = Draft {
            name: self.name("probe", None),
            path: FieldPath::root(),
            discoveries,
            settings: self.scrape_settings(prober.scheme.as_deref(), Some(path), params(spec), timing),
            tls: spec.inlined.tls_config.as_ref().and_then(TlsConfig::without_files),
            not_considered: Vec::new(),
        };
        self.pool(draft, steps)
    }

    fn add_listed(&self, spec: &ProbeSpec<'_>, targets: &ProbeTargetGroup<'_>, steps: &mut Steps<'_>) -> Discovery {
        let list = FieldPath::of("spec.targets.staticConfig");
        let mut labels: Vec<(String, String)> =
            targets.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if targets.labels.get("namespace").is_none() {
            labels.push(("namespace".to_owned(), self.monitor.kept.namespace().to_owned()));
        }
        labels.sort();
        steps.add_at(list.key("static"), &steps::copy(["__address__"], "__param_target"));
        add_prober(spec, steps);
        self.add_class(steps);
        self.add_user(&list.key("relabelingConfigs"), &targets.relabeling_configs, steps);
        Discovery::Static { addresses: targets.targets.iter().map(Text::to_string).collect(), labels }
    }

    fn add_ingresses(&self, spec: &ProbeSpec<'_>, targets: &ProbeTargetGroup<'_>, steps: &mut Steps<'_>) -> Discovery {
        let path = FieldPath::of("spec.targets.ingress");
        selector::add(&targets.selector, "ingress", &path.key("selector"), steps);
        steps.add_at(path.clone(), &target_of_ingress());
        steps.add("", &steps::copy(["__meta_kubernetes_namespace"], "namespace"));
        steps.add("", &steps::copy(["__meta_kubernetes_ingress_name"], "ingress"));
        steps.add_at(path.clone(), &address_of_ingress());
        add_prober(spec, steps);
        self.add_class(steps);
        self.add_user(&path.key("relabelingConfigs"), &targets.relabeling_configs, steps);
        let scope = Scope { namespaces: self.namespaces(&targets.namespace_selector), ..Scope::default() };
        Discovery::Kubernetes { role: Role::Ingress, scope }
    }
}

/// The target becomes a parameter, and the prober is asked instead.
fn add_prober(spec: &ProbeSpec<'_>, steps: &mut Steps<'_>) {
    steps.add("", &steps::copy(["__param_target"], "instance"));
    let url = spec.prober.url.as_deref().unwrap_or_default();
    steps.add("spec.prober.url", &steps::set("__address__", url));
}

fn target_of_ingress() -> RelabelConfig<'static> {
    let sources = ["__meta_kubernetes_ingress_scheme", "__address__", "__meta_kubernetes_ingress_path"];
    RelabelConfig {
        action: Some(Text::from("replace")),
        separator: Some(Text::from(";")),
        replacement: Some(Text::from("${1}://${2}${3}")),
        ..steps::copy_match(sources, "(.+);(.+);(.+)", "__param_target")
    }
}

fn address_of_ingress() -> RelabelConfig<'static> {
    RelabelConfig {
        action: Some(Text::from("replace")),
        separator: Some(Text::from(";")),
        replacement: Some(Text::from("$1")),
        ..steps::copy_match(["__address__"], "(.*)", "__tmp_ingress_address")
    }
}

/// The module comes first, and nobody else gives it.
fn params(spec: &ProbeSpec<'_>) -> Vec<(String, Vec<String>)> {
    let module = spec.module.as_deref().filter(|module| !module.is_empty());
    let given = spec.params.iter().filter(|param| module.is_none() || param.name != *"module");
    let given = given.map(|param| (param.name.to_string(), param.values.iter().map(Text::to_string).collect()));
    let first = module.map(|module| ("module".to_owned(), vec![module.to_owned()]));
    first.into_iter().chain(given).collect()
}
