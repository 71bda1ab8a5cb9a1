//! What watch events do to a snapshot, one after the other, and what each takes.

use std::time::{Duration, Instant};

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use scrapeguard::model::snapshot::{Change, Snapshot};
use scrapeguard::model::{ObjectReference, Resource};
use serde_json::{Value, json};

/// How many are applied together, where several are.
const BATCH: usize = 100;
/// What happens to pods.
const PODS: [&str; 5] = ["status of a pod", "pod, no difference", "address of a pod", "pod created", "pod deleted"];
/// The same where ReplicaSets and Deployments are known.
const PODS_OF_WORKLOADS: [&str; 5] = [
    "with workloads: status of a pod",
    "with workloads: pod, no difference",
    "with workloads: address of a pod",
    "with workloads: pod created",
    "with workloads: pod deleted",
];
const COLUMNS: [&str; 4] = ["event", "median µs", "99 of 100 µs", "most µs"];

/// What events of one kind took.
pub(crate) struct Taken {
    what: &'static str,
    /// From the least to the most.
    times: Vec<Duration>,
}

impl Taken {
    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    /// What so many of a hundred stay below, in microseconds.
    pub(crate) fn micros(&self, of_hundred: usize) -> f64 {
        let place = (self.times.len() * of_hundred / 100).min(self.times.len().saturating_sub(1));
        self.times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    }
}

/// Applies events of every kind to a snapshot of a dump.
pub(crate) struct Events {
    live: Snapshot,
    pods: Vec<Value>,
    slices: Vec<Value>,
    policies: Vec<Value>,
    namespaces: Vec<Value>,
    /// How many of each kind.
    number: usize,
    taken: Vec<Taken>,
}

impl Events {
    pub(crate) fn of(snapshot: &Snapshot, dump: &str, number: usize) -> Self {
        Self {
            live: snapshot.clone(),
            pods: objects(dump, "Pod"),
            slices: objects(dump, "EndpointSlice"),
            policies: objects(dump, "NetworkPolicy"),
            namespaces: objects(dump, "Namespace"),
            number,
            taken: Vec::new(),
        }
    }

    /// All kinds of events. Afterwards every object that was touched is as it was, but for its status.
    pub(crate) fn apply_all(mut self) -> (Snapshot, Vec<Taken>) {
        let (slices, policies) = (self.slices.clone(), self.policies.clone());
        self.of_pods(PODS);
        self.each("endpoint slice", &slices, |slice, _| {
            put(Resource::EndpointSlice, &with(slice, "/endpoints/0/conditions/ready", json!(false)))
        });
        self.each("network policy", &policies, |policy, _| {
            put(Resource::NetworkPolicy, &with(policy, "/spec/podSelector", json!({})))
        });
        self.each("network policy with a range of its own", &policies, |policy, number| {
            let range = format!("203.0.{}.{}/32", number / 256, number % 256);
            put(Resource::NetworkPolicy, &with(policy, "/spec/ingress/0/from", json!([{"ipBlock": {"cidr": range}}])))
        });
        let namespaces = self.namespaces.clone();
        self.each("label of a namespace", &namespaces, |namespace, number| {
            put(Resource::Namespace, &with(namespace, "/metadata/labels/tier", json!(format!("s{number}"))))
        });
        let workloads: Vec<Change> = self.pods.iter().step_by(10).flat_map(workloads).collect();
        self.live = self.live.with(&workloads);
        self.of_pods(PODS_OF_WORKLOADS);
        self.batches();
        (self.live, self.taken)
    }

    fn of_pods(&mut self, [status, same, address, created, deleted]: [&'static str; 5]) {
        let pods = self.pods.clone();
        let id = |number: usize| format!("containerd://{number:062x}{:02}", status.len());
        self.each(status, &pods, |pod, number| {
            put(Resource::Pod, &with(pod, "/status/containerStatuses/0/containerID", json!(id(number))))
        });
        self.each(same, &pods, |pod, number| {
            let heartbeat = with(pod, "/status/containerStatuses/0/containerID", json!(id(number)));
            put(Resource::Pod, &with(&heartbeat, "/metadata/resourceVersion", json!("4711")))
        });
        self.each(address, &pods, |pod, number| {
            let ip = format!("10.200.{}.{}", number / 256, number % 256);
            put(Resource::Pod, &with(&with(pod, "/status/podIP", json!(ip)), "/status/podIPs/0/ip", json!(ip)))
        });
        let named = |pod: &Value| format!("{}-new", text(pod, "/metadata/name"));
        self.each(created, &pods, |pod, number| {
            let ip = format!("10.201.{}.{}", number / 256, number % 256);
            let pod = with(&with(pod, "/status/podIP", json!(ip)), "/status/podIPs/0/ip", json!(ip));
            put(Resource::Pod, &with(&pod, "/metadata/name", json!(named(&pod))))
        });
        self.each(deleted, &pods, |pod, _| {
            let (kind, namespace) = (Resource::Pod.kind().to_owned(), Some(text(pod, "/metadata/namespace")));
            Change::Delete(ObjectReference { kind, namespace, name: named(pod) })
        });
    }

    /// One change for some of the objects, in all parts of the cluster, each on its own: the snapshot before is let go only
    /// when there is the next one.
    fn each(&mut self, what: &'static str, objects: &[Value], change: impl Fn(&Value, usize) -> Change) {
        let step = (objects.len() / self.number).max(1);
        let mut times = Vec::new();
        for (number, object) in objects.iter().step_by(step).take(self.number).enumerate() {
            let changes = [change(object, number)];
            let start = Instant::now();
            self.live = self.live.with(&changes);
            times.push(start.elapsed());
        }
        times.sort_unstable();
        self.taken.push(Taken { what, times });
    }

    /// What one of many takes that are applied together.
    fn batches(&mut self) {
        let change = |pod: &Value| put(Resource::Pod, &with(pod, "/status/conditions/0/status", json!("Unknown")));
        let changes: Vec<Change> = self.pods.iter().skip(3).step_by(10).take(self.number).map(change).collect();
        let mut times = Vec::new();
        for batch in changes.chunks(BATCH) {
            let start = Instant::now();
            self.live = self.live.with(batch);
            times.push(start.elapsed() / u32::try_from(batch.len()).unwrap_or(u32::MAX));
        }
        times.sort_unstable();
        self.taken.push(Taken { what: "status, one of a hundred at once", times });
    }
}

/// All objects of a kind. Every object of a dump has a line of its own.
fn objects(dump: &str, kind: &str) -> Vec<Value> {
    let of_kind = format!("\"kind\":\"{kind}\",\"metadata\"");
    let lines = dump.lines().filter(|line| line.contains(&of_kind));
    lines.filter_map(|line| serde_json::from_str(line.trim_end_matches(',')).ok()).collect()
}

/// The ReplicaSet of a pod, and the Deployment that makes it.
fn workloads(pod: &Value) -> [Change; 2] {
    let (namespace, set) = (text(pod, "/metadata/namespace"), text(pod, "/metadata/ownerReferences/0/name"));
    let name = text(pod, "/spec/serviceAccountName");
    let template = json!({"metadata": {"labels": pod.pointer("/metadata/labels")}, "spec": pod.get("spec")});
    let spec =
        json!({"replicas": 10, "selector": {"matchLabels": pod.pointer("/metadata/labels")}, "template": template});
    let owner = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": true});
    let metadata = json!({"name": set, "namespace": namespace, "ownerReferences": [owner]});
    [
        put(Resource::ReplicaSet, &json!({"metadata": metadata, "spec": spec})),
        put(Resource::Deployment, &json!({"metadata": {"name": name, "namespace": namespace}, "spec": spec})),
    ]
}

fn put(resource: Resource, object: &Value) -> Change {
    Change::Put { resource, json: object.to_string() }
}

/// The same object with another value in one place; a new one in its metadata where there was none.
fn with(object: &Value, place: &str, value: Value) -> Value {
    let mut object = object.clone();
    if let Some(place) = object.pointer_mut(place) {
        *place = value;
    } else if let (Some(key), Some(metadata)) = (place.strip_prefix("/metadata/"), object.pointer_mut("/metadata")) {
        metadata.as_object_mut().and_then(|metadata| metadata.insert(key.to_owned(), value));
    }
    object
}

fn text(object: &Value, place: &str) -> String {
    object.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(crate) fn table(all: &[Taken]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(COLUMNS);
    for taken in all {
        let micros = [50, 99, 100].map(|of_hundred| format!("{:.1}", taken.micros(of_hundred)));
        table.add_row(std::iter::once(taken.what().to_owned()).chain(micros));
    }
    table.column_iter_mut().skip(1).for_each(|column| {
        column.set_cell_alignment(CellAlignment::Right);
    });
    table
}
