//! The laws of exposures, on random small clusters: whoever gets through is told of, and nobody else.

use std::net::IpAddr;

use proptest::prelude::*;

use super::random::{ACCOUNT, APP, Cluster, cluster, universe};
use super::*;
use crate::engine::reach::authorization_policy::HttpRequest;
use crate::engine::reach::mesh::ClientTls;
use crate::engine::reach::{Connection, Manner};
use crate::model::snapshot::Namespaces;

pub(in crate::engine::audit) fn snapshot_of(cluster: &Cluster) -> Snapshot {
    let mut builder = Builder::new("default");
    for (resource, object) in &cluster.0 {
        builder.add(*resource, &object.to_string(), None);
    }
    builder.finish()
}

/// Who may call: kube-state-metrics itself, and Prometheus by its labels or its account.
fn may_call(pod: &Pod) -> bool {
    let is_known = matches!(pod.labels.get(APP), Some("prometheus" | "kube-state-metrics"));
    pod.namespace == "monitoring" && (is_known || pod.service_account == ACCOUNT)
}

/// The best verdict that anybody can get by any means.
fn best(evaluator: &Evaluator<'_>, from: End<'_>, to: &Pod) -> Verdict {
    let connection = Connection { from, to: End::Pod(to), port: 8080, protocol: Protocol::Tcp };
    let (all, plain) = ([ClientTls::None, ClientTls::Mesh], [ClientTls::None]);
    let can_choose = matches!(from, End::Pod(pod) if !matches!(evaluator.membership(pod), Membership::None(_)));
    let ways = if can_choose { &all[..] } else { &plain[..] };
    let manners =
        ways.iter().flat_map(|tls| [None, Some(HttpRequest::default())].map(|request| Manner { tls: *tls, request }));
    manners.map(|manner| evaluator.follow(&connection, &manner).verdict()).min().unwrap()
}

/// Namespaces that exist are as they are, even where that is not known.
fn best_of_universe(snapshot: &Snapshot, evaluator: &Evaluator<'_>, called: &Pod) -> Verdict {
    let known = |name: &str| snapshot.namespaces().iter().find(|known| known.name() == name).cloned();
    let mut best_so_far = Verdict::Blocked;
    for (namespace, pod) in universe().iter().filter(|(_, pod)| !may_call(pod)) {
        let own = known(namespace.name()).unwrap_or_else(|| namespace.clone());
        let namespaces: Namespaces = known("monitoring").into_iter().chain([own]).collect();
        let evaluator = evaluator.among(&namespaces);
        best_so_far = best_so_far.min(best(&evaluator, End::Pod(pod), called));
        if best_so_far == Verdict::Open {
            break;
        }
    }
    best_so_far
}

fn told_best(exposures: &Exposures<'_>, is_about: impl Fn(&Intruder<'_>) -> bool) -> Verdict {
    let of_port = exposures.all.iter().filter(|exposure| {
        exposure.port == 8080 && exposure.target.object.name == "called" && is_about(&exposure.from)
    });
    of_port.map(|exposure| exposure.verdict).min().unwrap_or(Verdict::Blocked)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whoever_could_be_made_and_gets_through_is_told_and_nobody_else(cluster in cluster()) {
        let snapshot = snapshot_of(&cluster);
        let evaluator = Evaluator::new(&snapshot, MeshSettings::default(), HostNetwork::default());
        let called = snapshot.pod("monitoring", "called").unwrap();
        let exposures = exposures(&snapshot, &evaluator, &Guards::built_in());
        let expected = best_of_universe(&snapshot, &evaluator, called);
        let found = told_best(&exposures, |from| !matches!(from, Intruder::Existing(..)));
        prop_assert_eq!(found, expected, "{:#?}", exposures.all.iter().map(told).collect::<Vec<_>>());
    }

    #[test]
    fn addresses_that_get_through_are_told_and_no_others(cluster in cluster()) {
        let snapshot = snapshot_of(&cluster);
        let evaluator = Evaluator::new(&snapshot, MeshSettings::default(), HostNetwork::default());
        let called = snapshot.pod("monitoring", "called").unwrap();
        let exposures = exposures(&snapshot, &evaluator, &Guards::built_in());
        let addresses = ["10.2.3.4", "192.0.2.77", "192.0.2.177", "198.51.100.1", "8.8.8.8", "2001:db8::1"];
        let addresses = addresses.map(|address| address.parse::<IpAddr>().unwrap());
        let expected = addresses.map(|address| best(&evaluator, End::Address(address), called)).into_iter().min().unwrap();
        let found = told_best(&exposures, |from| match from {
            Intruder::Outside(_) => true,
            Intruder::Possible(words) => words.contains("outside the cluster"),
            Intruder::Existing(..) => false,
        });
        prop_assert_eq!(found, expected, "{:#?}", exposures.all.iter().map(told).collect::<Vec<_>>());
    }

    #[test]
    fn pods_that_exist_and_get_through_do_not_go_untold(cluster in cluster()) {
        let snapshot = snapshot_of(&cluster);
        let evaluator = Evaluator::new(&snapshot, MeshSettings::default(), HostNetwork::default());
        let called = snapshot.pod("monitoring", "called").unwrap();
        let exposures = exposures(&snapshot, &evaluator, &Guards::built_in());
        let strangers = snapshot.pods().iter().filter(|pod| pod.object != called.object && !may_call(pod));
        let expected = strangers.map(|pod| best(&evaluator, End::Pod(pod), called)).min().unwrap_or(Verdict::Blocked);
        prop_assert!(told_best(&exposures, |_| true) <= expected, "{:#?}", exposures.all.iter().map(told).collect::<Vec<_>>());
    }

    #[test]
    fn a_verdict_is_that_of_the_whole_way(cluster in cluster(), number in 0_usize..1500) {
        let snapshot = snapshot_of(&cluster);
        let evaluator = Evaluator::new(&snapshot, MeshSettings::default(), HostNetwork::default());
        let called = snapshot.pod("monitoring", "called").unwrap();
        let (_, pod) = &universe()[number];
        let connection = Connection { from: End::Pod(pod), to: End::Pod(called), port: 8080, protocol: Protocol::Tcp };
        let manner = Manner { tls: ClientTls::Mesh, request: None };
        prop_assert_eq!(evaluator.verdict(&connection, &manner), evaluator.follow(&connection, &manner).verdict());
        let path = evaluator.follow_wanted(&connection, &manner);
        prop_assert_eq!(Some(&evaluator.decisive_wanted(&connection, &manner)), path.decisive());
    }
}
