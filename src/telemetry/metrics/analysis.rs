//! What was found in the cluster as a whole.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::whole;
use crate::engine::analysis::{Analysis, Verdicts};

/// What is counted of each analysis.
#[derive(Debug, Default)]
pub struct AnalysisMetrics {
    scrape_paths: Family<VerdictLabel, Gauge>,
    exposures: Gauge,
    duration: Gauge<f64, std::sync::atomic::AtomicU64>,
    analyses: Counter,
    /// Requests whose consequences were not looked at for lack of time.
    pub not_in_time: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    verdict: &'static str,
}

impl AnalysisMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("scrape_paths", "Scrapes by what becomes of them", self.scrape_paths.clone());
        registry.register("exposures", "Others who reach what is guarded, or may", self.exposures.clone());
        registry.register_with_unit(
            "analysis_duration",
            "Time that the last analysis of the cluster took",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register(
            "consequences_not_in_time",
            "Requests whose consequences were not looked at for lack of time",
            self.not_in_time.clone(),
        );
        registry.register("analyses", "Analyses of the cluster", self.analyses.clone());
    }

    /// Counts an analysis that took so long.
    pub fn looked(&self, took: Duration, analysis: &Analysis) {
        let Verdicts { open, blocked, unknown } = analysis.scrape_path_counts().all;
        for (verdict, number) in [("open", open), ("blocked", blocked), ("unknown", unknown)] {
            self.scrape_paths.get_or_create(&VerdictLabel { verdict }).set(whole(number));
        }
        self.exposures.set(whole(analysis.exposures().len()));
        self.duration.set(took.as_secs_f64());
        self.analyses.inc();
    }
}
