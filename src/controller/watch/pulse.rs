//! Whether the API server answers, and has the store behind it: a small question every few seconds.
//!
//! A watch that says nothing looks the same whether nothing happens or nobody is there. The question is about a page of
//! one namespace, without a version: only an API server that is up to date with its store can answer that.
//!
//! Where a question is never answered and the next one is, a connection has died that nobody has closed. Those of the
//! watches may have died with it, and would say nothing either: each has to begin anew.

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

/// What the last answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beat {
    /// When it was asked for.
    pub(super) asked: Instant,
    /// Watches that have told nothing since then may be dead; `None` while no question was left without an answer.
    pub(super) doubted_before: Option<Instant>,
}

/// Asks until it is dropped, and tells of every answer.
pub(super) async fn run(client: Client, beats: watch::Sender<Option<Beat>>) {
    let (mut is_well, mut is_silent, mut doubted_before) = (true, false, None);
    loop {
        let asked = Instant::now();
        let answer = timeout(PATIENCE, ask(&client)).await;
        is_silent |= answer.is_err();
        let problem = answer.map_or_else(|slow| Some(slow.to_string()), |it| it.err().map(|error| error.to_string()));
        match &problem {
            None => {
                if std::mem::take(&mut is_silent) {
                    doubted_before = Some(asked);
                }
                beats.send_replace(Some(Beat { asked, doubted_before }));
            }
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
