//! What we make of a Prometheus and a monitor.

use anyhow::{Context, Result};
use scrapeguard::engine::scrape::{MonitorScraping, Scraping};
use scrapeguard::model::Resource;
use scrapeguard::model::snapshot::{Builder, Snapshot};
use serde_json::{Value, json};

/// The cluster in which the operator is asked: two namespaces, and the Secrets and ConfigMaps in them.
pub(crate) fn snapshot(question: &Value) -> Result<Snapshot> {
    let mut builder = Builder::new("monitoring");
    for (name, team) in [("monitoring", "a"), ("shop", "b")] {
        let namespace = json!({"metadata": {"name": name, "labels": {"team": team}}});
        builder.add(Resource::Namespace, &namespace.to_string(), None);
    }
    let keys = json!({"certificate": "", "key": "", "token": ""});
    for (resource, namespace, data) in [
        (Resource::Secret, "monitoring", keys),
        (Resource::ConfigMap, "monitoring", json!({"certificate": ""})),
        (Resource::Secret, "shop", json!({})),
        (Resource::ConfigMap, "shop", json!({})),
    ] {
        let object = json!({"metadata": {"name": "credentials", "namespace": namespace}, "data": data});
        builder.add(resource, &object.to_string(), None);
    }
    for object in ["prometheus", "monitor"] {
        let object = question.get(object).context("a question without an object")?;
        let kind = object.get("kind").and_then(Value::as_str).context("an object without a kind")?;
        let resource = Resource::of("monitoring.coreos.com", kind).context("an unknown kind")?;
        builder.add(resource, &object.to_string(), None);
    }
    Ok(builder.finish())
}

/// What comes of the monitor.
pub(crate) fn scraping(snapshot: &Snapshot) -> Result<MonitorScraping<'_>> {
    let prometheus = Scraping::new(snapshot).prometheuses.into_iter().next().context("no Prometheus")?;
    prometheus.monitors.into_iter().next().context("no monitor")
}
