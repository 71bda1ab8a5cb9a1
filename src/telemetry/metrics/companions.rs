//! Metrics of the companions: what came of the looks at them.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// All metrics of the companions.
#[derive(Debug, Default)]
pub struct CompanionMetrics {
    attempts: Family<OutcomeLabel, Counter>,
    withheld: Counter,
    /// One if this replica is the leader.
    pub leading: Gauge,
    /// Companions that guards want and that are not as they should be.
    pub missing: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl CompanionMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("leading", "Whether this replica is the leader", self.leading.clone());
        registry.register(
            "companion_attempts",
            "Companions that were looked at because they seemed not to be as they should, by what came of it",
            self.attempts.clone(),
        );
        registry.register(
            "companions_withheld",
            "Times that a companion was left alone because it was written too often",
            self.withheld.clone(),
        );
        registry.register(
            "companions_missing",
            "Companions that guards want and that are not as they should be, as the leader sees it",
            self.missing.clone(),
        );
    }

    /// Counts a look at a companion.
    pub fn tried(&self, outcome: &'static str) {
        self.attempts.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Counts that a companion is left alone from now on.
    pub fn withheld(&self) {
        self.withheld.inc();
    }
}
