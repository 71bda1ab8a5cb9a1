//! Watches that become the state: every kind that decides who reaches whom, the guards, and how fresh all of this is.
//!
//! One task a kind (`stream`) tells its news to the one owner of the world (`world`), which publishes the state. Two
//! more ask which kinds are served (`discovery`) and whether the API server answers at all (`pulse`). What they mean
//! for readiness is decided by state machines without I/O (`freshness`, `ledger`, `guard_book`).

mod backoff;
mod discovery;
mod failure;
mod freshness;
mod guard_book;
mod kinds;
mod ledger;
mod news;
mod object;
mod pending;
mod pulse;
mod stream;
mod world;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::kinds::Place;
use self::news::Outbox;
use self::world::World;
use super::Context;
use super::settings::Management;

/// The part of the program that readiness knows us by.
const PART: &str = "watches";
/// How long to wait before everything begins anew, after a mistake of ours.
const AFTER_A_PANIC: Duration = Duration::from_secs(1);

/// Watches the cluster and publishes the state, until it is dropped. Readiness is held back from now on, until
/// everything has been read.
pub fn run(context: Context) -> impl Future<Output = ()> + Send {
    context.shared.readiness.block(PART, "nothing has been read yet");
    async move {
        loop {
            watch_everything(&context).await;
            context.shared.readiness.block(PART, "everything is read again, because a part failed");
            tracing::error!("a watch failed; everything begins anew");
            sleep(AFTER_A_PANIC).await;
        }
    }
}

/// Returns only when a part has panicked.
async fn watch_everything(context: &Context) {
    let with_guards = context.settings.guards == Management::Own;
    let (sender, news) = news::channel();
    let (beat, beats) = watch::channel(None);
    let mut parts = JoinSet::new();
    let mut places = Vec::new();
    for kind in kinds::watched(with_guards) {
        let place = kind.required.clone().map_or(Place::NotKnown, Place::At);
        let (place, told) = watch::channel(place);
        let out = Outbox::new(kind, sender.clone());
        parts.spawn(stream::follow(context.client.clone(), kind, told, beats.clone(), out));
        if kind.required.is_none() {
            places.push((kind, place));
        }
    }
    let definitions = Arc::new(Notify::new());
    parts.spawn(discovery::run(context.client.clone(), places, Arc::clone(&definitions)));
    parts.spawn(pulse::run(context.client.clone(), beat));
    let world = World::new(context.shared.clone(), context.settings.staleness, with_guards, definitions);
    parts.spawn(world.run(news, beats));
    let _ended = parts.join_next().await;
}
