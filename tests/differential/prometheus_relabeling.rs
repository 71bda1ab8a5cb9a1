//! Our relabeling and regular expressions beside Prometheus' own, on random steps, labels and patterns.
//!
//! Every answer must be the same, apart from the differences that `docs/semantics.md` lists. `DIFFERENTIAL_CASES` sets
//! the number of cases of each kind (5000 if it is not set). The first run builds a small program around Prometheus'
//! relabeling from source; where that cannot be done, the tests are ignored with the reason, and with `CI` set they fail.

#[path = "prometheus_relabeling/cases.rs"]
mod cases;
#[path = "../support/go.rs"]
mod go;
#[path = "prometheus_relabeling/ours.rs"]
mod ours;
#[path = "prometheus_relabeling/pattern.rs"]
mod pattern;
#[path = "prometheus_relabeling/prometheus.rs"]
mod prometheus;
#[path = "prometheus_relabeling/steps.rs"]
mod steps;

use std::env;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::cases::Question;
use crate::prometheus::{Answer, Prometheus};

/// Makes as many questions as it is told.
type Cases = fn(usize) -> Result<Vec<Question>>;

fn main() -> ExitCode {
    let prometheus = Arc::new(OnceLock::new());
    let kinds: [(&str, Cases); 2] = [("relabelings", cases::relabelings), ("patterns", cases::patterns)];
    let trials = kinds.into_iter().map(|(name, cases)| trial(name, cases, &prometheus)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, cases: Cases, prometheus: &Arc<OnceLock<Result<Prometheus, String>>>) -> Trial {
    let prometheus = Arc::clone(prometheus);
    let build = || Prometheus::build().map_err(|error| format!("no relabeling of Prometheus: {error:#}"));
    Trial::ignorable_test(name, move || match prometheus.get_or_init(build) {
        Ok(prometheus) => {
            let compared = number().and_then(cases).and_then(|questions| compare(prometheus, &questions));
            compared.map(|()| Completion::Completed).map_err(|error| Failed::from(format!("{error:#}")))
        }
        Err(reason) if env::var_os("CI").is_none() => Ok(Completion::ignored_with(reason)),
        Err(reason) => Err(Failed::from(reason)),
    })
}

fn compare(prometheus: &Prometheus, questions: &[Question]) -> Result<()> {
    let theirs = prometheus.answer(questions)?;
    let (mut refused, mut undecided, mut different) = (0, 0, Vec::new());
    for (question, theirs) in questions.iter().zip(theirs) {
        refused += usize::from(theirs.refused.is_some() || theirs.invalid);
        match ours::answer(question)? {
            None => undecided += 1,
            Some(ours) if ours == theirs => {}
            Some(ours) => different.push(report(question, &theirs, &ours)),
        }
    }
    let shown = different.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
    ensure!(different.is_empty(), "{} of {} answers differ:\n{shown}", different.len(), questions.len());
    // A comparison in which everything is refused, nothing is, or we do not answer, compares nothing.
    let all = questions.len();
    ensure!((all / 20..all - all / 5).contains(&refused), "{refused} of {all} cases were refused");
    ensure!(undecided <= all / 100, "{undecided} of {all} cases were too large for us");
    Ok(())
}

fn report(question: &Question, theirs: &Answer, ours: &Answer) -> String {
    format!("{}\n  Prometheus: {theirs:?}\n  we:         {ours:?}", question.to_json())
}

fn number() -> Result<usize> {
    env::var("DIFFERENTIAL_CASES").map_or(Ok(5_000), |text| text.parse().context("DIFFERENTIAL_CASES is no number"))
}
