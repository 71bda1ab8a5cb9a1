//! What a change does: the difference of two audits.

use std::collections::BTreeMap;

use crate::engine::audit::exposure::Intruder;
use crate::engine::audit::{Audit, Exposure, ScrapePath};
use crate::engine::reach::guarded::Guarded;
use crate::engine::reach::{Path, Verdict};

/// A connection of the guard and its path.
pub type Wanted<'s> = (Guarded<'s>, Path);

/// All that is not the same before and after a change.
#[derive(Clone, Debug)]
pub struct Difference<'d, 's> {
    /// Scrapes of another verdict, and those that are only there before or after.
    pub scrape_paths: Vec<Changed<&'d ScrapePath<'s>>>,
    /// The same of the connections that the guards want.
    pub connections: Vec<Changed<&'d Wanted<'s>>>,
    /// The same of exposures.
    pub exposures: Vec<Changed<&'d Exposure<'s>>>,
}

/// Something before and after; it is there at least once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed<T> {
    /// What it was, if it was there.
    pub before: Option<T>,
    /// What it is, if it is still there.
    pub after: Option<T>,
}

impl<'d, 's> Difference<'d, 's> {
    /// From one audit to the other. What is called alike is compared in its order.
    pub fn between(before: &'d Audit<'s>, after: &'d Audit<'s>) -> Self {
        let scrape = |path: &ScrapePath<'_>| {
            let url = path.target.as_ref().map(|target| target.scrape_url.clone());
            (path.prometheus.clone(), path.scrape_pool.clone(), url)
        };
        let connection = |(guarded, _): &Wanted<'_>| {
            let port = (guarded.connection.port, guarded.connection.protocol.to_string());
            (guarded.purpose.label(), guarded.from.clone(), guarded.to.clone(), port)
        };
        let exposure = |it: &Exposure<'_>| {
            let target = (it.target.object.clone(), it.port, it.protocol.to_string());
            (target, who(&it.from))
        };
        let exposed = |it: &Exposure<'_>| it.verdict;
        Self {
            scrape_paths: compared(&before.scrape_paths, &after.scrape_paths, scrape, |it| it.path.verdict()),
            connections: compared(&before.connections, &after.connections, connection, |(_, path)| path.verdict()),
            exposures: compared(&before.exposures, &after.exposures, exposure, exposed),
        }
    }
}

/// Who it is, however many are like it.
fn who(intruder: &Intruder<'_>) -> (u8, String) {
    match intruder {
        Intruder::Existing(pod, _) => (0, pod.object.to_string()),
        Intruder::Possible(words) => (1, words.clone()),
        Intruder::Outside(words) => (2, words.clone()),
    }
}

/// What is different of two lists: elements are told apart by their keys, and compared by their verdicts.
fn compared<'d, T, K: Ord>(
    before: &'d [T],
    after: &'d [T],
    key: impl Fn(&T) -> K,
    verdict: impl Fn(&T) -> Verdict,
) -> Vec<Changed<&'d T>> {
    let mut all: BTreeMap<K, (Vec<&'d T>, Vec<&'d T>)> = BTreeMap::new();
    for element in before {
        all.entry(key(element)).or_default().0.push(element);
    }
    for element in after {
        all.entry(key(element)).or_default().1.push(element);
    }
    let pairs = all.into_values().flat_map(|(before, after)| {
        let number = before.len().max(after.len());
        (0..number).map(move |index| Changed { before: before.get(index).copied(), after: after.get(index).copied() })
    });
    pairs.filter(|pair| pair.before.map(&verdict) != pair.after.map(&verdict)).collect()
}

#[cfg(test)]
mod tests;
