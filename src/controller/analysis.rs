//! The cluster as a whole, looked at again and again in the background: who scrapes what, and what a change would do.
//!
//! A look takes milliseconds in a small cluster and a second in a large one, so it is taken at most for a tenth of the
//! time, on a thread of its own. The webhook, the status of guards and the metrics share what it finds.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use super::Context;
use crate::engine::admission::Circumstances;
use crate::engine::analysis::Analysis;
use crate::state::{Analysed, State};

/// The part of readiness that waits for the first look.
const PART: &str = "analysis";
/// After a look, nobody looks again for so many times as long as it took.
const REST: u32 = 9;
/// Nor earlier than this, so that changes that come together are looked at together.
const SHORTEST_REST: Duration = Duration::from_millis(50);
/// Exemptions end without any change.
const LONGEST_REST: Duration = Duration::from_mins(5);

/// Looks at every state that is published, or at the last one where there are many, for as long as it is polled.
pub async fn run(context: Context) -> Infallible {
    let mut news = context.shared.state.subscribe();
    let mut last: Option<(Arc<State>, Instant)> = None;
    loop {
        let state = context.shared.state.kept();
        let is_known = last
            .as_ref()
            .is_some_and(|(looked_at, when)| looked_at.is_based_on_the_same(&state) && when.elapsed() < LONGEST_REST);
        if !is_known && let Some(took) = look(&context, &state).await {
            last = Some((state, Instant::now()));
            sleep((took * REST).max(SHORTEST_REST)).await;
        }
        // A sender that is gone has nothing more to tell; what ends exemptions goes on.
        if !matches!(timeout(LONGEST_REST, news.changed()).await, Ok(Ok(()))) {
            sleep(SHORTEST_REST).await;
        }
    }
}

/// Takes a look, and returns how long it took; `None` where there is nothing to look at.
async fn look(context: &Context, state: &State) -> Option<Duration> {
    let cluster = state.cluster.as_ref()?;
    let (snapshot, guards, as_of) = (Arc::clone(&cluster.snapshot), Arc::clone(&state.guards), cluster.as_of);
    let started = Instant::now();
    let circumstances = Circumstances { now: Timestamp::now(), namespace_mode: None };
    let analysis = spawn_blocking(move || Analysis::of(snapshot, guards, &circumstances)).await;
    let took = started.elapsed();
    match analysis {
        Ok(analysis) => {
            let metrics = &context.shared.metrics.analysis;
            metrics.looked(took, &analysis);
            context.shared.state.publish_analysis(Analysed { analysis: Arc::new(analysis), as_of, took });
        }
        Err(error) => tracing::error!(%error, "the analysis of the cluster failed; the last one stays in use"),
    }
    // Without one, consequences are unknown; all else can be answered.
    context.shared.readiness.clear(PART);
    Some(took)
}

/// Holds back answers until there was a first look.
pub fn announce(context: &Context) {
    context.shared.readiness.block(PART, "the cluster was not looked at yet");
}
