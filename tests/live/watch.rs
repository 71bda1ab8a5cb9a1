//! What a replica knows of the cluster, as its own metrics tell it: it follows every change, and no object or
//! guard stops it. What it answers while it cannot follow is in `outages`.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::support::control_plane::ControlPlane;
use crate::support::live::Live;
use crate::support::live::replica::Replica;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    the_snapshot_follows_the_cluster,
    kinds_come_and_go_and_a_malformed_object_stops_nobody,
    a_bad_guard_never_replaces_a_good_one,
];

/// Nobody but the watches has a say in these tests.
pub(crate) const ALONE: [&str; 2] = ["--registration=given", "--certificates=own"];

/// How long anything may take to be known.
const SOON: Duration = Duration::from_secs(10);

pub(crate) fn objects(replica: &Replica, kind: &str) -> Result<f64> {
    replica.metric("scrapeguard_watch_objects", &[&format!("kind=\"{kind}\"")])
}

pub(crate) fn knows(replica: &Replica, kind: &str, count: f64) -> Result<()> {
    metric_is(replica, "scrapeguard_watch_objects", &[&format!("kind=\"{kind}\"")], count)
}

pub(crate) fn metric_is(replica: &Replica, name: &str, labels: &[&str], value: f64) -> Result<()> {
    poll::until(&format!("{name} {labels:?} to be {value}"), SOON, || {
        let now = replica.metric(name, labels)?;
        Ok(if (now - value).abs() < 0.5 { Look::Ready(()) } else { Look::not_yet(now) })
    })
}

pub(crate) fn policy(name: &str, selector: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}, namespace: default}}, \
         spec: {{podSelector: {selector}}}}}"
    )
}

/// That a new policy is known, and known to be gone again.
pub(crate) fn follows(live: &Live<'_>, replica: &Replica, name: &str) -> Result<()> {
    let before = objects(replica, "NetworkPolicy")?;
    live.apply(&policy(name, "{}"))?;
    knows(replica, "NetworkPolicy", before + 1.0)?;
    live.cluster.kubectl().succeed(&["delete", "networkpolicy", name], "")?;
    knows(replica, "NetworkPolicy", before)
}

pub(crate) fn as_of(replica: &Replica) -> Result<f64> {
    replica.metric("scrapeguard_snapshot_as_of_timestamp_seconds", &[])
}

/// Waits until the snapshot is confirmed at a later moment.
pub(crate) fn is_confirmed_after(replica: &Replica, moment: f64) -> Result<()> {
    poll::until("a later confirmation", Duration::from_secs(20), || {
        let now = as_of(replica)?;
        Ok(if now > moment { Look::Ready(()) } else { Look::not_yet(now) })
    })
}

fn the_snapshot_follows_the_cluster(cluster: &ControlPlane) -> Result<()> {
    let live = Live::install(cluster)?;
    live.apply(include_str!("shop.yaml"))?;
    let replica = live.ready_replica("scrapeguard-0", &ALONE)?;
    ensure!(objects(&replica, "PodMonitor")? > 0.0, "what was there before is not known");
    let (pods, as_of_start) = (replica.metric("scrapeguard_snapshot_pods", &[])?, as_of(&replica)?);
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: lone, namespace: default}, \
        spec: {containers: [{name: c, image: i}]}}";
    live.apply(pod)?;
    metric_is(&replica, "scrapeguard_snapshot_pods", &[], pods + 1.0)?;
    let changes = replica.metric("scrapeguard_watch_changes_total", &["kind=\"Pod\""])?;
    cluster.kubectl().succeed(&["label", "pod", "lone", "team=a"], "")?;
    metric_is(&replica, "scrapeguard_watch_changes_total", &["kind=\"Pod\""], changes + 1.0)?;
    cluster.kubectl().succeed(&["delete", "pod", "lone", "--grace-period=0", "--force"], "")?;
    metric_is(&replica, "scrapeguard_snapshot_pods", &[], pods)?;
    follows(&live, &replica, "first")?;
    is_confirmed_after(&replica, as_of_start)?;
    ensure!(objects(&replica, "Secret")? < 0.5, "nobody asked for Secrets");
    ensure!(replica.metric("scrapeguard_watch_broken", &[])? < 0.5, "a watch is broken:\n{}", replica.log());
    Ok(())
}

/// Probes as nobody would define them: with anything in them.
const LENIENT: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: probes.monitoring.coreos.com, annotations: {api-approved.kubernetes.io: unapproved}}
spec:
  group: monitoring.coreos.com
  names: {kind: Probe, listKind: ProbeList, plural: probes, singular: probe}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

fn kinds_come_and_go_and_a_malformed_object_stops_nobody(cluster: &ControlPlane) -> Result<()> {
    let live = Live::install(cluster)?;
    let replica = live.ready_replica("scrapeguard-0", &ALONE)?;
    let probe = |name: &str, spec: &str| {
        format!(
            "{{apiVersion: monitoring.coreos.com/v1, kind: Probe, metadata: {{name: {name}, namespace: default}}, \
             spec: {spec}}}"
        )
    };
    live.apply(&probe("one", "{prober: {url: 'x'}}"))?;
    knows(&replica, "Probe", 1.0)?;
    cluster.kubectl().succeed(&["delete", "crd", "probes.monitoring.coreos.com"], "")?;
    poll::until("Probes to be unknown", SOON, || {
        let page = replica.ask("/metrics")?;
        let counted = page.lines().find(|line| line.contains("watch_objects") && line.contains("kind=\"Probe\""));
        Ok(counted.map_or(Look::Ready(()), Look::not_yet))
    })?;
    follows(&live, &replica, "without-probes")?;
    live.apply(LENIENT)?;
    cluster.kubectl().succeed(&["wait", "--for=condition=Established", "crd/probes.monitoring.coreos.com"], "")?;
    applied(&live, &probe("malformed", "[7, {prober: {}}]"))?;
    metric_is(&replica, "scrapeguard_snapshot_problems", &[], 1.0)?;
    live.apply(&probe("good", "{prober: {url: 'x'}}"))?;
    knows(&replica, "Probe", 2.0)?;
    follows(&live, &replica, "beside-what-is-malformed")?;
    cluster.kubectl().succeed(&["delete", "probe", "malformed"], "")?;
    metric_is(&replica, "scrapeguard_snapshot_problems", &[], 0.0)?;
    ensure!(replica.ask("/readyz")?.starts_with("HTTP/1.1 200"), "it is not ready any more:\n{}", replica.log());
    Ok(())
}

/// Applies what the API server has only just learnt to serve.
fn applied(live: &Live<'_>, manifests: &str) -> Result<()> {
    poll::until("the API server to take it", SOON, || {
        let said = live.kubectl(&["apply", "--server-side", "--filename", "-"], manifests)?;
        Ok(if said.succeeded { Look::Ready(()) } else { Look::NotYet(said.stderr) })
    })
}

fn guard(name: &str, spec: &str) -> String {
    format!("{{apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {{name: {name}}}, spec: {spec}}}")
}

fn a_bad_guard_never_replaces_a_good_one(cluster: &ControlPlane) -> Result<()> {
    let live = Live::install(cluster)?;
    let guards = |replica: &Replica, in_force: f64, problems: f64| {
        metric_is(replica, "scrapeguard_guards", &[], in_force)?;
        metric_is(replica, "scrapeguard_guard_problems", &[], problems)
    };
    let replica = live.ready_replica("scrapeguard-0", &ALONE)?;
    guards(&replica, 0.0, 0.0)?;
    live.apply(&guard("first", "{namespace: monitoring}"))?;
    guards(&replica, 1.0, 0.0)?;
    let bad = "{namespace: monitoring, connections: [{from: {component: nobody}, to: prometheus, ports: [web], \
        purpose: ui}]}";
    live.apply(&guard("first", bad))?;
    guards(&replica, 1.0, 1.0)?;
    live.apply(&guard("second", "{namespace: apps}"))?;
    live.apply(&guard("third", "{namespace: apps}"))?;
    guards(&replica, 3.0, 2.0)?;
    ensure!(replica.log().contains("there is no component"), "{}", replica.log());
    let again = live.ready_replica("scrapeguard-1", &ALONE)?;
    // It has never seen the good version.
    guards(&again, 2.0, 2.0)?;
    cluster.kubectl().succeed(&["delete", "scrapeguard", "third"], "")?;
    live.apply(&guard("first", "{namespace: monitoring}"))?;
    guards(&replica, 2.0, 0.0)?;
    guards(&again, 2.0, 0.0)
}
