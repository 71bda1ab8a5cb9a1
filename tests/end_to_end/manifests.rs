//! What we ship in `manifests/` and `certs/`, judged by the API server and by each other.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::support::control_plane::{ControlPlane, Said};
use crate::support::installation::Installation;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    workload_is_accepted_and_becomes_pods,
    workload_without_access_is_accepted,
    webhooks_are_accepted,
    pod_monitor_is_accepted,
    our_own_policies_pass_our_own_review,
    certificate_is_the_one_that_the_workload_mounts,
];

/// The definition of our resource has tests of its own, beside which it would be created twice.
fn workload_is_accepted_and_becomes_pods(cluster: &ControlPlane) -> Result<()> {
    let mut others = render(cluster, "manifests")?;
    let all = others.len();
    others.retain(|object| object["kind"] != "CustomResourceDefinition");
    ensure!(others.len() + 1 == all, "the manifests have no definition of our resource");
    let said = apply(cluster, &others, &[])?;
    ensure!(said.stderr.is_empty(), "applying the manifests gives warnings:\n{}", said.stderr);
    let mut pods = poll::until("two pods of scrapeguard", Duration::from_secs(20), || {
        let pods = cluster.kubectl().list("scrapeguard-system", "pods", "app.kubernetes.io/name=scrapeguard")?;
        Ok(if pods.len() == 2 { Look::Ready(pods) } else { Look::not_yet(pods.len()) })
    })?;
    let pod = pods.pop().context("no pod")?;
    ensure!(pod.pointer("/spec/priorityClassName") == Some(&json!("system-cluster-critical")), "no priority");
    let token = pod.pointer("/spec/automountServiceAccountToken");
    ensure!(token == Some(&json!(true)), "the pod gets no token of the API server");
    Ok(())
}

/// The webhook configurations are left out: without their server they would stop other tests. What both installations
/// have in common is there already, or comes to be.
fn workload_without_access_is_accepted(cluster: &ControlPlane) -> Result<()> {
    let (_, others) = webhooks_and_others(cluster)?;
    let (namespaces, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|object| object["kind"] == "Namespace");
    apply(cluster, &namespaces, &[])?;
    let kinds: Vec<_> = others.iter().map(|object| text(&object["kind"])).collect();
    ensure!(!kinds.iter().any(|kind| kind.contains("Role")), "it may do something: {kinds:?}");
    let deployment = others.iter().find(|object| object["kind"] == "Deployment").context("no Deployment")?;
    let token = deployment.pointer("/spec/template/spec/automountServiceAccountToken");
    ensure!(token == Some(&json!(false)), "its pods get a token of the API server, which they have no use for");
    let said = apply(cluster, &others, &["--dry-run=server"])?;
    ensure!(said.stderr.is_empty(), "applying the manifests gives warnings:\n{}", said.stderr);
    Ok(())
}

fn webhooks_are_accepted(cluster: &ControlPlane) -> Result<()> {
    let (webhooks, _) = webhooks_and_others(cluster)?;
    ensure!(webhooks.len() == 2, "there are {} webhook configurations", webhooks.len());
    let said = apply(cluster, &webhooks, &["--dry-run=server"])?;
    ensure!(said.stderr.is_empty(), "the webhook configurations give warnings:\n{}", said.stderr);
    Ok(())
}

fn pod_monitor_is_accepted(cluster: &ControlPlane) -> Result<()> {
    let objects = render(cluster, "manifests/monitoring")?;
    let namespace = cluster.namespace("monitoring", &[])?;
    let moved: Vec<Value> = objects.into_iter().map(|object| moved(object, &namespace)).collect();
    let said = apply(cluster, &moved, &[])?;
    ensure!(said.stderr.is_empty(), "the PodMonitor gives warnings:\n{}", said.stderr);
    Ok(())
}

fn our_own_policies_pass_our_own_review(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "review", &[], "")?;
    let namespace = installation.other_namespace("system", &[])?;
    let others = render(cluster, "manifests")?;
    let monitors = render(cluster, "manifests/monitoring")?;
    let reviewed = others.into_iter().chain(monitors).filter(|object| {
        let kind = text(&object["kind"]);
        kind == "NetworkPolicy" || kind == "PodMonitor"
    });
    let moved: Vec<Value> = reviewed.map(|object| moved(object, &namespace)).collect();
    ensure!(moved.len() == 2, "there are {} policies and monitors", moved.len());
    let said = apply(cluster, &moved, &[])?;
    ensure!(said.stderr.is_empty(), "our own policies give warnings:\n{}", said.stderr);
    Ok(())
}

/// cert-manager's own types are not served here, so the names that have to agree are compared.
fn certificate_is_the_one_that_the_workload_mounts(cluster: &ControlPlane) -> Result<()> {
    let certificates = render(cluster, "certs")?;
    let certificate = certificates
        .iter()
        .find(|object| object["kind"] == "Certificate" && object["spec"]["isCA"].is_null())
        .context("certs/ has no certificate for the server")?;
    let (webhooks, others) = webhooks_and_others(cluster)?;
    let deployment = others.iter().find(|object| object["kind"] == "Deployment").context("no Deployment")?;
    let mounted = deployment.pointer("/spec/template/spec/volumes/0/secret/secretName");
    ensure!(mounted == Some(&certificate["spec"]["secretName"]), "the Deployment mounts {mounted:?}");
    let name = |field: &str| certificate["metadata"][field].as_str().unwrap_or_default();
    let injected = json!(format!("{}/{}", name("namespace"), name("name")));
    for webhook in &webhooks {
        let from = &webhook["metadata"]["annotations"]["cert-manager.io/inject-ca-from"];
        ensure!(*from == injected, "cert-manager would fill in the authority from {from}, not {injected}");
        for webhook in webhook["webhooks"].as_array().context("no webhooks")? {
            let service = &webhook["clientConfig"]["service"];
            let host = json!(format!("{}.{}.svc", text(&service["name"]), text(&service["namespace"])));
            let names = certificate["spec"]["dnsNames"].as_array().context("no DNS names")?;
            ensure!(names.contains(&host), "the certificate is not valid for {host}");
        }
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// All objects of a kustomization in this repository.
fn render(cluster: &ControlPlane, directory: &str) -> Result<Vec<Value>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let directory = directory.to_str().context("the checkout's path is not UTF-8")?;
    let rendered = cluster.kubectl().succeed(&["kustomize", directory], "")?;
    serde_saphyr::from_multiple(&rendered.stdout).context("read what kustomize rendered")
}

/// The installation that makes nothing by itself.
fn webhooks_and_others(cluster: &ControlPlane) -> Result<(Vec<Value>, Vec<Value>)> {
    let objects = render(cluster, "manifests/static")?;
    Ok(objects.into_iter().partition(|object| text(&object["kind"]).ends_with("WebhookConfiguration")))
}

fn moved(mut object: Value, namespace: &str) -> Value {
    object["metadata"]["namespace"] = json!(namespace);
    object
}

fn apply(cluster: &ControlPlane, objects: &[Value], flags: &[&str]) -> Result<Said> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    cluster.kubectl().succeed(&[&["apply", "--filename", "-"], flags].concat(), &list)
}
