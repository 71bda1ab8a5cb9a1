//! The real Prometheus, which takes itself for a pod of the test cluster.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kube::config::Kubeconfig;
use serde::Deserialize;

use crate::support::control_plane::ControlPlane;
use crate::support::control_plane::process::Process;
use crate::support::control_plane::programs;
use crate::support::poll::{self, Look};
use crate::targets::Targets;

/// Has the files of a directory where a pod has those of its service account, for one program alone.
const IN_A_POD: &str = r#"
mount -t tmpfs tmpfs /var/run && mkdir -p /var/run/secrets/kubernetes.io &&
cp -r "$1" /var/run/secrets/kubernetes.io/serviceaccount && shift && exec "$@"
"#;

/// A running Prometheus.
pub(crate) struct Prometheus {
    process: Process,
    address: SocketAddr,
}

#[derive(Deserialize)]
struct Answer {
    data: Targets,
}

impl Prometheus {
    /// Starts Prometheus with a configuration, as a pod of `namespace`, and returns when it has loaded it. What it writes
    /// goes into `directory`.
    pub(crate) fn start(
        cluster: &ControlPlane,
        namespace: &str,
        name: &str,
        configuration: &Path,
        directory: &Path,
    ) -> Result<Self> {
        let program = programs::prometheus()?;
        let account = directory.join("serviceaccount");
        let server = service_account(cluster, namespace, name, &account)?;
        // Somebody else may take the port before Prometheus does; then it ends, and says so.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let (host, port) = server.rsplit_once(':').context("the API server has no port")?;
        let text = |path: &Path| path.display().to_string();
        let arguments = [
            "unshare".to_owned(),
            "--mount".to_owned(),
            "sh".to_owned(),
            "-c".to_owned(),
            IN_A_POD.to_owned(),
            "sh".to_owned(),
            text(&account),
            "env".to_owned(),
            format!("KUBERNETES_SERVICE_HOST={host}"),
            format!("KUBERNETES_SERVICE_PORT={port}"),
            text(&program),
            format!("--config.file={}", text(configuration)),
            format!("--storage.tsdb.path={}", text(&directory.join("data"))),
            format!("--web.listen-address={address}"),
        ];
        let name = format!("prometheus-{namespace}-{name}");
        let process = Process::start(&name, Path::new("/usr/bin/env"), arguments, &cluster.logs())?;
        let mut prometheus = Self { process, address };
        prometheus.wait_until_ready()?;
        Ok(prometheus)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        poll::until("Prometheus to be ready", Duration::from_mins(1), || {
            self.process.ensure_running()?;
            Ok(match self.get("/-/ready") {
                Ok(_) => Look::Ready(()),
                Err(error) => Look::NotYet(format!("{error:#}")),
            })
        })
    }

    /// What it has as targets right now.
    pub(crate) fn targets(&mut self) -> Result<Targets> {
        self.process.ensure_running()?;
        let answer: Answer = serde_json::from_str(&self.get("/api/v1/targets?state=any")?)?;
        Ok(answer.data.without_times())
    }

    /// The end of what it says.
    pub(crate) fn complaints(&self) -> String {
        let log = self.process.log();
        let lines = log.lines().filter(|line| line.contains("level=ERROR") || line.contains("level=WARN"));
        lines.take(20).collect::<Vec<_>>().join("\n")
    }

    fn get(&self, path: &str) -> Result<String> {
        let mut connection = TcpStream::connect(self.address)?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        write!(connection, "GET {path} HTTP/1.0\r\nHost: prometheus\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("Prometheus' answer has no end of head")?;
        let status = head.lines().next().unwrap_or_default();
        ensure!(status.ends_with(" 200 OK"), "Prometheus answered {status}: {body}");
        Ok(body.to_owned())
    }
}

/// Makes a service account that may see everything, and writes the files that its pods have. Returns host and port of
/// the API server.
fn service_account(cluster: &ControlPlane, namespace: &str, name: &str, files: &Path) -> Result<String> {
    let kubectl = |arguments: &[&str]| cluster.kubectl().succeed(arguments, "");
    kubectl(&["create", "serviceaccount", "--namespace", namespace, name])?;
    let subject = format!("--serviceaccount={namespace}:{name}");
    kubectl(&["create", "clusterrolebinding", name, "--clusterrole=cluster-admin", &subject])?;
    let token = kubectl(&["create", "token", "--namespace", namespace, name])?.stdout;
    let kubeconfig = Kubeconfig::read_from(&cluster.kubectl().kubeconfig)?;
    let server = kubeconfig.clusters.into_iter().find_map(|named| named.cluster).context("no cluster is known")?;
    let authority = server.certificate_authority.context("the cluster has no authority")?;
    fs::create_dir_all(files)?;
    fs::write(files.join("token"), token.trim())?;
    fs::write(files.join("namespace"), namespace)?;
    fs::copy(authority, files.join("ca.crt"))?;
    let server = server.server.context("the cluster has no address")?;
    Ok(server.trim_start_matches("https://").to_owned())
}
