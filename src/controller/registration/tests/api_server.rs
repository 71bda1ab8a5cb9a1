//! As much of an API server as the registration needs: objects by path, versions, and a self-test that is refused or not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::{Method, Request, Response};
use http_body_util::BodyExt;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tower::service_fn;

const GROUP: &str = "/apis/admissionregistration.k8s.io/v1";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/scrapeguard-system/leases";
const ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/scrapeguard";

#[derive(Clone, Default)]
pub(super) struct ApiServer(Arc<Mutex<Store>>);

#[derive(Default)]
struct Store {
    objects: BTreeMap<String, Value>,
    version: u64,
    /// Whether the webhook refuses the object of the self-test.
    answers: bool,
    /// A field that is added to every webhook.
    addition: Option<&'static str>,
    writes: usize,
    requests: usize,
}

impl ApiServer {
    pub(super) fn client(&self) -> Client {
        let server = self.clone();
        let service = service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let (code, answer) = server.store().answer(&parts.method, parts.uri.path(), &body);
                let response = Response::builder().status(code).body(Body::from(answer.to_string().into_bytes()));
                Ok::<_, std::convert::Infallible>(response.unwrap())
            }
        });
        Client::new(service, "default")
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap()
    }

    pub(super) fn install(&self) {
        self.store().put(ROLE, json!({"metadata": {"name": "scrapeguard", "uid": "1-2-3"}}));
    }

    /// A replica has just renewed its Lease.
    pub(super) fn renew(&self, identity: &str) {
        let name = format!("scrapeguard-{identity}");
        let lease = json!({"metadata": {"name": name}, "spec": {"renewTime": Timestamp::now().to_string()}});
        self.store().put(&format!("{LEASES}/{name}"), lease);
    }

    pub(super) fn has_lease(&self, identity: &str) -> bool {
        self.store().objects.contains_key(&format!("{LEASES}/scrapeguard-{identity}"))
    }

    pub(super) fn set_answers(&self, answers: bool) {
        self.store().answers = answers;
    }

    pub(super) fn fill_in(&self, field: &'static str) {
        self.store().addition = Some(field);
    }

    pub(super) fn validating(&self) -> Value {
        self.store().objects[&validating()].clone()
    }

    pub(super) fn tamper(&self, change: impl FnOnce(&mut Value)) {
        let mut object = self.validating();
        change(&mut object);
        self.store().put(&validating(), object);
    }

    /// The failure policies there are.
    pub(super) fn policies(&self) -> Vec<String> {
        let object = self.validating();
        let webhooks = object["webhooks"].as_array().unwrap().iter();
        let policies: BTreeSet<_> = webhooks.map(|it| it["failurePolicy"].as_str().unwrap().to_owned()).collect();
        policies.into_iter().collect()
    }

    /// How often configurations were written.
    pub(super) fn writes(&self) -> usize {
        self.store().writes
    }

    pub(super) fn requests(&self) -> usize {
        self.store().requests
    }
}

fn validating() -> String {
    format!("{GROUP}/validatingwebhookconfigurations/scrapeguard")
}

impl Store {
    fn put(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if let (Some(field), Some(webhooks)) = (self.addition, object["webhooks"].as_array_mut()) {
            for webhook in webhooks {
                webhook[field] = json!("default");
            }
        }
        self.objects.insert(path.to_owned(), object.clone());
        object
    }

    fn answer(&mut self, method: &Method, path: &str, body: &[u8]) -> (u16, Value) {
        self.requests += 1;
        let body = || serde_json::from_slice::<Value>(body).unwrap();
        match method.as_str() {
            "GET" if path == LEASES => (200, self.leases()),
            "GET" => self.objects.get(path).map_or_else(|| status(404, "gone"), |object| (200, object.clone())),
            "DELETE" => self.objects.remove(path).map_or_else(|| status(404, "gone"), |object| (200, object)),
            "POST" if path.ends_with("/networkpolicies") => self.self_test(body()),
            "POST" => {
                let object = body();
                let path = format!("{path}/{}", object["metadata"]["name"].as_str().unwrap());
                self.written(&path, object)
            }
            "PUT" => self.replaced(path, body()),
            _ => status(405, "not expected"),
        }
    }

    fn leases(&self) -> Value {
        let leases = self.objects.iter().filter(|(path, _)| path.starts_with(LEASES)).map(|(_, lease)| lease);
        json!({"metadata": {}, "items": leases.collect::<Vec<_>>()})
    }

    fn self_test(&self, object: Value) -> (u16, Value) {
        let refusal = "admission webhook \"objects.self-test.scrapeguard.io\" denied the request: answered";
        if self.answers { status(403, refusal) } else { (201, object) }
    }

    fn replaced(&mut self, path: &str, object: Value) -> (u16, Value) {
        let stored = &self.objects[path]["metadata"]["resourceVersion"];
        if *stored == object["metadata"]["resourceVersion"] {
            self.written(path, object)
        } else {
            status(409, "conflict")
        }
    }

    fn written(&mut self, path: &str, object: Value) -> (u16, Value) {
        self.writes += 1;
        (200, self.put(path, object))
    }
}

fn status(code: u16, message: &str) -> (u16, Value) {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        _ => "MethodNotAllowed",
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "message": message, "reason": reason, "details": {},
    });
    (code, status)
}
