//! What a replica answers while it is cut off from what it has to know: what is true, what was true as long ago as it
//! says, or nothing. Afterwards it recovers by itself.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::consequences::{DEFAULT_DENY, GUARD, SHOP, all_is_open};
use crate::support::control_plane::ControlPlane;
use crate::support::live::Live;
use crate::support::live::kubelet::Kubelet;
use crate::support::live::replica::Replica;
use crate::support::live::witness::{Question, Witness};
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};
use crate::watch::{ALONE, as_of, follows, is_confirmed_after, knows, metric_is, objects, policy};

pub(crate) const CASES: &[Case] =
    cases![the_api_server_restarts, the_store_hangs, connections_are_cut, connections_hang];

/// How old knowledge may be in these tests.
const STALENESS: Duration = Duration::from_secs(7);
/// How old it is looked at every second, by a machine that may be busy.
const LATEST: Duration = Duration::from_secs(9);

const CONSEQUENCES: &str = "/consequences";
const VALIDATE: &str = "/validate";
const MUTATE: &str = "/mutate";
const QUESTIONS: &[Question] = &[
    Question {
        path: CONSEQUENCES,
        kind: ["networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"],
        object: DEFAULT_DENY,
    },
    Question {
        path: VALIDATE,
        kind: ["security.istio.io", "v1", "AuthorizationPolicy", "authorizationpolicies"],
        object: "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, \
                 metadata: {name: bad, namespace: monitoring}, \
                 spec: {rules: [{from: [{source: {principals: [TBD]}}]}]}}",
    },
    Question {
        path: MUTATE,
        kind: ["", "v1", "Pod", "pods"],
        object: "{apiVersion: v1, kind: Pod, metadata: {name: grafana, namespace: monitoring, labels: {app: grafana}}, \
                 spec: {containers: [{name: grafana, image: grafana, ports: [{name: grafana, containerPort: 3000}]}]}}",
    },
];

/// What is right while the shop is scraped, and once its monitor is not selected any more.
const SCRAPED: (&str, &str) = (CONSEQUENCES, "cuts Prometheus off from 3 targets");
const NOT_SCRAPED: (&str, &str) = (CONSEQUENCES, "");
/// What is right under the guard, and once it only watches.
const ENFORCED: [(&str, &str); 2] = [(VALIDATE, "SG-GEN-001"), (MUTATE, "/metadata/labels")];
const AUDITED: [(&str, &str); 2] = [(VALIDATE, ""), (MUTATE, "")];

/// A shop that is scraped, a guard, one replica, and somebody who asks it all the time.
struct Site<'a> {
    live: Live<'a>,
    replica: Replica,
    witness: Witness<'a>,
    _kubelet: Kubelet,
}

impl<'a> Site<'a> {
    fn new(cluster: &'a ControlPlane, arguments: &[&str]) -> Result<Self> {
        let live = Live::install(cluster)?;
        let kubelet = Kubelet::start(cluster);
        live.apply(SHOP)?;
        let replica = live.ready_replica("scrapeguard-0", &[&ALONE[..], arguments].concat())?;
        live.apply(GUARD)?;
        all_is_open(&replica)?;
        let truth = [&[SCRAPED][..], &ENFORCED].concat();
        let witness = Witness::of(&live, &replica, QUESTIONS, &truth)?;
        Ok(Self { live, replica, witness, _kubelet: kubelet })
    }

    /// Prometheus selects the monitor of the shop no more, or again.
    fn label_monitor(&mut self, is_selected: bool) -> Result<()> {
        let (label, truth) =
            if is_selected { ("release=prometheus-operator", SCRAPED) } else { ("release=other", NOT_SCRAPED) };
        let label = ["label", "--overwrite", "podmonitor", "web", "--namespace=shop", label];
        self.witness.turn(&[truth], || self.live.cluster.kubectl().succeed(&label, "").map(drop))
    }

    /// The guard refuses and adds nothing any more, or again.
    fn set_mode(&mut self, mode: &str) -> Result<()> {
        let patch = format!("--patch={{\"spec\":{{\"enforcement\":{{\"mode\":\"{mode}\"}}}}}}");
        let patch = ["patch", "scrapeguard", "monitoring", "--type=merge", &patch];
        let truth = if mode == "audit" { &AUDITED } else { &ENFORCED };
        self.witness.turn(truth, || self.live.cluster.kubectl().succeed(&patch, "").map(drop))
    }

    /// Everything that is changed from now on is told again.
    fn is_told_of_changes(&mut self) -> Result<()> {
        self.set_mode("enforce")?;
        self.label_monitor(true)?;
        self.witness.hears(&[&[SCRAPED][..], &ENFORCED].concat())
    }
}

fn the_api_server_restarts(cluster: &ControlPlane) -> Result<()> {
    let mut site = Site::new(cluster, &[])?;
    let (known, confirmed) = (objects(&site.replica, "PodMonitor")?, as_of(&site.replica)?);
    let begun = Instant::now();
    cluster.restart_api_server()?;
    let restarted = Instant::now();
    site.label_monitor(false)?;
    site.set_mode("audit")?;
    is_confirmed_after(&site.replica, confirmed)?;
    site.replica.wait_until_ready()?;
    site.witness.hears(&[&[NOT_SCRAPED][..], &AUDITED].concat())?;
    site.is_told_of_changes()?;
    follows(&site.live, &site.replica, "afterwards")?;
    knows(&site.replica, "PodMonitor", known)?;
    metric_is(&site.replica, "scrapeguard_watch_broken", &[], 0.0)?;
    let testimony = site.witness.testimony()?;
    testimony.is_right(Duration::from_mins(1))?;
    let (verdicts, age) = testimony.verdicts(begun, restarted);
    println!("{verdicts} verdicts while it restarted for {:?}, up to {age:?} old", restarted - begun);
    ensure!(verdicts > 10, "there were only {verdicts} verdicts while it restarted");
    Ok(())
}

fn the_store_hangs(cluster: &ControlPlane) -> Result<()> {
    let mut site = Site::new(cluster, &["--staleness=7"])?;
    let begun = Instant::now();
    cluster.signal_etcd("STOP")?;
    site.replica.wait_until_unready()?;
    let (unready, reason, stopped) = (Instant::now(), site.replica.ask("/readyz")?, as_of(&site.replica)?);
    ensure!(reason.contains("the API server has not answered"), "{reason}");
    poll::until("20 seconds to pass", Duration::from_secs(30), || {
        ensure!(site.replica.ask("/readyz")?.starts_with("HTTP/1.1 503"), "it is ready, although nothing can be known");
        ensure!(as_of(&site.replica)? <= stopped, "it claims to know more than it can");
        let passed = begun.elapsed();
        Ok(if passed > Duration::from_secs(20) { Look::Ready(()) } else { Look::not_yet(passed.as_secs()) })
    })?;
    let goes_on = Instant::now();
    cluster.signal_etcd("CONT")?;
    site.replica.wait_until_ready()?;
    is_confirmed_after(&site.replica, stopped)?;
    site.label_monitor(false)?;
    site.set_mode("audit")?;
    site.witness.hears(&[&[NOT_SCRAPED][..], &AUDITED].concat())?;
    site.is_told_of_changes()?;
    follows(&site.live, &site.replica, "afterwards")?;
    let testimony = site.witness.testimony()?;
    testimony.is_right(LATEST)?;
    let (verdicts, age) = testimony.verdicts(begun, unready);
    println!("{verdicts} verdicts in the {:?} until it was not ready, up to {age:?} old", unready - begun);
    ensure!(verdicts > 10, "there were only {verdicts} verdicts while what it knew was fresh");
    testimony.is_silent(unready, goes_on)
}

fn connections_are_cut(cluster: &ControlPlane) -> Result<()> {
    let mut site = Site::new(cluster, &["--staleness=7"])?;
    for round in 0..3 {
        site.live.api.interrupt();
        follows(&site.live, &site.replica, &format!("round-{round}"))?;
    }
    ensure!(site.replica.metric("scrapeguard_watch_failures_total", &[])? > 0.0, "nothing was cut");
    let cut = Instant::now();
    site.live.api.cut();
    site.live.apply(&policy("unseen", "{}"))?;
    site.label_monitor(false)?;
    site.set_mode("audit")?;
    let known = objects(&site.replica, "NetworkPolicy")?;
    site.replica.wait_until_unready()?;
    let unready = Instant::now();
    ensure!(site.replica.ask("/readyz")?.contains("watches: for "), "{}", site.replica.ask("/readyz")?);
    poll::until("three times the bound to pass", Duration::from_secs(30), || {
        let passed = cut.elapsed();
        Ok(if passed > STALENESS * 3 { Look::Ready(()) } else { Look::not_yet(passed.as_secs()) })
    })?;
    ensure!((objects(&site.replica, "NetworkPolicy")? - known).abs() < 0.5, "it knows what nobody told");
    let mended = Instant::now();
    site.live.api.mend();
    site.replica.wait_until_ready()?;
    site.witness.hears(&[&[NOT_SCRAPED][..], &AUDITED].concat())?;
    site.is_told_of_changes()?;
    knows(&site.replica, "NetworkPolicy", known + 1.0)?;
    metric_is(&site.replica, "scrapeguard_watch_broken", &[], 0.0)?;
    let testimony = site.witness.testimony()?;
    testimony.is_right(LATEST)?;
    let (verdicts, age) = testimony.verdicts(cut, unready);
    println!("{verdicts} verdicts in the {:?} until it was not ready, up to {age:?} old", unready - cut);
    ensure!(verdicts > 10, "there were only {verdicts} verdicts while what it knew was fresh");
    ensure!(age >= Duration::from_secs(5), "what is old does not say so: {age:?}");
    testimony.is_silent(unready, mended)
}

/// New connections are made as ever, so the API server answers, but no watch tells anything any more.
fn connections_hang(cluster: &ControlPlane) -> Result<()> {
    let mut site = Site::new(cluster, &[])?;
    let begun = Instant::now();
    site.live.api.hang();
    site.label_monitor(false)?;
    site.set_mode("audit")?;
    site.witness.hears(&[&[NOT_SCRAPED][..], &AUDITED].concat())?;
    println!("what has changed was known after {:?}", begun.elapsed());
    site.is_told_of_changes()?;
    metric_is(&site.replica, "scrapeguard_watch_broken", &[], 0.0)?;
    site.witness.testimony()?.is_right(Duration::from_mins(1)).map(drop)
}
