//! Rendered companions, applied to a real API server that knows the real kinds.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::expect;
use crate::support::control_plane::ControlPlane;
use crate::support::installation::Installation;
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    companions_of_any_mesh_are_accepted_and_stay_as_they_are,
    what_the_seeds_guard_asks_for_passes_our_own_admission,
];

/// Values that YAML 1.1, which kubectl reads, takes for something else than text where they are not quoted.
const ODD: &str =
    "{name: odd, selectorLabels: {a: 'yes', b: '1_0', c: '0x1f', d: '2027-01-01', e: 'n', f: '1e3', g: 'null', h: ''}}";

fn companions_of_any_mesh_are_accepted_and_stay_as_they_are(cluster: &ControlPlane) -> Result<()> {
    for mesh in ["none", "sidecar", "ambient"] {
        let namespace = cluster.namespace(&format!("companions-{mesh}"), &[])?;
        let guard = format!(
            "apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {{name: {mesh}}}\n\
             spec: {{namespace: {namespace}, mesh: {{istio: {mesh}}}, components: [{ODD}]}}\n"
        );
        let rendered = render(cluster, &namespace, &guard)?;
        let apply = || cluster.kubectl().run(&["apply", "--filename", "-"], &rendered);
        expect::clean(&apply()?)?;
        let again = apply()?.stdout;
        let restless: Vec<&str> = again.lines().filter(|line| !line.ends_with(" unchanged")).collect();
        ensure!(restless.is_empty(), "a second time changes {restless:?}");
    }
    Ok(())
}

fn what_the_seeds_guard_asks_for_passes_our_own_admission(cluster: &ControlPlane) -> Result<()> {
    let guard = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/seed.yaml"))?;
    let (_, rest) = guard.split_once("namespace: monitoring\n").context("the example names no namespace")?;
    let installation = Installation::new(cluster, "companions", &[], rest)?;
    let rendered = render(cluster, installation.namespace(), &guard)?;
    let said = installation.kubectl(&["apply"], &rendered)?;
    expect::clean(&said)?;
    let created = said.stdout.lines().filter(|line| line.ends_with(" created")).count();
    ensure!(created == rendered.matches("\nkind: ").count(), "not all are created:\n{}", said.stdout);
    Ok(())
}

/// What the real program prints for this guard.
fn render(cluster: &ControlPlane, name: &str, guard: &str) -> Result<String> {
    let file = cluster.directory().join(format!("{name}-render.yaml"));
    fs::write(&file, guard)?;
    let output = Command::new(env!("CARGO_BIN_EXE_scrapeguard")).args(["render", "--guard"]).arg(&file).output()?;
    ensure!(output.status.success(), "render failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
