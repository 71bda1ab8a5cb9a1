//! Connections as the API server opens them: 25 that stay, and a burst beyond.

use hyper::StatusCode;
use rstest::rstest;
use tokio::task::JoinSet;

use crate::client::{Client, Connection};
use crate::reviews::pod;
use crate::running::{settings, start};

async fn asked_on(mut connection: Connection, times: usize) -> usize {
    let mut answered = 0;
    for _ in 0..times {
        let reply = connection.post("/validate?timeout=10s", pod()).await.unwrap();
        answered += usize::from(reply.status == StatusCode::OK);
    }
    answered
}

async fn asked_by(clients: usize, times: usize, client: &Client) -> usize {
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let client = client.clone();
        tasks.spawn(async move { asked_on(client.connect().await.unwrap(), times).await });
    }
    tasks.join_all().await.into_iter().sum()
}

#[tokio::test]
async fn twenty_five_kept_connections_and_a_burst_of_a_hundred_are_all_answered() {
    let (_server, client) = start(settings()).await;
    let (kept, burst) = tokio::join!(asked_by(25, 20, &client), asked_by(100, 1, &client));
    assert_eq!((kept, burst), (25 * 20, 100));
}

#[rstest]
#[case::the_api_server(&["http/1.1"], false)]
#[case::http2_only(&["h2"], true)]
#[case::curl(&["h2", "http/1.1"], true)]
#[case::nothing(&[], false)]
#[tokio::test]
async fn speaks_what_the_client_offers(#[case] protocols: &[&str], #[case] http2: bool) {
    let (_server, client) = start(settings()).await;
    let connection = client.offering(protocols).connect().await.unwrap();
    assert_eq!(matches!(connection, Connection::Http2(_)), http2);
    assert_eq!(asked_on(connection, 3).await, 3);
}
