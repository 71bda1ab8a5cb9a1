//! Policies and monitors that charts, guides and platforms really ship, rebuilt, and exactly what is found in each of
//! them.
//!
//! A row is a file with all its objects, each with all rules that find something in it alone, as often as they do; and
//! with what is found in it beside that in a cluster such as it was written for. What is still to come stands in
//! `to_come`.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute only, and helpers have none

#[path = "matrix/tables.rs"]
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use scrapeguard::engine::admission::{Action, Circumstances, Judgement, Request, validate};
use scrapeguard::engine::audit::Audit;
use scrapeguard::engine::reach::network_policy::HostNetwork;
use scrapeguard::engine::reach::{Evaluator, MeshSettings};
use scrapeguard::engine::rules::{self, Needs};
use scrapeguard::model::guard::Guards;
use scrapeguard::model::snapshot::Builder;
use scrapeguard::model::{Document, Resource, Source};
use tables::{RIGHT, fixtures};

/// One file and what is found in it.
pub(crate) struct Fixture {
    /// The file, from the directory of the package. It brings its guard along where that is not the built-in one.
    file: &'static str,
    /// Every object by its name, with the rules that find something in it, in their order.
    objects: &'static [(&'static str, &'static [&'static str])],
    /// Files with the cluster that it was written for.
    cluster: &'static [&'static str],
    /// The objects in which rules find something in that cluster, alphabetically, with these rules.
    in_cluster: &'static [(&'static str, &'static [&'static str])],
    /// What only a look at the whole cluster can find, and why it should.
    to_come: &'static [(&'static str, &'static str)],
}

impl Fixture {
    /// What is found in every object of the file.
    fn judgements(&self) -> BTreeMap<String, Vec<Judgement>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.file);
        let text = std::fs::read_to_string(&path).unwrap();
        let source = Source::new(&text);
        let documents: Vec<_> = Document::read_all(&source).map(Result::unwrap).collect();
        let guard = documents.iter().find(|document| document.kind() == "ScrapeGuard");
        let guards = guard.map_or_else(Guards::built_in, |guard| Guards::parse(&guard.json().unwrap()).unwrap());
        let objects = documents.iter().filter(|it| Resource::of(it.group(), it.kind()).is_some());
        objects.map(|document| (document.name().to_owned(), judgements(document, &guards))).collect()
    }
}

impl Fixture {
    /// What rules find in every object of the file in its cluster.
    fn findings_in_cluster(&self) -> BTreeMap<String, Vec<String>> {
        let mut builder = Builder::new("default");
        let mut guards = Guards::built_in();
        let mut own = BTreeSet::new();
        for file in self.cluster.iter().chain([&self.file]) {
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
            let source = Source::new(&text);
            for document in Document::read_all(&source).map(Result::unwrap) {
                let json = document.json().unwrap();
                if document.kind() == "ScrapeGuard" {
                    guards = Guards::parse(&json).unwrap();
                } else if let Some(resource) = Resource::of(document.group(), document.kind()) {
                    builder.add(resource, &json, None);
                }
                if *file == self.file {
                    own.insert((document.kind().to_owned(), document.name().to_owned()));
                }
            }
        }
        let snapshot = builder.finish();
        let mesh = guards.iter().next().map(|guard| MeshSettings::from(&guard.mesh)).unwrap();
        let evaluator = Evaluator::new(&snapshot, mesh, HostNetwork::default());
        let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
        let mut found = BTreeMap::<String, Vec<String>>::new();
        for finding in Audit::of(&snapshot, &evaluator, &guards, &circumstances).findings {
            let is_own = own.contains(&(finding.object.kind, finding.object.name.clone()));
            if is_own {
                found.entry(finding.object.name).or_default().push(finding.rule.to_string());
            }
        }
        for rules in found.values_mut() {
            rules.sort();
        }
        found
    }
}

fn judgements(document: &Document<'_>, guards: &Guards) -> Vec<Judgement> {
    let json = document.json().unwrap();
    let request = Request::create(document.group(), document.kind(), document.namespace().unwrap(), &json);
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let outcome = validate(&request, guards, &Circumstances { now, namespace_mode: None });
    assert_eq!(outcome.unknowns, [], "everything is understood");
    outcome.judgements
}

fn ids(judgements: &[Judgement]) -> Vec<String> {
    let mut ids: Vec<_> = judgements.iter().map(|judgement| judgement.finding.rule.to_string()).collect();
    ids.sort();
    ids
}

#[test]
fn exactly_these_rules_find_something() {
    for fixture in fixtures() {
        let found: BTreeMap<String, Vec<String>> =
            fixture.judgements().iter().map(|(name, judgements)| (name.clone(), ids(judgements))).collect();
        let expected = fixture
            .objects
            .iter()
            .map(|(name, rules)| ((*name).to_owned(), rules.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>()));
        assert_eq!(found, expected.collect(), "{}", fixture.file);
    }
}

#[test]
fn in_their_cluster_exactly_these_rules_find_more() {
    for fixture in fixtures() {
        let expected = fixture
            .in_cluster
            .iter()
            .map(|(name, rules)| ((*name).to_owned(), rules.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>()));
        assert_eq!(fixture.findings_in_cluster(), expected.collect(), "{}", fixture.file);
    }
}

/// Whoever implements one of them for single objects has a row to complete.
#[test]
fn what_is_to_come_takes_the_whole_cluster() {
    for fixture in fixtures() {
        for (id, why) in fixture.to_come {
            let rule = rules::rule(id.parse().unwrap());
            assert!(rule.is_none_or(|rule| rule.needs == Needs::Cluster), "{}: {id}, {why}", fixture.file);
        }
    }
}

#[test]
fn nobody_is_warned_of_what_is_right() {
    let mut seen = BTreeSet::new();
    for (name, judgements) in fixtures().flat_map(Fixture::judgements) {
        if RIGHT.contains(&name.as_str()) {
            assert!(judgements.iter().all(|judgement| judgement.action == Action::Record), "{name}: {judgements:#?}");
            seen.insert(name);
        }
    }
    assert_eq!(seen.len(), RIGHT.len(), "{seen:?}");
}

#[test]
fn every_fixture_is_in_a_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed: BTreeSet<_> = fixtures().map(|fixture| root.join(fixture.file)).collect();
    for directory in ["authorization-policies", "monitors", "network-policies", "prometheus"] {
        for file in std::fs::read_dir(root.join("tests/matrix").join(directory)).unwrap() {
            let file = file.unwrap().path();
            assert!(listed.contains(&file), "{} is in no table", file.display());
        }
    }
}
