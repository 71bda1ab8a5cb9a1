//! What the analysis of the cluster comes to, by guard.

use std::collections::BTreeMap;

use crate::engine::analysis::{Analysis, Verdicts};
use crate::engine::reach::Verdict;
use crate::model::guard::Guard;
use crate::model::guard::status::ScrapePathsStatus;

/// What was found, by guard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Of each guard.
    pub guards: BTreeMap<String, GuardTotals>,
}

/// What was found about one guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuardTotals {
    /// The scrapes of its Prometheus.
    pub scrape_paths: ScrapePathsStatus,
    /// How many certainly reach its guarded ports without being meant to.
    pub exposures: u32,
}

impl Totals {
    /// Counts.
    pub fn of(analysis: &Analysis) -> Self {
        let counts = analysis.scrape_path_counts().by_guard;
        let of_guard = |(guard, verdicts): (&Guard, Verdicts)| {
            let totals = GuardTotals { scrape_paths: scrape_paths(verdicts), exposures: exposures(guard, analysis) };
            (guard.name.clone(), totals)
        };
        Self { guards: analysis.guards().iter().zip(counts).map(of_guard).collect() }
    }
}

fn scrape_paths(verdicts: Verdicts) -> ScrapePathsStatus {
    let Verdicts { open, blocked, unknown } = verdicts;
    ScrapePathsStatus { open: count(open), blocked: count(blocked), unknown: count(unknown) }
}

fn exposures(guard: &Guard, analysis: &Analysis) -> u32 {
    let exposures = analysis.exposures().iter().filter(|it| it.target.namespace == guard.namespace);
    count(exposures.filter(|it| it.verdict == Verdict::Open).count())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::engine::admission::Circumstances;
    use crate::model::Resource;
    use crate::model::guard::Guards;
    use crate::model::snapshot::{Change, Snapshot};

    fn snapshot(objects: &[(Resource, &str)]) -> Snapshot {
        let put = |(resource, json): &(Resource, &str)| Change::Put { resource: *resource, json: (*json).to_owned() };
        Snapshot::default().with(&objects.iter().map(put).collect::<Vec<_>>())
    }

    #[test]
    fn paths_and_exposures_are_counted_by_guard() {
        let target = r#"{"metadata": {"name": "web", "namespace": "monitoring", "labels": {"app.kubernetes.io/name": "grafana",
            "app.kubernetes.io/instance": "prometheus-operator"}}, "spec": {"containers": [{"name": "c", "ports":
            [{"name": "http", "containerPort": 3000}]}]}, "status": {"podIP": "10.0.0.1", "phase": "Running"}}"#;
        let monitor = r#"{"metadata": {"name": "web", "namespace": "monitoring", "labels": {"release": "prometheus-operator"}},
            "spec": {"selector": {}, "podMetricsEndpoints": [{"port": "http"}]}}"#;
        let prometheus = r#"{"metadata": {"name": "p", "namespace": "monitoring"}, "spec":
            {"podMonitorSelector": {}, "podMonitorNamespaceSelector": {}}}"#;
        let deny = r#"{"metadata": {"name": "deny", "namespace": "monitoring"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}"#;
        let namespace = r#"{"metadata": {"name": "monitoring"}}"#;
        let open = [
            (Resource::Namespace, namespace),
            (Resource::Pod, target),
            (Resource::PodMonitor, monitor),
            (Resource::Prometheus, prometheus),
        ];
        let guards: Guards =
            Guards::built_in().iter().map(|guard| Guard { prometheus: None, ..guard.clone() }).collect();
        let of = |objects: &[(Resource, &str)]| {
            let circumstances = Circumstances { now: Timestamp::UNIX_EPOCH, namespace_mode: None };
            let analysis = Analysis::of(Arc::new(snapshot(objects)), Arc::new(guards.clone()), &circumstances);
            Totals::of(&analysis).guards["monitoring"]
        };
        let before = of(&open);
        assert_eq!(before.scrape_paths, ScrapePathsStatus { open: 1, blocked: 0, unknown: 0 });
        assert!(before.exposures > 0);
        let denied = of(&[&open[..], &[(Resource::NetworkPolicy, deny)]].concat());
        assert_eq!((denied.scrape_paths, denied.exposures), (ScrapePathsStatus { open: 0, blocked: 1, unknown: 0 }, 0));
    }
}
