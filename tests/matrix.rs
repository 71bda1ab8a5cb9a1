//! Policies and monitors that charts, guides and platforms really ship, rebuilt, and exactly what is found in each of
//! them.
//!
//! A row is a file with all its objects, each with all rules that find something in it alone, as often as they do. What
//! takes a look at other objects of the cluster, such as a selector that selects nothing, stands in `to_come`.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute only, and helpers have none

#[path = "matrix/tables.rs"]
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use scrapeguard::engine::admission::{Action, Circumstances, Judgement, Request, validate};
use scrapeguard::engine::rules::{self, Needs};
use scrapeguard::model::guard::Guards;
use scrapeguard::model::{Document, Resource, Source};
use tables::{RIGHT, fixtures};

/// One file and what is found in it.
pub(crate) struct Fixture {
    /// The file, from the directory of the package. It brings its guard along where that is not the built-in one.
    file: &'static str,
    /// Every object by its name, with the rules that find something in it, in their order.
    objects: &'static [(&'static str, &'static [&'static str])],
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
