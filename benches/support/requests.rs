//! What requests close and open in a cluster whose monitoring is locked down, and how long it takes to tell.

use std::sync::Arc;
use std::time::Duration;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use scrapeguard::engine::admission::{Circumstances, Operation, Request};
use scrapeguard::engine::analysis::Analysis;
use scrapeguard::engine::companion::companions;
use scrapeguard::model::guard::{Component, Guard, Guards, User};
use scrapeguard::model::snapshot::{Change, Snapshot};
use scrapeguard::model::{ObjectReference, Resource};
use serde_json::{Value, json};

/// How many objects of a kind are changed at most.
const CHANGES: usize = 50;
const MONITORING: &str = "monitoring";
const COLUMNS: [&str; 5] = ["change", "requests", "effects", "median ms", "most ms"];

/// What requests of one kind took.
pub(crate) struct Answered {
    what: &'static str,
    /// The most effects that one had.
    effects: usize,
    /// From the least to the most.
    times: Vec<Duration>,
}

/// An object and what becomes of it.
type Changed = (ObjectReference, Option<Value>);

/// A cluster, its monitoring locked down.
pub(crate) fn locked_down(snapshot: &Snapshot, circumstances: &Circumstances) -> Analysis {
    let guards = Guards::built_in();
    let companions: Vec<Change> = guards.iter().flat_map(|guard| components(guard).chain(policies(guard))).collect();
    let snapshot = Arc::new(snapshot.with(&companions));
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    Analysis::of(snapshot, Arc::new(guards), circumstances)
}

/// Asks about changes of every kind.
pub(crate) fn ask_all(analysis: &Analysis, circumstances: &Circumstances) -> Vec<Answered> {
    let (asker, snapshot) = (Asker { analysis, circumstances }, analysis.snapshot());
    let some = |resource, is_meant: &dyn Fn(&str) -> bool| -> Vec<ObjectReference> {
        let all = snapshot.objects(resource).map(|kept| kept.reference.clone());
        all.filter(|object| is_meant(object.namespace.as_deref().unwrap_or_default())).take(CHANGES).collect()
    };
    let (guarded, others) = (|namespace: &str| namespace == MONITORING, |namespace: &str| namespace != MONITORING);
    let known = |resource, is_meant: &dyn Fn(&str) -> bool| some(resource, is_meant).into_iter();
    let gone = |object| (object, None);
    let policy = Resource::NetworkPolicy;
    let denied = |namespace: &str| {
        new(policy, Some(namespace), &json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}))
    };
    let denied_beside = |object: ObjectReference| denied(object.namespace.as_deref().unwrap_or_default());
    let opened = |peer: Value| {
        let rules = if peer.is_null() { json!([{}]) } else { json!([{"from": [peer]}]) };
        new(policy, Some(MONITORING), &json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": rules}))
    };
    let openings = [
        json!(null),
        json!({"namespaceSelector": {}}),
        json!({"namespaceSelector": {"matchLabels": {"tier": "t1"}}}),
        json!({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "app-1"}}}),
    ];
    let range = json!({"ipBlock": {"cidr": "10.0.64.0/18"}});
    let strict = json!({"mtls": {"mode": "STRICT"}});
    vec![
        asker.ask("NetworkPolicy of an application, deleted", policy, known(policy, &others).map(gone)),
        asker.ask("NetworkPolicy of an application, denies all", policy, known(policy, &others).map(denied_beside)),
        asker.ask("NetworkPolicy of monitoring, deleted", policy, known(policy, &guarded).map(gone)),
        asker.ask("NetworkPolicy of monitoring, denies all", policy, [denied(MONITORING)].into_iter()),
        asker.ask("NetworkPolicy of monitoring, lets others in", policy, openings.into_iter().map(opened)),
        asker.ask("NetworkPolicy of monitoring, lets a new range in", policy, [opened(range)].into_iter()),
        asker.ask(
            "AuthorizationPolicy, deleted",
            Resource::AuthorizationPolicy,
            known(Resource::AuthorizationPolicy, &|_| true).map(gone),
        ),
        asker.ask(
            "PeerAuthentication of monitoring, strict",
            Resource::PeerAuthentication,
            [new(Resource::PeerAuthentication, Some(MONITORING), &strict)].into_iter(),
        ),
        asker.ask("PodMonitor, deleted", Resource::PodMonitor, known(Resource::PodMonitor, &|_| true).map(gone)),
        asker.ask("label of a Namespace", Resource::Namespace, [relabelled(MONITORING)].into_iter()),
    ]
}

struct Asker<'a> {
    analysis: &'a Analysis,
    circumstances: &'a Circumstances,
}

impl Asker<'_> {
    fn ask(&self, what: &'static str, resource: Resource, changes: impl Iterator<Item = Changed>) -> Answered {
        let (mut times, mut effects) = (Vec::new(), 0);
        for (object, json) in changes {
            let json = json.map(|json| json.to_string());
            let request = Request {
                operation: if json.is_some() { Operation::Update } else { Operation::Delete },
                group: resource.group(),
                kind: resource.kind(),
                subresource: "",
                namespace: object.namespace.as_deref().unwrap_or(&object.name),
                name: &object.name,
                object: json.as_deref(),
                old_object: Some("{}"),
            };
            let start = std::time::Instant::now();
            let found = self.analysis.consequences(&request, &User::default(), self.circumstances);
            times.push(start.elapsed());
            effects = effects.max(found.effects.len());
        }
        times.sort_unstable();
        Answered { what, effects, times }
    }
}

/// A pod for every component of a guard.
fn components(guard: &Guard) -> impl Iterator<Item = Change> {
    let pod = |(component, number): (&Component, u8)| {
        let labels: Value = component.selector_labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let metadata = json!({"name": component.name, "namespace": guard.namespace, "labels": labels});
        let spec = json!({"serviceAccountName": component.service_account, "containers": [{"name": "main"}]});
        let status = json!({"phase": "Running", "podIP": format!("10.99.0.{number}")});
        let pod = json!({"metadata": metadata, "spec": spec, "status": status});
        Change::Put { resource: Resource::Pod, json: pod.to_string() }
    };
    // What stands for the others are the resources from which the operator makes them.
    guard.components.iter().filter(|component| !component.is_made_by_operator()).zip(1..).map(pod)
}

/// The NetworkPolicies that the guard asks for.
fn policies(guard: &Guard) -> impl Iterator<Item = Change> {
    let objects = companions(guard).objects.into_iter();
    let texts = objects.filter_map(|object| serde_json::to_value(object).ok());
    let policies = texts.filter(|object| object["kind"] == Resource::NetworkPolicy.kind());
    policies.map(|json| Change::Put { resource: Resource::NetworkPolicy, json: json.to_string() })
}

fn new(resource: Resource, namespace: Option<&str>, spec: &Value) -> Changed {
    let (kind, name) = (resource.kind().to_owned(), "new".to_owned());
    let json = json!({"metadata": {"name": name, "namespace": namespace}, "spec": spec});
    (ObjectReference { kind, namespace: namespace.map(str::to_owned), name }, Some(json))
}

fn relabelled(name: &str) -> Changed {
    let json = json!({"metadata": {"name": name, "labels": {"changed": "yes"}}});
    (
        ObjectReference { kind: Resource::Namespace.kind().to_owned(), namespace: None, name: name.to_owned() },
        Some(json),
    )
}

pub(crate) fn table(all: &[Answered]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(COLUMNS);
    for answered in all {
        let millis = |time: Option<&Duration>| format!("{:.2}", time.map_or(0.0, |time| time.as_secs_f64() * 1e3));
        table.add_row([
            answered.what.to_owned(),
            answered.times.len().to_string(),
            answered.effects.to_string(),
            millis(answered.times.get(answered.times.len() / 2)),
            millis(answered.times.last()),
        ]);
    }
    table.column_iter_mut().skip(1).for_each(|column| {
        column.set_cell_alignment(CellAlignment::Right);
    });
    table
}
