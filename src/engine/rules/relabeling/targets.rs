//! Steps that together, or alone, leave no target.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::{Stage, shortened};
use crate::model::guard::Guard;
use crate::model::relabeling::{Action, LabelSet, PrometheusVersion, RelabelConfig, Step};

pub(super) fn dropped(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    find_dropped(monitor, findings);
}

/// The same for who has no guard.
pub(super) fn find_dropped(monitor: &Monitor<'_, '_>, findings: &mut Findings<'_>) {
    for pipeline in monitor.pipelines().into_iter().filter(|pipeline| pipeline.stage != Stage::Metrics) {
        let mut before: Vec<&RelabelConfig<'_>> = Vec::new();
        for (path, step) in pipeline.steps() {
            if writes_anything(step) {
                break;
            }
            if let Some((message, fix)) = drops_all(step, &before, pipeline.stage) {
                findings.report(path, message, fix);
                break;
            }
            before.push(step);
        }
    }
}

/// Whether it cannot be told which labels a step writes.
fn writes_anything(step: &RelabelConfig<'_>) -> bool {
    step.action().is_none() || step.is(Action::LabelMap) || step.target().contains('$')
}

/// Why no target is left after a step, if that is certain.
fn drops_all(step: &RelabelConfig<'_>, before: &[&RelabelConfig<'_>], stage: Stage) -> Option<(String, String)> {
    if step.is(Action::Drop) && matches!(step.expression(), "(.*)" | ".*") {
        let fix = "add the regex of what is to be dropped, or remove this step";
        return Some(("drops every target".to_owned(), fix.to_owned()));
    }
    let written = |label: &str| before.iter().any(|earlier| earlier.target() == label);
    let absent = |label: &str| is_never_set(label, stage) && !written(label);
    if step.is(Action::Keep) && step.source_labels.iter().all(|label| absent(label)) && !keeps_nothing_set(step)? {
        let label = step.source_labels.first()?;
        let message = format!("{} is never set here", shortened(label, 40));
        return Some((message, format!("remove this step: {label} is not a label of these targets")));
    }
    let same = |earlier: &&&RelabelConfig<'_>| earlier.is(Action::Keep) && reads_the_same(earlier, step);
    let kept = before.iter().rev().find(same)?;
    let changed = step.source_labels.iter().any(|label| written(label));
    (!changed && contradict(kept, step)).then(|| {
        let message = "drops all that an earlier step keeps".to_owned();
        (message, format!("remove one of the two: only {} is kept before", kept.expression()))
    })
}

/// Whether a step keeps a target that has none of its labels.
fn keeps_nothing_set(step: &RelabelConfig<'_>) -> Option<bool> {
    Some(Step::new(step, PrometheusVersion::LATEST).ok()?.run(&mut LabelSet::default()))
}

/// Labels that discovery of this kind never sets (`prometheus/discovery/kubernetes`), and that the operator does not
/// set either.
fn is_never_set(label: &str, stage: Stage) -> bool {
    let kinds: &[&str] = match stage {
        Stage::Pods => &["service_", "endpoint", "ingress_"],
        Stage::Endpoints => &["ingress_"],
        Stage::Ingresses => &["service_", "endpoint", "pod_", "node_"],
        Stage::Static => &[""],
        Stage::AnyTargets | Stage::Metrics => &[],
    };
    let kind = label.strip_prefix("__meta_kubernetes_");
    label == "__name__" || kind.is_some_and(|rest| kinds.iter().any(|kind| rest.starts_with(kind)))
}

fn reads_the_same(one: &RelabelConfig<'_>, other: &RelabelConfig<'_>) -> bool {
    one.source_labels == other.source_labels && one.separator() == other.separator()
}

/// Whether a step drops all values that another keeps; both have to list their values.
fn contradict(kept: &RelabelConfig<'_>, step: &RelabelConfig<'_>) -> bool {
    let Some((kept, listed)) = values(kept.expression()).zip(values(step.expression())) else { return false };
    let among = |value: &&str| listed.contains(value);
    (step.is(Action::Keep) && !kept.iter().any(among)) || (step.is(Action::Drop) && kept.iter().all(among))
}

/// The values that an expression lists, if it is nothing but a list of them.
fn values(expression: &str) -> Option<Vec<&str>> {
    let inner = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(expression);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"|_-/:; ".contains(&byte);
    inner.bytes().all(is_plain).then(|| inner.split('|').collect())
}
