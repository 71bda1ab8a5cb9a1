//! An API server that knows our Secret and the two configurations, and keeps versions as the real one does.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const SECRET: &str = "scrapeguard-certificates";
const MUTATING: &str = "mutatingwebhookconfigurations";

/// What is stored, and what happened to it.
#[derive(Default)]
pub(super) struct Stored {
    objects: BTreeMap<&'static str, Value>,
    version: u64,
    /// Bundles that we wrote into the mutating configuration, and since when they were there.
    pub(super) bundles: Vec<(Instant, String)>,
    /// How often an object was written by a request.
    pub(super) writes: usize,
    /// Requests that came too late.
    pub(super) conflicts: usize,
    /// Nothing is answered but 500.
    pub(super) down: bool,
    /// How long each of the coming requests takes, in turn, in milliseconds.
    pub(super) delays: Vec<u64>,
    requests: usize,
}

/// A handle of the server.
#[derive(Clone, Default)]
pub(super) struct ApiServer(Arc<Mutex<Stored>>);

impl ApiServer {
    pub(super) fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap()
    }

    pub(super) fn client(&self) -> kube::Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: axum::http::Request<Body>| {
            let server = server.clone();
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        kube::Client::new(service, "scrapeguard-system")
    }

    async fn answer(&self, request: axum::http::Request<Body>) -> axum::http::Response<Body> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let delay = self.stored().delay();
        // Half of the time on the way there, half on the way back.
        sleep(delay).await;
        let (code, answer) = self.stored().serve(parts.method.as_str(), parts.uri.path(), body);
        sleep(delay).await;
        axum::http::Response::builder().status(code).body(answer.to_string().into_bytes().into()).unwrap()
    }
}

impl Stored {
    fn delay(&mut self) -> Duration {
        self.requests += 1;
        let turn = self.requests % self.delays.len().max(1);
        Duration::from_millis(self.delays.get(turn).copied().unwrap_or(1))
    }

    fn serve(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        if self.down {
            return status(500, "InternalError");
        }
        let kinds = [MUTATING, "validatingwebhookconfigurations", SECRET];
        let Some(kind) = kinds.into_iter().find(|kind| path.contains(kind) || (method == "POST" && *kind == SECRET))
        else {
            return status(404, "NotFound");
        };
        match (method, self.objects.get(kind).cloned()) {
            ("POST", None) => self.write(kind, body),
            ("POST", Some(_)) => self.conflict(409, "AlreadyExists"),
            (_, None) => status(404, "NotFound"),
            ("GET", Some(object)) => (200, object),
            ("PUT", Some(object)) if body["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] => {
                self.conflict(409, "Conflict")
            }
            ("PUT", Some(_)) => self.write(kind, body),
            ("PATCH", Some(mut object)) => {
                let changes: json_patch::Patch = serde_json::from_value(body).unwrap();
                match json_patch::patch(&mut object, &changes) {
                    Ok(()) => self.write(kind, object),
                    Err(_) => self.conflict(422, "Invalid"),
                }
            }
            (method, _) => panic!("no request of ours: {method} {path}"),
        }
    }

    fn conflict(&mut self, code: u16, reason: &str) -> (u16, Value) {
        self.conflicts += 1;
        status(code, reason)
    }

    fn write(&mut self, kind: &'static str, object: Value) -> (u16, Value) {
        self.writes += 1;
        if kind == MUTATING {
            self.bundles.push((Instant::now(), bundle_of(&object)));
        }
        self.put(kind, object);
        (200, self.objects[kind].clone())
    }

    /// Stores an object, whoever wants it.
    pub(super) fn put(&mut self, kind: &'static str, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(kind, object);
    }

    /// Both configurations, as they are applied: without bundles.
    pub(super) fn register(&mut self) {
        for (kind, name) in [(MUTATING, "Mutating"), ("validatingwebhookconfigurations", "Validating")] {
            let client = |service: &str| json!({"service": {"name": service, "namespace": "scrapeguard-system"}});
            let webhooks = ["scrapeguard", "other", "scrapeguard"].map(|name| json!({"clientConfig": client(name)}));
            let configuration = json!({
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": format!("{name}WebhookConfiguration"),
                "metadata": {"name": "scrapeguard"},
                "webhooks": webhooks,
            });
            self.put(kind, configuration);
        }
    }

    /// Puts something else into the bundles of a configuration, or takes them away.
    pub(super) fn spoil(&mut self, kind: &'static str, bundle: &Value) {
        let mut object = self.objects[kind].clone();
        for webhook in object["webhooks"].as_array_mut().unwrap() {
            webhook["clientConfig"]["caBundle"] = bundle.clone();
        }
        self.put(kind, object);
    }

    pub(super) fn delete_secret(&mut self) {
        self.objects.remove(SECRET);
    }

    /// Overwrites a field of the Secret.
    pub(super) fn damage(&mut self, field: &str) {
        if let Some(mut secret) = self.objects.get(SECRET).cloned() {
            secret["data"][field] = json!("ZGFtYWdl");
            self.put(SECRET, secret);
        }
    }

    pub(super) fn secret(&self) -> &Value {
        self.objects.get(SECRET).unwrap_or(&Value::Null)
    }

    /// The bundle of each webhook of a configuration.
    pub(super) fn bundles_of(&self, kind: &'static str) -> Vec<Value> {
        let webhooks = self.objects[kind]["webhooks"].as_array().unwrap();
        webhooks.iter().map(|webhook| webhook["clientConfig"]["caBundle"].clone()).collect()
    }
}

fn bundle_of(configuration: &Value) -> String {
    let bundle: k8s_openapi::ByteString =
        serde_json::from_value(configuration["webhooks"][0]["clientConfig"]["caBundle"].clone()).unwrap();
    String::from_utf8(bundle.0).unwrap()
}

fn status(code: u16, reason: &str) -> (u16, Value) {
    let status = json!({"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": reason, "code": code, "message": reason});
    (code, status)
}
