//! Metrics in the OpenMetrics text format. No label takes its values from requests, so that their number is bounded.

pub mod analysis;
pub mod certificates;
pub mod companions;
pub mod registration;
pub mod watch;

use std::fmt::{self, Write};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use self::analysis::AnalysisMetrics;
use self::certificates::CertificateMetrics;
use self::companions::CompanionMetrics;
use self::registration::RegistrationMetrics;
use self::watch::WatchMetrics;
use crate::model::RuleId;

/// Every metric of the program, and the registry that writes them.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    decision_duration: Family<EndpointLabel, Histogram, fn() -> Histogram>,
    request_size: Histogram,
    findings: Family<FindingLabels, Counter>,
    protocol_errors: Family<ReasonLabel, Counter>,
    handshake_failures: Family<ReasonLabel, Counter>,
    certificate_reloads: Family<ResultLabel, Counter>,
    /// Requests that are being answered.
    pub requests_in_flight: Gauge,
    /// Bytes of bodies that are held in memory.
    pub body_bytes_in_flight: Gauge,
    /// When the certificate in use expires, in seconds since the epoch.
    pub certificate_expiry: Gauge,
    /// Panics that were caught.
    pub panics: Counter,
    /// What was found in the cluster as a whole.
    pub analysis: AnalysisMetrics,
    /// What becomes of companions.
    pub companions: CompanionMetrics,
    /// The certificates that we make ourselves.
    pub certificates: CertificateMetrics,
    /// Watches, and the snapshot that comes of them.
    pub watch: WatchMetrics,
    /// The registration of the webhook.
    pub registration: RegistrationMetrics,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    endpoint: &'static str,
    operation: &'static str,
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabel {
    endpoint: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    rule: Rule,
    action: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Rule(RuleId);

impl EncodeLabelValue for Rule {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        write!(encoder, "{}", self.0)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("scrapeguard"),
            requests: Family::default(),
            decision_duration: Family::new_with_constructor(decision_histogram),
            request_size: Histogram::new([1e3, 4e3, 8e3, 16e3, 64e3, 256e3, 1e6, 2e6, 4e6, 8e6]),
            findings: Family::default(),
            protocol_errors: Family::default(),
            handshake_failures: Family::default(),
            certificate_reloads: Family::default(),
            requests_in_flight: Gauge::default(),
            body_bytes_in_flight: Gauge::default(),
            certificate_expiry: Gauge::default(),
            panics: Counter::default(),
            analysis: AnalysisMetrics::default(),
            companions: CompanionMetrics::default(),
            certificates: CertificateMetrics::default(),
            watch: WatchMetrics::default(),
            registration: RegistrationMetrics::default(),
        };
        metrics.register_admission();
        metrics.register_transport();
        metrics.analysis.register(&mut metrics.registry);
        metrics.certificates.register(&mut metrics.registry);
        metrics.companions.register(&mut metrics.registry);
        metrics.watch.register(&mut metrics.registry);
        metrics.registration.register(&mut metrics.registry);
        metrics
    }
}

/// From 5 microseconds to 84 milliseconds by factors of four, then seconds that the API server would give up on.
fn decision_histogram() -> Histogram {
    Histogram::new([5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 0.25, 1.0])
}

impl Metrics {
    fn register_admission(&mut self) {
        let registry = &mut self.registry;
        registry.register("admission_requests", "Reviews answered", self.requests.clone());
        registry.register_with_unit(
            "admission_decision_duration",
            "Time to decode, decide and encode one review",
            Unit::Seconds,
            self.decision_duration.clone(),
        );
        registry.register_with_unit(
            "admission_request_size",
            "Size of the bodies of reviews",
            Unit::Bytes,
            self.request_size.clone(),
        );
        registry.register("findings", "Findings by rule and by what was done about them", self.findings.clone());
        registry.register(
            "admission_requests_in_flight",
            "Requests that are being answered",
            self.requests_in_flight.clone(),
        );
        registry.register(
            "admission_body_bytes_in_flight",
            "Bytes of bodies that are held in memory",
            self.body_bytes_in_flight.clone(),
        );
        registry.register(
            "protocol_errors",
            "Requests that were not answered with a review",
            self.protocol_errors.clone(),
        );
    }

    fn register_transport(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "tls_handshake_failures",
            "Connections that did not get through the TLS handshake",
            self.handshake_failures.clone(),
        );
        registry.register(
            "certificate_expiry_timestamp_seconds",
            "When the serving certificate in use expires",
            self.certificate_expiry.clone(),
        );
        registry.register(
            "certificate_reloads",
            "Changes of the certificate files that were seen",
            self.certificate_reloads.clone(),
        );
        registry.register("panics", "Panics that were caught", self.panics.clone());
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "What is running", Info::new(version));
    }

    /// Counts an answered review. `duration` is the time to decode, decide and encode, `size` that of its body.
    pub fn answered(
        &self,
        endpoint: &'static str,
        operation: &'static str,
        verdict: &'static str,
        size: usize,
        duration: Duration,
    ) {
        self.requests.get_or_create(&RequestLabels { endpoint, operation, verdict }).inc();
        self.decision_duration.get_or_create(&EndpointLabel { endpoint }).observe(duration.as_secs_f64());
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        self.request_size.observe(f64::from(size));
    }

    /// Counts a finding and what was done about it.
    pub fn found(&self, rule: RuleId, action: &'static str) {
        self.findings.get_or_create(&FindingLabels { rule: Rule(rule), action }).inc();
    }

    /// Counts a request that was not answered with a review.
    pub fn protocol_error(&self, reason: &'static str) {
        self.protocol_errors.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Counts a connection that did not get through its handshake.
    pub fn handshake_failure(&self, reason: &'static str) {
        self.handshake_failures.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Counts a change of the certificate files.
    pub fn certificate_reload(&self, result: &'static str) {
        self.certificate_reloads.get_or_create(&ResultLabel { result }).inc();
    }

    /// All metrics in the OpenMetrics text format.
    pub fn render(&self) -> String {
        let mut page = String::new();
        // Writing into a string does not fail.
        let _infallible = text::encode(&mut page, &self.registry);
        page
    }
}

/// A number for a gauge.
fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Family as RuleFamily;

    #[test]
    fn names_follow_the_conventions() {
        let metrics = Metrics::default();
        metrics.answered("mutate", "create", "patched", 6000, Duration::from_micros(12));
        metrics.found(RuleId::new(RuleFamily::NetworkPolicy, 4), "deny");
        let page = metrics.render();
        for line in [
            r#"scrapeguard_admission_requests_total{endpoint="mutate",operation="create",verdict="patched"} 1"#,
            r#"scrapeguard_admission_decision_duration_seconds_bucket{le="0.00002",endpoint="mutate"} 1"#,
            r#"scrapeguard_findings_total{rule="SG-NP-004",action="deny"} 1"#,
            "scrapeguard_certificate_expiry_timestamp_seconds 0",
        ] {
            assert!(page.contains(line), "{line} is not in\n{page}");
        }
        assert!(page.contains("scrapeguard_build_info{"), "{page}");
        assert!(page.ends_with("# EOF\n"));
    }
}
