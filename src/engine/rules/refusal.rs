//! Why the operator leaves out a monitor that a Prometheus selects, as far as the monitor and the version of Prometheus
//! tell: the rules that say so, asked without a guard.

use crate::engine::rules::{Monitor, scrape_monitor};
use crate::model::finding::Family;
use crate::model::relabeling::{InvalidRelabeling, PrometheusVersion, validity};
use crate::model::{FieldPath, ObjectReference, RuleId};

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that says so.
    pub rule: RuleId,
    /// The field that is wrong.
    pub path: FieldPath,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Whether it is only we who cannot read it, so that nobody knows.
    pub is_ours: bool,
}

/// All reasons, those that depend on the version last.
pub fn refusals(monitor: &Monitor<'_, '_>, object: &ObjectReference, version: PrometheusVersion) -> Vec<Refusal> {
    let settings = scrape_monitor::refusals(monitor, object).into_iter();
    let mut refusals: Vec<Refusal> = settings
        .map(|found| Refusal { rule: found.rule, path: found.path, message: found.message, is_ours: false })
        .collect();
    refusals.extend(monitor.steps().filter_map(|(path, step)| {
        let error = validity::check(step, version).err()?;
        Some(refused_step(&path, &error))
    }));
    refusals
}

fn refused_step(path: &FieldPath, error: &InvalidRelabeling) -> Refusal {
    let number = if matches!(error, InvalidRelabeling::Expression(_)) { 1 } else { 4 };
    Refusal {
        rule: RuleId::new(Family::Relabeling, number),
        path: path.key(error.field()),
        message: error.to_string(),
        is_ours: error.is_ours(),
    }
}
