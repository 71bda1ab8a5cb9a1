//! The label that becomes the job.

use std::collections::BTreeSet;

use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::{Looking, Selectable, each_monitor, shortened};
use crate::model::FieldPath;
use crate::model::labels::Labels;

/// Labels that the mesh gives to pods when it makes them.
const OF_THE_MESH: &str = "istio.io/";

pub(super) fn nothing_has_it(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let all = Selectable::new(cluster.snapshot);
    each_monitor(cluster, |kept, monitor| {
        let label = match monitor {
            Monitor::Pod(monitor) => monitor.spec.job_label.as_deref(),
            Monitor::Service(monitor) => monitor.spec.job_label.as_deref(),
            Monitor::Probe(_) | Monitor::Config(_) => None,
        };
        let label = label.filter(|label| !label.is_empty() && !label.contains(OF_THE_MESH));
        let (Some(label), Some(looking)) = (label, Looking::of(kept, monitor)) else { return };
        let selected: Vec<&Labels<'_>> = match monitor {
            Monitor::Service(_) => all.selected_services(&looking).map(|service| &service.labels).collect(),
            _ => all.selected_pods(&looking).map(|pod| &pod.labels).collect(),
        };
        if selected.is_empty() || selected.iter().any(|labels| labels.get(label).is_some()) {
            return;
        }
        let known: BTreeSet<&str> = selected.iter().flat_map(|labels| labels.iter().map(|(key, _)| key)).collect();
        let known: Vec<&str> = known.into_iter().collect();
        findings.report(
            &kept.reference,
            FieldPath::of("spec.jobLabel"),
            format!("no selected {} has a label {}", monitor.selected(), shortened(label, 25)),
            format!("remove jobLabel, or name a label that they have: {}", shortened(&known.join(", "), 120)),
        );
    });
}
