//! What a large cluster takes, watched live: time until ready, memory, how late the snapshot is, and what admission costs
//! the API server, in its own words. A real kube-apiserver with etcd, beside which the real program runs.
//!
//! `-- --pods 20000 --policies 500` are the defaults. Read the numbers as those of one machine that runs everything at
//! once: etcd, API server, controllers, kubectl and us.

#![expect(clippy::indexing_slicing, reason = "what JSON lacks reads as null, and clippy takes this target for no test")]

#[expect(dead_code, unused_imports, unused_macros, reason = "every target uses a part of it")]
#[path = "../tests/support/support.rs"]
mod support;

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use support::control_plane::{ControlPlane, Programs};
use support::live::Live;
use support::live::replica::Replica;
use support::poll::{self, Look};

/// Pods of one namespace.
const PODS_OF_A_NAMESPACE: usize = 200;
/// Requests that are under way at once.
const AT_ONCE: usize = 16;
/// Changes of which the delay is looked at, one after the other.
const CHANGES: usize = 500;
/// Pods that are created for the sake of admission.
const ADMITTED: usize = 2000;

fn main() -> Result<()> {
    let (pods, policies) = (argument("--pods", 20_000)?, argument("--policies", 500)?);
    let programs = Programs::locate().context("there is no control plane")?;
    let cluster = ControlPlane::start(&programs)?;
    let live = Live::install(&cluster)?;
    let empty = memory_of_an_empty_cluster(&live)?;
    let filling = Instant::now();
    cluster.block_on(fill(&cluster, pods, policies))?;
    println!("{pods} pods and {policies} NetworkPolicies were created in {:.0} s", filling.elapsed().as_secs_f64());
    let (replica, ready) = ready(&live)?;
    println!("time until ready                {:>8.2} s", ready.as_secs_f64());
    let (full, count) = (resident("scrapeguard-measured")?, u32::try_from(pods)?);
    println!("memory of an empty cluster      {:>8.1} MiB", f64::from(empty) / 1024.0);
    println!("memory with all of it           {:>8.1} MiB", f64::from(full) / 1024.0);
    println!("memory a pod, all included      {:>8.2} KiB", f64::from(full.saturating_sub(empty)) / f64::from(count));
    println!("classes of pods                 {:>8}", replica.metric("scrapeguard_snapshot_pod_classes", &[])?);
    delays(&cluster, &replica)?;
    admission(&live)
}

fn argument(name: &str, default: usize) -> Result<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
    arguments.next().map_or(Ok(default), |value| value.parse().with_context(|| format!("{name} {value}")))
}

fn memory_of_an_empty_cluster(live: &Live<'_>) -> Result<u32> {
    let mut replica = live.ready_replica("scrapeguard-empty", &["--registration=given"])?;
    let memory = resident("scrapeguard-empty");
    replica.stop("TERM")?;
    memory
}

/// Starts a replica, and says how long it took to get ready.
fn ready(live: &Live<'_>) -> Result<(Replica, Duration)> {
    let begun = Instant::now();
    let replica = live.replica("scrapeguard-measured", &[])?;
    poll::until("the replica to be ready", Duration::from_mins(5), || {
        let answer = replica.ask("/readyz").unwrap_or_default();
        Ok(if answer.starts_with("HTTP/1.1 200") { Look::Ready(()) } else { Look::NotYet(answer) })
    })?;
    Ok((replica, begun.elapsed()))
}

/// Resident memory of the replica of this name, in KiB.
fn resident(identity: &str) -> Result<u32> {
    let flag = format!("--identity={identity}");
    for process in fs::read_dir("/proc")?.filter_map(Result::ok) {
        let arguments = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let mut arguments = arguments.split(|byte| *byte == 0);
        let is_program = arguments.next().is_some_and(|program| program.ends_with(b"/scrapeguard"));
        if is_program && arguments.any(|argument| argument == flag.as_bytes()) {
            let status = fs::read_to_string(process.path().join("status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            return Ok(line.context("no VmRSS")?.trim().trim_end_matches("kB").trim().parse()?);
        }
    }
    bail!("{identity} does not run")
}

async fn fill(cluster: &ControlPlane, pods: usize, policies: usize) -> Result<()> {
    let client = cluster.client();
    let namespaces = pods.div_ceil(PODS_OF_A_NAMESPACE).max(1);
    let of = |number: usize| format!("load-{}", number % namespaces);
    let all = (0..namespaces).map(|number| object::<Namespace>(json!({"metadata": {"name": of(number)}})));
    create_all(all.map(|namespace| (Api::all(client.clone()), namespace))).await?;
    let all = (0..policies).map(|number| {
        let policy = object::<NetworkPolicy>(json!({"metadata": {"name": format!("policy-{number}")}, "spec": {
            "podSelector": {"matchLabels": {"app": format!("app-{}", number % 10)}},
            "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": of(number + 1)}}}]}],
        }}));
        (Api::namespaced(client.clone(), &of(number)), policy)
    });
    create_all(all).await?;
    let all = (0..pods).map(|number| (Api::<Pod>::namespaced(client.clone(), &of(number)), object(pod(number, "app"))));
    create_all(all).await?;
    let running = (0..pods).map(|number| {
        let api: Api<Pod> = Api::namespaced(client.clone(), &of(number));
        async move {
            let status =
                json!({"status": {"phase": "Running", "podIP": address(number), "podIPs": [{"ip": address(number)}]}});
            api.patch_status(&name(number), &PatchParams::default(), &Patch::Merge(status)).await.map(drop)
        }
    });
    Ok(stream::iter(running).buffer_unordered(AT_ONCE).try_collect::<()>().await?)
}

fn object<K: DeserializeOwned>(json: Value) -> Result<K> {
    Ok(serde_json::from_value(json)?)
}

async fn create_all<K>(objects: impl Iterator<Item = (Api<K>, Result<K>)>) -> Result<()>
where
    K: Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    let creating = objects.map(|(api, object)| async move {
        api.create(&PostParams::default(), &object?).await?;
        anyhow::Ok(())
    });
    stream::iter(creating).buffer_unordered(AT_ONCE).try_collect::<()>().await
}

fn name(number: usize) -> String {
    format!("pod-{number}")
}

fn address(number: usize) -> String {
    format!("10.{}.{}.{}", 64 + number / 62_500, number / 250 % 250, number % 250 + 1)
}

/// A pod as Deployments have them: labels of its application and of its own ReplicaSet, two containers, three ports.
fn pod(number: usize, app: &str) -> Value {
    let app = format!("{app}-{}", number % 10);
    json!({
        "metadata": {
            "name": name(number),
            "labels": {
                "app": app, "app.kubernetes.io/name": app, "app.kubernetes.io/instance": "load",
                "pod-template-hash": format!("{:08x}", number % 20),
            },
            "annotations": {"checksum/config": "1f2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff00"},
        },
        "spec": {"containers": [
            {"name": "app", "image": format!("registry.example.com/{app}:1.0"), "ports": [
                {"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9102},
            ]},
            {"name": "exporter", "image": "registry.example.com/exporter:1.0", "ports": [
                {"name": "exporter", "containerPort": 9113},
            ]},
        ]},
    })
}

/// How late the snapshot is behind what the replica was told.
fn delays(cluster: &ControlPlane, replica: &Replica) -> Result<()> {
    let before = replica.ask("/metrics")?;
    cluster.block_on(async {
        let pods: Api<Pod> = Api::namespaced(cluster.client(), "load-0");
        for change in 0..CHANGES {
            let patch = json!({"metadata": {"annotations": {"change": change.to_string()}}});
            pods.patch(&name(0), &PatchParams::default(), &Patch::Merge(patch)).await?;
        }
        Ok::<_, kube::Error>(())
    })?;
    let after = replica.ask("/metrics")?;
    for (what, metric) in [
        ("event to snapshot", "scrapeguard_event_to_snapshot_seconds"),
        ("making a snapshot", "scrapeguard_snapshot_publish_duration_seconds"),
    ] {
        show(what, &Distribution::between(&before, &after, metric, ""));
    }
    Ok(())
}

/// What the API server says of our webhooks while pods are created.
fn admission(live: &Live<'_>) -> Result<()> {
    live.apply(
        "{apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {name: load}, spec: {namespace: load-0}}",
    )?;
    let page = || anyhow::Ok(live.cluster.kubectl().succeed(&["get", "--raw", "/metrics"], "")?.stdout);
    let metric = "apiserver_admission_webhook_admission_duration_seconds";
    let trial = serde_json::to_string(
        &json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "trial", "namespace": "load-0"},
        "spec": {"containers": [{"name": "grafana", "image": "grafana", "ports": [{"name": "grafana", "containerPort": 3000}]}]}}),
    )?;
    poll::until("our webhook to be called", Duration::from_mins(1), || {
        let create = ["create", "--dry-run=server", "--output=json", "--filename", "-"];
        let said = live.cluster.kubectl().run(&create, &trial)?;
        Ok(if said.stdout.contains("app.kubernetes.io/name") { Look::Ready(()) } else { Look::NotYet(said.stderr) })
    })?;
    let before = page()?;
    live.cluster.block_on(async {
        let api: Api<Pod> = Api::namespaced(live.cluster.client(), "load-0");
        create_all((0..ADMITTED).map(|number| {
            let mut pod = pod(number, "new");
            pod["metadata"]["name"] = json!(format!("new-{number}"));
            (api.clone(), object(pod))
        }))
        .await
    })?;
    show("admission, mutating webhook", &Distribution::between(&before, &page()?, metric, "mutate.scrapeguard.io"));
    Ok(())
}

/// What a histogram has gained.
struct Distribution {
    /// Upper bounds in seconds, and how many are below each.
    buckets: Vec<(f64, f64)>,
}

impl Distribution {
    fn between(before: &str, after: &str, metric: &str, label: &str) -> Self {
        let (before, after) = (buckets(before, metric, label), buckets(after, metric, label));
        let count_before = |bound: f64| {
            before.iter().find(|(known, _)| known.total_cmp(&bound).is_eq()).map_or(0.0, |(_, count)| *count)
        };
        Self { buckets: after.into_iter().map(|(bound, count)| (bound, count - count_before(bound))).collect() }
    }

    fn count(&self) -> f64 {
        self.buckets.last().map_or(0.0, |(_, count)| *count)
    }

    /// The bound below which this part of all is, as far as the buckets tell.
    fn quantile(&self, part: f64) -> f64 {
        let wanted = self.count() * part;
        self.buckets.iter().find(|(_, count)| *count >= wanted).map_or(f64::INFINITY, |(bound, _)| *bound)
    }
}

/// The buckets of a histogram, added up over all of its label sets that contain a text.
fn buckets(page: &str, metric: &str, label: &str) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = Vec::new();
    let series = format!("{metric}_bucket{{");
    for line in page.lines().filter(|line| line.starts_with(&series) && line.contains(label)) {
        let bound = line.split("le=\"").nth(1).and_then(|rest| rest.split('"').next());
        let bound = bound.and_then(|bound| bound.replace("+Inf", "inf").parse::<f64>().ok());
        let count = line.rsplit_once(' ').and_then(|(_, count)| count.parse::<f64>().ok());
        let (Some(bound), Some(count)) = (bound, count) else { continue };
        match all.iter_mut().find(|(known, _)| known.total_cmp(&bound).is_eq()) {
            Some((_, sum)) => *sum += count,
            None => all.push((bound, count)),
        }
    }
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    all
}

fn show(what: &str, distribution: &Distribution) {
    let in_milliseconds = |part| distribution.quantile(part) * 1000.0;
    println!(
        "{what:<28} {:>6} times, half below {:>6.1} ms, 99 of 100 below {:>6.1} ms",
        distribution.count(),
        in_milliseconds(0.5),
        in_milliseconds(0.99)
    );
}
