//! Loads the custom resource definitions of Istio and of the Prometheus operator.

use std::path::Path;

use anyhow::{Context, Result};

use super::ControlPlane;

/// Creates all definitions in `directory` and waits until the API server serves them.
pub(super) fn load(control_plane: &ControlPlane, directory: &Path) -> Result<()> {
    let kubectl = control_plane.kubectl();
    let directory = directory.to_str().context("the cache directory is not UTF-8")?;
    // Created, not applied: some are too long for the annotation in which a client-side apply keeps a copy.
    kubectl.succeed(&["create", "--validate=false", "--filename", directory], "")?;
    let wait = ["wait", "--for=condition=Established", "--timeout=30s", "customresourcedefinitions", "--all"];
    kubectl.succeed(&wait, "")?;
    Ok(())
}
