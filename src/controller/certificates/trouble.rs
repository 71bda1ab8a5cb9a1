//! What goes wrong again and again is counted each time, and logged when it begins and when it is over.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use crate::telemetry::Metrics;

/// What is wrong right now.
pub struct Troubles {
    metrics: Arc<Metrics>,
    /// By part: what was logged, and how often it failed in a row.
    current: BTreeMap<&'static str, (String, u32)>,
}

impl Troubles {
    /// Nothing is wrong yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, current: BTreeMap::new() }
    }

    /// This part failed.
    pub fn begin(&mut self, part: &'static str, error: &dyn Error) {
        self.begin_after(1, part, error);
    }

    /// This part failed because others were faster, which is only worth a word if it happens twice in a row.
    pub fn begin_late(&mut self, part: &'static str, error: &dyn Error) {
        self.begin_after(2, part, error);
    }

    fn begin_after(&mut self, times: u32, part: &'static str, error: &dyn Error) {
        self.metrics.certificates.failure(part);
        let (logged, count) = self.current.entry(part).or_default();
        *count = count.saturating_add(1);
        let text = chain(error);
        if *count >= times && *logged != text {
            tracing::warn!(part, error = text, "certificates cannot be kept up");
            *logged = text;
        }
    }

    /// This part works.
    pub fn end(&mut self, part: &'static str) {
        if self.current.remove(part).is_some_and(|(logged, _)| !logged.is_empty()) {
            tracing::info!(part, "certificates are kept up again");
        }
    }
}

fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    std::iter::once(error).chain(causes).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
