//! The audit of the live cluster, in the background and never more than a tenth of a core.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::controller::Context;
use crate::engine::admission::Circumstances;
use crate::engine::audit::Audit;
use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::reach::{Evaluator, MeshSettings, Verdict};
use crate::model::ObjectReference;
use crate::model::guard::Guard;
use crate::model::guard::status::ScrapePathsStatus;
use crate::state::{Cluster, State};

/// The least time between two audits.
const PAUSE: Duration = Duration::from_secs(5);
/// The pause after an audit, as a multiple of the time that it took.
const REST: u32 = 10;

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
    /// Who certainly reaches its guarded ports without being meant to.
    pub exposures: u32,
}

/// Audits the cluster whenever it has changed, for as long as it is polled.
pub async fn run(context: Context, told: watch::Sender<Arc<Totals>>) {
    let mut states = context.shared.state.subscribe();
    let mut last: Option<Arc<State>> = None;
    loop {
        states.mark_unchanged();
        let state = context.shared.state.kept();
        let is_news = last.as_ref().is_none_or(|last| !last.is_based_on_the_same(&state));
        if is_news && state.cluster.is_some() {
            let begun = Instant::now();
            let audited = Arc::clone(&state);
            match tokio::task::spawn_blocking(move || totals(&audited, Timestamp::now())).await {
                Ok(totals) => drop(told.send_replace(Arc::new(totals))),
                Err(error) => tracing::error!(%error, "the audit has failed"),
            }
            last = Some(state);
            sleep(PAUSE.max(begun.elapsed().saturating_mul(REST))).await;
        }
        if states.changed().await.is_err() {
            return;
        }
    }
}

/// Audits a snapshot and counts.
fn totals(state: &State, now: Timestamp) -> Totals {
    let Some(Cluster { snapshot, .. }) = &state.cluster else { return Totals::default() };
    let guards = &state.guards;
    let mesh = guards.iter().next().map(|guard| MeshSettings::from(&guard.mesh)).unwrap_or_default();
    let evaluator = Evaluator::new(snapshot, mesh, HostNetwork::default());
    let audit = Audit::of(snapshot, &evaluator, guards, &Circumstances { now, namespace_mode: None });
    Totals { guards: guards.iter().map(|guard| (guard.name.clone(), of_guard(guard, &audit))).collect() }
}

fn of_guard(guard: &Guard, audit: &Audit<'_>) -> GuardTotals {
    let mut scrape_paths = ScrapePathsStatus::default();
    let is_ours = |prometheus: &ObjectReference| {
        prometheus.namespace.as_ref() == Some(&guard.namespace)
            && guard.prometheus.as_ref().is_none_or(|name| *name == prometheus.name)
    };
    for path in audit.scrape_paths.iter().filter(|path| is_ours(&path.prometheus)) {
        let count = match path.path.verdict() {
            Verdict::Open => &mut scrape_paths.open,
            Verdict::Blocked => &mut scrape_paths.blocked,
            Verdict::Unknown => &mut scrape_paths.unknown,
        };
        *count = count.saturating_add(1);
    }
    let is_exposed = |target: &str, verdict: Verdict| target == guard.namespace && verdict == Verdict::Open;
    let exposures = audit.exposures.iter().filter(|it| is_exposed(&it.target.namespace, it.verdict)).count();
    GuardTotals { scrape_paths, exposures: u32::try_from(exposures).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            let cluster = Cluster { snapshot: Arc::new(snapshot(objects)), as_of: Timestamp::UNIX_EPOCH };
            let state = State { cluster: Some(cluster), ..State::of(guards.clone()) };
            totals(&state, Timestamp::UNIX_EPOCH).guards["monitoring"]
        };
        let before = of(&open);
        assert_eq!(before.scrape_paths, ScrapePathsStatus { open: 1, blocked: 0, unknown: 0 });
        assert!(before.exposures > 0);
        let denied = of(&[&open[..], &[(Resource::NetworkPolicy, deny)]].concat());
        assert_eq!((denied.scrape_paths, denied.exposures), (ScrapePathsStatus { open: 0, blocked: 1, unknown: 0 }, 0));
    }
}
