//! What a namespace asks for by its label.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::expect::{self, seed};
use crate::support::control_plane::ControlPlane;
use crate::support::installation::Installation;
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    warn_mode_refuses_nothing,
    audit_mode_shows_and_changes_nothing,
    enforce_mode_overrides_the_guard,
    an_unknown_mode_is_the_guards,
];

const PROMETHEUS: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: metrics}
spec:
  containers:
  - {name: prometheus, image: prometheus, ports: [{name: web, containerPort: 9090}]}
";

fn warn_mode_refuses_nothing(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "warn", &["scrapeguard.io/mode=warn"], "")?;
    let said = installation.kubectl(&["apply"], seed::AUTHORIZATION_POLICY)?;
    ensure!(said.succeeded, "warn mode refused a policy:\n{}", said.stderr);
    let warnings = said.warnings().join("\n");
    for rule in ["SG-GEN-001", "SG-GEN-002", "SG-AP-001"] {
        ensure!(warnings.contains(rule), "warn mode does not warn of {rule}:\n{warnings}");
    }
    ensure!(labels(&installation)? == "prometheus", "warn mode does not inject");
    Ok(())
}

fn audit_mode_shows_and_changes_nothing(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "audit", &["scrapeguard.io/mode=audit"], "")?;
    expect::clean(&installation.kubectl(&["apply"], seed::AUTHORIZATION_POLICY)?)?;
    ensure!(labels(&installation)?.is_null(), "audit mode injects");
    let metrics = installation.metrics()?;
    ensure!(metrics.contains("SG-GEN-001"), "the finding is not counted:\n{metrics}");
    Ok(())
}

fn enforce_mode_overrides_the_guard(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "enforce", &["scrapeguard.io/mode=enforce"], "")?;
    expect::denied(&installation.kubectl(&["apply"], seed::AUTHORIZATION_POLICY)?, &["SG-GEN-001"])
}

fn an_unknown_mode_is_the_guards(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::new(cluster, "odd", &["scrapeguard.io/mode=lenient"], "")?;
    expect::denied(&installation.kubectl(&["apply"], seed::AUTHORIZATION_POLICY)?, &["SG-GEN-001"])
}

/// Creates a Prometheus and returns the label by which policies select it, as it is stored.
fn labels(installation: &Installation<'_>) -> Result<Value> {
    expect::clean(&installation.kubectl(&["create"], PROMETHEUS)?)?;
    Ok(installation.get("pod", "metrics")?["metadata"]["labels"]["app.kubernetes.io/name"].take())
}
