//! Candidates: pods that anybody could make, of which one gets through if any pod does.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::addresses::Range;
use super::labels::{Clause, Found, GivenUp, Literal, demands, labels, refusal};
use super::names::Names;
use super::trial::Trial;
use crate::engine::reach::mesh::{DATAPLANE_MODE, Membership};
use crate::engine::reach::network_policy::{Gate, Opening};
use crate::model::labels::Labels;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::namespace::NAME_LABEL;
use crate::model::snapshot::{Container, ContainerRole, Namespace, Pod, PodTemplate};
use crate::model::{ObjectReference, Truth, sidecar};

/// What a candidate stands for: all pods of which this is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind<'p> {
    pub(super) place: Place<'p>,
    /// Whom a policy admits by labels.
    pub(super) pods: Option<&'p LabelSelector<'static>>,
    /// Labels that they need to be let out of their namespace.
    pub(super) further: Vec<(String, String)>,
    /// The service account that they need.
    pub(super) account: Option<String>,
    /// The range that their address has to be in.
    pub(super) range: Option<Range<'p>>,
}

/// Where pods may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place<'p> {
    Anywhere,
    Named(String),
    Labelled(&'p LabelSelector<'static>),
}

/// How a candidate takes part in the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Outside,
    Sidecar,
    Ambient,
}

/// A pod that somebody could make.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'p> {
    pub(super) kind: Kind<'p>,
    pub(super) shape: Shape,
    pub(super) pod: Pod,
    pub(super) namespace: Namespace,
}

/// Looks for candidates that call one port.
pub(super) struct Search<'e, 's> {
    pub(super) trial: &'e Trial<'e, 's>,
    /// The addresses that candidates may have.
    pub(super) addresses: Vec<(IpAddr, Option<Range<'e>>)>,
}

impl<'e> Search<'e, '_> {
    /// All candidates, those that stand for most first; and whether there may be others, because a search was given up.
    pub(super) fn candidates(&self) -> (Vec<Candidate<'e>>, Option<GivenUp>) {
        let names = self.names();
        let mut all = Vec::new();
        let mut given_up = None;
        for opening in self.trial.openings() {
            let places = self.places(opening, &names);
            given_up = given_up.or(places.as_ref().err().copied());
            for (namespace, place) in places.unwrap_or_default() {
                for account in names.accounts_in(namespace.name()) {
                    let is_any = account == names.other_account;
                    let needed = (!is_any).then(|| account.clone());
                    let added = self.add(opening, &namespace, &place, (&account, needed), &mut all);
                    given_up = given_up.or(added.err());
                }
            }
        }
        (all, given_up)
    }

    fn names(&self) -> Names {
        let is_taken = |name: &str| self.trial.namespaces.iter().any(|known| known.name() == name);
        let is_in_mesh = !matches!(self.trial.called, Membership::None(_));
        let mentioned = self.trial.evaluator.authorization_policies().mentioned(self.trial.port.target);
        Names::of(mentioned.filter(|_| is_in_mesh), is_taken)
    }

    /// Where callers may be who come in this way, each with what that stands for.
    fn places(&self, opening: Opening<'e>, names: &Names) -> Result<Vec<(Namespace, Place<'e>)>, GivenUp> {
        let selector = match opening {
            Opening::Pods { namespaces: None, .. } => {
                let own = &self.trial.port.target.namespace;
                return Ok(vec![(self.trial.namespaces.get(own).into_owned(), Place::Named(own.clone()))]);
            }
            Opening::Pods { namespaces, .. } => namespaces,
            Opening::Everybody | Opening::Addresses(_) => None,
        };
        let wanted: Vec<Literal<'_>> = selector.map(demands).unwrap_or_default();
        let (by_name, by_labels): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|it| it.key() == NAME_LABEL);
        let listed = by_name.iter().flat_map(Literal::demanded).copied();
        let known: BTreeSet<&str> = listed.chain(names.namespaces()).collect();
        let clauses: Vec<Clause<'_>> = by_labels.into_iter().map(|literal| vec![literal]).collect();
        let of_labels = selector.filter(|_| !clauses.is_empty());
        let Some(found) = labels(&clauses)? else { return Ok(Vec::new()) };
        let anywhere = of_labels.map_or(Place::Anywhere, Place::Labelled);
        let others = known.into_iter().map(|name| (self.named(name, &found), Place::Named(name.to_owned())));
        Ok(std::iter::once((made(&names.other_namespace, &found), anywhere)).chain(others).collect())
    }

    /// The namespace of this name; where there is none, one that somebody makes with these labels.
    fn named(&self, name: &str, found: &Found) -> Namespace {
        let known = self.trial.namespaces.iter().find(|known| known.name() == name);
        known.cloned().unwrap_or_else(|| made(name, found))
    }

    fn add(
        &self,
        opening: Opening<'e>,
        namespace: &Namespace,
        place: &Place<'e>,
        (account, needed): (&str, Option<String>),
        all: &mut Vec<Candidate<'e>>,
    ) -> Result<(), GivenUp> {
        let mut outcome = Ok(());
        let pods = if let Opening::Pods { pods, .. } = opening { pods } else { None };
        for shape in self.shapes() {
            let mut pod = pod(namespace.name(), account, *shape);
            for way_out in self.ways_out(&pod) {
                let found = self.labels(pods, namespace, *shape, way_out);
                outcome = outcome.and(found.as_ref().map(drop).map_err(|given_up| *given_up));
                let Ok(Some(found)) = found else { continue };
                pod.template_mut().labels = found.clone().into_iter().collect();
                if self.trial.port.allows(&pod) {
                    continue;
                }
                let pods = pods.filter(|selector| !selector.is_empty());
                let further = further(found, pods);
                let kind = Kind { place: place.clone(), pods, further, account: needed.clone(), range: None };
                let found = Candidate { kind, shape: *shape, pod: pod.clone(), namespace: namespace.clone() };
                all.extend(self.addressed(opening, &found));
            }
        }
        outcome
    }

    /// What labels must be like for a pod to be let out to the called one.
    fn ways_out(&self, pod: &Pod) -> Vec<Vec<Clause<'e>>> {
        let policies = self.trial.evaluator.network_policies();
        let gates = |connection| policies.gates(pod, &connection, self.trial.namespaces);
        let mut ways: Vec<Vec<Clause<'e>>> = Vec::new();
        for way in self.trial.carriers().flat_map(|connection| ways_out(&gates(connection))) {
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        ways
    }

    /// A candidate at every address that can make a difference.
    fn addressed(&self, opening: Opening<'e>, candidate: &Candidate<'e>) -> Vec<Candidate<'e>> {
        let is_admitted = |address: IpAddr| match opening {
            Opening::Addresses(range) => range.contains(address) != Truth::No,
            Opening::Everybody | Opening::Pods { .. } => true,
        };
        let at = |(address, range): &(IpAddr, Option<Range<'e>>)| Candidate {
            kind: Kind { range: *range, ..candidate.kind.clone() },
            pod: Pod { addresses: [*address].into(), ..candidate.pod.clone() },
            ..candidate.clone()
        };
        self.addresses.iter().filter(|(address, _)| is_admitted(*address)).map(at).collect()
    }

    /// Labels of a pod that is admitted by this selector, is let out, takes this part in the mesh, and is nobody who
    /// may call.
    fn labels(
        &self,
        pods: Option<&LabelSelector<'static>>,
        namespace: &Namespace,
        shape: Shape,
        way_out: Vec<Clause<'_>>,
    ) -> Result<Option<Found>, GivenUp> {
        let mut clauses: Vec<Clause<'_>> = pods.map(demands).into_iter().flatten().map(|it| vec![it]).collect();
        for peer in self.trial.port.allowed.iter().filter(|peer| peer.namespace == namespace.name()) {
            let labels = peer.labels.iter().map(|(key, value)| Literal::one_of(key, vec![value]).negated());
            clauses.push(labels.collect());
        }
        clauses.extend(way_out);
        clauses.extend(mesh_clauses(shape, namespace));
        labels(&clauses)
    }

    /// How callers may take part in the mesh, as far as it matters to the called pod.
    fn shapes(&self) -> &'static [Shape] {
        match self.trial.called {
            Membership::None(_) | Membership::Gateway | Membership::Waypoint => &[Shape::Outside],
            _ => &[Shape::Outside, Shape::Sidecar, Shape::Ambient],
        }
    }
}

fn pod(namespace: &str, account: &str, shape: Shape) -> Pod {
    let container = |name: &str| Container { name: name.to_owned(), role: ContainerRole::Regular, ports: Vec::new() };
    let proxy = (shape == Shape::Sidecar).then(|| container(sidecar::CONTAINER));
    Pod {
        object: Arc::new(ObjectReference {
            kind: "Pod".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: "anybody".to_owned(),
        }),
        template: Arc::new(PodTemplate {
            namespace: namespace.to_owned(),
            labels: Labels::none(),
            annotations: Labels::none(),
            service_account: account.to_owned(),
            host_network: false,
            containers: std::iter::once(container("any")).chain(proxy).collect(),
        }),
        addresses: Box::default(),
        phase: Some("Running".into()),
    }
}

/// What labels must be like for a pod to be let out: no policy isolates it, or one that does lets it through.
fn ways_out<'g>(gates: &[Gate<'g>]) -> Vec<Vec<Clause<'g>>> {
    let unseen = gates.iter().filter(|gate| gate.lets_through != Truth::Yes).map(|gate| refusal(gate.selector));
    let through = gates.iter().filter(|gate| gate.lets_through != Truth::No);
    let through = through.map(|gate| demands(gate.selector).into_iter().map(|literal| vec![literal]).collect());
    std::iter::once(unseen.collect()).chain(through).collect()
}

fn mesh_clauses(shape: Shape, namespace: &Namespace) -> Vec<Clause<'static>> {
    let ambient = || Literal::one_of(DATAPLANE_MODE, vec!["ambient"]);
    match shape {
        Shape::Sidecar => Vec::new(),
        Shape::Ambient => vec![vec![ambient()]],
        Shape::Outside if namespace.label(DATAPLANE_MODE) == Some(None) => vec![vec![ambient().negated()]],
        Shape::Outside => vec![vec![Literal::there(DATAPLANE_MODE)], vec![ambient().negated()]],
    }
}

/// The labels that were found beyond what the policy asks for that admits the pod.
fn further(found: Found, pods: Option<&LabelSelector<'_>>) -> Vec<(String, String)> {
    let asked: Vec<Literal<'_>> = pods.map(demands).unwrap_or_default();
    let is_asked = |key: &str| key == DATAPLANE_MODE || asked.iter().any(|literal| literal.key() == key);
    found.into_iter().filter(|(key, _)| !is_asked(key)).collect()
}

fn made(name: &str, found: &Found) -> Namespace {
    Namespace::new(name.to_owned(), found.clone().into_iter().collect())
}
