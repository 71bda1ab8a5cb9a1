//! How the API server reaches scrapeguard, and what happens to the cluster while it does not.

use anyhow::{Result, ensure};

use super::expect::{self, corrected, seed};
use crate::support::control_plane::ControlPlane;
use crate::support::installation::Installation;
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] =
    cases![is_reached_through_its_service, pods_start_while_we_are_down, policies_wait_unless_the_namespace_only_warns];

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n";

fn is_reached_through_its_service(cluster: &ControlPlane) -> Result<()> {
    let installation = Installation::behind_a_service(cluster, "service")?;
    expect::denied(&installation.kubectl(&["apply"], seed::AUTHORIZATION_POLICY)?, &["SG-GEN-001"])
}

fn pods_start_while_we_are_down(cluster: &ControlPlane) -> Result<()> {
    let mut installation = Installation::new(cluster, "down", &[], "")?;
    installation.stop_server()?;
    expect::clean(&installation.kubectl(&["create"], POD)?)
}

fn policies_wait_unless_the_namespace_only_warns(cluster: &ControlPlane) -> Result<()> {
    let mut installation = Installation::new(cluster, "down", &[], "")?;
    installation.stop_server()?;
    let said = installation.kubectl(&["create"], corrected::NETWORK_POLICIES)?;
    ensure!(!said.succeeded && said.stderr.contains("failed calling webhook"), "not refused:\n{}", said.stderr);
    let mut installation = Installation::new(cluster, "down", &["scrapeguard.io/mode=warn"], "")?;
    installation.stop_server()?;
    expect::clean(&installation.kubectl(&["create"], corrected::NETWORK_POLICIES)?)
}
