//! Labels that are removed, forged or copied.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::{Stage, shortened};
use crate::model::guard::Guard;
use crate::model::regular_expression::RegularExpression;
use crate::model::relabeling::validity::check;
use crate::model::relabeling::{Action, PrometheusVersion, RelabelConfig};
use crate::model::{Severity, Text};

pub(super) fn removed(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for pipeline in monitor.pipelines() {
        let (vital, identity) = needed(pipeline.stage);
        for (path, step) in pipeline.steps() {
            let Some((action, expression)) = names(step) else { continue };
            let removes = |label: &&str| expression.is_match(label) == (action == Action::LabelDrop);
            let lost: Vec<&str> = identity.iter().copied().filter(removes).collect();
            let (severity, lost) = match (removes(&vital), lost.is_empty()) {
                (true, _) => (Severity::Error, vital.to_owned()),
                (false, false) => (Severity::Warning, lost.join(", ")),
                (false, true) => continue,
            };
            let fix = match action {
                Action::LabelDrop => format!("narrow the regex so that it does not match {lost}"),
                _ => format!("widen the regex so that it also matches {lost}"),
            };
            findings.report_as(severity, path, format!("{action} removes {lost}"), fix);
        }
    }
}

/// The expression of a step that removes labels by their names.
fn names(step: &RelabelConfig<'_>) -> Option<(Action, RegularExpression)> {
    let removes = step.is(Action::LabelDrop) || step.is(Action::LabelKeep);
    let (action, pattern) = removes.then(|| check(step, PrometheusVersion::LATEST).ok()).flatten()?;
    Some((action, pattern.compile().ok()?))
}

/// The label without which nothing is left, and those that tell one target from another.
fn needed(stage: Stage) -> (&'static str, &'static [&'static str]) {
    match stage {
        Stage::Metrics => ("__name__", &["job", "instance", "namespace", "pod"]),
        Stage::Pods | Stage::Endpoints => ("__address__", &["job", "namespace", "pod"]),
        Stage::Static | Stage::Ingresses | Stage::AnyTargets => ("__address__", &["job"]),
    }
}

pub(super) fn forgeable(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for pipeline in monitor.pipelines().into_iter().filter(|pipeline| pipeline.stage != Stage::Metrics) {
        for (path, step) in pipeline.steps() {
            let Some(source) = forged(step) else { continue };
            findings.report(
                path,
                format!("{} comes from what owners of pods write", shortened(step.target(), 20)),
                format!("take {} from a label that discovery sets, not from {source}", step.target()),
            );
        }
    }
    if monitor.selection().is_some_and(|(namespaces, _)| namespaces.any) {
        honored(monitor, findings);
    }
}

/// Endpoints whose pods choose the labels of their samples.
fn honored(monitor: &Monitor<'_, '_>, findings: &mut Findings<'_>) {
    for (path, _) in monitor.endpoints().filter(|(_, endpoint)| endpoint.honor_labels == Some(true)) {
        findings.report(
            path.key("honorLabels"),
            "any pod can choose the labels of its samples",
            "remove honorLabels, or select only namespaces that are trusted",
        );
    }
}

/// The label or annotation that decides who a target is, if one does. The job is left out: the operator itself offers to
/// take it from a label (`jobLabel`).
fn forged<'s>(step: &'s RelabelConfig<'_>) -> Option<&'s str> {
    let target = step.target();
    let identifies = matches!(target, "instance" | "namespace" | "pod" | "cluster") || target.starts_with("__param_");
    let written = |label: &&str| {
        ["pod", "service"].into_iter().any(|kind| {
            let rest = label.strip_prefix("__meta_kubernetes_").and_then(|rest| rest.strip_prefix(kind));
            rest.is_some_and(|rest| rest.starts_with("_label_") || rest.starts_with("_annotation_"))
        })
    };
    let takes_value = step.is(Action::Replace) && step.replacement().contains('$') && identifies;
    step.source_labels.iter().map(Text::as_str).find(written).filter(|_| takes_value)
}

pub(super) fn all_copied(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    // Names that no expression for certain labels matches.
    const ANY: [&str; 2] = ["__meta_kubernetes_pod_label_q7", "__meta_kubernetes_pod_label_x_y_z_0"];
    for (path, step) in monitor.steps().filter(|(_, step)| step.is(Action::LabelMap)) {
        let Ok((_, pattern)) = check(step, PrometheusVersion::LATEST) else { continue };
        if pattern.compile().is_ok_and(|expression| ANY.iter().all(|label| expression.is_match(label))) {
            findings.report(
                path,
                "copies every label of the pod to every metric",
                "remove this step and list the labels that are needed in spec.podTargetLabels",
            );
        }
    }
}
