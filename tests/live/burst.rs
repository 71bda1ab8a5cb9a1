//! A replica that dies under a burst of pods: no pod is lost sight of.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::support::control_plane::ControlPlane;
use crate::support::live::Live;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![no_pod_of_a_burst_is_lost_sight_of];

const GUARD: &str = "
apiVersion: scrapeguard.io/v1alpha1
kind: ScrapeGuard
metadata: {name: monitoring}
spec: {namespace: monitoring}
";
/// So many pods, and so many at a time.
const PODS: usize = 2000;
const AT_A_TIME: usize = 8;
/// What the guard's policies select Grafana by.
const LABEL: &str = "app.kubernetes.io/name";

/// Pods that are recognised as Grafana by their container, and lack the label that policies select by.
fn pods(range: std::ops::Range<usize>) -> String {
    let mut all = String::new();
    for number in range {
        let _infallible = write!(
            all,
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: grafana-{number}, namespace: monitoring, labels: {{app: grafana}}}}\n\
             spec: {{containers: [{{name: grafana, image: grafana, ports: [{{name: grafana, containerPort: 3000}}]}}]}}\n"
        );
    }
    all
}

fn no_pod_of_a_burst_is_lost_sight_of(cluster: &ControlPlane) -> Result<()> {
    let live = Live::install(cluster)?;
    live.kubectl(&["create", "namespace", "monitoring"], "")?;
    let _first = live.ready_replica("scrapeguard-0", &[])?;
    let mut second = live.ready_replica("scrapeguard-1", &[])?;
    live.apply(GUARD)?;
    poll::until("pods to be changed", Duration::from_secs(30), || {
        let create = ["create", "--dry-run=server", "--output=json", "--filename", "-"];
        let said = cluster.kubectl().run(&create, &pods(0..1))?;
        Ok(if said.stdout.contains(LABEL) { Look::Ready(()) } else { Look::NotYet(said.stderr) })
    })?;
    thread::scope(|scope| -> Result<()> {
        let share = PODS / AT_A_TIME;
        let creating: Vec<_> = (0..AT_A_TIME)
            .map(|turn| {
                let manifests = pods(turn * share..(turn + 1) * share);
                scope.spawn(move || cluster.kubectl().succeed(&["create", "--filename", "-"], &manifests))
            })
            .collect();
        poll::until("half of the pods", Duration::from_mins(2), || {
            let number = stored(cluster)?.len();
            Ok(if number > PODS / 2 { Look::Ready(()) } else { Look::not_yet(number) })
        })?;
        second.stop("KILL")?;
        for thread in creating {
            thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        }
        Ok(())
    })?;
    let all = stored(cluster)?;
    ensure!(all.len() == PODS, "{} pods were stored", all.len());
    let lacking = all.iter().filter(|pod| pod["metadata"]["labels"][LABEL].is_null());
    let lacking: BTreeSet<String> = lacking.map(|pod| pod["metadata"]["name"].to_string()).collect();
    let named = named_by_an_audit(cluster, &all)?;
    ensure!(lacking == named, "without labels are {lacking:?}, the audit names {named:?}");
    // Two pods in a hundred is more than can be under way at once.
    ensure!(lacking.len() < PODS / 50, "{} pods have no labels", lacking.len());
    Ok(())
}

fn stored(cluster: &ControlPlane) -> Result<Vec<Value>> {
    cluster.kubectl().list("monitoring", "pods", "app=grafana")
}

/// The pods that lack something, as `scrapeguard audit` says.
fn named_by_an_audit(cluster: &ControlPlane, pods: &[Value]) -> Result<BTreeSet<String>> {
    let (objects, guard) = (cluster.directory().join("pods.json"), cluster.directory().join("guard.yaml"));
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": pods});
    fs::write(&objects, list.to_string())?;
    fs::write(&guard, GUARD)?;
    let mut audit = Command::new(env!("CARGO_BIN_EXE_scrapeguard"));
    audit.args(["audit", "-o", "json", "--fail-on", "never", "-f"]).arg(&objects).arg("--guard").arg(&guard);
    let output = audit.output().context("run scrapeguard audit")?;
    ensure!(output.status.success(), "the audit failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let named = report["injections"].as_array().context("the report names no injections")?;
    Ok(named.iter().map(|object| object["name"].to_string()).collect())
}
