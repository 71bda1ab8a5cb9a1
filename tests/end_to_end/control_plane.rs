//! The control plane itself: without these, the other tests would prove nothing.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::support::control_plane::ControlPlane;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![is_the_version_we_pinned, knows_custom_resources, turns_deployments_into_pods];

const DEPLOYMENT: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
";

fn is_the_version_we_pinned(cluster: &ControlPlane) -> Result<()> {
    let version = cluster.block_on(cluster.client().apiserver_version())?;
    ensure!(version.git_version == "v1.37.0", "the API server is {}", version.git_version);
    Ok(())
}

fn knows_custom_resources(cluster: &ControlPlane) -> Result<()> {
    let kinds = cluster.kubectl().succeed(&["api-resources", "--output", "name"], "")?.stdout;
    for kind in ["authorizationpolicies.security.istio.io", "podmonitors.monitoring.coreos.com"] {
        ensure!(kinds.lines().any(|line| line == kind), "{kind} is not served");
    }
    Ok(())
}

fn turns_deployments_into_pods(cluster: &ControlPlane) -> Result<()> {
    let namespace = cluster.namespace("pods", &[])?;
    cluster.kubectl().succeed(&["apply", "--namespace", &namespace, "--filename", "-"], DEPLOYMENT)?;
    poll::until("two pods", Duration::from_secs(20), || {
        let pods = cluster.kubectl().list(&namespace, "pods", "app=web")?;
        Ok(if pods.len() == 2 { Look::Ready(()) } else { Look::not_yet(pods.len()) })
    })
}
