//! The law of impacts: they tell the difference of two whole audits.

mod laws;

use super::*;
use crate::engine::audit::scrape_path::scrape_paths;
use crate::engine::reach::MeshSettings;
use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::scrape::Scraping;
use crate::model::guard::Guards;
use crate::model::snapshot::{Builder, Change, Kept};
use crate::model::{FieldPath, Resource, Source};

const CLUSTER: [&str; 8] = [
    include_str!("../../../../../examples/cluster/namespaces.yaml"),
    include_str!("../../../../../examples/cluster/monitoring.yaml"),
    include_str!("../../../../../examples/cluster/ingress-nginx.yaml"),
    include_str!("../../../../../examples/cluster/shop.yaml"),
    include_str!("../../../../../examples/cluster/services.yaml"),
    include_str!("../../../../../examples/cluster/pods.yaml"),
    include_str!("../../../../../examples/cluster/prometheus.yaml"),
    include_str!("../../../../../examples/cluster/monitors.yaml"),
];
const POLICIES: &str = include_str!("../../../../../examples/seed/as-written/network-policies.yaml");

/// A path of another verdict: its place, the verdict, and what decides it.
type Told = (usize, Verdict, Option<(Hop, Option<ObjectReference>, FieldPath)>);

fn snapshot(sources: &[&str]) -> Snapshot {
    let mut builder = Builder::new("default");
    for text in sources {
        assert_eq!(builder.add_source("input", &Source::new(text)), []);
    }
    builder.finish()
}

fn evaluator(snapshot: &Snapshot) -> Evaluator<'_> {
    Evaluator::new(snapshot, MeshSettings::default(), HostNetwork::default())
}

fn paths<'s>(snapshot: &'s Snapshot, evaluator: &Evaluator<'s>) -> Arc<Vec<ScrapePath<'s>>> {
    Arc::new(scrape_paths(snapshot, evaluator, &Guards::built_in(), &Scraping::new(snapshot)))
}

fn by(step: Option<&Step>) -> Option<(Hop, Option<ObjectReference>, FieldPath)> {
    step.map(|step| (step.hop, step.object.clone(), step.path.clone()))
}

/// What a second audit finds, and what the impact tells.
fn both(snapshot: &Snapshot, policy: &ObjectReference, json: Option<&str>) -> (Vec<Told>, Vec<Told>) {
    let before = evaluator(snapshot);
    let before_paths = paths(snapshot, &before);
    let change = match json {
        Some(json) => Change::Put { resource: Resource::NetworkPolicy, json: json.to_owned() },
        None => Change::Delete(policy.clone()),
    };
    let changed = snapshot.with(&[change]);
    let after_paths = paths(&changed, &evaluator(&changed));
    assert_eq!(before_paths.len(), after_paths.len());
    let pairs = before_paths.iter().zip(after_paths.iter()).enumerate();
    let other = pairs.filter(|(_, (before, after))| before.path.verdict() != after.path.verdict());
    let audited =
        other.map(|(place, (_, after))| (place, after.path.verdict(), by(after.path.decisive()))).collect::<Vec<_>>();
    let impact =
        Scrapes::new(snapshot, &before, &before_paths).impact(Resource::NetworkPolicy, policy, json, usize::MAX);
    assert_eq!(impact.blocked + impact.unknown + impact.open, impact.first.len());
    let mut told: Vec<Told> = impact.first.iter().map(|it| (it.place, it.verdict, by(it.step.as_deref()))).collect();
    told.sort_by_key(|(place, ..)| *place);
    (audited, told)
}

fn policies() -> Vec<Kept> {
    snapshot(&[POLICIES]).objects(Resource::NetworkPolicy).cloned().collect()
}

#[test]
fn each_of_the_guides_policies_alone_closes_what_a_second_audit_finds() {
    let cluster = snapshot(&CLUSTER);
    let mut closed = 0;
    for policy in policies() {
        let (audited, told) = both(&cluster, &policy.reference, Some(&policy.json));
        assert_eq!(told, audited, "{}", policy.reference);
        closed += told.len();
    }
    assert!(closed > 0);
}

#[test]
fn without_each_of_the_guides_policies_is_open_what_a_second_audit_finds() {
    let cluster = snapshot(&[&CLUSTER[..], &[POLICIES]].concat());
    let mut opened = 0;
    for policy in policies() {
        let (audited, told) = both(&cluster, &policy.reference, None);
        assert_eq!(told, audited, "{}", policy.reference);
        opened += told.len();
    }
    assert!(opened > 0);
}

#[test]
fn what_becomes_blocked_is_named_with_what_blocks_it() {
    let cluster = snapshot(&CLUSTER);
    let evaluator = evaluator(&cluster);
    let paths = paths(&cluster, &evaluator);
    let policy = ObjectReference {
        kind: "NetworkPolicy".to_owned(),
        namespace: Some("monitoring".to_owned()),
        name: "default-deny".to_owned(),
    };
    let json = r#"{"metadata":{"name":"default-deny","namespace":"monitoring"},"spec":{"podSelector":{},"policyTypes":["Ingress"]}}"#;
    let impact = Scrapes::new(&cluster, &evaluator, &paths).impact(Resource::NetworkPolicy, &policy, Some(json), 1);
    assert!(impact.blocked > 1 && impact.open == 0, "{impact:?}");
    let [Affected { verdict, step: Some(step), .. }] = impact.first.as_slice() else { panic!("{impact:?}") };
    assert_eq!((*verdict, step.hop, step.object.as_ref()), (Verdict::Blocked, Hop::Ingress, Some(&policy)));
    assert!(step.rule.is_some(), "{step:?}");
}
