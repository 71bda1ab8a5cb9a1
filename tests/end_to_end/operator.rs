//! Prometheus resources, and the real Prometheus operator that makes StatefulSets from them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use scrapeguard::engine::companion::companions;
use serde_json::{Value, json};

use super::expect;
use super::objects::{self, holds};
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

/// What else the operator makes pods of.
const OTHERS: &str = r"
apiVersion: monitoring.coreos.com/v1alpha1
kind: PrometheusAgent
metadata: {name: k8s}
spec: {replicas: 1, podMonitorSelector: {matchLabels: {release: prometheus-operator}}}
---
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: k8s}
spec: {replicas: 1}
---
apiVersion: monitoring.coreos.com/v1
kind: ThanosRuler
metadata: {name: k8s}
spec: {replicas: 1, ruleSelector: {}, queryEndpoints: [query:10902]}
";

/// The components that the operator makes pods of, and the StatefulSets that it makes for them.
const OPERATED: [(&str, &str); 4] = [
    ("prometheus", "prometheus-k8s"),
    ("prometheus-agent", "prom-agent-k8s"),
    ("alertmanager", "alertmanager-k8s"),
    ("thanos-ruler", "thanos-ruler-k8s"),
];

fn an_injected_prometheus_becomes_a_stateful_set_and_nobody_fights(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "reconciled", &[], GUARD)?;
    let mut operator = start_operator(cluster, installation.namespace(), &[])?;
    expect::clean(&installation.kubectl(&["create"], PROMETHEUS)?)?;
    expect::clean(&installation.kubectl(&["create"], OTHERS)?)?;
    let companions = companions(&installation.guard()?).objects;
    let companions = companions.iter().map(serde_json::to_value).collect::<Result<Vec<Value>, _>>()?;
    expect::clean(&installation.kubectl(&["apply"], &objects::list(&companions))?).context("the companions")?;
    for (_, name) in OPERATED {
        poll::until(&format!("a pod of the StatefulSet {name}"), Duration::from_mins(1), || {
            operator.ensure_running()?;
            let is_there = installation.has("pod", &format!("{name}-0"))?;
            Ok(if is_there { Look::Ready(()) } else { Look::NotYet(operator.log_tail(5)) })
        })?;
    }
    holds(&installation.get("statefulset", "prometheus-k8s")?["spec"]["template"], &wired())?;
    policies_select_whom_they_mean(&installation, cluster, &companions)?;
    nobody_writes(&installation, &mut operator)
}

/// With permissions of an administrator, for one namespace. It serves nothing that we need, on a port of its own.
pub(super) fn start_operator(cluster: &ControlPlane, namespace: &str, arguments: &[&str]) -> Result<Process> {
    let mut all = vec![
        format!("KUBECONFIG={}", cluster.kubectl().kubeconfig.display()),
        cluster.peers().prometheus_operator.display().to_string(),
        format!("--namespaces={namespace}"),
        "--web.listen-address=127.0.0.1:0".to_owned(),
    ];
    all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    Process::start(&format!("operator-of-{namespace}"), Path::new("/usr/bin/env"), all, &cluster.logs())
}

/// Labels, annotations, volume and mount are where Istio and Prometheus look for them.
fn wired() -> Value {
    let labels = json!({"team": "metrics", "app.kubernetes.io/name": "prometheus", "sidecar.istio.io/inject": "true"});
    let annotations = json!({
        "example.com/kept": "yes-it-is",
        "traffic.sidecar.istio.io/includeInboundPorts": "",
        "traffic.sidecar.istio.io/includeOutboundIPRanges": "",
        "proxy.istio.io/config": "proxyMetadata:\n  OUTPUT_CERTS: /etc/istio-output-certs\n",
        "sidecar.istio.io/userVolumeMount": r#"[{"name":"istio-certs","mountPath":"/etc/istio-output-certs"}]"#,
    });
    let mount = json!({"name": "istio-certs", "mountPath": "/etc/prom-certs/"});
    json!({"metadata": {"labels": labels, "annotations": annotations}, "spec": {
        "volumes": [{"name": "istio-certs", "emptyDir": {"medium": "Memory"}}],
        "containers": [{"name": "prometheus", "volumeMounts": [mount]}],
    }})
}

/// Each policy selects the pods of the component that it is meant for and no other; those for everybody, all pods.
fn policies_select_whom_they_mean(
    installation: &Installation<'_>,
    cluster: &ControlPlane,
    companions: &[Value],
) -> Result<()> {
    let guard = installation.guard()?;
    let mut meant_for = BTreeMap::new();
    for policy in companions.iter().filter(|companion| companion["kind"] != "PodMonitor") {
        let labels = selected_labels(policy);
        let component = guard.components.iter().find(|component| component.selector_labels.iter().eq(&labels));
        let pods =
            OPERATED.iter().filter(|(name, _)| labels.is_empty() || component.is_some_and(|it| it.name == *name));
        let expected: BTreeSet<String> = pods.map(|(_, stateful_set)| format!("{stateful_set}-0")).collect();
        let selector: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let selected = cluster.kubectl().list(installation.namespace(), "pods", &selector.join(","))?;
        let selected: BTreeSet<String> = selected.iter().map(|pod| text(&pod["metadata"]["name"])).collect();
        ensure!(selected == expected, "{expected:?} are meant, {selected:?} are selected by {policy}");
        let component = component.map_or("everybody", |component| &component.name);
        meant_for.entry(component.to_owned()).or_insert_with(BTreeSet::new).insert(text(&policy["kind"]));
    }
    let both = ["AuthorizationPolicy", "NetworkPolicy"].map(str::to_owned).into();
    for (component, _) in OPERATED {
        ensure!(meant_for.get(component) == Some(&both), "the policies are {meant_for:?}");
    }
    Ok(())
}

/// The labels that a policy of either kind selects by.
fn selected_labels(policy: &Value) -> Vec<(String, String)> {
    let spec = &policy["spec"];
    let selector = if policy["kind"] == "NetworkPolicy" { &spec["podSelector"] } else { &spec["selector"] };
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    labels.map(|(key, value)| (key.clone(), text(value))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Waits until everything has been left alone for a while, and then sees to it that it is for a minute. Every write
/// changes a version for good, so it is enough to look before and after.
fn nobody_writes(installation: &Installation<'_>, operator: &mut Process) -> Result<()> {
    let mut last = (versions(installation)?, Instant::now());
    poll::until("the operator to settle", Duration::from_mins(2), || {
        let now = versions(installation)?;
        if now != last.0 {
            last = (now, Instant::now());
        }
        let calm = last.1.elapsed();
        Ok(if calm > Duration::from_secs(5) { Look::Ready(()) } else { Look::NotYet(format!("calm for {calm:?}")) })
    })?;
    let (settled, start) = (versions(installation)?, Instant::now());
    poll::until("the end of a minute", QUIET * 2, || {
        operator.ensure_running()?;
        let passed = start.elapsed();
        Ok(if passed >= QUIET { Look::Ready(()) } else { Look::NotYet(format!("{passed:?} have passed")) })
    })?;
    let now = versions(installation)?;
    ensure!(now == settled, "somebody wrote: {settled:?} became {now:?}");
    Ok(())
}

/// Kind, name and version of all objects that somebody could be tempted to write.
fn versions(installation: &Installation<'_>) -> Result<Vec<[String; 3]>> {
    let operated = ["prometheus", "prometheusagent", "alertmanager", "thanosruler", "statefulset"];
    let companions = ["networkpolicy", "authorizationpolicy", "podmonitor"];
    let objects = objects::read(&installation.print(&[&operated[..], &companions].concat())?)?;
    let version = |it: &Value| [&it["kind"], &it["metadata"]["name"], &it["metadata"]["resourceVersion"]].map(text);
    Ok(objects.iter().map(version).collect())
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
