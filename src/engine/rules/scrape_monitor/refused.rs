//! What the operator does not accept beyond relabelings, timeouts and prober addresses, which have rules of their own
//! (`pkg/prometheus/resource_selector.go`, `pkg/assets`, and the `Validate` methods of `pkg/apis/monitoring/v1`).
//!
//! Only what the monitor itself tells is looked at: whether a Secret is there is not known. Service discovery other than
//! that by Kubernetes, HTTP, Consul and DNS is left to the operator, as are the texts of Kubernetes selectors in it.

mod credentials;
mod discovery;
mod proxy;
mod selector;
#[cfg(test)]
mod tests;
mod tls;

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::scrape_monitor::timing;
use crate::model::labels::Labels;
use crate::model::resource::http_client::HttpClient;
use crate::model::{FieldPath, duration};

pub(super) fn settings(monitor: &Monitor<'_, '_>, findings: &mut Findings<'_>) {
    durations(monitor, findings);
    if let Some((_, selector)) = monitor.selection() {
        selector::check(selector, &FieldPath::of("spec.selector"), findings);
    }
    match monitor {
        Monitor::Pod(_) | Monitor::Service(_) => {
            let owner = if matches!(monitor, Monitor::Pod(_)) { Owner::PodMonitor } else { Owner::ServiceMonitor };
            for (path, endpoint) in monitor.endpoints() {
                client(&endpoint.inlined, owner, &path, findings);
            }
        }
        Monitor::Probe(probe) => {
            client(&probe.spec.inlined, Owner::Probe, &FieldPath::of("spec"), findings);
            proxy::check(&probe.spec.prober.inlined, &FieldPath::of("spec.prober"), findings);
            if let Some(targets) = &probe.spec.targets.static_config {
                labels(&targets.labels, &FieldPath::of("spec.targets.staticConfig"), findings);
            }
        }
        Monitor::Config(config) => {
            client(&config.spec.inlined, Owner::ScrapeConfig, &FieldPath::of("spec"), findings);
            for (index, targets) in config.spec.static_configs.iter().enumerate() {
                labels(&targets.labels, &FieldPath::of("spec.staticConfigs").index(index), findings);
            }
            discovery::check(&config.spec, findings);
        }
    }
}

/// Whose client it is, for the operator does not look at all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    PodMonitor,
    ServiceMonitor,
    Probe,
    ScrapeConfig,
}

fn client(client: &HttpClient<'_>, owner: Owner, path: &FieldPath, findings: &mut Findings<'_>) {
    credentials::check(client, owner, path, findings);
    if let Some(settings) = &client.tls_config {
        tls::check(settings, owner == Owner::ServiceMonitor, &path.key("tlsConfig"), findings);
    }
    // A Probe's proxy stands at its prober.
    if owner != Owner::Probe {
        proxy::check(client, path, findings);
    }
}

/// Only beside a timeout does the operator read the interval.
fn durations(monitor: &Monitor<'_, '_>, findings: &mut Findings<'_>) {
    for timing in timing::timings(monitor).into_iter().filter(|timing| timing.timeout.is_some()) {
        for (field, text) in [("scrapeTimeout", timing.timeout), (timing.interval_field, timing.interval)] {
            if text.is_some_and(|text| duration::parse(text).is_none()) {
                findings.report(
                    timing.path.key(field),
                    format!("{field} is no duration of Prometheus"),
                    "write numbers with units, the largest first, such as 1m30s",
                );
            }
        }
    }
}

/// The newest Prometheus takes every name but the empty one.
fn labels(labels: &Labels<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    if labels.get("").is_some() {
        findings.report(path.key("labels"), "a label without a name", "give the label a name, or remove it");
    }
}
