//! Templates begin and cease to stand for pods as pods come and go, whoever owns them.

use std::fmt::Write;

use proptest::prelude::*;

use super::order::said;
use super::snapshot;
use crate::model::snapshot::{Builder, Change, Snapshot};
use crate::model::{Document, ObjectReference, Resource, Source};

/// An object by its kind, its name and what owns it.
type Form = (&'static str, &'static str, Option<(&'static str, &'static str)>);

const FORMS: [Form; 18] = [
    ("Deployment", "web", None),
    ("ReplicaSet", "web-1", Some(("Deployment", "web"))),
    ("ReplicaSet", "web-2", Some(("Deployment", "web"))),
    ("ReplicaSet", "other", None),
    ("StatefulSet", "db", None),
    ("CronJob", "night", None),
    ("Job", "night-28", Some(("CronJob", "night"))),
    ("Prometheus", "k8s", None),
    ("StatefulSet", "prometheus-k8s", Some(("Prometheus", "k8s"))),
    ("Pod", "web-1-a", Some(("ReplicaSet", "web-1"))),
    ("Pod", "web-1-b", Some(("ReplicaSet", "web-1"))),
    ("Pod", "web-2-a", Some(("ReplicaSet", "web-2"))),
    ("Pod", "web-3-a", Some(("ReplicaSet", "web-3"))),
    ("Pod", "other-a", Some(("ReplicaSet", "other"))),
    ("Pod", "db-0", Some(("StatefulSet", "db"))),
    ("Pod", "night-28-a", Some(("Job", "night-28"))),
    ("Pod", "prometheus-k8s-0", Some(("StatefulSet", "prometheus-k8s"))),
    ("Pod", "bare", None),
];

fn text((kind, name, owner): Form, app: &str) -> String {
    let group = match kind {
        "Pod" => "v1",
        "Job" | "CronJob" => "batch/v1",
        "Prometheus" => "monitoring.coreos.com/v1",
        _ => "apps/v1",
    };
    let owners = owner.map(|(kind, name)| format!("{{apiVersion: v1, kind: {kind}, name: {name}, controller: true}}"));
    let metadata = format!("namespace: a, labels: {{app: {app}}}, ownerReferences: [{}]", owners.unwrap_or_default());
    let template = "template: {metadata: {labels: {app: web}}, spec: {}}";
    let spec = match kind {
        "Pod" | "Prometheus" => String::new(),
        "CronJob" => format!("jobTemplate: {{spec: {{{template}}}}}"),
        "Job" => template.to_owned(),
        _ => format!("selector: {{matchLabels: {{app: {app}}}}}, {template}"),
    };
    format!("{{apiVersion: {group}, kind: {kind}, metadata: {{name: {name}, {metadata}}}, spec: {{{spec}}}}}")
}

/// Pods of another namespace, so many that a few changes are no reason to make everything anew.
fn crowd() -> String {
    (0..20).fold(String::new(), |mut all, number| {
        write!(all, "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p{number}, namespace: z}}, spec: {{}}}}\n")
            .unwrap();
        all
    })
}

fn built(objects: &[Option<&'static str>]) -> Snapshot {
    let there = FORMS.into_iter().zip(objects).filter_map(|(form, app)| Some(text(form, (*app)?)));
    snapshot(&there.chain([crowd()]).collect::<Vec<_>>().join("\n---\n"))
}

fn change(form: Form, app: Option<&str>) -> Change {
    let (kind, name, _) = form;
    let Some(app) = app else {
        let (kind, namespace) = (kind.to_owned(), Some("a".to_owned()));
        return Change::Delete(ObjectReference { kind, namespace, name: name.to_owned() });
    };
    let text = text(form, app);
    let source = Source::new(&text);
    let document = Document::read_all(&source).next().unwrap().unwrap();
    let resource = Resource::of(document.group(), document.kind()).unwrap();
    Change::Put { resource, json: document.json().unwrap() }
}

/// Whether an object is there, and as which application.
fn app() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![None, Some("web"), Some("db")])
}

proptest! {
    #[test]
    fn templates_stand_for_pods_as_if_all_was_built_from_nothing(
        mut objects in prop::collection::vec(app(), FORMS.len()),
        batches in prop::collection::vec(prop::collection::vec((0..FORMS.len(), app()), 1..4), 1..8),
    ) {
        let mut live = built(&objects);
        for batch in batches {
            let changes: Vec<Change> = batch.iter().map(|(number, app)| change(FORMS[*number], *app)).collect();
            for (number, app) in batch {
                objects[number] = app;
            }
            live = live.with(&changes);
            prop_assert_eq!(said(&live), said(&built(&objects)), "after {:?}", changes);
        }
    }
}

#[test]
fn the_text_of_these_objects_is_read() {
    let mut builder = Builder::new("default");
    let all: Vec<String> = FORMS.into_iter().map(|form| text(form, "web")).collect();
    assert_eq!(builder.add_source("input", &Source::new(&all.join("\n---\n"))), []);
    let snapshot = builder.finish();
    assert_eq!(snapshot.problems(), []);
    assert_eq!(snapshot.pods().len(), 9, "every workload has pods: {:?}", super::names(snapshot.pods()));
}
