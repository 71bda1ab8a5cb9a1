//! Our scrape pools beside the configuration that the real Prometheus operator writes, for random Prometheus resources
//! and random monitors of all kinds.
//!
//! Both are read by the real schemas of their custom resource definitions. Then the operator selects the monitor, or does
//! not, and writes `scrape_configs`. Where we say open, it must select; where we say blocked, it must not; and the pools
//! must be what it wrote, relabeling step by relabeling step. `DIFFERENTIAL_CASES` sets the number of questions about each
//! kind (1250 if it is not set). The first run builds the operator's part from source; where that cannot be done, the
//! tests are ignored with the reason, and with `CI` set they fail.

#![allow(clippy::expect_used, clippy::indexing_slicing)] // clippy takes this target for no test

#[path = "operator_validation/client.rs"]
mod client;
#[path = "operator_validation/defaults.rs"]
mod defaults;
#[path = "operator_validation/discovery.rs"]
mod discovery;
#[path = "../support/go.rs"]
mod go;
#[path = "operator_validation/monitors.rs"]
mod monitors;
#[path = "operator_validation/operator.rs"]
mod operator;
#[path = "operator_configuration/ours.rs"]
mod ours;
#[path = "prometheus_relabeling/pattern.rs"]
mod pattern;
#[path = "operator_configuration/prometheuses.rs"]
mod prometheuses;
#[path = "prometheus_relabeling/steps.rs"]
mod steps;
#[path = "operator_configuration/theirs.rs"]
mod theirs;

use std::env;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use scrapeguard::engine::reach::Verdict;
use serde::Deserialize;
use serde_json::Value;

use crate::operator::Operator;

/// What the operator makes of one Prometheus and one monitor.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Whether the schemas let both pass.
    stored: bool,
    /// Whether namespace and labels match.
    matched: bool,
    /// Whether it is in the configuration.
    selected: bool,
    /// Why not.
    error: String,
    scrape_configs: Option<Vec<Value>>,
}

impl Answer {
    /// Whether the operator crashed, so that there is no answer.
    fn is_missing(&self) -> bool {
        self.error.starts_with("the operator crashed")
    }
}

/// Makes as many monitors as it is told.
type Monitors = fn(usize) -> Result<Vec<Value>>;

fn main() -> ExitCode {
    let operator = Arc::new(OnceLock::new());
    let kinds: [(&str, Monitors); 4] = [
        ("pod_monitors", monitors::pod_monitors),
        ("service_monitors", monitors::service_monitors),
        ("probes", monitors::probes),
        ("scrape_configs", monitors::scrape_configs),
    ];
    let trials = kinds.into_iter().map(|(name, monitors)| trial(name, monitors, &operator)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, monitors: Monitors, operator: &Arc<OnceLock<Result<Operator, String>>>) -> Trial {
    let operator = Arc::clone(operator);
    let build = || Operator::build().map_err(|error| format!("no configuration of the operator: {error:#}"));
    Trial::ignorable_test(name, move || match operator.get_or_init(build) {
        Ok(operator) => {
            let compared = questions(monitors).and_then(|questions| compare(operator, &questions));
            compared.map(|()| Completion::Completed).map_err(|error| Failed::from(format!("{error:#}")))
        }
        Err(reason) if env::var_os("CI").is_none() => Ok(Completion::ignored_with(reason)),
        Err(reason) => Err(Failed::from(reason)),
    })
}

fn questions(monitors: Monitors) -> Result<Vec<Value>> {
    let number = env::var("DIFFERENTIAL_CASES")
        .map_or(Ok(1_250), |text| text.parse().context("DIFFERENTIAL_CASES is no number"))?;
    prometheuses::with_prometheus(monitors(number)?)
}

/// How often we said what.
#[derive(Debug, Default)]
struct Tally {
    stored: usize,
    unmatched: usize,
    refused: usize,
    configured: usize,
    unknown: usize,
    crashed: usize,
    steps: usize,
}

fn compare(operator: &Operator, questions: &[Value]) -> Result<()> {
    let (mut tally, mut different) = (Tally::default(), Vec::new());
    let answers: Vec<Answer> = operator.ask(&["configuration"], questions)?;
    for (question, theirs) in questions.iter().zip(&answers).filter(|(_, theirs)| theirs.stored) {
        if theirs.is_missing() {
            tally.crashed += 1;
            continue;
        }
        if let Err(difference) = agree(question, theirs, &mut tally) {
            different.push(format!("{question}\n  {difference:#}"));
        }
    }
    let shown = different.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
    ensure!(different.is_empty(), "{} of {} answers differ:\n{shown}", different.len(), tally.stored);
    eprintln!("{tally:?}");
    // A comparison in which nothing is written, or nothing refused, compares nothing.
    ensure!(tally.stored > questions.len() / 2, "too few were stored: {tally:?}");
    let least = tally.stored / 25;
    ensure!(tally.unmatched > least && tally.refused > least && tally.configured > 4 * least, "too few: {tally:?}");
    ensure!(tally.crashed < tally.stored / 100, "the operator crashes too often: {tally:?}");
    ensure!(tally.unknown < tally.stored / 10 && tally.steps > tally.configured, "too little known: {tally:?}");
    Ok(())
}

fn agree(question: &Value, theirs: &Answer, tally: &mut Tally) -> Result<()> {
    let snapshot = ours::snapshot(question)?;
    let ours = ours::scraping(&snapshot)?;
    let (verdict, reason) = (ours.selection.verdict, &ours.selection.reason);
    tally.stored += 1;
    tally.unknown += usize::from(verdict == Verdict::Unknown);
    match verdict {
        Verdict::Blocked => {
            ensure!(!theirs.selected, "the operator selects it, we do not: {reason}");
            tally.unmatched += usize::from(!theirs.matched);
            tally.refused += usize::from(theirs.matched);
        }
        Verdict::Open => ensure!(theirs.selected, "we select it, the operator does not: {}", theirs.error),
        Verdict::Unknown => {}
    }
    let written = theirs.scrape_configs.as_deref().unwrap_or_default();
    if !theirs.selected {
        return Ok(());
    }
    ensure!(ours.pools.len() == written.len(), "{} pools, the operator has {}", ours.pools.len(), written.len());
    for (ours, theirs) in ours.pools.iter().zip(written) {
        tally.configured += 1;
        tally.steps += ours.pool.relabeling.len();
        theirs::agree(&ours.pool, theirs, question)?;
    }
    Ok(())
}
