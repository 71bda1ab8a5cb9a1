//! The law of fixes, on random small clusters: what is offered opens the path, and lets nobody else in.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::engine::audit::exposure::tests::laws::snapshot_of;
use crate::engine::audit::exposure::tests::random::{cluster, universe};
use crate::model::snapshot::{Namespace, Namespaces, Pod};

const MANNERS: [ClientTls; 2] = [ClientTls::None, ClientTls::Mesh];

/// Who of the universe gets to the called pod, in any manner. Verdicts are those of the whole way.
fn guests(snapshot: &Snapshot, to: &Pod) -> Vec<Verdict> {
    let evaluator = Evaluator::new(snapshot, MeshSettings::default(), HostNetwork::default());
    let monitoring = snapshot.namespaces().get("monitoring").into_owned();
    let best = |(namespace, pod): &(Namespace, Pod)| {
        let namespaces: Namespaces = [monitoring.clone(), namespace.clone()].into_iter().collect();
        let connection = Connection { from: End::Pod(pod), to: End::Pod(to), port: 8080, protocol: Protocol::Tcp };
        let verdict = |tls| evaluator.among(&namespaces).verdict(&connection, &Manner { tls, request: None });
        MANNERS.map(verdict).into_iter().min().unwrap()
    };
    universe().iter().map(best).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_fix_opens_the_path_for_the_intended_peer_alone(cluster in cluster(), numbers in vec(0_usize..216, 6), way in 0_usize..2) {
        let snapshot = snapshot_of(&cluster);
        let evaluator = Evaluator::new(&snapshot, MeshSettings::default(), HostNetwork::default());
        let guards = Guards::built_in();
        let called = snapshot.pod("monitoring", "called").unwrap();
        let manner = Manner { tls: MANNERS[way], request: None };
        let universe = universe();
        let mut fixes = Fixes::new(&snapshot, &evaluator, &guards);
        // Those of the namespaces that exist come first.
        let offered = numbers.into_iter().find_map(|number| {
            let (_, caller) = &universe[number];
            let (from, to) = (End::Pod(caller), End::Pod(called));
            let connection = Connection { from, to, port: 8080, protocol: Protocol::Tcp };
            let path = evaluator.follow(&connection, &manner);
            fixes.of(&connection, &manner, &path).map(|fix| (caller, connection, fix))
        });
        let Some((caller, connection, fix)) = offered else { return Ok(()) };

        let changed = snapshot.with(&fix.change);
        let mended = Evaluator::new(&changed, MeshSettings::default(), HostNetwork::default());
        prop_assert_eq!(mended.follow(&connection, &manner).verdict(), Verdict::Open, "{}", fix.summary);

        let labels = telling(caller);
        let is_meant = |pod: &Pod| {
            let alike = labels.iter().flatten().all(|(key, value)| pod.labels.get(key) == Some(value));
            let is_prometheus = pod.namespace == "monitoring"
                && (pod.labels.get("app.kubernetes.io/name") == Some("prometheus")
                    || pod.service_account == "prometheus-operator-kube-p-prometheus");
            (pod.namespace == caller.namespace && (alike || pod.service_account == caller.service_account)) || is_prometheus
        };
        let (before, after) = (guests(&snapshot, called), guests(&changed, called));
        let strangers = universe.iter().zip(before.into_iter().zip(after)).filter(|((_, pod), _)| !is_meant(pod));
        for ((_, pod), (before, after)) in strangers {
            prop_assert!(before <= after, "{:?} lets {:?} in: {:?}, then {:?}", fix, pod, before, after);
        }
    }
}
