//! scrapeguard as it works in a cluster: installed from its manifests, some replicas of the real program with the
//! permissions of their service account, and what stands for the network between them and the API server.
//!
//! There is no kubelet: the pods of our Deployment exist, and nothing runs in them. The replicas are processes beside.
//! There is no kube-proxy either: a [`Forwarder`] listens on the address of our Service.

pub(crate) mod clock;
pub(crate) mod forwarder;
pub(crate) mod kubelet;
pub(crate) mod replica;
pub(crate) mod witness;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use self::clock::WallClock;
use self::forwarder::{Backends, Forwarder};
use self::replica::Replica;
use super::control_plane::ControlPlane;
use super::poll::{self, Look};

/// The namespace of the manifests.
pub(crate) const SYSTEM: &str = "scrapeguard-system";
/// The name of the Service of the manifests.
pub(crate) const SERVICE: &str = "scrapeguard";

/// An installation in a cluster that belongs to one test.
pub(crate) struct Live<'a> {
    pub(crate) cluster: &'a ControlPlane,
    /// Stands between the replicas and the API server; cutting it is cutting their watches.
    pub(crate) api: Forwarder,
    /// The port of our Service.
    port: u16,
    kubeconfig: PathBuf,
    replicas: Backends,
    _service: Forwarder,
}

impl<'a> Live<'a> {
    /// Installs the manifests. No replica runs yet.
    pub(crate) fn install(cluster: &'a ControlPlane) -> Result<Self> {
        let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
        let manifests = manifests.to_str().context("the path of the manifests is not text")?;
        cluster.kubectl().succeed(&["apply", "--server-side", "--kustomize", manifests], "")?;
        let (port, listener) = service_listener(cluster)?;
        let api = Forwarder::to(cluster, TcpListener::bind("127.0.0.1:0")?, only(cluster.address()))?;
        let kubeconfig = cluster.directory().join("service-account.kubeconfig");
        std::fs::write(&kubeconfig, service_account(cluster, api.address())?)?;
        let replicas = Backends::default();
        let service = Forwarder::to(cluster, listener, Arc::clone(&replicas))?;
        Ok(Self { cluster, api, port, kubeconfig, replicas, _service: service })
    }

    /// Starts a replica with the arguments of our Deployment and these besides, and waits until it listens. The Service
    /// leads to it while it is ready.
    pub(crate) fn replica(&self, name: &str, arguments: &[&str]) -> Result<Replica> {
        self.start(name, arguments, None)
    }

    /// The same with a wall clock of its own, and waits until it is ready.
    pub(crate) fn ready_replica_by(&self, clock: &WallClock, name: &str, arguments: &[&str]) -> Result<Replica> {
        let mut replica = self.start(name, arguments, Some(clock))?;
        replica.wait_until_ready()?;
        Ok(replica)
    }

    fn start(&self, name: &str, arguments: &[&str], clock: Option<&WallClock>) -> Result<Replica> {
        let own = [
            format!("--kubeconfig={}", self.kubeconfig.display()),
            format!("--namespace={SYSTEM}"),
            format!("--identity={name}"),
            format!("--service-port={}", self.port),
        ];
        let all = own.into_iter().chain(arguments.iter().map(|argument| (*argument).to_owned()));
        let replica = Replica::start(self.cluster, name, all, clock)?;
        let addresses = (replica.admission(), Some(replica.health()));
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner).push(addresses);
        Ok(replica)
    }

    /// The same, and waits until it is ready.
    pub(crate) fn ready_replica(&self, name: &str, arguments: &[&str]) -> Result<Replica> {
        let mut replica = self.replica(name, arguments)?;
        replica.wait_until_ready()?;
        Ok(replica)
    }

    /// Runs kubectl as an administrator.
    pub(crate) fn kubectl(&self, arguments: &[&str], input: &str) -> Result<super::control_plane::Said> {
        self.cluster.kubectl().run(arguments, input)
    }

    /// Creates objects, which has to succeed.
    pub(crate) fn apply(&self, manifests: &str) -> Result<()> {
        self.cluster.kubectl().succeed(&["apply", "--server-side", "--filename", "-"], manifests).map(drop)
    }

    /// A metric of the API server: the sum over all of its label sets that contain each of these texts.
    pub(crate) fn api_server_metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let page = self.cluster.kubectl().succeed(&["get", "--raw", "/metrics"], "")?.stdout;
        Ok(sum(&page, name, labels))
    }
}

/// The sum of all series of this name in a page of metrics whose labels contain each of these texts.
pub(crate) fn sum(page: &str, name: &str, labels: &[&str]) -> f64 {
    let of_name = |line: &&str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' '])) && labels.iter().all(|label| line.contains(label))
    };
    page.lines().filter(of_name).filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

fn only(address: SocketAddr) -> Backends {
    Arc::new(Mutex::new(vec![(address, None)]))
}

/// Moves our Service to a port that everybody may listen on, and listens there.
fn service_listener(cluster: &ControlPlane) -> Result<(u16, TcpListener)> {
    let service = cluster.kubectl().get(SYSTEM, "service", SERVICE)?;
    let address = service["spec"]["clusterIP"].as_str().context("the Service has no address")?;
    let listener = TcpListener::bind((address, 0)).context("listen on the address of the Service")?;
    let port = listener.local_addr()?.port();
    let patch = json!([{"op": "replace", "path": "/spec/ports/0/port", "value": port}]).to_string();
    let arguments = ["patch", "service", SERVICE, "--namespace", SYSTEM, "--type=json", "--patch", &patch];
    cluster.kubectl().succeed(&arguments, "")?;
    Ok((port, listener))
}

/// A kubeconfig with a token of our service account.
fn service_account(cluster: &ControlPlane, api: SocketAddr) -> Result<String> {
    let create = ["create", "token", "scrapeguard", "--namespace", SYSTEM, "--duration=24h"];
    let token = poll::until("a token of the service account", Duration::from_secs(20), || {
        let said = cluster.kubectl().run(&create, "")?;
        Ok(if said.succeeded { Look::Ready(said.stdout.trim().to_owned()) } else { Look::NotYet(said.stderr) })
    })?;
    ensure!(!token.is_empty(), "the token is empty");
    let authority = cluster.directory().join("ca.crt");
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {
            "server": format!("https://{api}"), "certificate-authority": authority,
        }}],
        "users": [{"name": "scrapeguard", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "scrapeguard"}}],
        "current-context": "test",
    })
    .to_string())
}
