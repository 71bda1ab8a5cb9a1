//! A snapshot that is changed is the one that is built from the changed objects.

use proptest::prelude::*;

use super::order::{object, said};
use super::snapshot;
use crate::model::snapshot::{Builder, Change, Origin, Snapshot};
use crate::model::{Document, ObjectReference, Resource, Source};

/// An object in which `NAME` stands for its name.
type Form = String;

/// What becomes of the objects of a cluster, by their numbers.
#[derive(Clone, Debug)]
enum Step {
    Put(usize, Form),
    Delete(usize),
}

fn named(number: usize, form: &str) -> String {
    form.replace("name: NAME,", &format!("name: x{number},")).replace("NAME", "x")
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..8_usize, object()).prop_map(|(number, form)| Step::Put(number, form)),
        (0..8_usize).prop_map(Step::Delete)
    ]
}

/// The reference, the group and the JSON of the only object of a text.
fn read(text: &str) -> (ObjectReference, String, String) {
    let source = Source::new(text);
    let document = Document::read_all(&source).next().unwrap().unwrap();
    let reference = ObjectReference {
        kind: document.kind().to_owned(),
        namespace: document.namespace().map(ToOwned::to_owned),
        name: document.name().to_owned(),
    };
    (reference, document.group().to_owned(), document.json().unwrap())
}

fn put(text: &str) -> Change {
    let (ObjectReference { kind, .. }, group, json) = read(text);
    match Resource::of(&group, &kind) {
        Some(resource) => Change::Put { resource, json },
        None => Change::PutUnmodelled { group, kind, json },
    }
}

fn delete(text: &str) -> Change {
    let (object, group, _) = read(text);
    match Resource::of(&group, &object.kind) {
        Some(_) => Change::Delete(object),
        None => Change::DeleteUnmodelled { group, object },
    }
}

fn built(objects: &[String]) -> Snapshot {
    snapshot(&objects.join("\n---\n"))
}

proptest! {
    #[test]
    fn a_change_is_what_comes_of_the_changed_objects(
        objects in prop::collection::vec(object(), 0..8),
        steps in prop::collection::vec(step(), 0..5),
    ) {
        let mut after: Vec<String> = objects.iter().enumerate().map(|(number, form)| named(number, form)).collect();
        let before = built(&after);
        let mut builder = Builder::from(before.clone());
        let mut changes = Vec::new();
        for step in steps {
            match step {
                Step::Put(number, form) => {
                    let text = named(number, &form);
                    let (reference, ..) = read(&text);
                    after.retain(|object| read(object).0 != reference);
                    let source = Source::new(&text);
                    let document = Document::read_all(&source).next().unwrap().unwrap();
                    let source = builder.source("change.yaml");
                    builder.remove(&reference);
                    builder.add_document(&document, Origin { source, position: None });
                    changes.push(put(&text));
                    after.push(text);
                }
                Step::Delete(number) => {
                    if number < after.len() {
                        let gone = after.remove(number);
                        builder.remove(&read(&gone).0);
                        changes.push(delete(&gone));
                    }
                }
            }
        }
        let expected = said(&built(&after));
        prop_assert_eq!(said(&builder.finish()), expected.clone());
        prop_assert_eq!(said(&before.with(&changes)), expected);
    }
}

const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a}, \
    spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {}}}}";
const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, labels: {app: web}}, spec: {}}";

#[test]
fn a_template_stands_for_pods_again_where_the_last_of_them_goes() {
    let before = snapshot(&format!("{DEPLOYMENT}\n---\n{POD}"));
    assert_eq!(super::names(before.pods()), ["Pod a/p"]);
    let pod = before.pods()[0].object.clone();
    let without = before.with(&[Change::Delete(pod)]);
    assert_eq!(super::names(without.pods()), ["Deployment a/web"]);
    let again = without.with(&[Change::Put { resource: Resource::Pod, json: read(POD).2 }]);
    assert_eq!(again.pods(), before.pods());
}

#[test]
fn what_is_not_changed_is_shared_and_keeps_its_place() {
    let before = snapshot(&format!("{DEPLOYMENT}\n---\n{POD}"));
    let json = r#"{"metadata": {"name": "deny", "namespace": "a"}, "spec": {"podSelector": {}}}"#;
    let after = before.with(&[Change::Put { resource: Resource::NetworkPolicy, json: json.to_owned() }]);
    assert!(std::ptr::eq(before.pods(), after.pods()));
    assert_eq!(after.objects(Resource::NetworkPolicy).count(), 1);
    for object in [&before.pods()[0].object, &read(DEPLOYMENT).0] {
        assert!(before.place_of(object).is_some(), "{object}");
        assert_eq!(before.place_of(object), after.place_of(object));
    }
}

#[test]
fn a_policy_that_mentions_a_label_of_single_pods_tells_them_apart() {
    let pod = |name: &str| {
        POD.replace("name: p,", &format!("name: {name},")).replace("app: web", &format!("job-name: {name}"))
    };
    let before = snapshot(&format!("{}\n---\n{}", pod("p"), pod("q")));
    let json = r#"{"metadata": {"name": "deny", "namespace": "a"}, "spec": {"podSelector": {"matchLabels": {"job-name": "p"}}}}"#;
    let after = before.with(&[Change::Put { resource: Resource::NetworkPolicy, json: json.to_owned() }]);
    assert_eq!((before.classes().count(), after.classes().count()), (1, 2));
}

#[test]
fn a_problem_goes_with_what_had_it() {
    let before = snapshot(&format!(
        "{POD}\n---\n{POD}\n---\n{}",
        POD.replace("name: p,", "name: q,").replace("spec: {}", "spec: 1")
    ));
    assert_eq!(before.problems().len(), 2);
    let reference =
        |name: &str| ObjectReference { kind: "Pod".to_owned(), namespace: Some("a".to_owned()), name: name.to_owned() };
    let after = before.with(&[
        Change::Delete(reference("p")),
        Change::Put { resource: Resource::Pod, json: read(POD).2.replace("\"p\"", "\"q\"") },
    ]);
    assert_eq!(after.problems(), []);
    assert_eq!(super::names(after.pods()), ["Pod a/q"]);
}

#[test]
fn kinds_that_are_called_alike_are_told_apart_by_their_group() {
    let text = |api: &str, kind: &str| {
        format!("{{apiVersion: {api}, kind: {kind}, metadata: {{name: x, namespace: a}}, spec: {{podSelector: {{}}}}}}")
    };
    let calico = text("projectcalico.org/v3", "NetworkPolicy");
    let gateways = [text("networking.istio.io/v1", "Gateway"), text("gateway.networking.k8s.io/v1", "Gateway")];
    let before = snapshot("").with(&[
        put(&calico),
        put(&text("networking.k8s.io/v1", "NetworkPolicy")),
        put(&gateways[0]),
        put(&gateways[1]),
    ]);
    assert_eq!(before.unmodelled().len(), 3);
    let after = before.with(&[delete(&calico), delete(&gateways[0])]);
    assert_eq!(after.objects(Resource::NetworkPolicy).count(), 1);
    let left: Vec<_> = after.unmodelled().iter().map(|it| it.group.as_str()).collect();
    assert_eq!(left, ["gateway.networking.k8s.io"]);
}
