//! Intervals and timeouts.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::model::{FieldPath, Text, duration};

/// Interval and timeout of one endpoint, as they are written. An empty text is none, as the operator takes it.
pub(super) struct Timing<'m> {
    /// The object in which the fields stand.
    pub(super) path: FieldPath,
    /// What the field with the interval is called.
    pub(super) interval_field: &'static str,
    pub(super) interval: Option<&'m str>,
    pub(super) timeout: Option<&'m str>,
}

pub(super) fn timeout(monitor: &Monitor<'_, '_>, findings: &mut Findings<'_>) {
    for Timing { path, interval, timeout, .. } in timings(monitor).into_iter().filter(Timing::is_too_long) {
        let (timeout, interval) = (timeout.unwrap_or_default(), interval.unwrap_or_default());
        findings.report(
            path.key("scrapeTimeout"),
            "the timeout is longer than the interval",
            format!("set scrapeTimeout to {interval} or less, or the interval to {timeout} or more"),
        );
    }
}

/// What is written at each endpoint, or in the monitor where it has no endpoints.
pub(super) fn timings<'m>(monitor: &Monitor<'m, '_>) -> Vec<Timing<'m>> {
    let spec = || FieldPath::of("spec");
    match *monitor {
        Monitor::Probe(probe) => {
            vec![Timing::new(spec(), "interval", probe.spec.interval.as_ref(), probe.spec.scrape_timeout.as_ref())]
        }
        Monitor::Config(config) => {
            vec![Timing::new(
                spec(),
                "scrapeInterval",
                config.spec.scrape_interval.as_ref(),
                config.spec.scrape_timeout.as_ref(),
            )]
        }
        Monitor::Pod(_) | Monitor::Service(_) => monitor
            .endpoints()
            .map(|(path, endpoint)| {
                Timing::new(path, "interval", endpoint.interval.as_ref(), endpoint.scrape_timeout.as_ref())
            })
            .collect(),
    }
}

impl<'m> Timing<'m> {
    /// Whether the timeout is longer than the interval, where both are given.
    pub(super) fn is_too_long(&self) -> bool {
        let read = |text: Option<&str>| text.and_then(duration::parse);
        read(self.timeout).zip(read(self.interval)).is_some_and(|(timeout, interval)| timeout > interval)
    }

    fn new(
        path: FieldPath,
        interval_field: &'static str,
        interval: Option<&'m Text<'_>>,
        timeout: Option<&'m Text<'_>>,
    ) -> Self {
        let written = |text: Option<&'m Text<'_>>| text.map(Text::as_str).filter(|text| !text.is_empty());
        Self { path, interval_field, interval: written(interval), timeout: written(timeout) }
    }
}
