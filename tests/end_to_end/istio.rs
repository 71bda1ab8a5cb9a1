//! Our webhook beside the real injection webhook of istiod: it does not matter which is called first.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::support::control_plane::ControlPlane;
use crate::support::installation::{Installation, reviews};
use crate::support::istiod::Istiod;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![the_same_pod_results_whoever_is_called_first];

const GUARD: &str = r"
  mesh: {istio: sidecar}
  components: [{name: prometheus, inMesh: true}]
";

/// A Prometheus without any label that anybody asks for.
const DEPLOYMENT: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: metrics}
spec:
  replicas: 0
  selector: {matchLabels: {team: metrics}}
  template:
    metadata: {labels: {team: metrics}}
    spec:
      serviceAccountName: default
      containers:
      - {name: prometheus, image: prometheus, ports: [{name: web, containerPort: 9090}]}
";

fn the_same_pod_results_whoever_is_called_first(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "meshed", &[], GUARD)?;
    let mut istiod = Istiod::start(cluster)?;
    installation.kubectl(&["create"], DEPLOYMENT)?;
    let template = installation.get("deployment", "metrics")?["spec"]["template"].take();
    ensure!(template["metadata"]["labels"]["sidecar.istio.io/inject"] == "true", "no label in {template}");
    let pod = pod_of(&template);

    let [before_ours, after_ours] = ["0-istio", "zz-istio"].map(|stem| format!("{stem}-{}", installation.namespace()));
    let (first, calls_when_last) = meshed(&installation, &mut istiod, &before_ours, &pod)?;
    let (last, calls_when_first) = meshed(&installation, &mut istiod, &after_ours, &pod)?;
    ensure!(first == last, "the order of webhooks makes another pod:\n{first}\n{last}");
    ensure!(calls_when_last == 1, "called last, we were called {calls_when_last} times");
    // The sidecar came after us, so the API server asks again (reinvocationPolicy: IfNeeded).
    ensure!(calls_when_first == 2, "called first, we were called {calls_when_first} times");
    Ok(())
}

/// The pod as the controller of the Deployment would write it, with a name that can be compared.
fn pod_of(template: &Value) -> String {
    let mut pod = template.clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!("metrics-0");
    pod.to_string()
}

/// The pod that both webhooks make of this one, and how often ours is called for it.
fn meshed(
    installation: &Installation<'_>,
    istiod: &mut Istiod<'_>,
    configuration: &str,
    pod: &str,
) -> Result<(Value, u64)> {
    istiod.inject(configuration, installation.namespace())?;
    poll::until("a sidecar", Duration::from_mins(1), || {
        istiod.ensure_running()?;
        Ok(match created(installation, pod) {
            Ok(pod) if has_sidecar(&pod) => Look::Ready(()),
            Ok(_) => Look::not_yet("no sidecar"),
            Err(error) => Look::not_yet(format!("{error:#}")),
        })
    })?;
    let calls = || Ok::<_, anyhow::Error>(reviews(&installation.metrics()?, "mutate"));
    let before = calls()?;
    let pod_with_sidecar = created(installation, pod)?;
    let calls = calls()? - before;
    istiod.forget(configuration)?;
    poll::until("the end of injection", Duration::from_secs(20), || {
        let is_over = !has_sidecar(&created(installation, pod)?);
        Ok(if is_over { Look::Ready(()) } else { Look::not_yet("still a sidecar") })
    })?;
    Ok((pod_with_sidecar, calls))
}

/// The pod as it would be stored, without what differs from one creation to the next.
fn created(installation: &Installation<'_>, pod: &str) -> Result<Value> {
    let said = installation.kubectl(&["create", "--dry-run=server", "--output", "json"], pod)?;
    ensure!(said.succeeded, "{}", said.stderr);
    let mut pod: Value = serde_json::from_str(&said.stdout)?;
    let metadata = pod["metadata"].as_object_mut().context("a pod without metadata")?;
    metadata.remove("uid");
    metadata.remove("creationTimestamp");
    Ok(pod)
}

fn has_sidecar(pod: &Value) -> bool {
    let lists = ["containers", "initContainers"].map(|list| pod["spec"][list].as_array());
    lists.into_iter().flatten().flatten().any(|container| container["name"] == "istio-proxy")
}
