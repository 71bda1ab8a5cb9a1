//! Which pods that anybody could make get through: candidates are tried out, and those that stand for most are told.

use super::addresses::{Addresses, Outsiders};
use super::candidate::{Candidate, Kind, Place, Search, Shape};
use super::labels::GivenUp;
use super::trial::Trial;
use crate::engine::reach::mesh::Membership;
use crate::engine::reach::network_policy::{namespaces_in_words, selector_in_words};
use crate::engine::reach::{End, Path, Verdict};
use crate::model::Truth;
use crate::model::guard::component::pairs;
use crate::model::snapshot::{Namespace, Namespaces, Pod};

/// Pods that could be made and get through.
#[derive(Clone, Debug)]
pub(super) struct Possible<'p> {
    kind: Kind<'p>,
    mesh: Mesh,
    pub(super) verdict: Verdict,
    /// One of them.
    example: Candidate<'p>,
}

/// Which part in the mesh they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mesh {
    Any,
    Inside,
    Outside,
}

/// All of them, without those that others stand for; and whether there may be more, because a search was given up.
pub(super) fn possible<'e>(
    trial: &'e Trial<'e, '_>,
    addresses: &Addresses<'e>,
    outsiders: &[Outsiders<'e>],
) -> (Vec<Possible<'e>>, Option<GivenUp>) {
    let search = Search { trial, addresses: addresses.samples() };
    let mut kinds: Vec<Tried<'e>> = Vec::new();
    let (candidates, given_up) = search.candidates();
    for candidate in candidates {
        let verdict = verdict(trial, &candidate);
        if verdict == Verdict::Blocked {
            continue;
        }
        match kinds.iter_mut().find(|tried| tried.kind == candidate.kind) {
            Some(tried) => tried.add(candidate, verdict),
            None => kinds.push(Tried::new(candidate, verdict)),
        }
    }
    let all: Vec<Possible<'e>> = kinds.into_iter().flat_map(|tried| tried.told(&trial.called)).collect();
    let is_outside = |one: &Possible<'e>| {
        one.kind.range.is_some_and(|range| outsiders.iter().any(|it| it.stand_for(range, one.verdict)))
    };
    let is_told = |index: usize, one: &Possible<'e>| {
        !is_outside(one)
            && !all.iter().enumerate().any(|(other, known)| {
                other != index && known.stands_for(one) && (other < index || !one.stands_for(known))
            })
    };
    let told = all.iter().enumerate().filter(|(index, one)| is_told(*index, one)).map(|(_, one)| one.clone());
    (told.collect(), given_up)
}

fn verdict(trial: &Trial<'_, '_>, candidate: &Candidate<'_>) -> Verdict {
    let namespaces = among(trial, candidate);
    trial.verdict(&trial.evaluator.among(&namespaces), End::Pod(&candidate.pod), candidate.shape != Shape::Outside)
}

/// The namespaces of both ends.
fn among(trial: &Trial<'_, '_>, candidate: &Candidate<'_>) -> Namespaces {
    let called = trial.namespaces.get(&trial.port.target.namespace).into_owned();
    [called, candidate.namespace.clone()].into_iter().collect()
}

/// The candidates of one kind that get through: the best outside the mesh, and the best in it.
struct Tried<'p> {
    kind: Kind<'p>,
    outside: Option<(Candidate<'p>, Verdict)>,
    inside: Option<(Candidate<'p>, Verdict)>,
}

impl<'p> Tried<'p> {
    fn new(candidate: Candidate<'p>, verdict: Verdict) -> Self {
        let mut tried = Self { kind: candidate.kind.clone(), outside: None, inside: None };
        tried.add(candidate, verdict);
        tried
    }

    fn add(&mut self, candidate: Candidate<'p>, verdict: Verdict) {
        let best = if candidate.shape == Shape::Outside { &mut self.outside } else { &mut self.inside };
        if best.as_ref().is_none_or(|(_, known)| verdict < *known) {
            *best = Some((candidate, verdict));
        }
    }

    /// Both together where the mesh makes no difference, and the better ones first where it does.
    fn told(self, called: &Membership) -> Vec<Possible<'p>> {
        let Self { outside, inside, .. } = self;
        let has_no_proxy = matches!(called, Membership::None(_) | Membership::Gateway | Membership::Waypoint);
        let verdict = |best: &Option<(Candidate<'_>, Verdict)>| best.as_ref().map(|(_, verdict)| *verdict);
        let is_same = verdict(&outside) == verdict(&inside);
        let possible = |(example, verdict): (Candidate<'p>, Verdict), mesh| Possible {
            kind: example.kind.clone(),
            mesh,
            verdict,
            example,
        };
        if has_no_proxy || is_same {
            return outside.or(inside).map(|best| possible(best, Mesh::Any)).into_iter().collect();
        }
        let outside = outside.map(|best| possible(best, Mesh::Outside));
        let mut told: Vec<Possible<'p>> =
            outside.into_iter().chain(inside.map(|it| possible(it, Mesh::Inside))).collect();
        told.sort_by_key(|it| it.verdict);
        told
    }
}

impl Possible<'_> {
    /// Whether whatever the other one says follows from this one.
    fn stands_for(&self, other: &Self) -> bool {
        let mesh = self.mesh == Mesh::Any || self.mesh == other.mesh;
        let example = &other.example;
        self.verdict <= other.verdict && mesh && self.kind.is_about(&example.pod, &example.namespace)
    }

    /// Whether this pod is one of them.
    pub(super) fn is_about(&self, pod: &Pod, namespace: &Namespace, is_in_mesh: impl FnOnce() -> bool) -> bool {
        self.kind.is_about(pod, namespace)
            && match self.mesh {
                Mesh::Any => true,
                Mesh::Inside => is_in_mesh(),
                Mesh::Outside => !is_in_mesh(),
            }
    }

    /// Whether it is every pod.
    pub(super) fn is_anybody(&self) -> bool {
        let Kind { place, pods, further, account, range } = &self.kind;
        *place == Place::Anywhere
            && range.is_none()
            && pods.is_none()
            && further.is_empty()
            && account.is_none()
            && self.mesh != Mesh::Inside
    }

    /// Whether it is every pod in every part of the mesh, with this verdict.
    pub(super) fn is_whoever(&self, verdict: Verdict) -> bool {
        self.is_anybody() && self.mesh == Mesh::Any && self.verdict == verdict
    }

    /// Who they are: `any pod with label app=web in any namespace`.
    pub(super) fn in_words(&self, called: &Membership) -> String {
        let Kind { place, pods, further, account, range } = &self.kind;
        let mut words = vec!["any pod".to_owned()];
        words.extend(pods.map(selector_in_words));
        words.extend(further.iter().map(|(key, value)| format!("with label {key}={value}")));
        words.extend(range.map(|range| format!("with an address in {}", range.in_words())));
        words.extend(account.iter().map(|name| format!("with service account {name}")));
        words.push(match place {
            Place::Anywhere if words.len() == 1 => "anywhere".to_owned(),
            Place::Anywhere => "in any namespace".to_owned(),
            Place::Named(name) => format!("in namespace {name}"),
            Place::Labelled(selector) => format!("in {}", namespaces_in_words(selector)),
        });
        let mesh = match self.mesh {
            Mesh::Any if matches!(called, Membership::None(_)) => "",
            Mesh::Any => ", in the mesh or not",
            Mesh::Inside => ", in the mesh",
            Mesh::Outside => ", outside the mesh",
        };
        format!("{}{mesh}", words.join(" "))
    }

    /// The verdict of the same pod in another trial. A namespace that is there is as it is there.
    pub(super) fn verdict_of(&self, trial: &Trial<'_, '_>) -> Verdict {
        let known = trial.namespaces.find(self.example.namespace.name()).filter(|namespace| namespace.is_given());
        let own = known.unwrap_or(&self.example.namespace).clone();
        let called = trial.namespaces.get(&trial.port.target.namespace).into_owned();
        let namespaces: Namespaces = [called, own].into_iter().collect();
        let is_inside = self.example.shape != Shape::Outside;
        trial.verdict(&trial.evaluator.among(&namespaces), End::Pod(&self.example.pod), is_inside)
    }

    /// The way of one of them.
    pub(super) fn path(&self, trial: &Trial<'_, '_>) -> Path {
        let namespaces = among(trial, &self.example);
        let is_inside = self.example.shape != Shape::Outside;
        trial.path(&trial.evaluator.among(&namespaces), End::Pod(&self.example.pod), is_inside)
    }
}

impl Kind<'_> {
    fn is_about(&self, pod: &Pod, namespace: &Namespace) -> bool {
        let is_there = match &self.place {
            Place::Anywhere => true,
            Place::Named(name) => *name == pod.namespace,
            Place::Labelled(selector) => selector.selects(|key| namespace.label(key)) == Truth::Yes,
        };
        is_there
            && self.pods.is_none_or(|selector| selector.matches(&pod.labels) == Truth::Yes)
            && pod.labels.contains_all(pairs(&self.further))
            && self.range.is_none_or(|range| range.is_about(pod))
            && self.account.as_ref().is_none_or(|account| *account == pod.service_account)
    }
}
