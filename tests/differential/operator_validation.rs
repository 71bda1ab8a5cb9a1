//! Our rules beside the real Prometheus operator, on random monitors of all kinds.
//!
//! Each monitor is read by the real schema of its custom resource definition, and then by the part of the operator that
//! selects monitors for a Prometheus. What the operator leaves out must be an error of a rule that says so, and what it
//! takes must be none, apart from the differences that `docs/semantics.md` lists. `DIFFERENTIAL_CASES` sets the number
//! of random monitors of each kind (1250 if it is not set). The first run builds the operator's part from source; where
//! that cannot be done, the tests are ignored with the reason, and with `CI` set they fail.

#![allow(clippy::expect_used)] // clippy takes this target for no test

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
#[path = "prometheus_relabeling/pattern.rs"]
mod pattern;
#[path = "../istio_policies/review.rs"]
mod review;
#[path = "prometheus_relabeling/steps.rs"]
mod steps;

use std::collections::BTreeSet;
use std::env;
use std::process::ExitCode;
use std::sync::{Arc, LazyLock, OnceLock};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use scrapeguard::model::guard::Guards;
use serde::Deserialize;
use serde_json::Value;

use crate::defaults::without_defaults;
use crate::operator::Operator;

/// Rules whose errors say that the operator leaves the monitor out.
const LEFT_OUT: [&str; 5] = ["SG-RL-001", "SG-RL-004", "SG-SM-008", "SG-SM-014", "SG-SM-016"];

/// The rule that finds the default expression where it is written out in a step that compares values. The operator
/// accepts that, and Prometheus then refuses its whole configuration.
const COMPARES: &str = "SG-RL-004";

static GUARDS: LazyLock<Guards> = LazyLock::new(Guards::built_in);

/// What becomes of one monitor in a cluster.
#[derive(Debug, Deserialize)]
struct Answer {
    /// Whether the schema of its custom resource definition lets it pass.
    stored: bool,
    /// Whether the operator then gives it to Prometheus.
    selected: bool,
    /// Why not.
    error: String,
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
    let build = || Operator::build().map_err(|error| format!("no validation of the operator: {error:#}"));
    Trial::ignorable_test(name, move || match operator.get_or_init(build) {
        Ok(operator) => {
            let compared = number().and_then(monitors).and_then(|objects| compare(operator, &objects));
            compared.map(|()| Completion::Completed).map_err(|error| Failed::from(format!("{error:#}")))
        }
        Err(reason) if env::var_os("CI").is_none() => Ok(Completion::ignored_with(reason)),
        Err(reason) => Err(Failed::from(reason)),
    })
}

fn compare(operator: &Operator, objects: &[Value]) -> Result<()> {
    let (mut stored, mut left_out, mut different) = (0, 0, Vec::new());
    let mut found_by = BTreeSet::new();
    for (object, theirs) in
        objects.iter().zip(operator.ask::<Answer>(&[], objects)?).filter(|(_, theirs)| theirs.stored)
    {
        let ours = errors(object);
        let accepted = ours.is_empty() || ours == [COMPARES] && errors(&without_defaults(object)).is_empty();
        stored += 1;
        left_out += usize::from(!theirs.selected);
        if accepted != theirs.selected {
            different.push(report(object, &theirs, &ours));
        }
        found_by.extend(ours);
    }
    let shown = different.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
    ensure!(different.is_empty(), "{} of {stored} answers differ:\n{shown}", different.len());
    // A comparison in which everything is left out, or nothing, compares nothing.
    ensure!(stored > objects.len() / 2, "{stored} of {} monitors were stored", objects.len());
    ensure!((stored / 5..stored - stored / 5).contains(&left_out), "{left_out} of {stored} monitors were left out");
    // SG-SM-014 is for Probes only.
    ensure!(found_by.len() + 1 >= LEFT_OUT.len(), "only {found_by:?} found something");
    Ok(())
}

/// The errors by which we say that the operator leaves the object out.
fn errors(object: &Value) -> Vec<String> {
    let mut found = review::errors(&review::findings(object, &GUARDS));
    found.retain(|id| LEFT_OUT.contains(&id.as_str()));
    found
}

fn report(object: &Value, theirs: &Answer, ours: &[String]) -> String {
    let decision = if theirs.selected { "selects it" } else { "leaves it out" };
    format!("{object}\n  operator: {decision} {}\n  we:       {ours:?}", theirs.error)
}

fn number() -> Result<usize> {
    env::var("DIFFERENTIAL_CASES").map_or(Ok(1_250), |text| text.parse().context("DIFFERENTIAL_CASES is no number"))
}
