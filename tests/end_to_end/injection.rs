//! Component labels on pods and pod templates.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::expect;
use crate::support::control_plane::ControlPlane;
use crate::support::installation::Installation;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    a_plain_prometheus_gets_labels_and_so_do_its_pods,
    a_pod_gets_labels,
    a_dry_run_shows_the_labels_and_stores_nothing,
    an_update_gets_labels,
    a_label_that_somebody_wrote_is_kept,
    an_operators_stateful_set_is_left_alone,
    a_daemon_set_on_the_host_network_gets_labels,
    an_older_deployment_scales_without_a_rollout,
    an_unknown_workload_is_left_alone,
    another_namespace_is_left_alone,
];

const PROMETHEUS_LABELS: [(&str, &str); 1] = [("app.kubernetes.io/name", "prometheus")];

/// A Prometheus that somebody wrote by hand, with an extra label on its pods.
fn deployment(extra: &str) -> String {
    format!(
        r"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: metrics}}
spec:
  selector: {{matchLabels: {{team: metrics}}}}
  template:
    metadata: {{labels: {{team: metrics{extra}}}}}
    spec:
      containers:
      - {{name: prometheus, image: prometheus, ports: [{{name: web, containerPort: 9090}}]}}
"
    )
}

const POD: &str = r"
apiVersion: v1
kind: Pod
metadata: {generateName: metrics-}
spec:
  containers:
  - {name: prometheus, image: prometheus, ports: [{name: web, containerPort: 9090}]}
";

const NODE_EXPORTER: &str = r"
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: node-exporter}
spec:
  selector: {matchLabels: {team: metrics}}
  template:
    metadata: {labels: {team: metrics}}
    spec:
      hostNetwork: true
      containers:
      - {name: node-exporter, image: node-exporter, ports: [{name: metrics, containerPort: 9100, hostPort: 9100}]}
";

const UNKNOWN: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: metrics}
spec:
  selector: {matchLabels: {team: metrics}}
  template:
    metadata: {labels: {team: metrics}}
    spec: {containers: [{name: web, image: web}]}
";

fn a_plain_prometheus_gets_labels_and_so_do_its_pods(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "plain", &[], "")?;
    expect::clean(&installation.kubectl(&["apply"], &deployment(""))?)?;
    has_labels(&installation.get("deployment", "metrics")?["spec"]["template"], &PROMETHEUS_LABELS)?;
    let pods = pods_of(cluster, installation.namespace(), 1)?;
    pods.iter().try_for_each(|pod| has_labels(pod, &PROMETHEUS_LABELS))
}

fn a_pod_gets_labels(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "pod", &[], "")?;
    let said = installation.kubectl(&["create", "--output", "json"], POD)?;
    expect::clean(&said)?;
    has_labels(&serde_json::from_str(&said.stdout)?, &PROMETHEUS_LABELS)
}

fn a_dry_run_shows_the_labels_and_stores_nothing(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "dry-run", &[], "")?;
    let said = installation.kubectl(&["create", "--dry-run=server", "--output", "json"], &deployment(""))?;
    expect::clean(&said)?;
    let shown: Value = serde_json::from_str(&said.stdout)?;
    has_labels(&shown["spec"]["template"], &PROMETHEUS_LABELS)?;
    ensure!(!installation.has("deployment", "metrics")?, "a dry run stored the Deployment");
    Ok(())
}

fn an_update_gets_labels(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "update", &[], "")?;
    expect::clean(&installation.kubectl(&["apply"], UNKNOWN)?)?;
    expect::clean(&installation.kubectl(&["apply"], &deployment(""))?)?;
    has_labels(&installation.get("deployment", "metrics")?["spec"]["template"], &PROMETHEUS_LABELS)
}

fn a_label_that_somebody_wrote_is_kept(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "conflict", &[], "")?;
    let said = installation.kubectl(&["apply"], &deployment(", app.kubernetes.io/name: our-prometheus"))?;
    expect::warned(&said, &["SG-INJ-001"])?;
    let stored = installation.get("deployment", "metrics")?;
    has_labels(&stored["spec"]["template"], &[("app.kubernetes.io/name", "our-prometheus")])
}

fn an_operators_stateful_set_is_left_alone(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "operator", &[], "")?;
    // A real owner: the garbage collector would take a StatefulSet away whose owner does not exist.
    let prometheus = "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s}\n\
                      spec: {podMonitorSelector: {}}\n";
    expect::clean(&installation.kubectl(&["create"], prometheus)?)?;
    let owner = installation.get("prometheus", "k8s")?;
    expect::warned(&installation.kubectl(&["create"], &operators_stateful_set(&owner))?, &["SG-PR-013"])?;
    let template = &installation.get("statefulset", "prometheus-k8s")?["spec"]["template"];
    ensure!(template["metadata"]["labels"] == json!({"team": "metrics"}), "the template was changed: {template}");
    Ok(())
}

fn operators_stateful_set(owner: &Value) -> String {
    let template = json!({
        "metadata": {"labels": {"team": "metrics"}},
        "spec": {"containers": [{"name": "prometheus", "image": "prometheus", "ports": [{"containerPort": 9090}]}]},
    });
    json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "prometheus-k8s", "ownerReferences": [{
            "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "name": "k8s", "controller": true,
            "uid": owner["metadata"]["uid"],
        }]},
        "spec": {"serviceName": "k8s", "selector": {"matchLabels": {"team": "metrics"}}, "template": template},
    })
    .to_string()
}

/// Policies do not hold on the host network, but monitors and Services select by the same labels.
fn a_daemon_set_on_the_host_network_gets_labels(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "host-network", &[], "")?;
    expect::clean(&installation.kubectl(&["apply"], NODE_EXPORTER)?)?;
    let stored = installation.get("daemonset", "node-exporter")?;
    has_labels(&stored["spec"]["template"], &[("app.kubernetes.io/name", "prometheus-node-exporter")])
}

/// A Deployment from before scrapeguard lacks the labels, and so does its ReplicaSet. Were they added to the ReplicaSet
/// when it is scaled, the Deployment would no longer know it and make another one, again and again.
fn an_older_deployment_scales_without_a_rollout(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "older", &["scrapeguard.io/mode=audit"], "")?;
    let namespace = installation.namespace();
    expect::clean(&installation.kubectl(&["create"], &deployment(""))?)?;
    pods_of(cluster, namespace, 1)?;
    end_audit_mode(&installation, cluster)?;
    let scale = ["scale", "deployment", "metrics", "--replicas=3", "--namespace", namespace];
    expect::clean(&cluster.kubectl().run(&scale, "")?)?;
    let pods = pods_of(cluster, namespace, 3)?;
    let labelled = pods.iter().filter(|pod| has_labels(pod, &PROMETHEUS_LABELS).is_ok()).count();
    ensure!(labelled == 2, "{labelled} of three pods have the labels; the two new ones should");
    let sets = cluster.kubectl().list(namespace, "replicasets", "team=metrics")?;
    ensure!(sets.len() == 1, "the Deployment has {} ReplicaSets", sets.len());
    Ok(())
}

/// Takes the namespace's label away and waits until that has taken effect.
fn end_audit_mode(installation: &Installation<'_>, cluster: &ControlPlane) -> Result<()> {
    cluster.kubectl().succeed(&["label", "namespace", installation.namespace(), "scrapeguard.io/mode-"], "")?;
    poll::until("the end of audit mode", Duration::from_secs(20), || {
        let said = installation.kubectl(&["create", "--dry-run=server", "--output", "json"], POD)?;
        let pod: Value = serde_json::from_str(&said.stdout)?;
        Ok(if has_labels(&pod, &PROMETHEUS_LABELS).is_ok() { Look::Ready(()) } else { Look::not_yet("no labels") })
    })
}

/// The pods of the workload `metrics`, as soon as there are this many.
fn pods_of(cluster: &ControlPlane, namespace: &str, number: usize) -> Result<Vec<Value>> {
    poll::until(&format!("{number} pods"), Duration::from_secs(20), || {
        let pods = cluster.kubectl().list(namespace, "pods", "team=metrics")?;
        Ok(if pods.len() == number { Look::Ready(pods) } else { Look::not_yet(pods.len()) })
    })
}

fn an_unknown_workload_is_left_alone(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "unknown", &[], "")?;
    expect::clean(&installation.kubectl(&["apply"], UNKNOWN)?)?;
    let labels = &installation.get("deployment", "metrics")?["spec"]["template"]["metadata"]["labels"];
    ensure!(*labels == json!({"team": "metrics"}), "an unknown workload was labelled: {labels}");
    Ok(())
}

fn another_namespace_is_left_alone(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "guarded", &[], "")?;
    let other = installation.other_namespace("other", &[])?;
    let arguments = ["create", "--namespace", &other, "--filename", "-", "--output", "json"];
    let said = cluster.kubectl().run(&arguments, &deployment(""))?;
    expect::clean(&said)?;
    let stored: Value = serde_json::from_str(&said.stdout)?;
    let labels = &stored["spec"]["template"]["metadata"]["labels"];
    ensure!(*labels == json!({"team": "metrics"}), "a workload of another namespace was labelled: {labels}");
    Ok(())
}

/// The labels in the metadata of this pod or pod template hold at least these.
fn has_labels(object: &Value, expected: &[(&str, &str)]) -> Result<()> {
    let labels = object.pointer("/metadata/labels").context("there are no labels")?;
    for (key, value) in expected {
        ensure!(labels[key] == **value, "{key} is not {value} in {labels}");
    }
    Ok(())
}
