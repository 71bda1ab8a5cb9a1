//! Objects of the test cluster: created with their status, and read as they are stored.

use anyhow::{Context, Result, bail, ensure};
use axum::http::Request;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::control_plane::ControlPlane;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// A kind of object and where it is served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Its API group; empty for the core.
    pub(crate) group: &'static str,
    version: &'static str,
    /// What it is called in objects.
    pub(crate) name: &'static str,
    plural: &'static str,
    is_namespaced: bool,
}

const fn namespaced(group: &'static str, version: &'static str, name: &'static str, plural: &'static str) -> Kind {
    Kind { group, version, name, plural, is_namespaced: true }
}

const MONITORING: &str = "monitoring.coreos.com";

/// In the order in which they are created: whatever is discovered is there before anybody discovers it.
pub(crate) const KINDS: [Kind; 15] = [
    Kind { group: "", version: "v1", name: "Namespace", plural: "namespaces", is_namespaced: false },
    Kind { group: "", version: "v1", name: "Node", plural: "nodes", is_namespaced: false },
    namespaced("", "v1", "Secret", "secrets"),
    namespaced("", "v1", "ConfigMap", "configmaps"),
    namespaced("", "v1", "Pod", "pods"),
    namespaced("", "v1", "Service", "services"),
    namespaced("", "v1", "Endpoints", "endpoints"),
    namespaced("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
    namespaced("networking.k8s.io", "v1", "Ingress", "ingresses"),
    namespaced(MONITORING, "v1", "PodMonitor", "podmonitors"),
    namespaced(MONITORING, "v1", "ServiceMonitor", "servicemonitors"),
    namespaced(MONITORING, "v1", "Probe", "probes"),
    namespaced(MONITORING, "v1alpha1", "ScrapeConfig", "scrapeconfigs"),
    namespaced(MONITORING, "v1", "Prometheus", "prometheuses"),
    namespaced(MONITORING, "v1alpha1", "PrometheusAgent", "prometheusagents"),
];

impl Kind {
    fn of(object: &Value) -> Result<Self> {
        let name = object["kind"].as_str().context("an object has no kind")?;
        KINDS.into_iter().find(|kind| kind.name == name).with_context(|| format!("{name} is not known here"))
    }

    /// The path of all objects of the kind, or of those of one namespace.
    fn path(self, namespace: Option<&str>) -> String {
        let api = if self.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", self.group) };
        let namespace = namespace.filter(|_| self.is_namespaced);
        let namespace = namespace.map(|name| format!("/namespaces/{name}")).unwrap_or_default();
        format!("{api}/{}{namespace}/{}", self.version, self.plural)
    }
}

/// Reads YAML documents.
pub(crate) fn read(text: &str) -> Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// Creates objects, kind by kind, and gives them their status.
pub(crate) fn create(cluster: &ControlPlane, objects: &[Value]) -> Result<()> {
    for kind in KINDS {
        let objects: Vec<Value> = objects.iter().filter(|it| it["kind"] == kind.name).cloned().collect();
        cluster.block_on(create_all(&cluster.client(), objects))?;
    }
    match objects.iter().map(Kind::of).find(Result::is_err) {
        Some(Err(error)) => Err(error),
        _ => Ok(()),
    }
}

async fn create_all(client: &kube::Client, objects: Vec<Value>) -> Result<()> {
    let (mut creations, mut failures) = (JoinSet::new(), Vec::new());
    let mut objects = objects.into_iter();
    loop {
        for object in objects.by_ref().take(AT_ONCE - creations.len()) {
            let client = client.clone();
            creations.spawn(async move {
                let created = create_one(&client, &object).await;
                created.map_err(|error| format!("{} {}: {error}", object["kind"], object["metadata"]))
            });
        }
        match creations.join_next().await {
            Some(created) => failures.extend(created?.err()),
            None => break,
        }
    }
    ensure!(failures.is_empty(), "{} objects were not created:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

/// What is created has no status, whatever is said about it: that is another request.
async fn create_one(client: &kube::Client, object: &Value) -> Result<()> {
    let path = Kind::of(object)?.path(object["metadata"]["namespace"].as_str());
    let request = Request::post(&path).header("content-type", "application/json").body(object.to_string().into())?;
    client.request_text(request).await?;
    if !object["status"].is_null() {
        let name = object["metadata"]["name"].as_str().context("an object has no name")?;
        let status = json!({"status": object["status"]}).to_string();
        let request = Request::patch(format!("{path}/{name}/status"))
            .header("content-type", "application/merge-patch+json")
            .body(status.into())?;
        client.request_text(request).await?;
    }
    Ok(())
}

/// All objects of a kind, as they are stored.
pub(crate) fn stored(cluster: &ControlPlane, kind: Kind) -> Result<Vec<Value>> {
    let request = Request::get(kind.path(None)).body(Vec::new())?;
    let text = cluster.block_on(cluster.client().request_text(request))?;
    let mut list: Value = serde_json::from_str(&text)?;
    match list["items"].take() {
        Value::Array(items) => Ok(items),
        _ => bail!("the list of {} has no items", kind.plural),
    }
}
