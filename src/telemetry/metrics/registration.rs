//! Metrics of the webhook's registration.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What the registration of the webhook counts. Only the leader's values mean anything.
#[derive(Debug, Default)]
pub struct RegistrationMetrics {
    /// Whether requests that we might refuse wait for us: 1 if so, 0 if not.
    pub enforcing: Gauge,
    /// How often a webhook configuration was written.
    pub writes: Counter,
    self_tests: Family<SelfTestLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SelfTestLabels {
    question: &'static str,
    result: &'static str,
}

impl RegistrationMetrics {
    /// Has these metrics written with all others.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Whether requests that might be refused wait for scrapeguard";
        registry.register("registration_enforcing", help, self.enforcing.clone());
        registry.register("registration_writes", "Writes of webhook configurations", self.writes.clone());
        let help = "Self-tests by question, and by whether they were answered";
        registry.register("registration_self_tests", help, self.self_tests.clone());
    }

    /// Counts a self-test.
    pub fn tested(&self, question: &'static str, is_answered: bool) {
        let result = if is_answered { "answered" } else { "silent" };
        self.self_tests.get_or_create(&SelfTestLabels { question, result }).inc();
    }
}
