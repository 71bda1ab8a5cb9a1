//! What a snapshot takes the Prometheus operator to make is what the real one makes.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use scrapeguard::model::Source;
use scrapeguard::model::snapshot::{Builder, Pod, Snapshot};

use super::operator::start_operator;
use crate::support::control_plane::ControlPlane;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![what_stands_for_pods_is_what_the_operator_makes];

const RESOURCES: &str = r"
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: plain, labels: {team: nobody}}
spec: {}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: tuned}
spec:
  replicas: 2
  version: v2.55.1
  portName: https
  serviceAccountName: scraper
  thanos: {}
  podMetadata:
    labels: {team: metrics, app.kubernetes.io/name: mine, app.kubernetes.io/version: mine}
    annotations: {example.com/a: b, kubectl.kubernetes.io/default-container: proxy}
  containers:
  - {name: proxy, image: proxy, ports: [{name: proxy, containerPort: 3000}]}
  - name: config-reloader
    ports: [{name: reloader, containerPort: 8080}, {name: extra, containerPort: 8082, protocol: UDP}]
  initContainers:
  - {name: prepare, image: prepare}
  - {name: beside, image: beside, restartPolicy: Always, ports: [{containerPort: 3001}]}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: local}
spec: {listenLocal: true}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: signals}
spec: {listenLocal: true, reloadStrategy: ProcessSignal, hostNetwork: true}
---
apiVersion: monitoring.coreos.com/v1alpha1
kind: PrometheusAgent
metadata: {name: plain}
spec: {}
---
apiVersion: monitoring.coreos.com/v1alpha1
kind: PrometheusAgent
metadata: {name: nodes}
spec: {mode: DaemonSet, podMetadata: {labels: {team: metrics}}}
---
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: plain}
spec: {}
---
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: tuned}
spec:
  version: v0.27.0
  portName: http
  hostNetwork: true
  podMetadata:
    labels: {team: alerts}
    annotations: {kubectl.kubernetes.io/default-container: proxy}
  containers: [{name: alertmanager, ports: [{name: gossip, containerPort: 9094}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: local}
spec: {listenLocal: true}
---
apiVersion: monitoring.coreos.com/v1
kind: ThanosRuler
metadata: {name: plain}
spec: {ruleSelector: {}, queryEndpoints: ['query:10902']}
---
apiVersion: monitoring.coreos.com/v1
kind: ThanosRuler
metadata: {name: tuned}
spec:
  listenLocal: true
  version: v0.40.1
  queryEndpoints: ['query:10902']
  podMetadata:
    labels: {team: rules, thanos-ruler: mine}
    annotations: {kubectl.kubernetes.io/default-container: proxy}
  initContainers: [{name: prepare, image: prepare}]
";

fn what_stands_for_pods_is_what_the_operator_makes(cluster: &ControlPlane) -> Result<()> {
    let namespace = cluster.namespace("operated", &[])?;
    let mut operator = start_operator(cluster, &namespace, &["--feature-gates=PrometheusAgentDaemonSet=true"])?;
    cluster.kubectl().succeed(&["create", "--namespace", &namespace, "--filename", "-"], RESOURCES)?;
    let expected = snapshot(RESOURCES, &namespace)?;
    ensure!(expected.pods().len() == RESOURCES.matches("kind: ").count(), "all of them stand for pods");
    for expected in expected.pods() {
        let (kind, name) = (&expected.object.kind, &expected.object.name);
        let found = poll::until(&format!("{kind} {name}"), Duration::from_mins(2), || {
            operator.ensure_running()?;
            let made = cluster.kubectl().list(&namespace, kind, "")?;
            let made = made.into_iter().find(|made| made["metadata"]["name"] == name.as_str());
            Ok(made.map_or_else(|| Look::NotYet(operator.log_tail(5)), Look::Ready))
        })?;
        let found = snapshot(&found.to_string(), &namespace)?;
        same(found.pods().first().context("it makes no pods")?, expected)?;
    }
    Ok(())
}

fn snapshot(text: &str, namespace: &str) -> Result<Snapshot> {
    let mut builder = Builder::new(namespace);
    builder.add_source("resources", &Source::new(text));
    let snapshot = builder.finish();
    ensure!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    Ok(snapshot)
}

fn same(made: &Pod, expected: &Pod) -> Result<()> {
    ensure!(made == expected, "the operator makes\n{made:#?}\nand this was expected\n{expected:#?}");
    Ok(())
}
