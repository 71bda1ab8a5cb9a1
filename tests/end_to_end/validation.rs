//! Policies and monitors, refused or warned of.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::expect::{self, corrected, seed};
use crate::support::control_plane::ControlPlane;
use crate::support::installation::Installation;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    the_seeds_authorization_policy_is_refused,
    the_seeds_network_policies_are_warned_of,
    the_seeds_pod_monitor_is_warned_of,
    filled_in_it_is_warned_of_whom_it_locks_out,
    corrected_objects_pass_without_a_word,
    a_dry_run_gives_the_same_verdicts,
    an_update_to_something_broken_is_refused,
    what_does_not_touch_the_mistake_passes,
    an_exemption_lets_its_object_pass,
    an_expired_exemption_does_not,
    a_rule_can_be_made_to_refuse,
];

/// What the web user interface needs to know to find the corrected policy right.
const WEB_ACCESS: &str = r"
  webAccess:
    callers: [{namespace: ingress-nginx, podLabels: {app.kubernetes.io/name: ingress-nginx}, serviceAccount: ingress-nginx}]
";

const REFUSED: [&str; 3] = ["SG-GEN-001", "SG-GEN-002", "SG-AP-001"];

fn the_seeds_authorization_policy_is_refused(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "placeholder", &[], "")?;
    let said = installation.kubectl(&["apply"], seed::AUTHORIZATION_POLICY)?;
    expect::denied(&said, &REFUSED)?;
    ensure!(said.stderr.contains("/sa/"), "the missing /sa/ is not named:\n{}", said.stderr);
    ensure!(!installation.has("authorizationpolicy", "prometheus-authzpol")?, "the refused policy was stored");
    Ok(())
}

fn the_seeds_network_policies_are_warned_of(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "ports", &[], "")?;
    let said = installation.kubectl(&["apply"], seed::NETWORK_POLICIES)?;
    expect::warned(&said, &["SG-NP-003", "SG-NP-004", "SG-NP-007"])?;
    ensure!(said.stderr.contains("[SG-NP-004] spec.ingress[0].ports[0].port: use port 10250"), "{}", said.stderr);
    Ok(())
}

fn the_seeds_pod_monitor_is_warned_of(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "monitor", &[], "")?;
    expect::warned(&installation.kubectl(&["apply"], seed::POD_MONITOR)?, &["SG-PM-008", "SG-RL-005"])
}

/// The seed's policy with its blanks filled in as it asks for: the authenticating proxy is not who connects.
fn filled_in_it_is_warned_of_whom_it_locks_out(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "filled-in", &[], WEB_ACCESS)?;
    let filled_in = seed::AUTHORIZATION_POLICY
        .replace("TBD FILL THIS IN WITH THE NAMESPACE OF THE AUTHENTICATING PROXY", "oauth2-proxy")
        .replace(
            "TBD FILL THIS IN WITH THE SERVICE ACCOUNT OF THE AUTHENTICATING PROXY",
            "oauth2-proxy/sa/oauth2-proxy",
        );
    let said = installation.kubectl(&["apply"], &filled_in)?;
    expect::warned(&said, &["SG-AP-009", "SG-AP-017", "SG-AP-018", "SG-AP-018"])
}

fn corrected_objects_pass_without_a_word(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "corrected", &[], WEB_ACCESS)?;
    for manifest in [corrected::AUTHORIZATION_POLICY, corrected::NETWORK_POLICIES, corrected::POD_MONITOR] {
        expect::clean(&installation.kubectl(&["apply"], manifest)?)?;
    }
    Ok(())
}

fn a_dry_run_gives_the_same_verdicts(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "dry-verdict", &[], "")?;
    let dry_run = ["apply", "--dry-run=server"];
    expect::denied(&installation.kubectl(&dry_run, seed::AUTHORIZATION_POLICY)?, &REFUSED)?;
    let rules = ["SG-NP-003", "SG-NP-004", "SG-NP-007"];
    expect::warned(&installation.kubectl(&dry_run, seed::NETWORK_POLICIES)?, &rules)?;
    ensure!(!installation.has("networkpolicy", "node-exporter")?, "a dry run stored a policy");
    Ok(())
}

fn an_update_to_something_broken_is_refused(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "broken-update", &[], WEB_ACCESS)?;
    expect::clean(&installation.kubectl(&["apply"], corrected::AUTHORIZATION_POLICY)?)?;
    let before = installation.get("authorizationpolicy", "prometheus-authzpol")?;
    expect::denied(&installation.kubectl(&["apply"], seed::AUTHORIZATION_POLICY)?, &REFUSED)?;
    let after = installation.get("authorizationpolicy", "prometheus-authzpol")?;
    ensure!(before["spec"] == after["spec"], "the refused change was stored: {}", after["spec"]);
    Ok(())
}

/// A policy from before scrapeguard: it can be annotated, lose its finalizer and be deleted, but not stay broken
/// through a change of its rules.
fn what_does_not_touch_the_mistake_passes(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "legacy", &["scrapeguard.io/mode=warn"], "")?;
    let broken = seed::AUTHORIZATION_POLICY.replacen("metadata:\n", "metadata:\n  finalizers: [example.com/hold]\n", 1);
    ensure!(installation.kubectl(&["create"], &broken)?.succeeded, "warn mode refused a policy");
    end_warn_mode(&installation, cluster)?;
    let policy = ["authorizationpolicy", "prometheus-authzpol", "--namespace", installation.namespace()];
    let kubectl = |verb: &[&str], rest: &[&str]| cluster.kubectl().run(&[verb, &policy, rest].concat(), "");
    expect::clean(&kubectl(&["annotate"], &["note=seen"])?)?;
    let broader = r#"{"spec": {"selector": {"matchLabels": {"app": "prometheus"}}}}"#;
    expect::denied(&kubectl(&["patch"], &["--type=merge", "--patch", broader])?, &REFUSED)?;
    expect::clean(&kubectl(&["delete"], &["--wait=false"])?)?;
    expect::clean(&kubectl(&["patch"], &["--type=merge", "--patch", r#"{"metadata": {"finalizers": []}}"#])?)?;
    ensure!(!installation.has("authorizationpolicy", "prometheus-authzpol")?, "the policy is still there");
    Ok(())
}

/// Takes the namespace's label away and waits until that has taken effect.
fn end_warn_mode(installation: &Installation<'_>, cluster: &ControlPlane) -> Result<()> {
    cluster.kubectl().succeed(&["label", "namespace", installation.namespace(), "scrapeguard.io/mode-"], "")?;
    let another = seed::AUTHORIZATION_POLICY.replace("prometheus-authzpol", "another");
    poll::until("the end of warn mode", Duration::from_secs(20), || {
        let said = installation.kubectl(&["create", "--dry-run=server"], &another)?;
        Ok(if said.succeeded { Look::NotYet(said.stderr) } else { Look::Ready(()) })
    })
}

fn an_exemption_lets_its_object_pass(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "exempt", &[], &exemptions("2999-01-01"))?;
    let said = installation.kubectl(&["apply"], seed::AUTHORIZATION_POLICY)?;
    ensure!(said.succeeded, "the exempted policy was refused:\n{}", said.stderr);
    for rule in REFUSED {
        ensure!(!said.stderr.contains(rule), "{rule} is shown in spite of its exemption:\n{}", said.stderr);
    }
    let renamed = seed::AUTHORIZATION_POLICY.replace("prometheus-authzpol", "another");
    expect::denied(&installation.kubectl(&["apply"], &renamed)?, &REFUSED)
}

fn an_expired_exemption_does_not(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "expired", &[], &exemptions("2020-01-01"))?;
    expect::denied(&installation.kubectl(&["apply"], seed::AUTHORIZATION_POLICY)?, &REFUSED)
}

fn a_rule_can_be_made_to_refuse(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "strict", &[], "    rules: {SG-NP-004: enforce}\n")?;
    let said = installation.kubectl(&["apply"], seed::NETWORK_POLICIES)?;
    expect::denied(&said, &["SG-NP-004"])?;
    ensure!(installation.has("networkpolicy", "kube-state-metrics")?, "the good policy beside it was not stored");
    Ok(())
}

/// Exempts the seed's AuthorizationPolicy from all rules that refuse it. The name of the namespace is filled in with
/// that of the test.
fn exemptions(expires: &str) -> String {
    let mut text = String::from("  exemptions:\n");
    for rule in REFUSED {
        let object = "{kind: AuthorizationPolicy, namespace: monitoring, name: prometheus-authzpol}";
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  - {{rule: {rule}, object: {object}, reason: tested, expires: \"{expires}\"}}");
    }
    text
}
