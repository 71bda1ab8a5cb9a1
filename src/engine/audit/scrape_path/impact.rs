//! What a change of one policy does to scrapes, without a second audit: only those are asked about again that have an
//! end which the policy may have a say in.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::ScrapePath;
use super::scrape::Scrape;
use crate::engine::reach::network_policy::Direction;
use crate::engine::reach::{End, Evaluator, Hop, Path, Step, Verdict};
use crate::model::snapshot::{ClassId, Distinctions, Pod, Snapshot};
use crate::model::{ObjectReference, Resource};

/// The scrapes of a snapshot, by the pods whose policies have a say in them. Made once, and asked about every change.
#[derive(Debug)]
pub struct Scrapes<'s> {
    snapshot: &'s Snapshot,
    evaluator: Evaluator<'s>,
    paths: Arc<Vec<ScrapePath<'s>>>,
    alike: Vec<Alike<'s>>,
    /// By namespace, direction and class.
    subjects: HashMap<&'s str, HashMap<(Direction, Option<ClassId>), Subject<'s>>>,
}

/// Paths that nothing tells apart.
#[derive(Debug)]
struct Alike<'s> {
    /// That of the first.
    scrape: Scrape<'s>,
    /// Where they are.
    places: Vec<usize>,
}

/// A pod that stands for all of its class, as the end of scrapes that its policies are asked about.
#[derive(Debug)]
struct Subject<'s> {
    pod: &'s Pod,
    /// Of which paths, by their places among those that are alike.
    alike: Vec<usize>,
}

/// What a change does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// How many scrapes become blocked.
    pub blocked: usize,
    /// How many are in doubt that were not.
    pub unknown: usize,
    /// How many become open.
    pub open: usize,
    /// The first of them: what becomes blocked before what is in doubt, that before what becomes open.
    pub first: Vec<Affected>,
}

/// A scrape of another verdict than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// Its place among the paths.
    pub place: usize,
    /// What comes of it.
    pub verdict: Verdict,
    /// The hop that decides so.
    pub step: Option<Arc<Step>>,
}

impl<'s> Scrapes<'s> {
    /// Sorts the paths that an audit of this snapshot found, and shares them.
    pub fn new(snapshot: &'s Snapshot, evaluator: &Evaluator<'s>, paths: &Arc<Vec<ScrapePath<'s>>>) -> Self {
        let (evaluator, shared) = (evaluator.clone(), Arc::clone(paths));
        let mut scrapes = Self { snapshot, evaluator, paths: shared, alike: Vec::new(), subjects: HashMap::new() };
        let mut known = HashMap::new();
        for (place, path) in paths.iter().enumerate() {
            let Some(scrape) = Scrape::of(path, snapshot) else { continue };
            let next = scrapes.alike.len();
            let number = *known.entry(scrape.question(snapshot)).or_insert(next);
            if number == next {
                scrapes.add(&scrape, number);
                scrapes.alike.push(Alike { scrape, places: Vec::new() });
            }
            scrapes.alike.get_mut(number).into_iter().for_each(|alike| alike.places.push(place));
        }
        scrapes
    }

    fn add(&mut self, scrape: &Scrape<'s>, number: usize) {
        let called = scrape.to.iter().filter_map(|(end, _)| match end {
            End::Pod(pod) => Some((Direction::Ingress, *pod)),
            End::Address(_) | End::World => None,
        });
        for (direction, pod) in called.chain([(Direction::Egress, scrape.from)]) {
            let of_namespace = self.subjects.entry(&pod.namespace).or_default();
            let subject = of_namespace.entry((direction, self.snapshot.class_of(pod)));
            subject.or_insert_with(|| Subject { pod, alike: Vec::new() }).alike.push(number);
        }
    }

    /// What comes of this JSON being the policy, or of its deletion; at most so many scrapes are named.
    pub fn impact(&self, resource: Resource, policy: &ObjectReference, json: Option<&str>, named: usize) -> Impact {
        let after = self.evaluator.changed(resource, policy, json);
        let apart = json.map_or_else(Distinctions::default, |json| self.snapshot.told_apart_by(json));
        self.impact_of(resource, policy, &after, apart, named)
    }

    /// The same, with the evaluator of what would be. Pods of one class may be told apart by the
    /// policy, by what it mentions.
    pub(in crate::engine) fn impact_of(
        &self,
        resource: Resource,
        policy: &ObjectReference,
        after: &Evaluator<'s>,
        apart: Distinctions,
        named: usize,
    ) -> Impact {
        let touched = match resource {
            Resource::NetworkPolicy => self.isolated(policy, after, apart),
            _ => self.called_in(policy),
        };
        let changed = touched.into_iter().flat_map(|number| self.changed(number, after, apart));
        let mut changed: Vec<Other> = changed.collect();
        changed.sort_by_key(|other| (Reverse(other.verdict), other.place));
        let count = |wanted| changed.iter().filter(|other| other.verdict == wanted).count();
        let mut deciding = HashMap::new();
        let mut affected = |other: &Other| {
            let decisive = deciding.entry(other.like).or_insert_with(|| self.decisive(other.like, after)).as_ref();
            Affected { place: other.place, verdict: other.verdict, step: self.step(other.place, decisive) }
        };
        Impact {
            blocked: count(Verdict::Blocked),
            unknown: count(Verdict::Unknown),
            open: count(Verdict::Open),
            first: changed.iter().take(named).map(&mut affected).collect(),
        }
    }

    /// Which paths a NetworkPolicy has a say in, before or after. Where it tells pods of one class apart by
    /// labels, none stands for the others.
    fn isolated(&self, policy: &ObjectReference, after: &Evaluator<'s>, apart: Distinctions) -> BTreeSet<usize> {
        let isolates = |evaluator: &Evaluator<'s>, direction, pod| {
            let mut isolating = evaluator.network_policies().isolating(direction, pod);
            isolating.any(|(isolating, _)| isolating.name() == policy.name)
        };
        let subjects = self.subjects.get(policy.namespace.as_deref().unwrap_or_default()).into_iter().flatten();
        let touched = subjects.filter(|((direction, _), subject)| {
            apart.labels || [&self.evaluator, after].into_iter().any(|it| isolates(it, *direction, subject.pod))
        });
        touched.flat_map(|(_, subject)| subject.alike.iter().copied()).collect()
    }

    /// Which paths lead to pods that a policy of Istio may be about: those of its namespace, or all if it is one of the
    /// mesh.
    fn called_in(&self, policy: &ObjectReference) -> BTreeSet<usize> {
        let namespace = policy.namespace.as_deref().unwrap_or_default();
        let is_of_the_mesh = namespace == self.evaluator.mesh().root_namespace;
        let namespaces = self.subjects.iter().filter(|(name, _)| is_of_the_mesh || **name == namespace);
        let called = namespaces.flat_map(|(_, subjects)| subjects);
        let called = called.filter(|((direction, _), _)| *direction == Direction::Ingress);
        called.flat_map(|(_, subject)| subject.alike.iter().copied()).collect()
    }

    /// Those among paths that are alike which have another verdict afterwards.
    fn changed(&self, number: usize, after: &Evaluator<'s>, apart: Distinctions) -> Vec<Other> {
        let Some(Alike { scrape, places }) = self.alike.get(number) else { return Vec::new() };
        if !apart.are_some() {
            return self.others(places, scrape.verdict(after));
        }
        let scrape = |place: usize| Scrape::of(self.paths.get(place)?, self.snapshot);
        let each = places.iter().filter_map(|place| Some((place, scrape(*place)?.verdict(after))));
        each.flat_map(|(place, way)| self.others(std::slice::from_ref(place), way)).collect()
    }

    /// Those among paths with this way that it gives another verdict.
    fn others(&self, places: &[usize], way: Verdict) -> Vec<Other> {
        let path = |place: usize| self.paths.get(place).map(|path| &*path.path);
        let first = places.first().and_then(|place| Some((*place, path(*place)?)));
        let Some((like, first)) = first else { return Vec::new() };
        if way == worst(first, Hop::is_of_the_way) {
            return Vec::new();
        }
        let other = |place: &usize| {
            let path = path(*place)?;
            let verdict = worst(path, |hop| !hop.is_of_the_way()).max(way);
            (verdict != path.verdict()).then_some(Other { place: *place, verdict, like })
        };
        places.iter().filter_map(other).collect()
    }

    /// The hop that decides afterwards on the way of a path.
    fn decisive(&self, place: usize, after: &Evaluator<'s>) -> Option<Arc<Step>> {
        Scrape::of(self.paths.get(place)?, self.snapshot)?.decisive(after).map(Arc::new)
    }

    /// The hop of a path that decides afterwards, with the one that decides on its way.
    fn step(&self, place: usize, way: Option<&Arc<Step>>) -> Option<Arc<Step>> {
        let steps = self.paths.get(place)?.path.steps.iter().filter(|step| !step.hop.is_of_the_way());
        let found = steps.rev().filter(|step| step.verdict != Verdict::Open).max_by_key(|step| step.verdict);
        match (found, way) {
            (Some(found), Some(way)) if found.verdict < way.verdict => Some(Arc::clone(way)),
            (Some(found), _) => Some(Arc::new(found.clone())),
            (None, way) => way.cloned(),
        }
    }
}

/// A path that has another verdict afterwards.
struct Other {
    place: usize,
    verdict: Verdict,
    /// The place of the first one that is like it.
    like: usize,
}

/// The verdict of some hops of a path.
fn worst(path: &Path, counts: impl Fn(Hop) -> bool) -> Verdict {
    let steps = path.steps.iter().filter(|step| counts(step.hop));
    steps.map(|step| step.verdict).max().unwrap_or(Verdict::Open)
}

#[cfg(test)]
mod tests;
