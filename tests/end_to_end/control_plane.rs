//! The control plane itself: without these, the other tests would prove nothing.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::support::control_plane::ControlPlane;
use crate::support::control_plane::process::Process;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] =
    cases![knows_its_version, knows_custom_resources, turns_deployments_into_pods, a_program_ends_with_its_handle];

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

/// One that was built without version flags calls itself v0.0.0, and clients behave as with a server of that age.
fn knows_its_version(cluster: &ControlPlane) -> Result<()> {
    let version = cluster.block_on(cluster.client().apiserver_version())?;
    ensure!(version.major == "1", "the API server calls itself {}", version.git_version);
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

/// Otherwise each run would leave a control plane behind. The kernel closes the same pipe when the tests are killed.
fn a_program_ends_with_its_handle(cluster: &ControlPlane) -> Result<()> {
    let script = ["-c", "echo $$; exec sleep 600"];
    let mut process = Process::start("sleeper", Path::new("/bin/sh"), script, &cluster.logs())?;
    let id: u32 = process.wait_for_line("the process id", |line| line.parse().ok())?;
    let runs = || Command::new("sh").args(["-c", &format!("kill -0 {id} 2>/dev/null")]).status();
    ensure!(runs()?.success(), "process {id} does not run");
    drop(process);
    ensure!(!runs()?.success(), "process {id} outlives its handle");
    Ok(())
}
