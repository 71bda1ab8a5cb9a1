//! A real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager.
//!
//! There is no kubelet and no scheduler: a Deployment becomes Pods, but nothing runs in them.

mod build;
mod custom_resources;
mod flags;
pub(crate) mod keys;
mod kubectl;
pub(crate) mod process;
pub(crate) mod programs;

use std::fs;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use self::flags::Places;
pub(crate) use self::kubectl::{Kubectl, Said};
use self::process::Process;
pub(crate) use self::programs::{Peers, Programs};
use crate::support::poll::{self, Look};

/// A running control plane. It stops, and its files go away, when the value is dropped.
pub(crate) struct ControlPlane {
    kubectl: Kubectl,
    client: kube::Client,
    namespaces: AtomicUsize,
    // Dropped in this order: nothing may write into the directory once it is removed.
    runtime: Runtime,
    processes: Mutex<[Process; 3]>,
    api_server: (PathBuf, Vec<String>),
    address: SocketAddr,
    peers: Peers,
    directory: TempDir,
    _janitor: Child,
}

impl ControlPlane {
    /// Starts the programs and returns when the API server is ready and knows the custom resources.
    ///
    /// # Errors
    /// A program ends or does not get ready in time; the message holds the end of its log.
    pub(crate) fn start(programs: &Programs) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("scrapeguard-control-plane-").tempdir()?;
        let janitor = process::remove_at_exit(directory.path())?;
        let places = Places::new(directory.path(), free_ports()?)?;
        let mut etcd = Process::start("etcd", &programs.etcd, places.etcd(), &places.logs)?;
        let mut api_server =
            Process::start("kube-apiserver", &programs.kube_apiserver, places.kube_apiserver(), &places.logs)?;
        let runtime = Runtime::new()?;
        let client = runtime.block_on(connect(&places.kubeconfig))?;
        wait_until_ready(&runtime, &client, [&mut etcd, &mut api_server])?;
        let controllers = Process::start(
            "kube-controller-manager",
            &programs.kube_controller_manager,
            places.kube_controller_manager(),
            &places.logs,
        )?;
        let kubectl = Kubectl {
            program: programs.kubectl.clone(),
            kubeconfig: places.kubeconfig.clone(),
            cache: directory.path().join("kubectl-cache"),
        };
        let control_plane = Self {
            kubectl,
            client,
            namespaces: AtomicUsize::new(1),
            runtime,
            processes: Mutex::new([api_server, controllers, etcd]),
            api_server: (programs.kube_apiserver.clone(), places.kube_apiserver()),
            address: places.address(),
            peers: programs.peers.clone(),
            directory,
            _janitor: janitor,
        };
        custom_resources::load(&control_plane, &programs.custom_resources)?;
        Ok(control_plane)
    }

    /// The real kubectl.
    pub(crate) fn kubectl(&self) -> &Kubectl {
        &self.kubectl
    }

    /// Programs of others that can be run on this cluster.
    pub(crate) fn peers(&self) -> &Peers {
        &self.peers
    }

    /// A client of the API server, for use within [`Self::block_on`].
    pub(crate) fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// Runs a future to its end.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Runs a future beside the test.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.runtime.spawn(future)
    }

    /// Where files of this run may be put.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where the programs of this run write their logs.
    pub(crate) fn logs(&self) -> PathBuf {
        flags::logs(self.directory.path())
    }

    /// Where the API server listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the API server as a crash does, and starts another one on the same port and store.
    pub(crate) fn restart_api_server(&self) -> Result<()> {
        let mut processes = self.processes();
        let [api_server, _, etcd] = &mut *processes;
        api_server.stop("KILL")?;
        let (program, arguments) = &self.api_server;
        *api_server = Process::start("kube-apiserver-again", program, arguments, &self.logs())?;
        wait_until_ready(&self.runtime, &self.client, [etcd, api_server])
    }

    /// Sends a signal to etcd: `STOP` has it hang, `CONT` go on.
    pub(crate) fn signal_etcd(&self, signal: &str) -> Result<()> {
        let [_, _, etcd] = &mut *self.processes();
        etcd.signal(signal)
    }

    fn processes(&self) -> MutexGuard<'_, [Process; 3]> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a namespace that no other test uses, with these labels (`key=value`), and returns its name.
    pub(crate) fn namespace(&self, stem: &str, labels: &[&str]) -> Result<String> {
        let name = format!("{stem}-{}", self.namespaces.fetch_add(1, Ordering::Relaxed));
        self.kubectl.succeed(&["create", "namespace", &name], "")?;
        if !labels.is_empty() {
            self.kubectl.succeed(&[&["label", "namespace", &name], labels].concat(), "")?;
        }
        Ok(name)
    }

    /// Copies all logs to a directory that outlives this run.
    pub(crate) fn keep_logs(&self, target: &Path) -> Result<()> {
        fs::create_dir_all(target)?;
        for entry in fs::read_dir(self.logs())? {
            let entry = entry?;
            fs::copy(entry.path(), target.join(entry.file_name()))?;
        }
        Ok(())
    }

    /// The ends of the logs of the control plane's own programs.
    pub(crate) fn log_tails(&self) -> String {
        self.processes().iter().map(|process| process.log_tail(10)).collect::<Vec<_>>().join("\n---\n")
    }
}

async fn connect(kubeconfig: &Path) -> Result<kube::Client> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.proxy_url = None;
    Ok(kube::Client::try_from(config)?)
}

fn wait_until_ready(runtime: &Runtime, client: &kube::Client, mut processes: [&mut Process; 2]) -> Result<()> {
    poll::until("the API server to be ready", Duration::from_mins(1), || {
        for process in &mut processes {
            process.ensure_running()?;
        }
        let request = axum::http::Request::get("/readyz").body(Vec::new())?;
        Ok(match runtime.block_on(client.request_text(request)) {
            Ok(answer) => {
                ensure!(answer == "ok", "the API server answered {answer:?} to /readyz");
                Look::Ready(())
            }
            Err(error) => Look::not_yet(error),
        })
    })
}

/// Three ports that are free. They are held together for a moment, so that they differ.
fn free_ports() -> Result<[u16; 3]> {
    let listeners = [bind()?, bind()?, bind()?];
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    let [first, second, third] = &listeners;
    Ok([port(first)?, port(second)?, port(third)?])
}

fn bind() -> Result<TcpListener> {
    TcpListener::bind("127.0.0.1:0").context("bind to a free port on loopback")
}
