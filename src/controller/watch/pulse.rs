//! Whether the API server answers, and has the store behind it: a small question every few seconds.
//!
//! A watch that says nothing looks the same whether nothing happens or nobody is there. The question is about a page of
//! one namespace, without a version: only an API server that is up to date with its store can answer that.

use std::time::Duration;

use kube::Client;
use kube::core::params::ListParams;
use serde::de::IgnoredAny;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// The time between two questions.
const EVERY: Duration = Duration::from_secs(5);
/// After a question without an answer, the next one comes sooner.
const SOON: Duration = Duration::from_secs(1);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks until it is dropped, and tells when the last question was asked that has been answered.
pub(super) async fn run(client: Client, beats: watch::Sender<Option<Instant>>) {
    let mut is_well = true;
    loop {
        let asked = Instant::now();
        let answer = timeout(PATIENCE, ask(&client)).await;
        let problem = answer.map_or_else(|slow| Some(slow.to_string()), |it| it.err().map(|error| error.to_string()));
        match &problem {
            None => drop(beats.send_replace(Some(asked))),
            Some(reason) if is_well => tracing::warn!(reason, "the API server does not answer"),
            Some(_) => {}
        }
        is_well = problem.is_none();
        sleep(if is_well { EVERY } else { SOON }).await;
    }
}

async fn ask(client: &Client) -> kube::Result<()> {
    let request = kube::core::Request::new("/api/v1/namespaces").list(&ListParams::default().limit(1));
    let request = request.map_err(kube::Error::BuildRequest)?;
    client.request::<IgnoredAny>(request).await.map(drop)
}
