//! Sizes, times and load.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame};
use hyper::{Request, StatusCode};
use scrapeguard::webhook::Settings;
use scrapeguard::webhook::body::Limits;
use scrapeguard::webhook::connection::stream::SilenceLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::client::{Anything, Connection, PATIENCE};
use crate::reviews::{of_size, pod};
use crate::running::{health, settings, start};

const CAP: usize = 8 << 20;

#[tokio::test]
async fn seven_megabytes_pass_and_the_cap_is_exact() {
    let (_server, client) = start(settings()).await;
    let mut connection = client.connect().await.unwrap();
    for size in [7_000_000, CAP] {
        let reply = connection.post("/mutate?timeout=30s", of_size(size)).await.unwrap();
        assert_eq!(reply.status, StatusCode::OK, "{size}: {}", reply.body);
    }
    let reply = connection.post("/mutate?timeout=30s", of_size(CAP + 1)).await.unwrap();
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(reply.body, "the body is larger than 8388608 bytes\n");
}

/// A body whose length nobody declares.
fn streamed(chunks: Vec<Bytes>, pause: Duration) -> Anything {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        for chunk in chunks {
            sleep(pause).await;
            if sender.send(Ok(Frame::data(chunk))).await.is_err() {
                return;
            }
        }
    });
    Receiver(receiver).boxed()
}

struct Receiver(tokio::sync::mpsc::Receiver<std::io::Result<Frame<Bytes>>>);

impl hyper::body::Body for Receiver {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context)
    }
}

fn request(path: &str, body: Anything) -> Request<Anything> {
    Request::post(path).header("host", "localhost").header("content-type", "application/json").body(body).unwrap()
}

#[tokio::test]
async fn the_cap_holds_for_a_body_of_undeclared_length() {
    let (server, client) = start(settings()).await;
    let chunks = vec![Bytes::from(vec![b' '; 1 << 20]); 9];
    let mut connection = client.connect().await.unwrap();
    let reply = connection.send(request("/mutate", streamed(chunks, Duration::ZERO))).await.unwrap();
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(server.metrics().body_bytes_in_flight.get(), 0);
}

#[tokio::test]
async fn a_slow_body_is_cut_off_and_a_named_timeout_comes_first() {
    let body = Limits { size: CAP, time: Duration::from_millis(300) };
    let (_server, client) = start(Settings { body, ..settings() }).await;
    let slow = || streamed(vec![Bytes::from_static(b" "); 1000], Duration::from_millis(20));
    let reply = client.connect().await.unwrap().send(request("/mutate", slow())).await.unwrap();
    assert_eq!(reply.status, StatusCode::REQUEST_TIMEOUT);
    let reply = client.connect().await.unwrap().send(request("/mutate?timeout=100ms", slow())).await.unwrap();
    assert_eq!(reply.status, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn too_many_bytes_at_once_are_put_off() {
    let (server, client) = start(Settings { body_budget: 1 << 20, ..settings() }).await;
    let reply = client.post("/mutate", of_size(2 << 20)).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(client.post("/mutate", pod()).await.status, StatusCode::OK);
    assert_eq!(server.metrics().body_bytes_in_flight.get(), 0);
}

#[tokio::test]
async fn a_server_that_is_not_ready_asks_to_try_again() {
    let (server, client) = start(settings()).await;
    server.readiness().block("snapshot", "waiting for namespaces");
    let reply = client.post("/validate", of_size(7_000_000)).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.header("retry-after"), Some("1"));
    let ready = health(server.health_address(), "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503 ") && ready.contains("snapshot: waiting for namespaces"), "{ready}");
    server.readiness().clear("snapshot");
    assert_eq!(client.post("/validate", pod()).await.status, StatusCode::OK);
    assert!(health(server.health_address(), "/readyz").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_client_that_dawdles_over_its_headers_is_cut_off_but_an_idle_one_is_not() {
    let silence = SilenceLimits { head: Duration::from_millis(300), idle: Duration::from_mins(2) };
    let (_server, client) = start(Settings { silence, ..settings() }).await;
    let mut idle = client.connect().await.unwrap();
    idle.post("/mutate", pod()).await.unwrap();
    let mut slow = client.stream().await.unwrap();
    slow.write_all(b"POST /mutate HTTP/1.1\r\nHost: localhost\r\n").await.unwrap();
    let started = Instant::now();
    let mut received = Vec::new();
    // One byte now and then does not help.
    let cut_off = timeout(PATIENCE, async {
        loop {
            tokio::select! {
                read = slow.read_buf(&mut received) => if !matches!(read, Ok(1..)) { break },
                () = sleep(Duration::from_millis(50)) => if slow.write_all(b"x").await.is_err() { break },
            }
        }
    });
    cut_off.await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(250));
    assert_eq!(idle.post("/mutate", pod()).await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_the_end() {
    let silence = SilenceLimits { head: Duration::from_secs(5), idle: Duration::from_millis(200) };
    let (_server, client) = start(Settings { silence, ..settings() }).await;
    let mut stream = client.stream().await.unwrap();
    let mut byte = [0];
    let end = timeout(PATIENCE, stream.read(&mut byte)).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    assert_eq!(
        Connection::over(client.stream().await.unwrap()).await.unwrap().post("/mutate", pod()).await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn a_client_that_never_shakes_hands_is_cut_off() {
    let (server, _client) = start(Settings { handshake: Duration::from_millis(100), ..settings() }).await;
    let mut stream = TcpStream::connect(server.admission_address()).await.unwrap();
    let mut byte = [0];
    let end = timeout(PATIENCE, stream.read(&mut byte)).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    assert!(server.metrics().render().contains(r#"scrapeguard_tls_handshake_failures_total{reason="timeout"} 1"#));
}
