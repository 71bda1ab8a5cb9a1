//! The examples of the catalogue, executed: a rule that does not find its own bad example is no rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::admission::{Action, Circumstances, Judgement, Request, mutate, validate, validate_together};
use crate::engine::analysis::Analysis;
use crate::engine::audit::Audit;
use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::reach::{Evaluator, MeshSettings};
use crate::engine::rules::{Check, Rule, catalogue};
use crate::model::guard::{Guards, User};
use crate::model::snapshot::{Builder, Snapshot};
use crate::model::{Finding, Resource, RuleId, Severity};

struct Object {
    group: String,
    kind: String,
    namespace: String,
    json: String,
}

impl Object {
    fn read(value: &Value) -> Self {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            group: text("/apiVersion").rsplit_once('/').map(|(group, _)| group.to_owned()).unwrap_or_default(),
            kind: text("/kind"),
            namespace: text("/metadata/namespace"),
            json: value.to_string(),
        }
    }

    fn request(&self) -> Request<'_> {
        Request::create(&self.group, &self.kind, &self.namespace, &self.json)
    }
}

/// The findings on all objects of an example, under its own guard if it brings one.
pub(super) fn judgements(example: &str) -> Vec<Judgement> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(example).unwrap();
    let (guards, objects): (Vec<_>, Vec<_>) =
        documents.into_iter().partition(|document| document["kind"] == "ScrapeGuard");
    let guards = guards.first().map_or_else(Guards::built_in, |guard| Guards::parse(&guard.to_string()).unwrap());
    let objects: Vec<Object> = objects.iter().map(Object::read).collect();
    let requests: Vec<Request<'_>> = objects.iter().map(Object::request).collect();
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    let each = requests.iter().flat_map(|request| {
        let (mutated, validated) =
            (mutate(request, &guards, &circumstances), validate(request, &guards, &circumstances));
        assert_eq!((mutated.unknowns, validated.unknowns), (Vec::new(), Vec::new()));
        mutated.judgements.into_iter().chain(validated.judgements).collect::<Vec<_>>()
    });
    let of_cluster = of_cluster(&objects, &guards, &circumstances);
    each.chain(validate_together(&requests, &guards, &circumstances)).chain(of_cluster).collect()
}

/// What the examples of this rule are found to have: where it is about changes, also what the last object does to the
/// others.
fn judgements_of(rule: &Rule, example: &str) -> Vec<Judgement> {
    let mut judgements = judgements(example);
    if matches!(rule.check, Check::Change) {
        judgements.extend(of_change(example));
    }
    judgements
}

fn of_change(example: &str) -> Vec<Judgement> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(example).unwrap();
    let objects: Vec<Object> = documents.iter().map(Object::read).collect();
    let (change, before) = objects.split_last().unwrap();
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    let analysis = Analysis::of(Arc::new(snapshot(before)), Arc::new(Guards::built_in()), &circumstances);
    analysis.consequences(&change.request(), &User::default(), &circumstances).judgements
}

/// What is found in all objects of an example together.
fn of_cluster(objects: &[Object], guards: &Guards, circumstances: &Circumstances) -> Vec<Judgement> {
    let snapshot = snapshot(objects);
    let mesh = guards.iter().next().map(|guard| MeshSettings::from(&guard.mesh)).unwrap_or_default();
    let evaluator = Evaluator::new(&snapshot, mesh, HostNetwork::default());
    let findings = Audit::of(&snapshot, &evaluator, guards, circumstances).findings;
    findings.into_iter().map(judgement).collect()
}

fn snapshot(objects: &[Object]) -> Snapshot {
    let mut builder = Builder::new("default");
    for object in objects {
        if let Some(resource) = Resource::of(&object.group, &object.kind) {
            builder.add(resource, &object.json, None);
        } else {
            builder.add_unmodelled(&object.group, &object.kind, &object.json, None);
        }
    }
    builder.finish()
}

fn judgement(finding: Finding) -> Judgement {
    let action = match finding.severity {
        Severity::Info => Action::Record,
        Severity::Warning | Severity::Error => Action::Warn,
    };
    Judgement { finding, action, exempted: None }
}

pub(super) fn rules_of(example: &str) -> BTreeSet<RuleId> {
    judgements(example).iter().map(|judgement| judgement.finding.rule).collect()
}

#[test]
fn every_rule_finds_its_bad_example_and_passes_its_good_one() {
    for rule in catalogue() {
        let finds = |example| judgements_of(rule, example).iter().any(|it| it.finding.rule == rule.id);
        assert!(finds(rule.bad), "{} does not find its bad example", rule.id);
        assert!(!finds(rule.good), "{} finds its good example", rule.id);
    }
}

#[test]
fn the_default_action_is_taken() {
    for rule in catalogue() {
        let judgements = judgements_of(rule, rule.bad);
        let own = judgements.iter().find(|judgement| judgement.finding.rule == rule.id).unwrap();
        assert_eq!((own.action, own.finding.severity), (rule.action, rule.severity), "{}", rule.id);
    }
}

#[test]
fn ids_are_unique_and_in_order_within_their_family() {
    let ids: Vec<RuleId> = catalogue().map(|rule| rule.id).collect();
    assert!(ids.windows(2).all(|pair| pair[0].family() != pair[1].family() || pair[0] < pair[1]));
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn messages_and_fixes_are_short_single_lines_without_a_full_stop() {
    for rule in catalogue() {
        for judgement in judgements_of(rule, rule.bad) {
            for text in [&judgement.finding.message, &judgement.finding.fix] {
                assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
            }
            assert!(judgement.finding.message.chars().count() <= 60, "{}", judgement.finding.message);
        }
    }
}
