//! One running scrapeguard.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::clock::WallClock;
use crate::support::control_plane::ControlPlane;
use crate::support::control_plane::process::Process;
use crate::support::installation::{address, shipped};
use crate::support::poll::{self, Look};

/// A process of the real program. It is killed when the value is dropped.
pub(crate) struct Replica {
    process: Process,
    admission: SocketAddr,
    health: SocketAddr,
}

impl Replica {
    /// Starts it with the arguments of our Deployment, on ports of its own, and with these.
    pub(super) fn start(
        cluster: &ControlPlane,
        name: &str,
        more: impl Iterator<Item = String>,
        clock: Option<&WallClock>,
    ) -> Result<Self> {
        let environment = clock.into_iter().flat_map(WallClock::environment);
        let program = env!("CARGO_BIN_EXE_scrapeguard").to_owned();
        let arguments = environment.chain([program]).chain(shipped_arguments()?).chain(more);
        let mut process = Process::start(name, Path::new("env"), arguments, &cluster.logs())?;
        let admission = process.wait_for_line("the admission address", |line| address(line, "admission"))?;
        let health = process.wait_for_line("the health address", |line| address(line, "health"))?;
        Ok(Self { process, admission, health })
    }

    pub(crate) const fn admission(&self) -> SocketAddr {
        self.admission
    }

    pub(crate) const fn health(&self) -> SocketAddr {
        self.health
    }

    /// What it answers to this path of its health listener: the whole response.
    pub(crate) fn ask(&self, path: &str) -> Result<String> {
        let mut connection = TcpStream::connect_timeout(&self.health, Duration::from_secs(2))?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(connection, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The sum of a metric of it, over all label sets that contain each of these texts.
    pub(crate) fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        Ok(super::sum(&self.ask("/metrics")?, name, labels))
    }

    /// Waits until it says that it is ready.
    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        self.wait_for("HTTP/1.1 200")
    }

    /// Waits until it says that it is not ready.
    pub(crate) fn wait_until_unready(&mut self) -> Result<()> {
        self.wait_for("HTTP/1.1 503")
    }

    fn wait_for(&mut self, status: &str) -> Result<()> {
        poll::until(&format!("/readyz to answer {status}"), Duration::from_mins(1), || {
            self.process.ensure_running()?;
            let answer = self.ask("/readyz").unwrap_or_default();
            Ok(if answer.starts_with(status) { Look::Ready(()) } else { Look::NotYet(answer) })
        })
    }

    /// Sends a signal: `KILL` is a crash, `STOP` and `CONT` a machine that stands still for a while.
    pub(crate) fn signal(&mut self, signal: &str) -> Result<()> {
        self.process.signal(signal)
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn stop(&mut self, signal: &str) -> Result<ExitStatus> {
        self.process.stop(signal)
    }

    /// Waits for the end.
    pub(crate) fn wait_for_end(&mut self) -> Result<ExitStatus> {
        self.process.wait_for_end()
    }

    /// Everything it has logged.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }
}

/// Those that are about files belong to an installation without access to the API server.
fn shipped_arguments() -> Result<Vec<String>> {
    let deployment: Value = serde_saphyr::from_str(&shipped("base/deployment.yaml")?)?;
    let arguments = deployment.pointer("/spec/template/spec/containers/0/args").and_then(Value::as_array);
    let arguments = arguments.context("the Deployment has no arguments")?.iter().filter_map(Value::as_str);
    let kept = arguments.filter(|text| !text.starts_with("--tls-") && !text.starts_with("--guard"));
    let adapted = kept.map(|text| text.replace("0.0.0.0:8443", "127.0.0.1:0").replace("0.0.0.0:8080", "127.0.0.1:0"));
    Ok(adapted.chain(["--drain-delay=0".to_owned()]).collect())
}
