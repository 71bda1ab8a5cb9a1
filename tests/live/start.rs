//! That it starts at all, with the permissions that its manifests give it.

use anyhow::{Result, ensure};

use crate::support::control_plane::ControlPlane;
use crate::support::live::Live;
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![a_replica_gets_ready_and_stops];

fn a_replica_gets_ready_and_stops(cluster: &ControlPlane) -> Result<()> {
    let live = Live::install(cluster)?;
    let mut replica = live.ready_replica("scrapeguard-0", &[])?;
    ensure!(replica.ask("/livez")?.starts_with("HTTP/1.1 200"), "it does not live");
    let status = replica.stop("TERM")?;
    ensure!(status.success(), "it ended with {status}:\n{}", replica.log());
    Ok(())
}
