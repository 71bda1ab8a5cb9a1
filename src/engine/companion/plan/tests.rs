//! What is planned for small clusters.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::guard::{Guard, Guards};
use crate::model::snapshot::Change;

fn guard(name: &str, spec: &str) -> Guard {
    let text =
        format!("apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {{name: {name}}}\nspec: {spec}\n");
    Guards::parse(&text).unwrap().iter().next().unwrap().clone()
}

/// A cluster with the namespace that is guarded and these objects.
fn cluster(objects: &[Value]) -> Snapshot {
    let put = |resource, json: String| Change::Put { resource, json };
    let namespace = put(Resource::Namespace, r#"{"metadata": {"name": "monitoring"}}"#.to_owned());
    let objects = objects
        .iter()
        .map(|object| put(KINDS.into_iter().find(|kind| object["kind"] == kind.kind()).unwrap(), object.to_string()));
    Snapshot::default().with(&std::iter::once(namespace).chain(objects).collect::<Vec<_>>())
}

fn planned(guards: &[&Guard], snapshot: &Snapshot) -> Plan {
    let owners: Vec<Owner<'_>> = guards.iter().map(|guard| Owner { guard, uid: &guard.name }).collect();
    plan(&owners, &guards.iter().map(|guard| guard.name.as_str()).collect(), snapshot)
}

/// All that a guard wants, as it is written.
fn written(guard: &Guard) -> Vec<Value> {
    planned(&[guard], &cluster(&[])).wanted.into_iter().map(|wanted| wanted.object).collect()
}

fn standing<'p>(plan: &'p Plan, name: &str) -> &'p Standing {
    &plan.wanted.iter().find(|wanted| wanted.reference.name == name).unwrap().standing
}

const MESH: &str = "{mesh: {istio: sidecar}}";

#[test]
fn all_is_missing_from_an_empty_namespace_and_nothing_can_be_done_where_there_is_none() {
    let guard = guard("m", MESH);
    let plan = planned(&[&guard], &cluster(&[]));
    assert!(plan.wanted.len() > 10);
    assert!(plan.wanted.iter().all(|wanted| wanted.standing == Standing::Missing));
    let nowhere = planned(&[&guard], &Snapshot::default());
    assert!(nowhere.wanted.iter().all(|wanted| wanted.standing == Standing::NoNamespace));
}

#[test]
fn what_is_written_is_settled() {
    let guard = guard("m", MESH);
    let plan = planned(&[&guard], &cluster(&written(&guard)));
    assert!(plan.wanted.iter().all(|wanted| wanted.standing == Standing::Settled), "{plan:?}");
    assert_eq!(plan.unwanted, []);
}

#[test]
fn only_what_differs_is_looked_at() {
    let guard = guard("m", "{}");
    let mut objects = written(&guard);
    let changed = objects.iter_mut().find(|it| it["metadata"]["name"] == "grafana").unwrap();
    changed["spec"]["ingress"] = json!([{}]);
    let changed = changed.clone();
    let plan = planned(&[&guard], &cluster(&objects));
    let restless: Vec<_> = plan.wanted.iter().filter(|wanted| wanted.standing != Standing::Settled).collect();
    assert_eq!(restless.len(), 1);
    assert!(matches!(&restless[0].standing, Standing::Differs(stored) if stored["spec"] == changed["spec"]));
}

#[test]
fn what_nobody_wants_any_more_goes_if_it_is_ours() {
    let (with, without) = (guard("m", MESH), guard("m", "{companions: {authorizationPolicies: ignore}}"));
    let mut objects = written(&with);
    let by_hand = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "mine",
        "namespace": "monitoring", "labels": {"app.kubernetes.io/managed-by": "scrapeguard"}}, "spec": {"podSelector": {}}});
    objects.push(by_hand);
    let snapshot = cluster(&objects);
    let unwanted = planned(&[&without], &snapshot).unwanted;
    assert!(unwanted.iter().any(|it| it.reference.to_string() == "AuthorizationPolicy monitoring/grafana-authzpol"));
    assert!(unwanted.iter().all(|it| it.resource != Resource::NetworkPolicy), "{unwanted:?}");
    // Once the guard itself is gone, all of it does, unless it was orphaned.
    assert_eq!(planned(&[], &snapshot).unwanted.len(), objects.len() - 1);
    objects[0]["metadata"]["ownerReferences"] = json!([]);
    assert_eq!(planned(&[], &cluster(&objects)).unwanted.len(), objects.len() - 2);
}

#[test]
fn what_was_written_for_a_guard_that_cannot_be_read_stays() {
    let guard = guard("m", MESH);
    let snapshot = cluster(&written(&guard));
    assert_eq!(plan(&[], &BTreeSet::from(["m"]), &snapshot), Plan::default());
}

#[test]
fn what_is_only_reported_is_left_alone() {
    let (applied, reported) = (guard("m", "{}"), guard("m", "{companions: {networkPolicies: report}}"));
    let empty = planned(&[&reported], &cluster(&[]));
    assert!(empty.wanted.iter().all(|wanted| wanted.standing == Standing::Reported(false)));
    let mut objects = written(&applied);
    for object in &mut objects {
        object["metadata"]["ownerReferences"] = json!([]);
    }
    let there = planned(&[&reported], &cluster(&objects));
    assert!(there.wanted.iter().all(|wanted| wanted.standing == Standing::Reported(true)));
    assert_eq!(there.unwanted, []);
}

#[test]
fn of_two_guards_that_want_the_same_the_first_gets_it() {
    let (first, second) = (guard("a", "{}"), guard("b", "{}"));
    let plan = planned(&[&first, &second], &cluster(&written(&first)));
    assert_eq!(*standing(&plan, "grafana"), Standing::Settled);
    assert!(
        plan.wanted.iter().filter(|it| it.guard == "b").all(|it| it.standing == Standing::WantedBy("a".to_owned()))
    );
    assert_eq!(plan.unwanted, []);
}

#[test]
fn what_is_on_its_way_out_is_not_deleted_again() {
    let guard = guard("m", "{}");
    let mut objects = written(&guard);
    objects[0]["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(planned(&[], &cluster(&objects)).unwanted.len(), objects.len() - 1);
}

/// What somebody does to one of our objects.
#[derive(Clone, Debug)]
enum Deed {
    Delete,
    Empty,
    Relabel,
    Disown,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever was done to our objects, doing what is planned leaves nothing to do, and objects of others alone.
    #[test]
    fn a_plan_leads_to_rest(
        deeds in prop::collection::btree_map(0..30_usize, prop_oneof![
            Just(Deed::Delete), Just(Deed::Empty), Just(Deed::Relabel), Just(Deed::Disown)], 0..10),
        mesh in prop_oneof![Just("none"), Just("sidecar"), Just("ambient")],
        before in prop_oneof![Just("none"), Just("sidecar"), Just("ambient")],
    ) {
        let guard_of = |mesh: &str| guard("m", &format!("{{mesh: {{istio: {mesh}}}}}"));
        let (guard, before) = (guard_of(mesh), written(&guard_of(before)));
        let mut objects: Vec<Value> = Vec::new();
        for (number, mut object) in before.into_iter().enumerate() {
            match deeds.get(&number) {
                Some(Deed::Delete) => continue,
                Some(Deed::Empty) => object["spec"] = json!({"podSelector": {}, "selector": {}}),
                Some(Deed::Relabel) => object["metadata"]["labels"] = json!({}),
                Some(Deed::Disown) => object["metadata"]["ownerReferences"] = json!([]),
                None => {}
            }
            objects.push(object);
        }
        let plan = planned(&[&guard], &cluster(&objects));
        let is = |reference: &ObjectReference, it: &Value| it["kind"] == *reference.kind && it["metadata"]["name"] == *reference.name;
        objects.retain(|it| !plan.unwanted.iter().any(|unwanted| is(&unwanted.reference, it)));
        for wanted in plan.wanted.iter().filter(|wanted| wanted.standing != Standing::Settled) {
            objects.retain(|it| !is(&wanted.reference, it));
            objects.push(wanted.object.clone());
        }
        let after = planned(&[&guard], &cluster(&objects));
        prop_assert!(after.wanted.iter().all(|wanted| wanted.standing == Standing::Settled));
        prop_assert_eq!(after.unwanted, vec![]);
    }
}
