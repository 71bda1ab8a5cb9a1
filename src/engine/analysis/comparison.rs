//! From two audits to effects: what is called alike before and after is compared, and what is left of a monitor by who
//! is scraped, for a changed path or port is another URL of the same target.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::analysis::effect::{Effect, Kind, Subject};
use crate::engine::audit::difference::Wanted;
use crate::engine::audit::{Changed, Difference, ScrapePath, is_there};
use crate::engine::reach::{Path, Step, Verdict};
use crate::model::ObjectReference;
use crate::model::guard::Purpose;

/// Who scrapes whom because of which monitor.
type Scraped<'a> = (&'a ObjectReference, &'a ObjectReference, String);

/// Effects on scrapes.
pub(super) fn scrapes(difference: &Difference<'_, '_>) -> Vec<Effect> {
    let reasons = Reasons::of(difference);
    let mut effects = Vec::new();
    for Changed { before, after } in paired(&difference.scrape_paths) {
        let verdict = |path: &ScrapePath<'_>| path.path.verdict();
        let Some(kind) = Kind::of(before.map(verdict), after.map(verdict)) else { continue };
        let Some(path) = before.or(after).filter(|path| path.target.is_some()) else { continue };
        let step = match after {
            Some(after) => decisive(&after.path),
            None => reasons.why(path),
        };
        effects.push(Effect::on_scrape(path, kind, step));
    }
    effects
}

/// Effects on connections of guards. Whose metrics are wanted is told by scrapes, unless there are none.
pub(super) fn connections(difference: &Difference<'_, '_>, has_scrapes: bool) -> Vec<Effect> {
    let of = |changed: &Changed<&Wanted<'_>>| {
        let verdict = |(_, path): &Wanted<'_>| path.verdict();
        let kind = Kind::of(changed.before.map(verdict), changed.after.map(verdict))?;
        connection(changed.after.or(changed.before)?, kind, has_scrapes)
    };
    difference.connections.iter().filter_map(of).collect()
}

/// The effect on one; `None` for what is told otherwise, or not there at all.
pub(super) fn connection((guarded, path): &Wanted<'_>, kind: Kind, has_scrapes: bool) -> Option<Effect> {
    let is_told = has_scrapes && guarded.purpose == Purpose::Metrics;
    // A pod that goes away needs no connections.
    let is_meant = !is_told && is_there(guarded) && path.verdict() != Verdict::Open || kind == Kind::Gained;
    let name = format!("{} to {}:{}", guarded.from, guarded.to, guarded.connection.port);
    is_meant.then(|| Effect { subject: Subject::Connection, kind, name, step: decisive(path) })
}

pub(super) fn decisive(path: &Path) -> Option<Arc<Step>> {
    path.decisive().filter(|step| step.verdict != Verdict::Open).cloned().map(Arc::new)
}

/// Why there are no targets any more: what ends before there is one, by monitor.
struct Reasons<'a>(BTreeMap<(&'a ObjectReference, &'a ObjectReference), &'a Path>);

impl<'a> Reasons<'a> {
    fn of(difference: &Difference<'a, '_>) -> Self {
        let ends = difference.scrape_paths.iter().filter_map(|changed| changed.after);
        let ends = ends.filter(|path| path.target.is_none());
        Self(ends.map(|path| ((&path.prometheus, &path.monitor), &*path.path)).collect())
    }

    /// A Prometheus that does not select a monitor says nothing where another one does: then nobody says why.
    fn why(&self, path: &ScrapePath<'_>) -> Option<Arc<Step>> {
        self.0.get(&(&path.prometheus, &path.monitor)).and_then(|path| decisive(path))
    }
}

/// The same, with what is only there before beside what is only there after, if it is the same target.
fn paired<'d, 's>(all: &[Changed<&'d ScrapePath<'s>>]) -> Vec<Changed<&'d ScrapePath<'s>>> {
    let mut single: BTreeMap<Scraped<'d>, [Vec<&'d ScrapePath<'s>>; 2]> = BTreeMap::new();
    let mut pairs = Vec::new();
    for changed in all {
        match (changed.before, changed.after) {
            (Some(before), None) => single.entry(scraped(before)).or_default()[0].push(before),
            (None, Some(after)) => single.entry(scraped(after)).or_default()[1].push(after),
            _ => pairs.push(*changed),
        }
    }
    for [before, after] in single.into_values() {
        let number = before.len().max(after.len());
        let pair = |place| Changed { before: before.get(place).copied(), after: after.get(place).copied() };
        pairs.extend((0..number).map(pair));
    }
    pairs
}

fn scraped<'d>(path: &'d ScrapePath<'_>) -> Scraped<'d> {
    let who = path.target.as_ref().map(|target| match target.pod {
        Some(pod) => pod.object.to_string(),
        None => target.address.rsplit_once(':').map_or(&*target.address, |(host, _)| host).to_owned(),
    });
    (&path.prometheus, &path.monitor, who.unwrap_or_default())
}
