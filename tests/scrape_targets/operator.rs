//! The real Prometheus operator, and the configurations that it writes.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::support::control_plane::ControlPlane;
use crate::support::control_plane::process::Process;
use crate::support::poll::{self, Look};

/// Where a Prometheus of the operator finds the files that its configuration names.
const MOUNTED: &str = "/etc/prometheus/";

/// Starts the operator for all namespaces, with permissions of an administrator. It serves nothing that we need.
pub(crate) fn start(cluster: &ControlPlane) -> Result<Process> {
    let arguments = [
        format!("KUBECONFIG={}", cluster.kubectl().kubeconfig.display()),
        cluster.peers().prometheus_operator.display().to_string(),
        "--web.listen-address=127.0.0.1:0".to_owned(),
    ];
    Process::start("prometheus-operator", Path::new("/usr/bin/env"), arguments, &cluster.logs())
}

/// The configuration that the operator wrote for a Prometheus, or has not written yet.
pub(crate) fn configuration(cluster: &ControlPlane, namespace: &str, name: &str) -> Result<Option<String>> {
    let secret = format!("prometheus-{name}");
    let arguments = ["get", "secret", "--namespace", namespace, &secret, "--ignore-not-found", "--output", "json"];
    let printed = cluster.kubectl().succeed(&arguments, "")?.stdout;
    if printed.is_empty() {
        return Ok(None);
    }
    let secret: Value = serde_json::from_str(&printed)?;
    let Some(zipped) = secret["data"]["prometheus.yaml.gz"].as_str() else { return Ok(None) };
    let mut text = String::new();
    GzDecoder::new(&BASE64_STANDARD.decode(zipped)?[..])
        .read_to_string(&mut text)
        .context("unzip the configuration")?;
    Ok(Some(text))
}

/// Waits until the operator has made all that it makes for these Prometheuses.
pub(crate) fn has_reconciled(cluster: &ControlPlane, prometheuses: &[Value]) -> Result<()> {
    poll::until("the operator to reconcile", Duration::from_mins(1), || {
        for prometheus in prometheuses {
            let name = |value: &Value| value.as_str().map(str::to_owned).context("a Prometheus has no name");
            let metadata = &prometheus["metadata"];
            let (namespace, name) = (name(&metadata["namespace"])?, name(&metadata["name"])?);
            let pod = format!("prometheus-{name}-0");
            let made = cluster.kubectl().run(&["get", "pod", "--namespace", &namespace, &pod], "")?;
            if !made.succeeded {
                return Ok(Look::NotYet(made.stderr));
            }
        }
        Ok(Look::Ready(()))
    })
}

/// The names of its scrape pools.
pub(crate) fn pools(configuration: &str) -> BTreeSet<String> {
    configuration.lines().filter_map(|line| line.strip_prefix("- job_name: ")).map(str::to_owned).collect()
}

/// Does what the pod of a Prometheus would do to its configuration before Prometheus reads it: fills in the variables,
/// and puts the files that it names in place, which is `directory` here. Returns the path of the configuration.
pub(crate) fn install(
    cluster: &ControlPlane,
    namespace: &str,
    name: &str,
    configuration: &str,
    directory: &Path,
) -> Result<PathBuf> {
    let certificates = directory.join("certs");
    fs::create_dir_all(&certificates)?;
    let assets = cluster.kubectl().get(namespace, "secret", &format!("prometheus-{name}-tls-assets-0"))?;
    for (file, content) in assets["data"].as_object().into_iter().flatten() {
        fs::write(certificates.join(file), BASE64_STANDARD.decode(content.as_str().unwrap_or_default())?)?;
    }
    let text = configuration
        .replace("$(SHARD)", "0")
        .replace("$(POD_NAME)", &format!("prometheus-{name}-0"))
        .replace(MOUNTED, &format!("{}/", directory.display()));
    let file = directory.join("prometheus.yaml");
    fs::write(&file, text)?;
    Ok(file)
}
