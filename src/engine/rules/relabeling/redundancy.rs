//! Steps that do what is done anyway.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::{Pipeline, Stage};
use crate::model::guard::Guard;
use crate::model::relabeling::{Action, RelabelConfig};

pub(super) fn redundant(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for pipeline in monitor.pipelines().into_iter().filter(|pipeline| pipeline.stage != Stage::Metrics) {
        for (path, step) in pipeline.steps() {
            if let Some(reason) = redundancy(step, &pipeline) {
                findings.report(path, reason, "remove this step");
            }
        }
    }
}

/// Why a step does nothing that is not done anyway (prometheus-operator `pkg/prometheus/promcfg.go`,
/// `generatePodMonitorConfig` and `generateServiceMonitorConfig`), if it does nothing.
fn redundancy(step: &RelabelConfig<'_>, pipeline: &Pipeline<'_, '_>) -> Option<&'static str> {
    if step.is(Action::LabelDrop) && step.expression().starts_with("__meta_") {
        return Some("__meta labels are dropped after relabeling anyway");
    }
    let endpoint = pipeline.endpoint?;
    let filters = endpoint.filter_running != Some(false);
    if filters && step.is(Action::Drop) && step.reads_only(&["__meta_kubernetes_pod_phase"]) && is_finished(step) {
        return Some("finished pods are dropped already");
    }
    let [source] = step.source_labels.as_slice() else { return None };
    match (source.as_str(), step.target()) {
        _ if !copies(step) => None,
        ("__meta_kubernetes_namespace", "namespace") | ("__meta_kubernetes_pod_name", "pod") => {
            Some("the operator sets this label already")
        }
        ("__meta_kubernetes_service_name", "service") if pipeline.stage == Stage::Endpoints => {
            Some("the operator sets this label already")
        }
        ("__meta_kubernetes_pod_name", "pod_name") => Some("pod_name repeats the label pod"),
        _ => None,
    }
}

/// Whether the step writes what it reads.
fn copies(step: &RelabelConfig<'_>) -> bool {
    step.is(Action::Replace) && step.expression() == "(.*)" && matches!(step.replacement(), "$1" | "${1}")
}

fn is_finished(step: &RelabelConfig<'_>) -> bool {
    let bare = step.expression().trim_start_matches('(').trim_end_matches(')');
    bare.split('|').all(|phase| phase == "Succeeded" || phase == "Failed")
}
