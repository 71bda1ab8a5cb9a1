//! What is told of the certificates that we make ourselves.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Metrics of the authority, of rotations and of bundles.
#[derive(Debug, Default)]
pub struct CertificateMetrics {
    /// When the authority that signs expires, in seconds since the epoch.
    pub authority_expiry: Gauge,
    steps: Family<StepLabel, Counter>,
    failures: Family<PartLabel, Counter>,
    bundles: Family<BundleLabels, Gauge>,
    repairs: Family<ConfigurationLabel, Counter>,
}

/// How the bundles of a webhook configuration are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BundleState {
    /// They are as they should be.
    Current,
    /// They are not, and are being put right.
    Outdated,
    /// There is no such configuration.
    Absent,
    /// It could not be read.
    Unknown,
}

impl BundleState {
    const ALL: [Self; 4] = [Self::Current, Self::Outdated, Self::Absent, Self::Unknown];

    const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Outdated => "outdated",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabel {
    step: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabel {
    part: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BundleLabels {
    configuration: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConfigurationLabel {
    configuration: &'static str,
}

impl CertificateMetrics {
    /// Registers all of them.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "certificate_authority_expiry_timestamp_seconds",
            "When the authority that signs our certificates expires",
            self.authority_expiry.clone(),
        );
        registry.register(
            "certificate_steps",
            "Steps in the life of our certificates that this replica wrote",
            self.steps.clone(),
        );
        registry.register(
            "certificate_failures",
            "Times that the Secret or a bundle could not be read or written",
            self.failures.clone(),
        );
        registry.register(
            "webhook_bundle_state",
            "Whether the bundles of a webhook configuration are in this state (1) or not (0)",
            self.bundles.clone(),
        );
        registry.register(
            "webhook_bundle_writes",
            "Times that this replica wrote the bundles of a webhook configuration",
            self.repairs.clone(),
        );
    }

    /// Counts a step that was written.
    pub fn step(&self, step: &'static str) {
        self.steps.get_or_create(&StepLabel { step }).inc();
    }

    /// Counts a failure of this part.
    pub fn failure(&self, part: &'static str) {
        self.failures.get_or_create(&PartLabel { part }).inc();
    }

    /// The bundles of this configuration are in this state.
    pub fn bundle(&self, configuration: &'static str, state: BundleState) {
        for each in BundleState::ALL {
            let labels = BundleLabels { configuration, state: each.name() };
            self.bundles.get_or_create(&labels).set(i64::from(each == state));
        }
    }

    /// Counts that the bundles of this configuration were written.
    pub fn bundle_written(&self, configuration: &'static str) {
        self.repairs.get_or_create(&ConfigurationLabel { configuration }).inc();
    }
}
