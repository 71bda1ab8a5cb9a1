//! Companions in a real cluster: they follow the guard within seconds, come back when they are changed, and are left
//! alone by everybody, ourselves included, when nothing happens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams};
use scrapeguard::engine::companion::companions;
use scrapeguard::engine::companion::comparison::is_same;
use scrapeguard::model::guard::Guards;
use serde_json::{Value, json};

use crate::support::control_plane::ControlPlane;
use crate::support::control_plane::process::Process;
use crate::support::istiod::Istiod;
use crate::support::live::kubelet::Kubelet;
use crate::support::live::replica::Replica;
use crate::support::live::{Live, SYSTEM};
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    companions_follow_the_guard_and_nobody_fights,
    another_leader_finishes_what_one_began,
    what_is_applied_again_and_again_changes_nothing,
];

const NAMESPACE: &str = "monitoring";
const SHOP: &str = include_str!("shop.yaml");
/// How long after the guard all companions may be missing.
const APPEARANCE: Duration = Duration::from_secs(2);
/// How long a companion may be other than it should be.
const REPAIR: Duration = Duration::from_secs(1);
/// How long nothing may be written once all has settled.
const QUIET: Duration = Duration::from_mins(1);

fn guard(spec: &str) -> String {
    format!(
        "apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {{name: monitoring}}\n\
         spec: {{namespace: {NAMESPACE}, {spec}}}\n"
    )
}

/// A companion as `render` prints it, and where it is asked for.
struct Wanted {
    rendered: Value,
    api: Api<DynamicObject>,
}

impl Wanted {
    fn name(&self) -> &str {
        self.rendered["metadata"]["name"].as_str().unwrap_or_default()
    }

    fn stored(&self, cluster: &ControlPlane) -> Result<Option<Value>> {
        let object = cluster.block_on(self.api.get_opt(self.name()))?;
        object.map(serde_json::to_value).transpose().context("an object that is no JSON")
    }

    /// Waits until it is as it should be, and returns it.
    fn wait(&self, cluster: &ControlPlane, limit: Duration) -> Result<Value> {
        let awaited = format!("{} {}", self.rendered["kind"], self.name());
        poll::until(&awaited, limit, || {
            Ok(match self.stored(cluster)? {
                Some(stored) if is_same(&self.rendered, &stored) => Look::Ready(stored),
                stored => Look::NotYet(format!("{stored:?}")),
            })
        })
    }
}

/// All companions of a guard.
fn wanted(cluster: &ControlPlane, guard: &str) -> Result<Vec<Wanted>> {
    let guards = Guards::parse(guard)?;
    let objects = guards.iter().flat_map(|guard| companions(guard).objects);
    let rendered = objects.map(|object| Ok(serde_json::to_value(object)?)).collect::<Result<Vec<Value>>>()?;
    rendered.into_iter().map(|rendered| Ok(Wanted { api: api(cluster, &rendered)?, rendered })).collect()
}

fn api(cluster: &ControlPlane, object: &Value) -> Result<Api<DynamicObject>> {
    let text = |key: &str| object[key].as_str().context("an object without type");
    let (group, version) = text("apiVersion")?.split_once('/').context("an object of the core group")?;
    let kind = GroupVersionKind::gvk(group, version, text("kind")?);
    let resource = ApiResource::from_gvk(&kind);
    Ok(Api::namespaced_with(cluster.client(), NAMESPACE, &resource))
}

/// Waits until all are there, and returns how long after `since` that was.
fn all_appear(cluster: &ControlPlane, wanted: &[Wanted], since: Instant, limit: Duration) -> Result<Duration> {
    wanted.iter().try_for_each(|wanted| wanted.wait(cluster, limit).map(drop))?;
    Ok(since.elapsed())
}

fn companions_follow_the_guard_and_nobody_fights(cluster: &ControlPlane) -> Result<()> {
    let guard = guard("mesh: {istio: sidecar}, components: [{name: grafana, inMesh: true}]");
    let live = Live::install(cluster)?;
    let _kubelet = Kubelet::start(cluster);
    live.apply(SHOP)?;
    let mut istiod = Istiod::start(cluster)?;
    let mut operator = start_operator(cluster)?;
    let _replicas = [live.ready_replica("scrapeguard-0", &[])?, live.ready_replica("scrapeguard-1", &[])?];
    wait_for_a_leader(&live)?;
    let wanted = wanted(cluster, &guard)?;
    live.apply(&guard)?;
    let took = all_appear(cluster, &wanted, Instant::now(), Duration::from_mins(1))?;
    eprintln!("{} companions after {took:?}", wanted.len());
    ensure!(took <= APPEARANCE, "all companions appear only after {took:?}");
    let mut slowest = Duration::ZERO;
    for wanted in &wanted {
        slowest = slowest.max(comes_back(cluster, wanted)?).max(is_repaired(cluster, wanted)?);
    }
    eprintln!("repairs took {slowest:?} at most");
    wait_for_condition(&live, "Ready", "True")?;
    ensure!(events(&live, "CompanionRepaired")? > 0, "no event tells of a repair");
    nobody_writes(&live, || istiod.ensure_running().and_then(|()| operator.ensure_running()))
}

/// Deletes a companion and returns how long it was missing.
fn comes_back(cluster: &ControlPlane, wanted: &Wanted) -> Result<Duration> {
    let before = wanted.wait(cluster, REPAIR)?;
    cluster.block_on(wanted.api.delete(wanted.name(), &DeleteParams::default()))?;
    let deleted = Instant::now();
    let after = wanted.wait(cluster, 20 * REPAIR)?;
    let took = deleted.elapsed();
    ensure!(before["metadata"]["uid"] != after["metadata"]["uid"], "{} was not deleted", wanted.name());
    ensure!(took <= REPAIR, "{} is back only after {took:?}", wanted.name());
    Ok(took)
}

/// Changes a companion, as a user with kubectl would, and returns how long it was so.
fn is_repaired(cluster: &ControlPlane, wanted: &Wanted) -> Result<Duration> {
    let before = wanted.wait(cluster, REPAIR)?;
    let change = match wanted.rendered["kind"].as_str() {
        Some("NetworkPolicy") => {
            json!({"spec": {"policyTypes": ["Ingress", "Egress"], "egress": [{}], "ingress": [{}]}})
        }
        Some("AuthorizationPolicy") => {
            json!({"spec": {"selector": {"matchLabels": {"example.com/added": "x"}}, "rules": [{"from": [{"source": {"principals": ["cluster.local/ns/shop/sa/web"]}}]}]}})
        }
        _ => json!({"spec": {"jobLabel": "added", "sampleLimit": 1}}),
    };
    let parameters = PatchParams { field_manager: Some("kubectl-edit".to_owned()), ..PatchParams::default() };
    cluster.block_on(wanted.api.patch(wanted.name(), &parameters, &Patch::Merge(change)))?;
    let changed = Instant::now();
    let after = wanted.wait(cluster, 20 * REPAIR)?;
    let took = changed.elapsed();
    ensure!(before["metadata"]["uid"] == after["metadata"]["uid"], "{} was made anew", wanted.name());
    ensure!(took <= REPAIR, "{} is repaired only after {took:?}", wanted.name());
    Ok(took)
}

/// For the guarded namespace, with permissions of an administrator.
fn start_operator(cluster: &ControlPlane) -> Result<Process> {
    let arguments = [
        format!("KUBECONFIG={}", cluster.kubectl().kubeconfig.display()),
        cluster.peers().prometheus_operator.display().to_string(),
        format!("--namespaces={NAMESPACE}"),
        "--web.listen-address=127.0.0.1:0".to_owned(),
    ];
    Process::start("operator", std::path::Path::new("/usr/bin/env"), arguments, &cluster.logs())
}

/// Who leads now.
fn leader(live: &Live<'_>) -> Result<Option<String>> {
    let said = live.kubectl(&["get", "lease", "scrapeguard", "--namespace", SYSTEM, "--output", "json"], "")?;
    let lease: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
    Ok(lease["spec"]["holderIdentity"].as_str().map(str::to_owned))
}

fn wait_for_a_leader(live: &Live<'_>) -> Result<String> {
    poll::until("a leader", Duration::from_secs(30), || {
        Ok(leader(live)?.map_or_else(|| Look::not_yet("none"), Look::Ready))
    })
}

/// Waits until the guard has a condition of this status.
fn wait_for_condition(live: &Live<'_>, kind: &str, status: &str) -> Result<Value> {
    poll::until(&format!("{kind}={status}"), Duration::from_secs(30), || {
        let guard = live.cluster.kubectl().get("default", "scrapeguard", "monitoring")?;
        let conditions = guard["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let is_it = |condition: &&Value| condition["type"] == kind && condition["status"] == status;
        Ok(match conditions.iter().find(is_it) {
            Some(condition) => Look::Ready(condition.clone()),
            None => Look::NotYet(guard["status"].to_string()),
        })
    })
}

/// How many Events of this reason are told at the guard.
fn events(live: &Live<'_>, reason: &str) -> Result<usize> {
    let selector = format!("regarding.kind=ScrapeGuard,reason={reason}");
    let arguments = ["get", "events.v1.events.k8s.io", "--namespace", "default", "--field-selector", &selector];
    let said = live.cluster.kubectl().succeed(&[&arguments[..], &["--output", "name"]].concat(), "")?;
    Ok(said.stdout.lines().count())
}

/// Waits until everything has been left alone for a while, and then sees to it that it is for a minute: by the API
/// server's own count of all requests that write, but for those that renew Leases, and those that are only tried.
fn nobody_writes(live: &Live<'_>, mut all_run: impl FnMut() -> Result<()>) -> Result<()> {
    let mut last = (writes(live)?, Instant::now());
    let mut written = Vec::new();
    poll::until("rest", Duration::from_mins(2), || {
        all_run()?;
        let now = writes(live)?;
        if now != last.0 {
            written = difference(&last.0, &now);
            last = (now, Instant::now());
        }
        let calm = last.1.elapsed();
        let said = || format!("calm for {calm:?} since {written:?}");
        Ok(if calm > Duration::from_secs(8) { Look::Ready(()) } else { Look::NotYet(said()) })
    })?;
    let (settled, start) = (writes(live)?, Instant::now());
    poll::until("the end of a minute", QUIET * 2, || {
        all_run()?;
        let passed = start.elapsed();
        Ok(if passed >= QUIET { Look::Ready(()) } else { Look::NotYet(format!("{passed:?} have passed")) })
    })?;
    let written = difference(&settled, &writes(live)?);
    ensure!(written.is_empty(), "somebody wrote: {written:?}");
    Ok(())
}

/// The series that are not as they were.
fn difference(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let has_changed = |(series, count): &(&String, &String)| before.get(*series) != Some(count);
    after.iter().filter(has_changed).map(|(series, count)| format!("{series} {count}")).collect()
}

/// The API server's counters of requests that write.
fn writes(live: &Live<'_>) -> Result<BTreeMap<String, String>> {
    let page = live.cluster.kubectl().succeed(&["get", "--raw", "/metrics"], "")?.stdout;
    let is_write = |line: &&str| {
        let verbs = ["APPLY", "CREATE", "DELETE", "DELETECOLLECTION", "PATCH", "POST", "PUT", "UPDATE"];
        line.starts_with("apiserver_request_total{")
            && verbs.iter().any(|verb| line.contains(&format!("verb=\"{verb}\"")))
            && !line.contains("resource=\"leases\"")
            // istiod renews its own leadership in ConfigMaps, which we may not write.
            && !line.contains("resource=\"configmaps\"")
            && !line.contains("dry_run=\"All\"")
    };
    let series = page.lines().filter(is_write).filter_map(|line| line.rsplit_once(' '));
    Ok(series.map(|(series, count)| (series.to_owned(), count.to_owned())).collect())
}

fn another_leader_finishes_what_one_began(cluster: &ControlPlane) -> Result<()> {
    let live = Live::install(cluster)?;
    live.apply(SHOP)?;
    let (before, after) = (guard("mesh: {istio: none}"), guard("mesh: {istio: sidecar}"));
    let mut replicas: Vec<(&str, Replica)> = Vec::new();
    for name in ["scrapeguard-0", "scrapeguard-1"] {
        replicas.push((name, live.ready_replica(name, &[])?));
    }
    let first = wait_for_a_leader(&live)?;
    live.apply(&before)?;
    all_appear(cluster, &wanted(cluster, &before)?, Instant::now(), Duration::from_secs(30))?;
    let wanted = wanted(cluster, &after)?;
    live.apply(&after)?;
    let (_, leading) = replicas.iter_mut().find(|(name, _)| *name == first).context("nobody of ours leads")?;
    leading.signal("KILL")?;
    let killed = Instant::now();
    let took = all_appear(cluster, &wanted, killed, Duration::from_mins(1))?;
    let second = poll::until("another leader", Duration::from_secs(30), || {
        let now = leader(&live)?.filter(|now| *now != first);
        Ok(now.map_or_else(|| Look::not_yet("the same"), Look::Ready))
    })?;
    eprintln!("{second} finished after {took:?}, and led after {:?}", killed.elapsed());
    // What the first has written and the second wants no more goes as well.
    live.apply(&before)?;
    let policies: Api<DynamicObject> =
        api(cluster, &wanted.iter().find(|it| it.name() == "prometheus-authzpol").context("no such policy")?.rendered)?;
    poll::until("the end of what is not wanted", Duration::from_secs(10), || {
        let left = cluster.block_on(policies.list(&ListParams::default()))?.items.len();
        Ok(if left == 0 { Look::Ready(()) } else { Look::NotYet(format!("{left} are left")) })
    })?;
    // The garbage collector and the new leader both see to it that nothing is left of a guard that is gone.
    cluster.kubectl().succeed(&["delete", "scrapeguard", "monitoring"], "")?;
    poll::until("the end of all companions", Duration::from_secs(30), || {
        let left = cluster.kubectl().list(NAMESPACE, "networkpolicies", "app.kubernetes.io/managed-by=scrapeguard")?;
        Ok(if left.is_empty() { Look::Ready(()) } else { Look::NotYet(format!("{} are left", left.len())) })
    })
}

/// A user's policy that has the name of a companion, beside a workload and a monitor that lack what is injected.
const IN_GIT: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: grafana, namespace: monitoring}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: grafana}}
  policyTypes: [Ingress]
  ingress: [{ports: [{port: 3000, protocol: TCP}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: in-git, namespace: monitoring}
spec: {selector: {matchLabels: {app: web}}, endpoints: [{port: metrics}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: kube-state-metrics, namespace: monitoring}
spec:
  replicas: 0
  selector: {matchLabels: {app: ksm}}
  template:
    metadata: {labels: {app: ksm}}
    spec:
      containers:
      - {name: kube-state-metrics, image: ksm, ports: [{name: http, containerPort: 8080}]}
";

fn what_is_applied_again_and_again_changes_nothing(cluster: &ControlPlane) -> Result<()> {
    let guard = guard("mesh: {istio: none}, existing: patch");
    let live = Live::install(cluster)?;
    live.apply(SHOP)?;
    // They are older than the guard: what they lack is added to what exists.
    cluster.kubectl().succeed(&["apply", "--filename", "-"], IN_GIT)?;
    let _replica = live.ready_replica("scrapeguard-0", &[])?;
    live.apply(&guard)?;
    let taken = wait_for_condition(&live, "CompanionsApplied", "False")?;
    ensure!(taken["reason"] == "NameTaken", "the user's policy is not told of: {taken}");
    let mended = poll::until("what exists to be given what it lacks", Duration::from_mins(1), || {
        let versions = injected(&live)?;
        Ok(if versions.len() == 2 { Look::Ready(versions) } else { Look::NotYet(format!("{versions:?}")) })
    })?;
    let policy = cluster.kubectl().get(NAMESPACE, "networkpolicy", "grafana")?;
    // Whatever GitOps does once more says the same about who owns what.
    let manners: [&[&str]; 2] = [&["apply"], &["apply", "--server-side", "--force-conflicts", "--field-manager=git"]];
    for manner in manners {
        cluster.kubectl().succeed(&[manner, &["--filename", "-"]].concat(), IN_GIT)?;
        let settled = versions(&live)?;
        for _ in 0..5 {
            cluster.kubectl().succeed(&[manner, &["--filename", "-"]].concat(), IN_GIT)?;
            cluster.kubectl().succeed(&[manner, &["--filename", "-"]].concat(), &guard)?;
        }
        let now = versions(&live)?;
        ensure!(now == settled, "{manner:?} again: {settled:?} became {now:?}");
    }
    ensure!(injected(&live)?.len() == mended.len(), "what was injected is gone");
    let now = cluster.kubectl().get(NAMESPACE, "networkpolicy", "grafana")?;
    ensure!(now["spec"] == policy["spec"], "the user's policy was touched: {}", now["spec"]);
    ensure!(now["metadata"]["labels"].is_null(), "the user's policy was labelled: {}", now["metadata"]);
    Ok(())
}

/// The objects in Git that have what is injected.
fn injected(live: &Live<'_>) -> Result<Vec<String>> {
    let kubectl = live.cluster.kubectl();
    let monitor = kubectl.get(NAMESPACE, "servicemonitor", "in-git")?;
    let deployment = kubectl.get(NAMESPACE, "deployment", "kube-state-metrics")?;
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let monitor = (monitor["metadata"]["labels"]["release"] == "prometheus-operator").then(|| "monitor".to_owned());
    let deployment = (labels["app.kubernetes.io/name"] == "kube-state-metrics").then(|| "deployment".to_owned());
    Ok(monitor.into_iter().chain(deployment).collect())
}

/// Kind, name, labels and generation of everything that could go back and forth.
fn versions(live: &Live<'_>) -> Result<Vec<[String; 4]>> {
    let kinds = "networkpolicy,servicemonitor,deployment,prometheus";
    let said = live.cluster.kubectl().succeed(&["get", kinds, "--namespace", NAMESPACE, "--output", "json"], "")?;
    let list: Value = serde_json::from_str(&said.stdout)?;
    let items = list["items"].as_array().context("no list")?;
    let version = |it: &Value| {
        let metadata = &it["metadata"];
        [&it["kind"], &metadata["name"], &metadata["labels"], &metadata["generation"]].map(ToString::to_string)
    };
    Ok(items.iter().map(version).collect())
}
