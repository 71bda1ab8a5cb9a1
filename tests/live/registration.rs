//! The webhooks are registered by ourselves, refuse nothing before we are proven to answer, and leave nothing behind: a
//! cluster in which we are installed, down, crashed or removed goes on.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::support::control_plane::ControlPlane;
use crate::support::live::replica::Replica;
use crate::support::live::{Live, SERVICE, SYSTEM};
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    nothing_waits_for_us_before_we_are_proven_nor_after_we_have_left,
    what_somebody_changes_is_put_right,
    a_crash_of_all_holds_up_what_is_guarded_alone_until_it_is_uninstalled,
    deleting_the_manifests_removes_the_webhooks,
    nothing_comes_back_that_is_uninstalled_beside_living_replicas,
];

const GUARD: &str = "
apiVersion: scrapeguard.io/v1alpha1
kind: ScrapeGuard
metadata: {name: monitoring}
spec: {namespace: monitoring, mesh: {istio: none}}
";
/// The API server's own schema has nothing against it.
const BAD_GUARD: &str = "
apiVersion: scrapeguard.io/v1alpha1
kind: ScrapeGuard
metadata: {name: bad}
spec:
  connections: [{from: {component: grafanna}, to: prometheus, ports: [http-web], purpose: ui}]
";
const BAD_POLICY: &str = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {generateName: bad-}
spec: {rules: [{from: [{source: {principals: [TBD]}}]}]}
";
const POLICY: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {generateName: any-}
spec: {podSelector: {matchLabels: {app: any}}, policyTypes: [Ingress]}
";
const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {generateName: any-}
spec: {containers: [{name: any, image: any}]}
";
const VALIDATING: &str = "validatingwebhookconfiguration";
const MUTATING: &str = "mutatingwebhookconfiguration";

/// An installation with a guarded namespace and another.
struct Site<'a> {
    live: Live<'a>,
}

impl<'a> Site<'a> {
    fn new(cluster: &'a ControlPlane) -> Result<Self> {
        let live = Live::install(cluster)?;
        for namespace in ["monitoring", "elsewhere"] {
            cluster.kubectl().succeed(&["create", "namespace", namespace], "")?;
        }
        Ok(Self { live })
    }

    fn replicas(&self) -> Result<[Replica; 2]> {
        Ok([self.live.ready_replica("scrapeguard-0", &[])?, self.live.ready_replica("scrapeguard-1", &[])?])
    }

    /// Applies the guard and waits until what we refuse waits for us.
    fn enforce(&self) -> Result<()> {
        self.live.apply(GUARD)?;
        self.wait_for("policies to wait for us", |policies| policies.contains("validate.scrapeguard.io"))
    }

    fn create(&self, namespace: &str, manifest: &str) -> Result<crate::support::control_plane::Said> {
        self.live.kubectl(&["create", "--namespace", namespace, "--filename", "-"], manifest)
    }

    /// What any cluster does all the time.
    fn goes_on(&self, moment: &str) -> Result<()> {
        for (namespace, manifest) in [
            ("kube-system", POD),
            ("kube-system", POLICY),
            ("elsewhere", POD),
            ("elsewhere", POLICY),
            ("monitoring", POD),
        ] {
            let said = self.create(namespace, manifest)?;
            ensure!(said.succeeded, "{moment}: {namespace} is held up:\n{}", said.stderr);
        }
        Ok(())
    }

    /// What is ours to look at goes on as well.
    fn goes_on_for_us(&self, moment: &str) -> Result<()> {
        let said = self.create("monitoring", POLICY)?;
        ensure!(said.succeeded, "{moment}: policies of the guarded namespace are held up:\n{}", said.stderr);
        let said = self.live.kubectl(&["apply", "--server-side", "--dry-run=server", "--filename", "-"], GUARD)?;
        ensure!(said.succeeded, "{moment}: guards are held up:\n{}", said.stderr);
        Ok(())
    }

    fn configuration(&self, kind: &str) -> Result<Option<Value>> {
        let arguments = ["get", kind, SERVICE, "--ignore-not-found", "--output", "json"];
        let text = self.live.cluster.kubectl().succeed(&arguments, "")?.stdout;
        if text.is_empty() { Ok(None) } else { Ok(Some(serde_json::from_str(&text)?)) }
    }

    /// The names of the webhooks that requests wait for.
    fn awaited(&self) -> Result<BTreeSet<String>> {
        let configuration = self.configuration(VALIDATING)?.unwrap_or_default();
        let webhooks = configuration["webhooks"].as_array().into_iter().flatten();
        let failing = webhooks.filter(|webhook| webhook["failurePolicy"] == "Fail");
        Ok(failing.filter_map(|webhook| webhook["name"].as_str()).map(str::to_owned).collect())
    }

    fn wait_for(&self, awaited: &str, is_so: impl Fn(&BTreeSet<String>) -> bool) -> Result<()> {
        poll::until(awaited, Duration::from_secs(40), || {
            let names = self.awaited()?;
            Ok(if is_so(&names) { Look::Ready(()) } else { Look::NotYet(format!("{names:?}")) })
        })
    }

    /// That nothing is there that we have made.
    fn is_clean(&self) -> Result<()> {
        let get = |arguments: &[&str]| {
            self.live.cluster.kubectl().succeed(&[&["get", "--output=name"], arguments].concat(), "")
        };
        let made = ["networkpolicies,secrets", "--all-namespaces", "-l", "app.kubernetes.io/managed-by=scrapeguard"];
        let left = get(&made)?.stdout + &get(&["leases", "--namespace", SYSTEM])?.stdout;
        ensure!(left.is_empty(), "something of ours is left:\n{left}");
        Ok(())
    }

    fn uninstall(&self, more: &[&str]) -> Result<(Option<i32>, String)> {
        let kubeconfig = &self.live.cluster.kubectl().kubeconfig;
        let mut program = Command::new(Path::new(env!("CARGO_BIN_EXE_scrapeguard")));
        let output =
            program.arg("uninstall").arg("--kubeconfig").arg(kubeconfig).args(more).env("NO_PROXY", "*").output();
        let output = output.context("run scrapeguard uninstall")?;
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Ok((output.status.code(), text))
    }
}

fn stop(replicas: &mut [Replica], signal: &str) -> Result<()> {
    replicas.iter_mut().try_for_each(|replica| replica.signal(signal))?;
    replicas.iter_mut().try_for_each(|replica| replica.wait_for_end().map(drop))
}

fn nothing_waits_for_us_before_we_are_proven_nor_after_we_have_left(cluster: &ControlPlane) -> Result<()> {
    let site = Site::new(cluster)?;
    site.goes_on("before any replica")?;
    let said = site.create(SYSTEM, POLICY)?;
    ensure!(said.succeeded, "our own namespace is held up:\n{}", said.stderr);
    let mut replicas = site.replicas()?;
    site.goes_on("without a guard")?;
    site.enforce()?;
    site.goes_on("while we refuse")?;
    site.goes_on_for_us("while we refuse")?;
    let said = site.create("monitoring", BAD_POLICY)?;
    ensure!(!said.succeeded && said.stderr.contains("SG-GEN-001"), "not refused:\n{}", said.stderr);
    let said = site.live.kubectl(&["apply", "--server-side", "--filename", "-"], BAD_GUARD)?;
    ensure!(!said.succeeded && said.stderr.contains("did you mean \"grafana\"?"), "not refused:\n{}", said.stderr);
    let [first, second] = &mut replicas;
    first.stop("TERM")?;
    site.goes_on_for_us("after the first has left")?;
    ensure!(!site.awaited()?.is_empty(), "the second still serves, and nothing waits for it");
    second.stop("TERM")?;
    ensure!(site.awaited()?.is_empty(), "all have left, and requests wait for {:?}", site.awaited()?);
    site.goes_on("after all have left")?;
    site.goes_on_for_us("after all have left")
}

fn what_somebody_changes_is_put_right(cluster: &ControlPlane) -> Result<()> {
    let site = Site::new(cluster)?;
    let replica = site.live.ready_replica("scrapeguard-0", &[])?;
    site.enforce()?;
    let kubectl = cluster.kubectl();
    let before = site.configuration(VALIDATING)?.context("there is no configuration")?;
    let bundle = before["webhooks"][0]["clientConfig"]["caBundle"].clone();
    ensure!(bundle.is_string(), "nobody is trusted");
    let writes = replica.metric("scrapeguard_registration_writes_total", &[])?;
    let narrowed = json!([{"op": "replace", "path": "/webhooks/0/rules", "value": []}]).to_string();
    kubectl.succeed(&["patch", VALIDATING, SERVICE, "--type=json", "--patch", &narrowed], "")?;
    kubectl.succeed(&["delete", MUTATING, SERVICE], "")?;
    poll::until("both to be as they were", Duration::from_secs(5), || {
        let (validating, mutating) = (site.configuration(VALIDATING)?, site.configuration(MUTATING)?);
        let is_right = validating.as_ref().is_some_and(|now| now["webhooks"] == before["webhooks"]);
        Ok(if is_right && mutating.is_some() { Look::Ready(()) } else { Look::NotYet(format!("{validating:?}")) })
    })?;
    let written = replica.metric("scrapeguard_registration_writes_total", &[])? - writes;
    ensure!(written <= 2.0, "two configurations are mended with {written} writes");
    site.live.apply(
        &GUARD.replace("name: monitoring", "name: second").replace("namespace: monitoring", "namespace: second"),
    )?;
    poll::until("the second guard's namespace to be registered", Duration::from_secs(10), || {
        let now = site.configuration(VALIDATING)?.unwrap_or_default();
        let webhooks = now["webhooks"].as_array().context("no webhooks")?;
        let trusts = webhooks.iter().all(|webhook| webhook["clientConfig"]["caBundle"] == bundle);
        ensure!(trusts, "a webhook does not trust whom it did");
        Ok(if now.to_string().contains("\"second\"") { Look::Ready(()) } else { Look::not_yet("not yet") })
    })
}

fn a_crash_of_all_holds_up_what_is_guarded_alone_until_it_is_uninstalled(cluster: &ControlPlane) -> Result<()> {
    let site = Site::new(cluster)?;
    let mut replicas = site.replicas()?;
    site.enforce()?;
    let written =
        cluster.kubectl().succeed(&["create", "--namespace=monitoring", "--output=name", "-f", "-"], POLICY)?;
    stop(&mut replicas, "KILL")?;
    site.goes_on("after a crash of all")?;
    let said = site.create("monitoring", POLICY)?;
    ensure!(!said.succeeded && said.stderr.contains("failed calling webhook"), "it did not wait:\n{}", said.stderr);
    let said = site.live.kubectl(&["delete", "--namespace=monitoring", written.stdout.trim()], "")?;
    ensure!(said.succeeded, "what is there cannot be removed:\n{}", said.stderr);
    let (code, text) = site.uninstall(&["--check"])?;
    ensure!(code == Some(1) && text.contains("validate.scrapeguard.io"), "the check ends with {code:?}:\n{text}");
    let (code, text) = site.uninstall(&[])?;
    ensure!(code == Some(0), "uninstall ends with {code:?}:\n{text}");
    let (code, text) = site.uninstall(&["--check"])?;
    ensure!(code == Some(0) && text.is_empty(), "something is left, {code:?}:\n{text}");
    poll::until("the API server to forget us", Duration::from_secs(10), || {
        let said = site.create("monitoring", POLICY)?;
        Ok(if said.succeeded { Look::Ready(()) } else { Look::NotYet(said.stderr) })
    })?;
    site.goes_on_for_us("after uninstall")?;
    site.is_clean()
}

/// The replicas live on: they are processes beside the pods that are deleted, so this is as bad as it gets.
fn deleting_the_manifests_removes_the_webhooks(cluster: &ControlPlane) -> Result<()> {
    let site = Site::new(cluster)?;
    let _replicas = site.replicas()?;
    site.enforce()?;
    let manifests = format!("{}/manifests", env!("CARGO_MANIFEST_DIR"));
    cluster.kubectl().succeed(&["delete", "--wait=false", "--kustomize", &manifests], "")?;
    site.goes_on("while we are removed")?;
    poll::until("the webhook configurations to go", Duration::from_secs(30), || {
        let left = [site.configuration(VALIDATING)?, site.configuration(MUTATING)?];
        Ok(if left.iter().all(Option::is_none) { Look::Ready(()) } else { Look::not_yet("they are there") })
    })?;
    poll::until("the guarded namespace to be free", Duration::from_secs(10), || {
        let said = site.create("monitoring", POLICY)?;
        Ok(if said.succeeded { Look::Ready(()) } else { Look::NotYet(said.stderr) })
    })?;
    // Nobody puts them back, though replicas are alive: two looks of the keeper.
    let looks = std::time::Instant::now();
    poll::until("some looks of the replicas", Duration::from_secs(10), || {
        ensure!(site.configuration(VALIDATING)?.is_none(), "a replica has put a configuration back");
        Ok(if looks.elapsed() > Duration::from_secs(5) { Look::Ready(()) } else { Look::not_yet("not yet") })
    })
}

fn nothing_comes_back_that_is_uninstalled_beside_living_replicas(cluster: &ControlPlane) -> Result<()> {
    let site = Site::new(cluster)?;
    let replicas = site.replicas()?;
    site.enforce()?;
    ensure!(site.is_clean().is_err(), "nothing of ours can be found");
    let (code, text) = site.uninstall(&[])?;
    ensure!(code == Some(0), "uninstall ends with {code:?}:\n{text}");
    let since = std::time::Instant::now();
    poll::until("many looks of the replicas", Duration::from_secs(20), || {
        site.is_clean()?;
        let left = [site.configuration(VALIDATING)?, site.configuration(MUTATING)?];
        ensure!(left.iter().all(Option::is_none), "a replica has put a configuration back");
        Ok(if since.elapsed() > Duration::from_secs(10) { Look::Ready(()) } else { Look::not_yet("not yet") })
    })?;
    site.goes_on("after uninstall")?;
    site.goes_on_for_us("after uninstall")?;
    for replica in &replicas {
        ensure!(replica.ask("/livez")?.starts_with("HTTP/1.1 200"), "a replica has died:\n{}", replica.log());
    }
    Ok(())
}
