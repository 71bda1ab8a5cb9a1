//! What a request closes and opens: only what the object has a say in is asked about again where that is enough.

use std::sync::Arc;

use crate::engine::admission::{Circumstances, Judgement, Unknown};
use crate::engine::analysis::alteration::{Alteration, Sides};
use crate::engine::analysis::comparison;
use crate::engine::analysis::effect::{Effect, Kind};
use crate::engine::analysis::words::{self, Review};
use crate::engine::analysis::{Analysis, Known, mesh};
use crate::engine::audit::exposure::opened::{Scope, Side, opened};
use crate::engine::audit::scrape_path::impact::Impact;
use crate::engine::audit::scrape_path::{fix_of, scrape_paths_as_they_are};
use crate::engine::audit::{Audit, Difference, ScrapePath};
use crate::engine::reach::guarded::guarded;
use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::reach::{Evaluator, Verdict};
use crate::engine::scrape::Scraping;
use crate::model::guard::{Guards, User};
use crate::model::snapshot::{Distinctions, Snapshot};
use crate::model::{ObjectReference, Resource};

/// What a request closes and opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consequences {
    /// What is worth telling, judged, most severe first.
    pub judgements: Vec<Judgement>,
    /// What could not be told.
    pub unknowns: Vec<Unknown>,
    /// All of it, in order of what it is about and what becomes of it.
    pub effects: Vec<Effect>,
}

/// That there was no time to look.
pub fn not_in_time(object: ObjectReference) -> Unknown {
    let reason = "there is no time to tell what it closes and opens; scrapeguard diff tells";
    Unknown { object, reason: reason.to_owned() }
}

/// What is found out before it is put into words.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) effects: Vec<Effect>,
    /// What would open the first scrape that is lost.
    pub(super) fix: Option<String>,
}

pub(super) fn of(
    analysis: &Analysis,
    alteration: &Alteration<'_>,
    user: &User<'_>,
    circumstances: &Circumstances,
) -> Consequences {
    let (known, snapshot, guards) = (analysis.known(), &**analysis.snapshot(), &**analysis.guards());
    let found = if alteration.is_policy() {
        of_policy(known, snapshot, guards, alteration)
    } else if alteration.is_monitor() {
        of_monitor(known, snapshot, guards, alteration)
    } else {
        of_sides(known, snapshot, guards, &alteration.sides(snapshot))
    };
    let Some(guard) = guards.governing(alteration.namespace) else { return Consequences::default() };
    let review = Review {
        snapshot,
        object: &alteration.object,
        annotations: &alteration.metadata.annotations,
        is_deletion: alteration.json.is_none(),
        is_guarded: guard.namespace == alteration.namespace,
        guard,
        user,
        circumstances,
    };
    words::consequences(found, &review)
}

/// Of a policy: the scrapes, connections and ports that it is about, before or after.
fn of_policy(known: &Known<'_>, snapshot: &Snapshot, guards: &Guards, alteration: &Alteration<'_>) -> Found {
    let (resource, object) = (alteration.resource, &alteration.object);
    let json = alteration.json.as_deref();
    let after = known.evaluator.changed(resource, object, json);
    let apart = json.map_or_else(Distinctions::default, |json| snapshot.told_apart_by(json));
    let impact = known.scrapes.impact_of(resource, object, &after, apart, usize::MAX);
    let (mut effects, lost) = scrapes(known, impact);
    let changed = snapshot.with(&[alteration.change()]);
    let (before, scope) = (side(snapshot, &known.evaluator), scope(alteration, &after));
    if apart.are_some() {
        let after = after.among(changed.namespaces());
        let only = |connections| Audit { connections, ..Audit::default() };
        let wanted = only(known.audit.connections.clone());
        let found = only(connections(&changed, &after, guards));
        let difference = Difference::between(&wanted, &found);
        effects.extend(comparison::connections(&difference, has_targets(&known.audit)));
        effects.extend(opened(before, side(&changed, &after), guards, None, scope).iter().map(Effect::exposing));
    } else {
        effects.extend(changed_connections(&known.audit, &after));
        let (later, crowd) = (side(snapshot, &after), Some(&known.crowd));
        effects.extend(opened(before, later, guards, crowd, scope).iter().map(Effect::exposing));
    }
    let after = after.among(changed.namespaces());
    let fix = lost.and_then(|path| fix_of(path, &changed, &after, guards));
    Found { effects, fix }
}

/// Effects on scrapes, and the first scrape that is lost.
fn scrapes<'k, 's>(known: &'k Known<'s>, impact: Impact) -> (Vec<Effect>, Option<&'k ScrapePath<'s>>) {
    let (mut effects, mut lost) = (Vec::new(), None);
    for affected in impact.first {
        let Some(path) = known.audit.scrape_paths.get(affected.place) else { continue };
        let Some(kind) = Kind::of(Some(path.path.verdict()), Some(affected.verdict)) else { continue };
        lost = lost.or((kind == Kind::Lost).then_some(path));
        effects.push(Effect::on_scrape(path, kind, affected.step));
    }
    (effects, lost)
}

/// Of a monitor: its own scrapes.
fn of_monitor(known: &Known<'_>, snapshot: &Snapshot, guards: &Guards, alteration: &Alteration<'_>) -> Found {
    let changed = snapshot.with(&[alteration.change()]);
    let evaluator = known.evaluator.among(changed.namespaces());
    let scraping = Scraping::of_monitors(&changed, |monitor| *monitor == alteration.object);
    let mut paths = scrape_paths_as_they_are(&changed, &evaluator, guards, &scraping);
    paths.retain(|path| path.monitor == alteration.object);
    let own = known.audit.scrape_paths.iter().filter(|path| path.monitor == alteration.object);
    let before = Audit { scrape_paths: Arc::new(own.cloned().collect()), ..Audit::default() };
    let after = Audit { scrape_paths: Arc::new(paths), ..Audit::default() };
    Found { effects: comparison::scrapes(&Difference::between(&before, &after)), fix: None }
}

/// Of anything else: all scrapes, connections and ports of two snapshots.
pub(super) fn of_sides(known: &Known<'_>, snapshot: &Snapshot, guards: &Guards, sides: &Sides) -> Found {
    let later = snapshot.with(&sides.after);
    let after_evaluator = Evaluator::new(&later, mesh(guards), HostNetwork::default());
    let after = surveyed(&later, &after_evaluator, guards);
    if sides.before.is_empty() {
        let (before, after) =
            ((side(snapshot, &known.evaluator), &known.audit), (side(&later, &after_evaluator), &after));
        return compared(before, after, guards);
    }
    let earlier = snapshot.with(&sides.before);
    let before_evaluator = Evaluator::new(&earlier, mesh(guards), HostNetwork::default());
    let before = surveyed(&earlier, &before_evaluator, guards);
    compared((side(&earlier, &before_evaluator), &before), (side(&later, &after_evaluator), &after), guards)
}

fn compared<'s>(
    (before, audit_before): (Side<'_, 's>, &Audit<'s>),
    (after, audit_after): (Side<'_, 's>, &Audit<'s>),
    guards: &Guards,
) -> Found {
    let difference = Difference::between(audit_before, audit_after);
    let mut effects = comparison::scrapes(&difference);
    effects.extend(comparison::connections(&difference, has_targets(audit_before)));
    effects.extend(opened(before, after, guards, None, Scope::Whole).iter().map(Effect::exposing));
    let is_lost = |path: &&ScrapePath<'_>| path.path.verdict() == Verdict::Blocked && path.target.is_some();
    let lost = difference.scrape_paths.iter().filter(|it| it.before.is_some()).filter_map(|it| it.after).find(is_lost);
    Found { effects, fix: lost.and_then(|path| fix_of(path, after.snapshot, after.evaluator, guards)) }
}

/// An audit without findings, fixes and exposures, which take the longest.
fn surveyed<'s>(snapshot: &'s Snapshot, evaluator: &Evaluator<'s>, guards: &Guards) -> Audit<'s> {
    let paths = scrape_paths_as_they_are(snapshot, evaluator, guards, &Scraping::new(snapshot));
    let connections = connections(snapshot, evaluator, guards);
    Audit { scrape_paths: Arc::new(paths), connections, ..Audit::default() }
}

fn connections<'s>(
    snapshot: &'s Snapshot,
    evaluator: &Evaluator<'s>,
    guards: &Guards,
) -> Vec<crate::engine::audit::difference::Wanted<'s>> {
    let all = guards.iter().flat_map(|guard| guarded(guard, snapshot));
    all.map(|guarded| {
        let path = evaluator.follow_wanted(&guarded.connection, &guarded.manner);
        (guarded, path)
    })
    .collect()
}

fn changed_connections<'s>(audit: &Audit<'s>, after: &Evaluator<'s>) -> Vec<Effect> {
    let changed = audit.connections.iter().filter_map(|(guarded, path)| {
        let verdict = after.verdict(&guarded.connection, &guarded.manner);
        let kind = Kind::of(Some(path.verdict()), Some(verdict))?;
        let path = after.follow_wanted(&guarded.connection, &guarded.manner);
        comparison::connection(&(guarded.clone(), path), kind, has_targets(audit))
    });
    changed.collect()
}

fn has_targets(audit: &Audit<'_>) -> bool {
    audit.scrape_paths.iter().any(|path| path.target.is_some())
}

/// Whom a policy may let through that is another one.
fn scope<'c>(alteration: &'c Alteration<'_>, after: &Evaluator<'_>) -> Scope<'c> {
    let namespace = alteration.object.namespace.as_deref().unwrap_or_default();
    match alteration.resource {
        Resource::NetworkPolicy => Scope::NetworkPolicy(&alteration.object),
        _ if namespace == after.mesh().root_namespace => Scope::Whole,
        _ => Scope::Namespace(namespace),
    }
}

const fn side<'e, 's>(snapshot: &'s Snapshot, evaluator: &'e Evaluator<'s>) -> Side<'e, 's> {
    Side { snapshot, evaluator }
}
