//! AuthorizationPolicies and PeerAuthentications through the rules: Istio's own truth tables, the fixes that can be
//! applied by a machine, and one finding for one mistake.

#![allow(clippy::unwrap_used, clippy::expect_used)] // clippy knows tests by their attribute only, and helpers have none

#[path = "istio_policies/review.rs"]
mod review;
#[path = "istio_policies/truth_table.rs"]
mod truth_table;

use std::sync::LazyLock;

use review::{errors, findings, ids};
use rstest::rstest;
use scrapeguard::engine::rules::{self, Check, Rule};
use scrapeguard::model::FieldPath;
use scrapeguard::model::field_path::Segment;
use scrapeguard::model::guard::Guards;
use serde_json::{Value, json};
use truth_table::Verdict;

static GUARDS: LazyLock<Guards> = LazyLock::new(Guards::built_in);

#[test]
fn the_truth_tables_hold() {
    for (kind, situations) in truth_table::tables() {
        for situation in situations {
            let found = errors(&findings(&situation.object(kind), &GUARDS));
            assert_eq!(found, situation.errors, "{kind}: {}", situation.case);
        }
    }
}

#[test]
fn every_difference_from_istio_is_deliberate() {
    for (kind, situations) in truth_table::tables() {
        for situation in situations {
            let verdict = situation.from_json.unwrap_or(situation.istio);
            let agrees = (verdict == Verdict::Accepts) == situation.errors.is_empty();
            assert_eq!(agrees, situation.difference.is_none(), "{kind}: {}", situation.case);
        }
    }
}

/// Istio warns of two things: a DENY rule of HTTP fields alone, and a selector without labels.
#[test]
fn what_istio_warns_of_is_found() {
    for (kind, situations) in truth_table::tables() {
        for situation in situations {
            let found = ids(&findings(&situation.object(kind), &GUARDS));
            let warned = found.iter().any(|id| id == "SG-AP-024") || situation.spec["selector"] == json!({});
            assert_eq!(warned, situation.warns, "{kind}: {}", situation.case);
        }
    }
}

#[test]
fn the_tables_are_complete() {
    assert_eq!(truth_table::tables().map(|(_, situations)| situations.len()), [67, 9]);
}

/// The rules about Istio's policies that look at one object at a time.
fn own_rules() -> impl Iterator<Item = &'static Rule> {
    let of_family = |rule: &&Rule| ["SG-AP-", "SG-PA-"].iter().any(|family| rule.id.to_string().starts_with(family));
    rules::catalogue()
        .filter(of_family)
        .filter(|rule| !matches!(rule.check, Check::Cluster(_) | Check::Change | Check::Hop))
}

/// The guard that a file brings, or the built-in one, and the objects of the file.
fn documents(text: &str) -> (Guards, Vec<Value>) {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    let (guards, objects): (Vec<_>, Vec<_>) =
        documents.into_iter().partition(|document| document["kind"] == "ScrapeGuard");
    let guards = guards.first().map_or_else(|| GUARDS.clone(), |guard| Guards::parse(&guard.to_string()).unwrap());
    (guards, objects)
}

fn example(text: &str) -> (Guards, Value) {
    let (guards, mut objects) = documents(text);
    (guards, objects.remove(0))
}

#[test]
fn one_mistake_is_one_finding_and_its_correction_is_clean() {
    for rule in own_rules() {
        let (guards, bad) = example(rule.bad);
        let mut found = ids(&findings(&bad, &guards));
        // Where the wrong caller gets in, the right one is locked out: two objects to look at, so two findings.
        found.retain(|id| (rule.id.to_string().as_str(), id.as_str()) != ("SG-AP-009", "SG-AP-018"));
        assert_eq!(found, [rule.id.to_string()], "bad example");
        let (guards, good) = example(rule.good);
        assert_eq!(ids(&findings(&good, &guards)), [""; 0], "good example of {}", rule.id);
    }
}

/// A fix that a machine can apply at the place of the finding.
enum Fix {
    Write(Value),
    Remove,
    Add(&'static str, Value),
}

impl Fix {
    fn apply(&self, object: &mut Value, path: &FieldPath) {
        let (last, parents) = path.segments().split_last().unwrap();
        let parent = parents.iter().fold(object, |value, segment| match segment {
            Segment::Key(key) => value.get_mut(key).unwrap(),
            Segment::Index(index) => value.get_mut(index).unwrap(),
        });
        match (self, last) {
            (Self::Write(value), Segment::Key(key)) => parent[key] = value.clone(),
            (Self::Write(value), Segment::Index(index)) => parent[index] = value.clone(),
            (Self::Remove, Segment::Key(key)) => drop(parent.as_object_mut().unwrap().remove(key)),
            (Self::Remove, Segment::Index(index)) => drop(parent.as_array_mut().unwrap().remove(*index)),
            (Self::Add(field, value), Segment::Key(key)) => {
                parent.get_mut(key).unwrap()[*field] = value.clone();
            }
            (Self::Add(..), Segment::Index(_)) => unreachable!("things are added to objects"),
        }
    }
}

#[rstest]
#[case("SG-AP-002", "write cluster.local/", Fix::Write(json!("cluster.local/ns/monitoring/sa/prometheus-operator-grafana")))]
#[case("SG-AP-011", "remove namespaces", Fix::Remove)]
#[case("SG-AP-012", "remove namespaces", Fix::Remove)]
#[case("SG-AP-026", "write \"9090\"", Fix::Write(json!("9090")))]
#[case("SG-AP-027", "use port \"3000\"", Fix::Write(json!("3000")))]
#[case("SG-AP-028", "remove 15090", Fix::Remove)]
#[case("SG-AP-036", "add principals: [\"*\"]", Fix::Add("principals", json!(["*"])))]
#[case("SG-AP-038", "remove the annotation", Fix::Remove)]
#[case("SG-PA-004", "remove selector", Fix::Remove)]
fn a_mechanical_fix_silences_its_rule(#[case] id: &str, #[case] says: &str, #[case] fix: Fix) {
    let rule = rules::rule(id.parse().unwrap()).unwrap();
    let (guards, mut object) = example(rule.bad);
    let found = findings(&object, &guards);
    let finding = found.iter().find(|finding| finding.rule == rule.id).unwrap();
    assert!(finding.fix.starts_with(says), "{}", finding.fix);
    fix.apply(&mut object, &finding.path);
    assert_eq!(ids(&findings(&object, &guards)), [""; 0], "{object}");
}

fn policy(namespace: &str, spec: &str) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "policy", "namespace": namespace},
        "spec": serde_saphyr::from_str::<Value>(spec).unwrap(),
    })
}

/// What people rightly write: a false alarm is as bad as a miss.
#[rstest]
#[case::default_deny("monitoring", "{}")]
#[case::all_of_one_namespace(
    "team-a",
    "{selector: {matchLabels: {app: web}}, rules: [{from: [{source: {namespaces: [team-b]}}], to: [{operation: {ports: ['80']}}]}]}"
)]
#[case::trust_domain_wildcard(
    "team-a",
    "{selector: {matchLabels: {app: web}}, rules: [{from: [{source: {principals: ['*/ns/a/sa/b']}}], to: [{operation: {ports: ['80']}}]}]}"
)]
#[case::own_trust_domain_in_any_mesh(
    "monitoring",
    "{selector: {matchLabels: {app: web}}, rules: [{from: [{source: {principals: [cluster.local/ns/a/sa/b]}}], to: [{operation: {ports: ['80']}}]}]}"
)]
#[case::health_checks(
    "monitoring",
    "{selector: {matchLabels: {app.kubernetes.io/name: alertmanager}}, action: AUDIT, rules: [{to: [{operation: {paths: [/-/healthy]}}]}]}"
)]
#[case::deny_by_prefix(
    "monitoring",
    "{selector: {matchLabels: {app: web}}, action: DENY, rules: [{from: [{source: {principals: ['cluster.local/ns/evil/*']}}], to: [{operation: {ports: ['80']}}]}]}"
)]
#[case::newer_fields(
    "monitoring",
    "{selector: {matchLabels: {app: web}}, rules: [{from: [{source: {passports: [x]}}], to: [{operation: {colours: [red]}}]}]}"
)]
#[case::every_identity(
    "monitoring",
    "{selector: {matchLabels: {app: web}}, rules: [{from: [{source: {principals: ['*']}}], to: [{operation: {ports: ['80']}}]}]}"
)]
#[case::waypoint_port(
    "team-a",
    "{targetRefs: [{kind: Service, name: web}], rules: [{from: [{source: {principals: [cluster.local/ns/a/sa/b]}}], to: [{operation: {ports: ['15090']}}]}]}"
)]
fn what_is_right_is_left_alone(#[case] namespace: &str, #[case] spec: &str) {
    assert_eq!(ids(&findings(&policy(namespace, spec), &GUARDS)), [""; 0]);
}
