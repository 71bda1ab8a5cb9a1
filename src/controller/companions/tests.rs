//! Companions in an API server that is played by the test: enough of one to store, apply and delete objects.

use std::collections::BTreeMap;
use std::sync::Mutex;

use http::{Method, Request, Response};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use rstest::rstest;
use serde_json::{Value, json};
use tower::service_fn;

use super::*;
use crate::controller::Settings;
use crate::controller::declared::Declaration;
use crate::controller::settings::Management;
use crate::model::guard::{Guard, Guards};
use crate::model::snapshot::{Change, Snapshot};
use crate::state::Cluster;
use crate::webhook::Shared;

/// All objects by path, and what was asked of them: method and path, without the reads.
#[derive(Debug, Default)]
struct Store {
    objects: BTreeMap<String, Value>,
    writes: Vec<String>,
    version: u64,
    /// Kinds that are not served.
    unknown: Vec<&'static str>,
    /// Added to the `spec` of whatever is stored.
    addition: Option<Value>,
}

type Stored = Arc<Mutex<Store>>;

impl Store {
    fn answer(&mut self, method: &Method, path: &str, query: &str, body: Option<Value>) -> (u16, Value) {
        if self.unknown.iter().any(|plural| path.contains(plural)) {
            return (404, Value::String("404 page not found".to_owned()));
        }
        if *method != Method::GET {
            self.writes.push(format!("{method} {}", path.rsplit('/').next().unwrap()));
        }
        let status = |code: u16| json!({"kind": "Status", "code": code, "reason": "x", "message": "x", "details": {}});
        match (method.as_str(), self.objects.contains_key(path)) {
            ("GET", true) => (200, self.objects[path].clone()),
            ("DELETE", true) => (200, self.objects.remove(path).unwrap()),
            ("PATCH", _) => self.patch(path, query, body.unwrap()),
            _ => (404, status(404)),
        }
    }

    fn patch(&mut self, path: &str, query: &str, body: Value) -> (u16, Value) {
        let mut object = match body {
            Value::Array(_) => {
                let mut object = self.objects[path].clone();
                json_patch::patch(&mut object, &serde_json::from_value::<json_patch::Patch>(body).unwrap()).unwrap();
                object
            }
            _ if self.objects.contains_key(path) && !query.contains("force=true") => {
                return (409, json!({"kind": "Status", "code": 409}));
            }
            mut applied => {
                let before = self.objects.get(path).cloned().unwrap_or_default();
                let spec = before["spec"].as_object().cloned().unwrap_or_default();
                for (key, value) in spec {
                    applied["spec"].as_object_mut().unwrap().entry(key).or_insert(value);
                }
                applied["metadata"]["managedFields"] =
                    json!([{"manager": "scrapeguard", "operation": "Apply", "fieldsV1": {"f:spec": {}}}]);
                applied
            }
        };
        for (key, value) in self.addition.iter().flat_map(|addition| addition.as_object().unwrap()) {
            object["spec"][key] = value.clone();
        }
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(path.to_owned(), object.clone());
        (200, object)
    }

    /// What watches would tell.
    fn snapshot(&self) -> Snapshot {
        let namespace = Change::Put {
            resource: Resource::Namespace,
            json: json!({"metadata": {"name": "monitoring"}}).to_string(),
        };
        let objects = self.objects.values().map(|object| {
            let resource =
                crate::engine::companion::owned::KINDS.into_iter().find(|kind| object["kind"] == kind.kind()).unwrap();
            Change::Put { resource, json: object.to_string() }
        });
        Snapshot::default().with(&std::iter::once(namespace).chain(objects).collect::<Vec<_>>())
    }
}

fn client(store: &Stored) -> Client {
    let store = Arc::clone(store);
    let service = service_fn(move |request: Request<Body>| {
        let store = Arc::clone(&store);
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
            let (code, answer) =
                store.lock().unwrap().answer(&parts.method, path, query, serde_json::from_slice(&body).ok());
            let text = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
            Ok::<_, std::convert::Infallible>(
                Response::builder().status(code).body(Body::from(text.into_bytes())).unwrap(),
            )
        }
    });
    Client::new(service, "default")
}

/// A leader in a cluster with one guard.
struct Scene {
    store: Stored,
    worker: Worker,
    declared: Declared,
}

fn guard(spec: &str) -> Guard {
    Guard::from_json(&format!(
        r#"{{"apiVersion": "scrapeguard.io/v1alpha1", "kind": "ScrapeGuard", "metadata": {{"name": "m"}}, "spec": {spec}}}"#
    ))
    .unwrap()
}

impl Scene {
    fn new(spec: &str) -> Self {
        let store = Stored::default();
        let worker = Worker::new(context(&store), Teller::new().0);
        let mut scene = Self { store, worker, declared: Declared::new() };
        scene.declare(Some(spec));
        scene
    }

    fn declare(&mut self, spec: Option<&str>) {
        let declaration = |spec| Declaration {
            uid: "u".to_owned(),
            generation: 1,
            is_leaving: false,
            status: Value::Null,
            guard: Ok(guard(spec)),
        };
        self.declared = spec.map(|spec| ("m".to_owned(), declaration(spec))).into_iter().collect();
    }

    /// The state shows the cluster as it is, and the leader acts. Returns what it wrote.
    async fn round(&mut self) -> Vec<String> {
        self.show();
        self.blind_round().await
    }

    /// The leader acts on the state as it was shown last.
    async fn blind_round(&mut self) -> Vec<String> {
        tokio::time::sleep(Duration::from_secs(5)).await;
        self.worker.round(Some(&self.declared)).await;
        std::mem::take(&mut self.store.lock().unwrap().writes)
    }

    fn show(&self) {
        let guards: Guards = self.declared.values().filter_map(|it| it.guard.clone().ok()).collect();
        let snapshot = Arc::new(self.store.lock().unwrap().snapshot());
        let cluster = Some(Cluster { snapshot, as_of: tokio::time::Instant::now() });
        self.worker.context.shared.state.publish(State { cluster, ..State::of(guards) });
    }

    fn object(&self, name: &str) -> Option<Value> {
        let store = self.store.lock().unwrap();
        store.objects.iter().find(|(path, _)| path.ends_with(&format!("/{name}"))).map(|(_, object)| object.clone())
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut store = self.store.lock().unwrap();
        change(store.objects.iter_mut().find(|(path, _)| path.ends_with(&format!("/{name}"))).unwrap().1);
    }

    fn condition(&self, name: &str) -> &Condition {
        &self.worker.ledger.entries.iter().find(|entry| entry.reference.name == name).unwrap().condition
    }
}

fn context(store: &Stored) -> Context {
    let settings = Settings {
        namespace: "ours".to_owned(),
        service: "scrapeguard".to_owned(),
        identity: "a".to_owned(),
        service_port: 443,
        guards: Management::Own,
        certificates: Management::Given,
        registration: Management::Given,
        certificate_lifetime: Duration::from_hours(1),
        staleness: Duration::from_mins(1),
    };
    Context {
        client: client(store),
        settings: Arc::new(settings),
        shared: Shared::new(State::of(Guards::none())),
        leading: watch::channel(true).1,
    }
}

#[tokio::test(start_paused = true)]
async fn all_is_made_once_and_then_there_is_rest() {
    let mut scene = Scene::new("{}");
    let made = scene.round().await.len();
    assert!(made > 8 && made == scene.store.lock().unwrap().objects.len());
    assert_eq!(scene.round().await, [""; 0]);
    assert!(scene.worker.ledger.entries.iter().all(|entry| entry.condition == Condition::Applied));
    assert!(scene.worker.ledger.last_changes["m"].message.starts_with("created NetworkPolicy monitoring/"));
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_behind_costs_no_write() {
    let mut scene = Scene::new("{}");
    scene.round().await;
    assert_eq!(scene.blind_round().await, [""; 0]);
    // So does a second leader, who has seen nothing yet.
    scene.worker = Worker::new(scene.worker.context.clone(), Teller::new().0);
    assert_eq!(scene.blind_round().await, [""; 0]);
    assert_eq!(*scene.condition("grafana"), Condition::Applied);
}

#[rstest]
#[case::changed(|object: &mut Value| object["spec"]["ingress"] = json!([{}]), 1)]
#[case::added_to(|object: &mut Value| object["spec"]["egress"] = json!([{}]), 1)]
#[case::both(|object: &mut Value| object["spec"] = json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}), 2)]
#[case::without_labels(|object: &mut Value| object["metadata"]["labels"] = json!({}), 1)]
#[case::without_owner(|object: &mut Value| object["metadata"]["ownerReferences"] = json!([]), 1)]
#[tokio::test(start_paused = true)]
async fn what_differs_is_repaired_once(#[case] change: fn(&mut Value), #[case] writes: usize) {
    let mut scene = Scene::new("{}");
    scene.round().await;
    let before = scene.object("grafana").unwrap();
    scene.change("grafana", change);
    assert_eq!(scene.round().await, vec!["PATCH grafana"; writes]);
    let mut after = scene.object("grafana").unwrap();
    after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
    after["metadata"].as_object_mut().unwrap().remove("uid");
    assert_eq!(after, before);
    assert_eq!(scene.round().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_object_of_somebody_else_is_never_touched() {
    let mut scene = Scene::new("{}");
    let path = "/apis/networking.k8s.io/v1/namespaces/monitoring/networkpolicies/grafana";
    let theirs = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "grafana", "namespace": "monitoring", "managedFields":
            [{"manager": "helm", "operation": "Update", "fieldsV1": {"f:spec": {}}}]}, "spec": {"podSelector": {}}});
    scene.store.lock().unwrap().objects.insert(path.to_owned(), theirs.clone());
    for _ in 0..3 {
        assert!(!scene.round().await.contains(&"PATCH grafana".to_owned()));
        assert_eq!(*scene.condition("grafana"), Condition::Foreign(Some("helm".to_owned())));
    }
    assert_eq!(scene.object("grafana"), Some(theirs));
    // Its owner hands it over.
    scene.change("grafana", |object| object["metadata"]["labels"] = json!({"scrapeguard.io/guard": "m"}));
    assert_eq!(scene.round().await, ["PATCH grafana"]);
    assert_eq!(*scene.condition("grafana"), Condition::Applied);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_wanted_any_more_goes_unless_it_is_somebody_else_s() {
    let mut scene = Scene::new(r#"{"mesh": {"istio": "sidecar"}}"#);
    scene.round().await;
    scene.change("grafana-authzpol", |object| object["metadata"]["managedFields"] = json!([]));
    scene.declare(Some(r#"{"mesh": {"istio": "none"}}"#));
    let removed = scene.round().await;
    assert!(removed.contains(&"DELETE prometheus-authzpol".to_owned()), "{removed:?}");
    assert!(!removed.contains(&"DELETE grafana-authzpol".to_owned()));
    scene.declare(None);
    scene.round().await;
    assert_eq!(scene.store.lock().unwrap().objects.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_kind_is_told_and_does_not_hold_up_the_others() {
    let mut scene = Scene::new(r#"{"mesh": {"istio": "sidecar"}}"#);
    scene.store.lock().unwrap().unknown = vec!["authorizationpolicies"];
    scene.round().await;
    assert_eq!(*scene.condition("grafana-authzpol"), Condition::KindUnknown);
    scene.round().await;
    assert_eq!(
        (scene.condition("grafana"), scene.condition("envoy-stats")),
        (&Condition::Applied, &Condition::Applied)
    );
    scene.store.lock().unwrap().unknown.clear();
    tokio::time::sleep(ABSENCE).await;
    assert!(scene.round().await.contains(&"PATCH grafana-authzpol".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_the_cluster_makes_of_it_is_accepted_and_told() {
    let mut scene = Scene::new("{}");
    scene.store.lock().unwrap().addition = Some(json!({"futureDefault": "x"}));
    scene.round().await;
    assert_eq!(scene.round().await, [""; 0]);
    assert_eq!(*scene.condition("grafana"), Condition::Altered);
    // But a change of it is still repaired.
    scene.change("grafana", |object| object["spec"]["ingress"] = json!([{}]));
    assert!(!scene.round().await.is_empty());
    assert_eq!(scene.round().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn whoever_fights_for_an_object_is_left_alone_for_a_while() {
    let mut scene = Scene::new("{}");
    scene.round().await;
    let mut writes = 0;
    for _ in 0..18 {
        scene.change("grafana", |object| object["spec"]["ingress"] = json!([{}]));
        writes += scene.round().await.len();
    }
    assert_eq!(writes, 9);
    assert!(matches!(scene.condition("grafana"), Condition::Withheld(_)), "{:?}", scene.condition("grafana"));
    assert!(scene.worker.context.shared.metrics.render().contains("companions_withheld_total 1"));
}
