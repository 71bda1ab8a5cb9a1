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
    pub fn begin(&mut self, part: &'static str, error: &(dyn Error + 'static)) {
        self.begin_after(1, part, error);
    }

    /// This part failed because others were faster, which is only worth a word if it happens twice in a row.
    pub fn begin_late(&mut self, part: &'static str, error: &(dyn Error + 'static)) {
        self.begin_after(2, part, error);
    }

    fn begin_after(&mut self, times: u32, part: &'static str, error: &(dyn Error + 'static)) {
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

/// All causes in one line. What an API server says ends it: kube would say it three times over.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in std::iter::successors(Some(error), |&cause| cause.source()) {
        let answer = match cause.downcast_ref::<kube::Error>() {
            Some(kube::Error::Api(status)) => Some(&status.message),
            _ => None,
        };
        let separator = if text.is_empty() { "" } else { ": " };
        text = format!("{text}{separator}{}", answer.cloned().unwrap_or_else(|| cause.to_string()));
        if answer.is_some() {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::certificates::keeper::LookError;

    #[test]
    fn an_answer_of_the_api_server_is_told_once() {
        let status = kube::core::Status::failure("secrets is forbidden", "Forbidden").with_code(403);
        let error = LookError::Read(kube::Error::Api(status.boxed()));
        assert_eq!(chain(&error), "the Secret cannot be read: secrets is forbidden");
    }

    #[test]
    fn being_late_once_is_no_trouble_that_anybody_has_to_be_told() {
        let mut troubles = Troubles::new(Arc::default());
        let told = |troubles: &Troubles| troubles.current.get("mutating").is_some_and(|(logged, _)| !logged.is_empty());
        troubles.begin_late("mutating", &LookError::Silence);
        assert!(!told(&troubles));
        troubles.begin_late("mutating", &LookError::Silence);
        assert!(told(&troubles));
        troubles.end("mutating");
        assert!(!told(&troubles));
        assert!(troubles.metrics.render().contains(r#"certificate_failures_total{part="mutating"} 2"#));
    }
}
