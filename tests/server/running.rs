//! Servers to talk to.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use scrapeguard::model::guard::Guards;
use scrapeguard::state::State;
use scrapeguard::webhook::{self, RunningServer, Settings, Shared};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::client::{Client, PATIENCE};

/// The default settings on free ports, without a delay at the end.
pub(crate) fn settings() -> Settings {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Settings { listen: any_port, health_listen: any_port, drain_delay: Duration::ZERO, ..Settings::default() }
}

pub(crate) async fn start(settings: Settings) -> (RunningServer, Client) {
    let server = webhook::start(settings, Shared::new(State::of(Guards::built_in()))).await.unwrap();
    let client = Client::new(server.admission_address(), &server.ca_pem().into_iter().collect::<Vec<_>>());
    (server, client)
}

/// The whole response of the plain listener, status line first.
pub(crate) async fn health(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

/// Waits until something is so.
pub(crate) async fn eventually<Answer: Future<Output = bool>>(what: &str, is_so: impl Fn() -> Answer) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "never: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
