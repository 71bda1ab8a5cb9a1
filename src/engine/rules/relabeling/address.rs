//! Rewrites of the address of a target.

use crate::engine::reach::mesh::Membership;
use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::{Looking, Pipeline, Selectable, Stage, each_monitor};
use crate::model::guard::Guard;
use crate::model::relabeling::{Action, LabelSet, PrometheusVersion, RelabelConfig, Step};
use crate::model::snapshot::{Pod, Service};

const ADDRESS: &str = "__address__";
/// Where pods say at which port they are scraped, and how relabeling sees that.
const PORT_ANNOTATION: &str = "prometheus.io/port";
const PORT_LABEL: &str = "__meta_kubernetes_pod_annotation_prometheus_io_port";
const POD_IP: &str = "__meta_kubernetes_pod_ip";
/// Where pods say that they are not scraped, and that their metrics are not merged with those of the sidecar.
const SCRAPE_ANNOTATION: &str = "prometheus.io/scrape";
const MERGE_ANNOTATION: &str = "prometheus.istio.io/merge-metrics";
/// The port at which a sidecar serves merged metrics.
const MERGED_PORT: &str = "15020";

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

pub(super) fn of_merged_metrics(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    each_monitor(cluster, |kept, monitor| {
        let Some(looking) = Looking::of(kept, monitor) else { return };
        for (path, _) in monitor.steps().filter(|(_, step)| rewrites(step) && follows_annotation(step)) {
            if is_merged_somewhere(cluster, monitor, &looking) {
                findings.report(
                    &kept.reference,
                    path.key("sourceLabels"),
                    "of injected pods this annotation names port 15020",
                    format!("name the container port in the endpoint (port: ...), or annotate the pods {MERGE_ANNOTATION}: \"false\""),
                );
            }
        }
    });
}

/// Annotations differ among pods that policies do not tell apart, so all of them are looked at.
fn is_merged_somewhere(cluster: &Cluster<'_, '_>, monitor: Monitor<'_, '_>, looking: &Looking<'_, '_>) -> bool {
    let selectable = Selectable::new(cluster.snapshot);
    let services: Vec<&Service> = selectable.selected_services(looking).collect();
    let is_selected = |pod: &Pod| match monitor {
        Monitor::Service(_) => services.iter().any(|service| service.selects(pod)),
        _ => looking.may_select(&pod.labels),
    };
    let pods = cluster.snapshot.pods().iter().filter(|pod| looking.looks_in(&pod.namespace) && !pod.has_ended());
    let mut merged = pods.filter(|pod| says_merged_port(pod) && is_selected(pod));
    merged.any(|pod| matches!(cluster.evaluator.membership(pod), Membership::Sidecar(_)))
}

/// Whether the annotation names the sidecar's port, or will once there is a sidecar (`istio.io/istio`
/// `pkg/kube/inject/webhook.go`, `applyPrometheusMerge`).
fn says_merged_port(pod: &Pod) -> bool {
    let is_still_to_be_made = pod.phase.is_none();
    let says = |annotation: &str, value: &str| pod.annotations.get(annotation) == Some(value);
    says(PORT_ANNOTATION, MERGED_PORT)
        || (is_still_to_be_made && !says(SCRAPE_ANNOTATION, "false") && !says(MERGE_ANNOTATION, "false"))
}

fn rewrites(step: &RelabelConfig<'_>) -> bool {
    step.is(Action::Replace) && step.target() == ADDRESS
}

/// Whether targets are pods of which no field picks one port.
fn has_all_ports(pipeline: &Pipeline<'_, '_>) -> bool {
    pipeline.stage == Stage::Pods && pipeline.endpoint.is_some_and(|endpoint| !endpoint.has_port())
}

/// Whether two ports of a pod get the same address.
fn loses_port(step: &RelabelConfig<'_>) -> bool {
    let ip = "10.0.0.1";
    let rewritten = |port: &str| {
        rewritten(step, &format!("{ip}:{port}"), |label| match label {
            POD_IP => Some(ip),
            _ if label.starts_with("__meta_kubernetes_pod_container_port_") => Some(port),
            _ => None,
        })
    };
    rewritten("1111").is_some_and(|one| Some(one) == rewritten("2222"))
}

/// Whether two values of the annotation make different addresses.
fn follows_annotation(step: &RelabelConfig<'_>) -> bool {
    [("10.0.0.1", "10.0.0.1:8080"), ("fd00::1", "[fd00::1]:8080")].into_iter().any(|(ip, address)| {
        let rewritten = |port: &str| {
            rewritten(step, address, |label| match label {
                POD_IP => Some(ip),
                PORT_LABEL => Some(port),
                _ => None,
            })
        };
        rewritten("1111") != rewritten("2222")
    })
}

/// The address that a step makes of this one; `None` where it cannot be read. Labels that are not known are taken for a
/// number, since that is what a port is made of.
fn rewritten<'l>(step: &RelabelConfig<'_>, address: &str, known: impl Fn(&str) -> Option<&'l str>) -> Option<String> {
    const NUMBER: &str = "8080";
    let compiled = Step::new(step, PrometheusVersion::LATEST).ok()?;
    let value = |label: &str| known(label).unwrap_or(NUMBER).to_owned();
    let sources = step.source_labels.iter().map(|label| (label.to_string(), value(label)));
    let mut labels: LabelSet = sources.collect();
    labels.set(ADDRESS, address);
    compiled.run(&mut labels);
    Some(labels.get(ADDRESS).to_owned())
}
