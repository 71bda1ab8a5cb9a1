//! The README, held against what the real kubectl prints.

use anyhow::{Context, Result, ensure};

use crate::support::control_plane::ControlPlane;
use crate::support::installation::Installation;
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![what_kubectl_prints_of_the_seed_is_what_the_readme_shows];

const README: &str = include_str!("../../README.md");

/// Stands for lines that the README leaves out.
const LEFT_OUT: &str = "...";

fn what_kubectl_prints_of_the_seed_is_what_the_readme_shows(cluster: &ControlPlane) -> Result<()> {
    let _installation = Installation::as_shipped(cluster)?;
    let transcript = cluster.kubectl().transcript(&["apply", "-f", "examples/seed/as-written/"])?;
    shows(shown_after("$ kubectl apply -f examples/seed/as-written/\n")?, &transcript)
}

/// The lines of the README after this one, to the end of the block.
fn shown_after(command: &str) -> Result<&'static str> {
    let (_, rest) = README.split_once(command).with_context(|| format!("the README lacks {command}"))?;
    let (shown, _) = rest.split_once("```").context("the block does not end")?;
    Ok(shown)
}

/// Everything that is shown was printed, in this order, and what was printed between is shown as left out.
fn shows(shown: &str, printed: &str) -> Result<()> {
    let shown: Vec<&str> = shown.lines().collect();
    let mut rest: Vec<&str> = printed.lines().collect();
    for (number, part) in shown.split(|line| *line == LEFT_OUT).enumerate().filter(|(_, part)| !part.is_empty()) {
        let start = rest.windows(part.len()).position(|window| window == part);
        let start = start.with_context(|| format!("not printed:\n{}\nbut:\n{printed}", part.join("\n")))?;
        ensure!(start == 0 || number > 0, "more was printed before {:?}:\n{printed}", part.first());
        rest.drain(..start + part.len());
    }
    ensure!(rest.is_empty() || shown.last() == Some(&LEFT_OUT), "more was printed:\n{}", rest.join("\n"));
    Ok(())
}
