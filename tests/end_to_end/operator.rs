//! Prometheus resources, and the real Prometheus operator that makes StatefulSets from them.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::expect;
use crate::support::control_plane::ControlPlane;
use crate::support::control_plane::process::Process;
use crate::support::installation::Installation;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    an_injected_prometheus_becomes_a_stateful_set_and_nobody_fights,
    a_monitor_gets_the_label_that_it_is_selected_by,
    a_prometheus_without_certificates_that_arrive_is_refused,
];

/// How long nothing may be written once all has settled.
const QUIET: Duration = Duration::from_mins(1);

/// Policies select by one label that the operator sets and by one that it does not.
const GUARD: &str = r"
  mesh: {istio: sidecar, certificates: istio}
  components:
  - {name: prometheus, selectorLabels: {app.kubernetes.io/name: prometheus, team: metrics}}
";

const PROMETHEUS: &str = r"
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: k8s}
spec:
  replicas: 1
  podMonitorSelector: {matchLabels: {release: prometheus-operator}}
  podMetadata: {annotations: {example.com/kept: yes-it-is}}
";

fn an_injected_prometheus_becomes_a_stateful_set_and_nobody_fights(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "reconciled", &[], GUARD)?;
    let namespace = installation.namespace();
    let mut operator = start_operator(cluster, namespace)?;
    expect::clean(&installation.kubectl(&["create"], PROMETHEUS)?)?;
    let stateful_set = poll::until("the operator's StatefulSet", Duration::from_mins(1), || {
        operator.ensure_running()?;
        Ok(if installation.has("statefulset", "prometheus-k8s")? {
            Look::Ready(installation.get("statefulset", "prometheus-k8s")?)
        } else {
            Look::NotYet(operator.log_tail(5))
        })
    })?;
    is_wired(&stateful_set["spec"]["template"])?;
    let selector = "app.kubernetes.io/name=prometheus,team=metrics";
    poll::until("a pod that the policies select", Duration::from_secs(30), || {
        let pods = cluster.kubectl().list(namespace, "pods", selector)?;
        Ok(if pods.len() == 1 { Look::Ready(()) } else { Look::not_yet(pods.len()) })
    })?;
    nobody_writes(&installation, &mut operator)
}

/// With permissions of an administrator, for one namespace. It serves nothing that we need, on a port of its own.
fn start_operator(cluster: &ControlPlane, namespace: &str) -> Result<Process> {
    let arguments = [
        format!("KUBECONFIG={}", cluster.kubectl().kubeconfig.display()),
        cluster.peers().prometheus_operator.display().to_string(),
        format!("--namespaces={namespace}"),
        "--web.listen-address=127.0.0.1:0".to_owned(),
    ];
    Process::start(&format!("operator-of-{namespace}"), Path::new("/usr/bin/env"), arguments, &cluster.logs())
}

/// Labels, annotations, volume and mount are where Istio and Prometheus look for them.
fn is_wired(template: &Value) -> Result<()> {
    let metadata = &template["metadata"];
    let labels = json!({"team": "metrics", "app.kubernetes.io/name": "prometheus", "sidecar.istio.io/inject": "true"});
    holds(&metadata["labels"], &labels)?;
    let annotations = json!({
        "example.com/kept": "yes-it-is",
        "traffic.sidecar.istio.io/includeInboundPorts": "",
        "traffic.sidecar.istio.io/includeOutboundIPRanges": "",
        "proxy.istio.io/config": "proxyMetadata:\n  OUTPUT_CERTS: /etc/istio-output-certs\n",
        "sidecar.istio.io/userVolumeMount": r#"[{"name":"istio-certs","mountPath":"/etc/istio-output-certs"}]"#,
    });
    holds(&metadata["annotations"], &annotations)?;
    let volume = named(&template["spec"]["volumes"], "istio-certs")?;
    ensure!(*volume == json!({"name": "istio-certs", "emptyDir": {"medium": "Memory"}}), "the volume is {volume}");
    let container = named(&template["spec"]["containers"], "prometheus")?;
    let mount = named(&container["volumeMounts"], "istio-certs")?;
    ensure!(mount["mountPath"] == "/etc/prom-certs/", "the mount is {mount}");
    Ok(())
}

fn holds(map: &Value, expected: &Value) -> Result<()> {
    let expected = expected.as_object().context("not a map")?;
    expected.iter().try_for_each(|(key, value)| {
        ensure!(map[key] == *value, "{key} is not {value} in {map}");
        Ok(())
    })
}

fn named<'a>(list: &'a Value, name: &str) -> Result<&'a Value> {
    let items = list.as_array().context("there is no list")?;
    items.iter().find(|item| item["name"] == name).with_context(|| format!("no {name} in {list}"))
}

/// Waits until both objects have been left alone for a while, and then sees to it that they are for a minute.
fn nobody_writes(installation: &Installation<'_>, operator: &mut Process) -> Result<()> {
    let versions = || -> Result<[Value; 2]> {
        let (prometheus, stateful_set) =
            (installation.get("prometheus", "k8s")?, installation.get("statefulset", "prometheus-k8s")?);
        Ok([prometheus, stateful_set].map(|object| object["metadata"]["resourceVersion"].clone()))
    };
    let mut last = (versions()?, Instant::now());
    poll::until("the operator to settle", Duration::from_mins(2), || {
        let now = versions()?;
        if now != last.0 {
            last = (now, Instant::now());
        }
        let calm = last.1.elapsed();
        Ok(if calm > Duration::from_secs(5) { Look::Ready(()) } else { Look::NotYet(format!("calm for {calm:?}")) })
    })?;
    let (settled, start) = (versions()?, Instant::now());
    poll::until("a quiet minute", QUIET * 2, || {
        operator.ensure_running()?;
        let now = versions()?;
        ensure!(now == settled, "somebody wrote after {:?}: {settled:?} became {now:?}", start.elapsed());
        let passed = start.elapsed();
        Ok(if passed >= QUIET { Look::Ready(()) } else { Look::NotYet(format!("quiet for {passed:?}")) })
    })
}

const MONITORS: [(&str, &str, &str); 4] = [
    ("v1", "PodMonitor", "{selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: metrics}]}"),
    ("v1", "ServiceMonitor", "{selector: {matchLabels: {app: web}}, endpoints: [{port: metrics}]}"),
    ("v1", "Probe", "{prober: {url: 'blackbox:9115'}, targets: {staticConfig: {static: [example.com]}}}"),
    ("v1alpha1", "ScrapeConfig", "{staticConfigs: [{targets: ['web:8080']}]}"),
];

/// In the guarded namespace and in any other.
fn a_monitor_gets_the_label_that_it_is_selected_by(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "monitors", &[], "")?;
    let other = installation.other_namespace("monitors-elsewhere", &[])?;
    for namespace in [installation.namespace(), &other] {
        for (version, kind, spec) in MONITORS {
            let manifest = format!(
                "{{apiVersion: monitoring.coreos.com/{version}, kind: {kind}, metadata: {{name: web}}, spec: {spec}}}"
            );
            let create = ["create", "--namespace", namespace, "--filename", "-"];
            let said = cluster.kubectl().succeed(&create, &manifest)?;
            ensure!(said.stderr.is_empty(), "kubectl remarked:\n{}", said.stderr);
            let labels = cluster.kubectl().get(namespace, kind, "web")?["metadata"]["labels"].take();
            ensure!(labels == json!({"release": "prometheus-operator"}), "the {kind} has the labels {labels}");
        }
    }
    Ok(())
}

fn a_prometheus_without_certificates_that_arrive_is_refused(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "lost-certificates", &[], "")?;
    let annotations = r#"{proxy.istio.io/config: "proxyMetadata: {OUTPUT_CERTS: /certs}"}"#;
    let manifest = PROMETHEUS.replace("{example.com/kept: yes-it-is}", annotations);
    expect::denied(&installation.kubectl(&["create"], &manifest)?, &["SG-PR-006"])
}
