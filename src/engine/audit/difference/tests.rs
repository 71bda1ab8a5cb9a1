//! The law of differences: what was there, with what a difference says, is what is there.

use proptest::prelude::*;

use super::*;
use crate::engine::admission::Circumstances;
use crate::engine::audit::exposure::tests::laws::snapshot_of;
use crate::engine::audit::exposure::tests::random::cluster;
use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::reach::{Evaluator, MeshSettings};
use crate::model::guard::Guards;
use crate::model::snapshot::Snapshot;

fn audit(snapshot: &Snapshot) -> Audit<'_> {
    let evaluator = Evaluator::new(snapshot, MeshSettings::default(), HostNetwork::default());
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    Audit::of(snapshot, &evaluator, &Guards::built_in(), &circumstances)
}

/// Each element as people tell it from others, with its verdict, in order.
fn told<T>(all: impl IntoIterator<Item = T>, words: impl Fn(T) -> String) -> Vec<String> {
    let mut told: Vec<String> = all.into_iter().map(words).collect();
    told.sort();
    told
}

/// What was there, without what is said to be gone, and with what is said to be new.
fn applied<T: Copy>(before: Vec<String>, changed: &[Changed<T>], words: impl Fn(T) -> String) -> Vec<String> {
    let mut left = before;
    for gone in changed.iter().filter_map(|it| it.before) {
        let place = left.iter().position(|known| *known == words(gone));
        left.remove(place.expect("only what was there is gone"));
    }
    told(left.into_iter().chain(changed.iter().filter_map(|it| it.after).map(words)), |it| it)
}

fn scrape(path: &ScrapePath<'_>) -> String {
    let url = path.target.as_ref().map(|target| &target.scrape_url);
    format!("{} {} {url:?} {:?}", path.prometheus, path.scrape_pool, path.path.verdict())
}

fn connection((guarded, path): &Wanted<'_>) -> String {
    let (port, protocol) = (guarded.connection.port, guarded.connection.protocol);
    format!("{} {} {} {port}/{protocol} {:?}", guarded.purpose.label(), guarded.from, guarded.to, path.verdict())
}

fn exposure(it: &Exposure<'_>) -> String {
    format!("{} {}/{} {:?} {:?}", it.target.object, it.port, it.protocol, who(&it.from), it.verdict)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_difference_leads_from_one_audit_to_the_other(one in cluster(), other in cluster()) {
        let (one, other) = (snapshot_of(&one), snapshot_of(&other));
        let (before, after) = (audit(&one), audit(&other));
        let difference = Difference::between(&before, &after);
        prop_assert_eq!(
            applied(told(before.scrape_paths.iter(), scrape), &difference.scrape_paths, scrape),
            told(after.scrape_paths.iter(), scrape)
        );
        prop_assert_eq!(
            applied(told(&before.connections, connection), &difference.connections, connection),
            told(&after.connections, connection)
        );
        prop_assert_eq!(
            applied(told(&before.exposures, exposure), &difference.exposures, exposure),
            told(&after.exposures, exposure)
        );
        let none = Difference::between(&before, &before);
        prop_assert!(none.scrape_paths.is_empty() && none.connections.is_empty() && none.exposures.is_empty());
    }
}
