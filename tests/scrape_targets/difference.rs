//! What differs between the targets that a Prometheus has and those that we predict.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::targets::{Labels, Targets};

/// How many differences are shown of one scrape pool.
const SHOWN: usize = 3;

/// What became of something that was discovered: on the left in Prometheus, on the right as we predict it.
type Fates = BTreeMap<Labels, [Vec<String>; 2]>;

/// Says what differs, by scrape pool; nothing where nothing does.
///
/// Prometheus scrapes what looks the same after relabeling just once, and then shows the labels of one of those that
/// were discovered. So of several that we predict it is enough if one is there; dropped targets are counted.
pub(crate) fn of(theirs: &Targets, ours: &Targets) -> BTreeMap<String, String> {
    let mut pools: BTreeMap<&str, Fates> = BTreeMap::new();
    let mut differs = |pool, labels: &Labels, side: usize, fate: String| {
        let fates = pools.entry(pool).or_default();
        fates.entry(labels.clone()).or_default()[side].push(fate);
    };
    let scraped: BTreeSet<_> = theirs.active.iter().map(|it| (&it.scrape_pool, &it.scrape_url, &it.labels)).collect();
    for target in &theirs.active {
        if !ours.active.contains(target) {
            differs(&target.scrape_pool, &target.discovered_labels, 0, target.to_string());
        }
    }
    for target in &ours.active {
        if !scraped.contains(&(&target.scrape_pool, &target.scrape_url, &target.labels)) {
            differs(&target.scrape_pool, &target.discovered_labels, 1, target.to_string());
        }
    }
    let (their_dropped, our_dropped) = (counted(theirs), counted(ours));
    let is_listed = |pool: &str| {
        let listed = theirs.dropped.iter().filter(|target| target.scrape_pool == pool).count();
        theirs.dropped_number.get(pool).is_none_or(|number| *number == listed)
    };
    for (side, these, those) in [(0, &their_dropped, &our_dropped), (1, &our_dropped, &their_dropped)] {
        for (key @ (pool, labels), number) in these {
            if those.get(key) != Some(number) && (side == 0 || is_listed(pool)) {
                differs(pool, labels, side, format!("dropped, {number} times"));
            }
        }
    }
    for pool in theirs.dropped_number.keys().chain(ours.dropped_number.keys()) {
        let number = |targets: &Targets| targets.dropped_number.get(pool).copied().unwrap_or_default();
        if number(theirs) != number(ours) {
            let fates = pools.entry(pool).or_default().entry(Labels::new()).or_default();
            *fates = [theirs, ours].map(|targets| vec![format!("drops {} in all", number(targets))]);
        }
    }
    pools.retain(|pool, _| !ours.unknown.contains_key(*pool));
    pools.into_iter().map(|(pool, fates)| (pool.to_owned(), report(&fates))).collect()
}

fn counted(targets: &Targets) -> BTreeMap<(&str, &Labels), usize> {
    let mut counts = BTreeMap::new();
    for target in &targets.dropped {
        *counts.entry((target.scrape_pool.as_str(), &target.discovered_labels)).or_default() += 1;
    }
    counts
}

fn report(fates: &Fates) -> String {
    let mut text = String::new();
    for (labels, [theirs, ours]) in fates.iter().take(SHOWN) {
        let shown = match relative(fates, labels) {
            _ if labels.is_empty() => "all together".to_owned(),
            Some(other) => format!("{} as another: {}", labels["__address__"], changes(labels, other)),
            None => format!("{labels:?}"),
        };
        let _ = writeln!(text, "  {shown}");
        for (who, fates) in [("Prometheus", theirs), ("we", ours)] {
            let fates = if fates.is_empty() { "nothing of the kind".to_owned() } else { fates.join("; ") };
            let _ = writeln!(text, "    {who}: {fates}");
        }
    }
    if fates.len() > SHOWN {
        let _ = writeln!(text, "  and {} more", fates.len() - SHOWN);
    }
    text
}

/// What is only discovered by one side may be what the other side discovers with other labels.
fn relative<'f>(fates: &'f Fates, labels: &Labels) -> Option<&'f Labels> {
    let missed_by = |labels: &Labels| fates.get(labels)?.iter().position(Vec::is_empty);
    let missed = missed_by(labels)?;
    let kin =
        |other: &&Labels| other.get("__address__") == labels.get("__address__") && missed_by(other) == Some(1 - missed);
    fates.keys().filter(kin).min_by_key(|other| changes(labels, other).len())
}

/// In which labels something that was discovered differs from something else.
fn changes(from: &Labels, to: &Labels) -> String {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let changed = names.into_iter().filter(|name| from.get(*name) != to.get(*name));
    changed.map(|name| format!("{name}: {:?}, not {:?}", from.get(name), to.get(name))).collect::<Vec<_>>().join(", ")
}
