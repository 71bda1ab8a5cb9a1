//! Rewrites of the address of a target.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::{Pipeline, Stage};
use crate::model::guard::Guard;
use crate::model::relabeling::{Action, LabelSet, PrometheusVersion, RelabelConfig, Step};

const ADDRESS: &str = "__address__";

pub(super) fn ipv6(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, step) in monitor.steps() {
        if rewrites(step) && step.reads(ADDRESS) && step.expression().contains("[^:]") {
            findings.report(
                path.key("regex"),
                "this address rewrite does not match IPv6",
                "name the container port in the endpoint (port: ...) and remove this step",
            );
        }
    }
}

pub(super) fn duplicates(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for pipeline in monitor.pipelines().into_iter().filter(has_all_ports) {
        let keeps_port = |step: &&RelabelConfig<'_>| step.is(Action::Keep) && step.reads_port();
        let kept = pipeline.steps.iter().position(|step| keeps_port(&step)).unwrap_or(usize::MAX);
        let first = pipeline.steps().enumerate().find(|(_, (_, step))| rewrites(step) && loses_port(step));
        if let Some((_, (path, _))) = first.filter(|(index, _)| *index < kept) {
            findings.report(
                path,
                "one and the same target for every port of a pod",
                "name the container port in the endpoint (port: ...), or keep one port before this step",
            );
        }
    }
}

fn rewrites(step: &RelabelConfig<'_>) -> bool {
    step.is(Action::Replace) && step.target() == ADDRESS
}

/// Whether targets are pods of which no field picks one port.
fn has_all_ports(pipeline: &Pipeline<'_, '_>) -> bool {
    pipeline.stage == Stage::Pods && pipeline.endpoint.is_some_and(|endpoint| !endpoint.has_port())
}

/// Whether two ports of a pod get the same address. Everything else that the step reads is the same for both, and
/// taken for a number, since that is what a port is made of.
fn loses_port(step: &RelabelConfig<'_>) -> bool {
    const SAME: &str = "8080";
    let Ok(compiled) = Step::new(step, PrometheusVersion::LATEST) else { return false };
    let rewritten = |port: &str| {
        let address = format!("10.0.0.1:{port}");
        let own = |label: &str| match label {
            ADDRESS => address.clone(),
            "__meta_kubernetes_pod_ip" => "10.0.0.1".to_owned(),
            _ if label.starts_with("__meta_kubernetes_pod_container_port_") => port.to_owned(),
            _ => SAME.to_owned(),
        };
        let sources = step.source_labels.iter().map(|label| (label.to_string(), own(label)));
        let mut labels: LabelSet = sources.chain([(ADDRESS.to_owned(), address.clone())]).collect();
        compiled.run(&mut labels);
        labels.get(ADDRESS).to_owned()
    };
    rewritten("1111") == rewritten("2222")
}
