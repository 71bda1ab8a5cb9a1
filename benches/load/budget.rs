//! What the results are held against. Ratios only can be asked for on any machine.

use crate::rounds::{Comparison, Slice};

/// Something that was promised.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Budget {
    /// Processor time per review, in relation to the floor's.
    ProcessorTime,
    /// The 99th percentile of the latency, in relation to the floor's; and, on a quiet machine, in itself.
    Latency,
}

/// Times the floor's.
const PROCESSOR_TIME: f64 = 2.2;
/// Times the floor's.
const LATENCY: f64 = 3.0;
/// In microseconds, on a quiet machine.
const QUIET_LATENCY: f64 = 1000.0;

/// Prints every budget with what became of it. Whether a ratio is over its budget.
pub(crate) fn report(comparisons: &[Comparison<'_>]) -> bool {
    let mut broken = false;
    for comparison in comparisons {
        for budget in comparison.scenario.budgets {
            broken |= budget.report(comparison);
        }
    }
    broken
}

impl Budget {
    fn report(self, comparison: &Comparison<'_>) -> bool {
        match self {
            Self::ProcessorTime => ratio(comparison, "CPU", PROCESSOR_TIME, |slice| slice.processor_time),
            Self::Latency => {
                let p99 = comparison.median(|pair| &pair.scrapeguard, |slice| slice.p99);
                let within = if p99 <= QUIET_LATENCY { "within" } else { "over" };
                println!(
                    "{}: p99 {:.3} ms, {within} the {:.0} ms of a quiet machine",
                    comparison.scenario.name,
                    p99 / 1e3,
                    QUIET_LATENCY / 1e3,
                );
                ratio(comparison, "p99", LATENCY, |slice| slice.p99)
            }
        }
    }
}

fn ratio(comparison: &Comparison<'_>, what: &str, budget: f64, number: fn(&Slice) -> f64) -> bool {
    let (ratio, ..) = comparison.ratio(number);
    let broken = ratio > budget;
    let within = if broken { "OVER" } else { "within" };
    println!("{}: {what} {ratio:.2} x floor, {within} the budget of {budget:.1}", comparison.scenario.name);
    broken
}
