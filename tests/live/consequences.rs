//! What a change would close is told before it is stored, by kubectl, as users see it.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::support::control_plane::{ControlPlane, Said};
use crate::support::live::Live;
use crate::support::live::kubelet::Kubelet;
use crate::support::live::replica::Replica;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![what_is_cut_off_is_told, what_is_cut_off_can_be_refused];

pub(crate) const SHOP: &str = include_str!("shop.yaml");
pub(crate) const GUARD: &str = "
apiVersion: scrapeguard.io/v1alpha1
kind: ScrapeGuard
metadata: {name: monitoring}
spec:
  namespace: monitoring
  mesh: {istio: sidecar, envoyStats: false}
";
/// The pods of the shop and Grafana.
const TARGETS: f64 = 4.0;

/// One change: how kubectl makes it, with what input, how it is taken back, and what is said of it.
struct Change {
    name: &'static str,
    make: &'static [&'static str],
    input: &'static str,
    undo: &'static [&'static str],
    told: &'static str,
}

const APPLY: &[&str] = &["apply", "--filename", "-"];

pub(crate) const DEFAULT_DENY: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
";
const ALLOW: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow-prometheus, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}
      podSelector: {matchLabels: {app.kubernetes.io/name: prometheus}}
    ports: [{port: metrics}]
";
const LOCKED: &str = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: locked, namespace: shop}
spec:
  action: ALLOW
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]
";
const STRICT: &str = "
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

const CHANGES: &[Change] = &[
    Change {
        name: "a default-deny added",
        make: APPLY,
        input: DEFAULT_DENY,
        undo: &["delete", "networkpolicy", "default-deny", "--namespace=shop"],
        told: "cuts Prometheus off from 3 targets",
    },
    Change {
        name: "an AuthorizationPolicy that locks Prometheus out",
        make: APPLY,
        input: LOCKED,
        undo: &["delete", "authorizationpolicy", "locked", "--namespace=shop"],
        told: "cuts Prometheus off from 3 targets",
    },
    Change {
        name: "STRICT turned on",
        make: APPLY,
        input: STRICT,
        undo: &["delete", "peerauthentication", "default", "--namespace=shop"],
        told: "cuts Prometheus off from 3 targets",
    },
    Change {
        name: "a namespace label edited away",
        make: &["label", "namespace", "shop", "metrics-"],
        input: "",
        undo: &["label", "namespace", "shop", "metrics=yes"],
        told: "cuts Prometheus off from 3 targets",
    },
    Change {
        name: "a monitor's label changed",
        make: &["label", "--overwrite", "podmonitor", "web", "--namespace=shop", "release=other"],
        input: "",
        undo: &["label", "--overwrite", "podmonitor", "web", "--namespace=shop", "release=prometheus-operator"],
        told: "cuts Prometheus off from 3 targets",
    },
    Change {
        name: "a guard edited",
        make: &[
            "patch",
            "scrapeguard",
            "monitoring",
            "--type=merge",
            "--patch={\"spec\":{\"connections\":[{\"from\":{\"component\":\"prometheus\"},\"to\":\"grafana\",\"ports\":[],\"purpose\":\"metrics\"}]}}",
        ],
        input: "",
        undo: &["patch", "scrapeguard", "monitoring", "--type=merge", "--patch={\"spec\":{\"connections\":[]}}"],
        told: "cuts Prometheus off from 1 target",
    },
];

fn what_is_cut_off_is_told(cluster: &ControlPlane) -> Result<()> {
    let live = Live::install(cluster)?;
    let _kubelet = Kubelet::start(cluster);
    let replica = a_shop_that_is_scraped(&live)?;
    for change in CHANGES {
        told(&live, &replica, change).with_context(|| change.name)?;
    }
    an_allow_removed(&live, &replica).context("an allow removed")?;
    a_label_taken_off_comes_back(&live)
}

/// A replica that finds every target open.
fn a_shop_that_is_scraped(live: &Live<'_>) -> Result<Replica> {
    live.apply(SHOP)?;
    let replica = live.ready_replica("scrapeguard-0", &[])?;
    live.apply(GUARD)?;
    all_is_open(&replica)?;
    // The API server takes a moment to learn of webhook configurations.
    poll::until("the webhooks to take effect", Duration::from_secs(30), || {
        let said = live.kubectl(&[APPLY, &["--dry-run=server"]].concat(), DEFAULT_DENY)?;
        Ok(if said.warnings().is_empty() { Look::NotYet(said.stderr) } else { Look::Ready(()) })
    })?;
    Ok(replica)
}

pub(crate) fn all_is_open(replica: &Replica) -> Result<()> {
    poll::until("all targets to be open", Duration::from_secs(30), || {
        let count = |verdict: &str| replica.metric("scrapeguard_scrape_paths", &[verdict]);
        let (open, blocked, unknown) = (count("open")?, count("blocked")?, count("unknown")?);
        let is_open = open >= TARGETS && blocked + unknown == 0.0;
        let seen = format!("{open} open, {blocked} blocked, {unknown} unknown");
        Ok(if is_open { Look::Ready(()) } else { Look::NotYet(seen) })
    })
}

fn told(live: &Live<'_>, replica: &Replica, change: &Change) -> Result<()> {
    let dry = live.kubectl(&[change.make, &["--dry-run=server"]].concat(), change.input)?;
    is_told(&dry, change.told).context("by a dry run")?;
    all_is_open(replica).context("the dry run changed something")?;
    let said = live.kubectl(change.make, change.input)?;
    is_told(&said, change.told)?;
    // Two webhooks are asked at once, and either may be the first to answer.
    let warnings = |said: &Said| said.warnings().into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    ensure!(warnings(&said) == warnings(&dry), "a dry run says {:?}, not {:?}", warnings(&dry), warnings(&said));
    something_is_lost(replica)?;
    live.cluster.kubectl().succeed(change.undo, "")?;
    all_is_open(replica).context("what was taken back")
}

/// What is looked at in the background has seen the change.
fn something_is_lost(replica: &Replica) -> Result<()> {
    poll::until("targets to be lost", Duration::from_secs(30), || {
        let open = replica.metric("scrapeguard_scrape_paths", &["open"])?;
        Ok(if open < TARGETS { Look::Ready(()) } else { Look::NotYet(format!("{open} open")) })
    })
}

fn is_told(said: &Said, words: &str) -> Result<()> {
    ensure!(said.succeeded, "refused:\n{}", said.stderr);
    let told = said.warnings().into_iter().find(|line| line.starts_with("[SG-") && line.contains(words));
    let headline = told.with_context(|| format!("{words:?} is not said:\n{}", said.stderr))?;
    ensure!(headline.chars().count() <= 120, "a headline is too long: {headline}");
    Ok(())
}

fn an_allow_removed(live: &Live<'_>, replica: &Replica) -> Result<()> {
    live.apply(ALLOW)?;
    let said = poll::until("the allow to be known", Duration::from_secs(20), || {
        let said = live.kubectl(APPLY, DEFAULT_DENY)?;
        Ok(if said.warnings().is_empty() { Look::Ready(said) } else { Look::NotYet(said.stderr) })
    })?;
    ensure!(said.succeeded, "refused:\n{}", said.stderr);
    all_is_open(replica)?;
    let delete = ["delete", "networkpolicy", "allow-prometheus", "--namespace=shop"];
    poll::until("a dry run to tell", Duration::from_secs(20), || {
        let said = live.kubectl(&[&delete[..], &["--dry-run=server"]].concat(), "")?;
        let is_told = is_told(&said, "cuts Prometheus off from 3 targets");
        Ok(is_told.map_or_else(Look::not_yet, Look::Ready))
    })?;
    is_told(&live.kubectl(&delete, "")?, "cuts Prometheus off from 3 targets")?;
    something_is_lost(replica)?;
    live.cluster.kubectl().succeed(&["delete", "networkpolicy", "default-deny", "--namespace=shop"], "")?;
    all_is_open(replica)
}

/// A monitor needs it, and somebody may have forgotten that.
fn a_label_taken_off_comes_back(live: &Live<'_>) -> Result<()> {
    live.cluster
        .kubectl()
        .succeed(&["label", "servicemonitor", "grafana", "--namespace=monitoring", "release-"], "")?;
    let mut monitor = live.cluster.kubectl().get("monitoring", "servicemonitor", "grafana")?;
    let label = monitor["metadata"]["labels"]["release"].take();
    ensure!(label == "prometheus-operator", "the label is {label}");
    Ok(())
}

fn what_is_cut_off_can_be_refused(cluster: &ControlPlane) -> Result<()> {
    let live = Live::install(cluster)?;
    let _kubelet = Kubelet::start(cluster);
    let replica = a_shop_that_is_scraped(&live)?;
    let guarded = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nothing-for-grafana, namespace: monitoring}
spec: {podSelector: {matchLabels: {app.kubernetes.io/name: grafana}}, policyTypes: [Ingress]}
";
    let without_companions = "  companions: {networkPolicies: ignore}\n  enforcement: {denyLostTargets: true}\n";
    live.apply(&format!("{GUARD}{without_companions}"))?;
    poll::until("the policy to be refused", Duration::from_secs(30), || {
        let said = live.kubectl(&[APPLY, &["--dry-run=server"]].concat(), guarded)?;
        let is_refused = !said.succeeded && said.stderr.contains("cuts Prometheus off from 1 target");
        Ok(if is_refused { Look::Ready(()) } else { Look::NotYet(said.stderr) })
    })?;
    ensure!(!live.kubectl(APPLY, guarded)?.succeeded, "it was stored");
    all_is_open(&replica)?;
    let exempt = "  companions: {networkPolicies: ignore}
  enforcement: {denyLostTargets: true, exemptSubjects: [{kind: User, name: admin}]}\n";
    live.apply(&format!("{GUARD}{exempt}"))?;
    poll::until("the administrator to be spared", Duration::from_secs(30), || {
        let said = live.kubectl(&[APPLY, &["--dry-run=server"]].concat(), guarded)?;
        Ok(if said.succeeded { Look::Ready(said) } else { Look::NotYet(said.stderr) })
    })
    .and_then(|said| is_told(&said, "cuts Prometheus off from 1 target"))
}
