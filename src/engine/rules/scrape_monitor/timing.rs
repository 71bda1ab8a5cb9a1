//! Intervals and timeouts.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::model::guard::Guard;
use crate::model::{FieldPath, duration};

pub(super) fn timeout(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, interval, timeout) in timings(monitor) {
        let read = |text: Option<&str>| text.and_then(duration::parse);
        if read(timeout).zip(read(interval)).is_some_and(|(timeout, interval)| timeout > interval) {
            let (timeout, interval) = (timeout.unwrap_or_default(), interval.unwrap_or_default());
            findings.report(
                path.key("scrapeTimeout"),
                "the timeout is longer than the interval",
                format!("set scrapeTimeout to {interval} or less, or the interval to {timeout} or more"),
            );
        }
    }
}

/// Interval and timeout of each endpoint, or of the monitor where it has no endpoints, as they are written.
fn timings<'m>(monitor: &Monitor<'m, '_>) -> Vec<(FieldPath, Option<&'m str>, Option<&'m str>)> {
    let spec = FieldPath::of("spec");
    match *monitor {
        Monitor::Probe(probe) => {
            vec![(spec, probe.spec.interval.as_deref(), probe.spec.scrape_timeout.as_deref())]
        }
        Monitor::Config(config) => {
            vec![(spec, config.spec.scrape_interval.as_deref(), config.spec.scrape_timeout.as_deref())]
        }
        Monitor::Pod(_) | Monitor::Service(_) => monitor
            .endpoints()
            .map(|(path, endpoint)| (path, endpoint.interval.as_deref(), endpoint.scrape_timeout.as_deref()))
            .collect(),
    }
}
