//! Stopping the real program under load.

use std::io::{BufRead, BufReader, ErrorKind};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::client::{Client, Connection};
use crate::reviews::pod;
use crate::running::{eventually, health};

/// The program as a user starts it; killed when dropped.
struct Program {
    child: Child,
    admission: SocketAddr,
    health: SocketAddr,
    authority: String,
}

impl Program {
    fn start(drain_delay: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = directory.path().join("ca.crt");
        let mut child = Command::new(env!("CARGO_BIN_EXE_scrapeguard"))
            .args(["serve", "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--drain-delay", drain_delay])
            .args(["--log-level", "warn", "--ca-out"])
            .arg(&authority)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut address = |scheme: &str| -> SocketAddr {
            let line = lines.by_ref().find(|line| line.contains(scheme)).unwrap();
            line.split(scheme).nth(1).unwrap().split('/').next().unwrap().parse().unwrap()
        };
        let (admission, health) = (address("https://"), address("http://"));
        Self { child, admission, health, authority: std::fs::read_to_string(authority).unwrap() }
    }

    fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    async fn wait(&mut self) -> ExitStatus {
        for _ in 0..1000 {
            if let Some(status) = self.try_wait() {
                return status;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the program does not end");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Asks without pause until no connection can be opened, and honours `Connection: close`. Whatever fails once TCP is
/// connected is a lost request.
async fn ask_until_closed(client: Client, answered: Arc<AtomicUsize>) {
    while let Some(mut connection) = connected(&client).await {
        loop {
            let reply = connection.post("/mutate", pod()).await.expect("no request is lost");
            assert_eq!(reply.status, 200);
            answered.fetch_add(1, Ordering::Relaxed);
            if reply.header("connection") == Some("close") {
                break;
            }
        }
    }
}

async fn connected(client: &Client) -> Option<Connection> {
    match client.connect().await {
        Ok(connection) => Some(connection),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => None,
        Err(error) => panic!("lost a connection: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_signal_under_load_loses_no_request() {
    let mut program = Program::start("0.5");
    let client = Client::new(program.admission, &[&program.authority]);
    let answered = Arc::new(AtomicUsize::new(0));
    let mut load = JoinSet::new();
    for _ in 0..8 {
        load.spawn(ask_until_closed(client.clone(), Arc::clone(&answered)));
    }
    eventually("there is load", async || answered.load(Ordering::Relaxed) > 100).await;
    program.terminate();
    let address = program.health;
    eventually("readiness fails", async || health(address, "/readyz").await.contains("draining")).await;
    let before = answered.load(Ordering::Relaxed);
    load.join_all().await;
    assert!(answered.load(Ordering::Relaxed) > before, "it served on while draining");
    assert_eq!(program.wait().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let mut program = Program::start("600");
    program.terminate();
    let address = program.health;
    eventually("readiness fails", async || health(address, "/readyz").await.contains("draining")).await;
    assert!(program.try_wait().is_none());
    program.terminate();
    assert_eq!(program.wait().await.code(), Some(2));
}
