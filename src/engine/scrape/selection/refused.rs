//! What the operator does not accept of a monitor for one Prometheus.

use super::Question;
use crate::engine::reach::{Step, Verdict};
use crate::engine::rules::refusal::refusals;
use crate::engine::scrape::monitor::View;
use crate::engine::scrape::pool::elsewhere;
use crate::engine::scrape::prometheus::too_long;
use crate::model::finding::Family;
use crate::model::labels::Labels;
use crate::model::relabeling::PrometheusVersion;
use crate::model::resource::ServiceMonitor;
use crate::model::resource::endpoint::ScrapedEndpoint;
use crate::model::resource::http_client::TlsConfig;
use crate::model::{FieldPath, RuleId, Text};

/// A file where none may be named.
const FILE: RuleId = RuleId::new(Family::ScrapeMonitor, 7);
/// A timeout that is longer than the interval.
const TIMEOUT: RuleId = RuleId::new(Family::ScrapeMonitor, 8);
/// A scrape class that is not there.
const SCRAPE_CLASS: RuleId = RuleId::new(Family::ScrapeMonitor, 9);
/// A setting that the operator refuses.
const SETTING: RuleId = RuleId::new(Family::ScrapeMonitor, 16);
/// Service discovery that is looked at here. What the operator says of all other is not modelled.
const LOOKED_AT: [&str; 4] = ["fileSDConfigs", "httpSDConfigs", "consulSDConfigs", "dnsSDConfigs"];
/// Before this one, the operator checks for service discovery that is too new even where there is none.
const SCRAPE_CONFIGS: PrometheusVersion = PrometheusVersion { major: 2, minor: 40 };
const ROLE_SELECTOR: PrometheusVersion = PrometheusVersion { major: 2, minor: 17 };

impl Question<'_, '_> {
    /// Why the operator leaves the monitor out, or may do so.
    pub(super) fn refused(&self) -> Vec<Step> {
        let Ok(view) = &self.monitor.view else { return Vec::new() };
        let rules = refusals(&view.as_rules_see_it(), &self.monitor.kept.reference, self.settings.version);
        let mut steps: Vec<Step> = rules
            .into_iter()
            .map(|refusal| {
                let verdict = if refusal.is_ours { Verdict::Unknown } else { Verdict::Blocked };
                let reason = format!("the operator leaves it out: {}", refusal.message);
                self.by_monitor(verdict, refusal.path, reason).rule(refusal.rule)
            })
            .collect();
        steps.extend(self.scrape_class(view));
        steps.extend(self.timeouts(view));
        steps.extend(self.version(view));
        steps.extend(self.label_names(view));
        steps.extend(self.files(view));
        steps.extend(self.references(view));
        steps.extend(self.elsewhere(view));
        steps
    }

    fn scrape_class(&self, view: &View<'_>) -> Option<Step> {
        let name = view.scrape_class()?;
        let is_known = self.settings.spec.scrape_classes.iter().any(|class| class.name == *name);
        let reason = format!("{} has no scrape class {name}", self.settings.kept.reference);
        let path = FieldPath::of("spec.scrapeClass");
        (!is_known).then(|| self.by_monitor(Verdict::Blocked, path, reason).rule(SCRAPE_CLASS))
    }

    /// Timeouts beside which no interval stands: that of Prometheus counts.
    fn timeouts(&self, view: &View<'_>) -> Option<Step> {
        timings(view).into_iter().find_map(|(path, interval, timeout)| {
            let timeout = timeout.filter(|_| interval.is_none())?;
            let why = too_long(timeout, self.settings.interval())?;
            let reason = format!("{why} of {}", self.settings.kept.reference);
            Some(self.by_monitor(Verdict::Blocked, path.key("scrapeTimeout"), reason).rule(TIMEOUT))
        })
    }

    fn version(&self, view: &View<'_>) -> Option<Step> {
        let mechanism = match view {
            View::Pod(monitor) => monitor.spec.selector_mechanism.as_deref(),
            View::Service(monitor) => monitor.spec.selector_mechanism.as_deref(),
            View::Probe(_) => None,
            View::Config(_) => {
                let reason = "the operator takes ScrapeConfigs for Prometheus 2.40 and newer only".to_owned();
                let is_old = self.settings.version < SCRAPE_CONFIGS;
                return is_old.then(|| self.by_prometheus(Verdict::Blocked, "version", reason));
            }
        };
        let is_refused = mechanism == Some("RoleSelector") && self.settings.version < ROLE_SELECTOR;
        let reason = "the operator takes RoleSelector for Prometheus 2.17 and newer only".to_owned();
        is_refused.then(|| self.by_monitor(Verdict::Blocked, FieldPath::of("spec.selectorMechanism"), reason))
    }

    /// Labels of listed targets whose names this Prometheus does not take. The empty name is refused by a rule.
    fn label_names(&self, view: &View<'_>) -> Option<Step> {
        let scheme = self.settings.version.names();
        let wrong = |labels: &Labels<'_>| {
            labels.iter().map(|(name, _)| name).find(|name| !scheme.allows(name)).map(str::to_owned)
        };
        let (path, name) = match view {
            View::Probe(probe) => {
                let listed = probe.spec.targets.static_config.as_ref()?;
                (FieldPath::of("spec.targets.staticConfig.labels"), wrong(&listed.labels)?)
            }
            View::Config(config) => config.spec.static_configs.iter().enumerate().find_map(|(index, listed)| {
                Some((FieldPath::of("spec.staticConfigs").index(index).key("labels"), wrong(&listed.labels)?))
            })?,
            View::Pod(_) | View::Service(_) => return None,
        };
        let reason = format!("before version 3 Prometheus takes no label {name:?}");
        Some(self.by_monitor(Verdict::Blocked, path.key(&name), reason).rule(SETTING))
    }

    fn files(&self, view: &View<'_>) -> Option<Step> {
        let View::Service(monitor) = view else { return None };
        let path = file(monitor).filter(|_| self.settings.denies_files())?;
        let reason = format!("{} lets no ServiceMonitor name files", self.settings.kept.reference);
        Some(self.by_monitor(Verdict::Blocked, path, reason).rule(FILE))
    }

    fn elsewhere(&self, view: &View<'_>) -> Option<Step> {
        let View::Config(_) = view else { return None };
        let field = elsewhere(&self.monitor.kept.json).find(|field| !LOOKED_AT.contains(field))?;
        let reason = format!("what the operator says of {field} is not known");
        Some(self.by_monitor(Verdict::Unknown, FieldPath::of("spec").key(field), reason))
    }
}

type Timing<'m> = (FieldPath, Option<&'m str>, Option<&'m str>);

fn timings<'m>(view: &'m View<'_>) -> Vec<Timing<'m>> {
    fn given<'m>(text: Option<&'m Text<'_>>) -> Option<&'m str> {
        text.map(Text::as_str).filter(|text| !text.is_empty())
    }
    let (list, endpoints) = match view {
        View::Pod(monitor) => ("spec.podMetricsEndpoints", &monitor.spec.pod_metrics_endpoints),
        View::Service(monitor) => ("spec.endpoints", &monitor.spec.endpoints),
        View::Probe(probe) => {
            let (interval, timeout) = (probe.spec.interval.as_ref(), probe.spec.scrape_timeout.as_ref());
            return vec![(FieldPath::of("spec"), given(interval), given(timeout))];
        }
        View::Config(config) => {
            let (interval, timeout) = (config.spec.scrape_interval.as_ref(), config.spec.scrape_timeout.as_ref());
            return vec![(FieldPath::of("spec"), given(interval), given(timeout))];
        }
    };
    let list = FieldPath::of(list);
    let timing = |(index, endpoint): (usize, &'m ScrapedEndpoint<'_>)| {
        (list.index(index), given(endpoint.interval.as_ref()), given(endpoint.scrape_timeout.as_ref()))
    };
    endpoints.iter().enumerate().map(timing).collect()
}

/// The first field that names a file.
fn file(monitor: &ServiceMonitor<'_>) -> Option<FieldPath> {
    let list = FieldPath::of("spec.endpoints");
    let is_given = |file: &Option<Text<'_>>| file.as_ref().is_some_and(|file| !file.is_empty());
    monitor.spec.endpoints.iter().enumerate().find_map(|(index, endpoint)| {
        let path = list.index(index);
        if is_given(&endpoint.bearer_token_file) {
            return Some(path.key("bearerTokenFile"));
        }
        let TlsConfig { ca_file, cert_file, key_file, .. } = endpoint.inlined.tls_config.as_ref()?;
        let files = [("caFile", ca_file), ("certFile", cert_file), ("keyFile", key_file)];
        let (field, _) = files.into_iter().find(|(_, file)| is_given(file))?;
        Some(path.key("tlsConfig").key(field))
    })
}
