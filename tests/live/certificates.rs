//! Certificates of our own under load: no call of the API server fails while they are rotated, lost or damaged.

pub(crate) mod clock;
mod load;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use self::load::{Callers, Load};
use crate::support::control_plane::ControlPlane;
use crate::support::live::replica::Replica;
use crate::support::live::{Live, SYSTEM};
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    five_rotations_under_load_lose_no_call,
    three_rotations_of_what_is_shipped_lose_no_call,
    a_lost_or_damaged_secret_costs_no_call,
    spoiled_bundles_are_put_right,
    a_replica_that_stood_still_has_the_new_certificate_at_once,
];

/// Leafs are renewed every 13 seconds, and every third time by a new authority.
const ARGUMENTS: &[&str] = &["--certificates=own", "--registration=given", "--certificate-lifetime=20"];
/// The same, and the webhooks are registered by ourselves.
const SHIPPED: &[&str] = &["--certificate-lifetime=20"];
const GUARD: &str = "{apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {name: monitoring}, \
                     spec: {namespace: monitoring, mesh: {istio: none}}}";
const NAMESPACE: &str = "monitoring";
const SECRET: &str = "scrapeguard-certificates";
const CONFIGURATIONS: [&str; 2] = ["mutatingwebhookconfiguration", "validatingwebhookconfiguration"];

/// More than the API server keeps idle connections, so that it makes new ones all the time.
const CALLERS: usize = 32;
/// So many that an answer comes in the time that we register for it, on a machine that is busy with other tests as well.
const FEW_CALLERS: usize = 4;

/// An installation with two replicas that is called for pods and policies of one namespace.
struct Site<'a> {
    live: Live<'a>,
    replicas: [Replica; 2],
    callers: usize,
}

impl<'a> Site<'a> {
    fn new(cluster: &'a ControlPlane) -> Result<Self> {
        Self::with(cluster, |live| replicas(live, ARGUMENTS))
    }

    /// The same with the webhook configurations that we make.
    fn as_shipped(cluster: &'a ControlPlane) -> Result<Self> {
        let own = |_: &Live<'_>| Ok(GUARD.to_owned());
        Self::registered(cluster, own, |live| replicas(live, SHIPPED), FEW_CALLERS)
    }

    fn with(cluster: &'a ControlPlane, replicas: impl FnOnce(&Live<'a>) -> Result<[Replica; 2]>) -> Result<Self> {
        Self::registered(cluster, configurations, replicas, CALLERS)
    }

    fn registered(
        cluster: &'a ControlPlane,
        manifests: impl FnOnce(&Live<'a>) -> Result<String>,
        replicas: impl FnOnce(&Live<'a>) -> Result<[Replica; 2]>,
        callers: usize,
    ) -> Result<Self> {
        let live = Live::install(cluster)?;
        cluster.kubectl().succeed(&["create", "namespace", NAMESPACE], "")?;
        live.apply(&manifests(&live)?)?;
        let replicas = replicas(&live)?;
        let site = Self { live, replicas, callers };
        site.wait_until_called()?;
        Ok(site)
    }

    /// Changed configurations take effect some time after they are stored.
    fn wait_until_called(&self) -> Result<()> {
        let callers = Callers::of(self.live.cluster);
        poll::until("both webhooks to be called", Duration::from_secs(30), || {
            let before = [self.answered("mutate")?, self.answered("validate")?];
            if let Err(error) = self.live.cluster.block_on(callers.call_both()) {
                return Ok(Look::not_yet(error));
            }
            let now = [self.answered("mutate")?, self.answered("validate")?];
            let both = before.iter().zip(now).all(|(before, now)| now > *before);
            Ok(if both { Look::Ready(()) } else { Look::NotYet(format!("{before:?}, then {now:?}")) })
        })
    }

    /// Reviews that both replicas together have answered.
    fn answered(&self, endpoint: &str) -> Result<f64> {
        self.sum("scrapeguard_admission_requests_total", &format!("endpoint=\"{endpoint}\""))
    }

    fn sum(&self, metric: &str, label: &str) -> Result<f64> {
        self.replicas.iter().map(|replica| replica.metric(metric, &[label])).sum()
    }

    /// How often the certificates were rotated so far: new leafs, and among them those of a new authority.
    fn rotations(&self) -> Result<(f64, f64)> {
        let steps = |step: &str| self.sum("scrapeguard_certificate_steps_total", &format!("step=\"{step}\""));
        let switches = steps("switch")?;
        Ok((steps("renew")? + switches, switches))
    }

    /// Calls of our webhooks that the API server says have failed: it refused an object for that, or let it pass.
    fn failed_calls(&self) -> Result<f64> {
        let count = |what: &str, labels: &[&str]| {
            self.live.api_server_metric(&format!("apiserver_admission_webhook_{what}_count"), labels)
        };
        // What was answered with a refusal, as a self-test is, has not failed.
        let refused = count("rejection", &["scrapeguard.io", "error_type=\"no_error\""])?;
        Ok(count("rejection", &["scrapeguard.io"])? - refused + count("fail_open", &["scrapeguard.io"])?)
    }

    /// Does something under load, and holds that not one call failed.
    fn without_a_failed_call(&self, act: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        let (failed, answered) = (self.failed_calls()?, self.answers_of_each()?);
        let load = Load::start(self.live.cluster, self.callers);
        let acted = act(self);
        let answers = load.end(self.live.cluster)?;
        acted?;
        let failures = self.failed_calls()? - failed;
        ensure!(failures == 0.0, "{failures} calls failed beside {answers} that were answered");
        for (before, now) in answered.into_iter().zip(self.answers_of_each()?) {
            ensure!(now > before, "a replica was never called");
        }
        println!("{answers} requests, none failed");
        Ok(())
    }

    fn answers_of_each(&self) -> Result<Vec<f64>> {
        self.replicas.iter().map(|replica| replica.metric("scrapeguard_admission_requests_total", &[])).collect()
    }

    /// What is in `caBundle` of each webhook of both configurations.
    fn bundles(&self) -> Result<Vec<Value>> {
        let mut bundles = Vec::new();
        for kind in CONFIGURATIONS {
            let configuration = self.live.cluster.kubectl().get("default", kind, "scrapeguard")?;
            let webhooks = configuration["webhooks"].as_array().context("no webhooks")?;
            bundles.extend(webhooks.iter().map(|webhook| webhook["clientConfig"]["caBundle"].clone()));
        }
        Ok(bundles)
    }

    fn expires(&self, replica: usize) -> Result<f64> {
        self.replicas[replica].metric("scrapeguard_certificate_expiry_timestamp_seconds", &[])
    }

    /// Whether both serve the same certificate, told by its last second.
    fn agree(&self) -> Result<bool> {
        Ok((self.expires(0)? - self.expires(1)?).abs() < 0.5)
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<()> {
        self.live.cluster.kubectl().succeed(arguments, "").map(drop)
    }
}

fn replicas(live: &Live<'_>, arguments: &[&str]) -> Result<[Replica; 2]> {
    Ok([live.ready_replica("scrapeguard-0", arguments)?, live.ready_replica("scrapeguard-1", arguments)?])
}

/// As shipped: pods pass while we are away, policies do not.
fn configurations(live: &Live<'_>) -> Result<String> {
    let service = live.cluster.kubectl().get(SYSTEM, "service", "scrapeguard")?;
    let port = &service["spec"]["ports"][0]["port"];
    let configuration = |kind: &str, path: &str, policy: &str, group: &str, resource: &str| {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": "scrapeguard"},
            "webhooks": [{
                "name": format!("{path}.scrapeguard.io"),
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                // Longer than shipped: how busy this machine is, is not asked here.
                "timeoutSeconds": 10,
                "failurePolicy": policy,
                "clientConfig": {"service": {
                    "name": "scrapeguard", "namespace": SYSTEM, "path": format!("/{path}"), "port": port,
                }},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
                "rules": [{
                    "apiGroups": [group], "apiVersions": ["v1"], "resources": [resource], "operations": ["CREATE"],
                }],
            }],
        })
    };
    let items = [
        configuration("MutatingWebhookConfiguration", "mutate", "Ignore", "", "pods"),
        configuration("ValidatingWebhookConfiguration", "validate", "Fail", "networking.k8s.io", "networkpolicies"),
    ];
    Ok(json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())
}

fn five_rotations_under_load_lose_no_call(cluster: &ControlPlane) -> Result<()> {
    let site = Site::new(cluster)?;
    let (before, _) = site.rotations()?;
    let mut expiries = BTreeSet::new();
    site.without_a_failed_call(|site| {
        poll::until("five rotations", Duration::from_mins(4), || {
            for replica in 0..site.replicas.len() {
                expiries.insert((replica, site.expires(replica)?.to_bits()));
            }
            let (rotations, _) = site.rotations()?;
            let seen = expiries.len();
            let done = rotations - before >= 5.0 && seen >= 12;
            Ok(if done { Look::Ready(()) } else { Look::NotYet(format!("{rotations} rotations, {seen} certificates")) })
        })
    })?;
    let (_, switches) = site.rotations()?;
    ensure!(switches >= 1.0, "every rotation was by the same authority");
    Ok(())
}

fn three_rotations_of_what_is_shipped_lose_no_call(cluster: &ControlPlane) -> Result<()> {
    let site = Site::as_shipped(cluster)?;
    // The webhooks that may refuse wait for us: a call that fails is a request that fails.
    poll::until("policies to wait for us", Duration::from_secs(40), || {
        let configuration = cluster.kubectl().get("default", CONFIGURATIONS[1], "scrapeguard")?;
        let waits = configuration["webhooks"].as_array().into_iter().flatten().any(|it| it["failurePolicy"] == "Fail");
        Ok(if waits { Look::Ready(()) } else { Look::not_yet("nothing waits") })
    })?;
    let (before, _) = site.rotations()?;
    site.without_a_failed_call(|site| {
        poll::until("three rotations", Duration::from_mins(3), || {
            let (rotations, switches) = site.rotations()?;
            let done = rotations - before >= 3.0 && switches >= 1.0;
            Ok(if done { Look::Ready(()) } else { Look::NotYet(format!("{rotations} rotations, {switches} switches")) })
        })
    })?;
    let bundles = site.bundles()?;
    ensure!(bundles.iter().all(is_pem), "a webhook trusts nobody: {bundles:?}");
    Ok(())
}

fn a_lost_or_damaged_secret_costs_no_call(cluster: &ControlPlane) -> Result<()> {
    let site = Site::new(cluster)?;
    let authorities = || site.sum("scrapeguard_certificate_authority_expiry_timestamp_seconds", "");
    site.without_a_failed_call(|site| {
        let before = site.rotations()?.1;
        site.kubectl(&["delete", "secret", SECRET, "--namespace", SYSTEM])?;
        wait_for_new_authority(site, before)
    })?;
    let first = authorities()?;
    site.without_a_failed_call(|site| {
        let before = site.rotations()?.1;
        let patch = json!({"data": {"authority.key": "ZGFtYWdl"}}).to_string();
        site.kubectl(&["patch", "secret", SECRET, "--namespace", SYSTEM, "--patch", &patch])?;
        wait_for_new_authority(site, before)
    })?;
    ensure!(authorities()? > first, "the authority is still the same");
    let damaged = site.replicas.iter().any(|replica| replica.log().contains("was damaged"));
    ensure!(damaged, "nobody has told that the Secret was damaged");
    Ok(())
}

/// The Secret is there again, and new keys are in use.
fn wait_for_new_authority(site: &Site<'_>, before: f64) -> Result<()> {
    poll::until("a new authority", Duration::from_mins(1), || {
        let now = site.rotations()?.1;
        let agree = site.agree()?;
        Ok(if now > before && agree {
            Look::Ready(())
        } else {
            Look::NotYet(format!("{now} switches, agreed: {agree}"))
        })
    })
}

fn spoiled_bundles_are_put_right(cluster: &ControlPlane) -> Result<()> {
    let site = Site::new(cluster)?;
    for kind in CONFIGURATIONS {
        for change in [json!({"op": "remove"}), json!({"op": "replace", "value": "Zm9yZWlnbg=="})] {
            let mut change = change;
            change["path"] = json!("/webhooks/0/clientConfig/caBundle");
            let patch = json!([change]).to_string();
            site.kubectl(&["patch", kind, "scrapeguard", "--type=json", "--patch", &patch])?;
            let since = Instant::now();
            poll::until("the bundle to be put right", Duration::from_secs(2), || {
                let bundles = site.bundles()?;
                let right = bundles.iter().all(|bundle| *bundle == bundles[0] && is_pem(bundle));
                Ok(if right { Look::Ready(()) } else { Look::NotYet(format!("{bundles:?}")) })
            })?;
            println!("{kind}: put right after {:?}", since.elapsed());
        }
    }
    // What is applied again takes no bundle away, by whichever way it is applied.
    let manifests = configurations(&site.live)?;
    let versions = || -> Result<Vec<Value>> { CONFIGURATIONS.map(|kind| version(&site, kind)).into_iter().collect() };
    let (before, bundles) = (versions()?, site.bundles()?);
    for _ in 0..3 {
        site.live.apply(&manifests)?;
    }
    ensure!(bundles != site.bundles()? || before == versions()?, "applying again has written something");
    site.live.cluster.kubectl().succeed(&["apply", "--filename", "-"], &manifests)?;
    ensure!(site.bundles()?.iter().all(is_pem), "kubectl apply took a bundle away");
    site.wait_until_called()
}

fn version(site: &Site<'_>, kind: &str) -> Result<Value> {
    let configuration = site.live.cluster.kubectl().get("default", kind, "scrapeguard")?;
    Ok(configuration["metadata"]["resourceVersion"].clone())
}

/// Whether this is PEM in base64.
fn is_pem(bundle: &Value) -> bool {
    bundle.as_str().is_some_and(|text| text.starts_with("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"))
}

/// A suspended process is one whose clock jumps: its certificate expires while it cannot notice.
fn a_replica_that_stood_still_has_the_new_certificate_at_once(cluster: &ControlPlane) -> Result<()> {
    let mut site = Site::new(cluster)?;
    let expires = site.expires(1)?;
    site.replicas[1].signal("STOP")?;
    poll::until("its certificate to expire", Duration::from_mins(1), || {
        let now = jiff::Timestamp::now().as_duration().as_secs_f64();
        Ok(if now > expires + 2.0 { Look::Ready(()) } else { Look::not_yet(now) })
    })?;
    site.replicas[1].signal("CONT")?;
    let since = Instant::now();
    poll::until("it to serve what the other serves", Duration::from_secs(5), || {
        Ok(if site.agree()? { Look::Ready(()) } else { Look::not_yet(site.expires(1)?) })
    })?;
    println!("it came back after {:?}", since.elapsed());
    site.replicas[1].wait_until_ready()?;
    site.without_a_failed_call(|site| {
        let (before, _) = site.rotations()?;
        poll::until("another rotation", Duration::from_mins(1), || {
            let (now, _) = site.rotations()?;
            Ok(if now > before { Look::Ready(()) } else { Look::not_yet(now) })
        })
    })
}
