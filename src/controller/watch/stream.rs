//! The watch of one kind: a list page by page, then its changes, for as long as the kind is served.
//!
//! The loop is our own because a watch has to prove that it works: the bookmarks that the API server sends every minute,
//! which libraries keep to themselves, are the only sign of life of a quiet kind.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use kube::Client;
use kube::api::WatchEvent;
use kube::core::params::{ListParams, WatchParams};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::backoff::Backoff;
use super::failure::Failure;
use super::kinds::{Kind, Place, Served};
use super::ledger::{Ledger, ObjectChange};
use super::news::{Outbox, Sign};
use super::object::Watched;
use super::pulse::Beat;

/// How many objects one page of a list has.
const PAGE: u32 = 500;
/// How long a page may take.
const PAGE_TIME: Duration = Duration::from_secs(30);
/// How long a watch may take to begin.
const START_TIME: Duration = Duration::from_secs(10);
/// How long a watch may say nothing. The API server sends bookmarks every minute.
const SILENCE: Duration = Duration::from_secs(75);
/// The most events that are told at once.
const EVENTS: usize = 256;
/// A watch that ends sooner and has said nothing does not work.
const SHORT: Duration = Duration::from_secs(1);
/// After so many failures in a row everything is listed again: what the watch starts from may never come back, as after
/// a restored backup.
const FAILURES_BEFORE_LIST: u32 = 4;

/// Watches a kind wherever it is served, until it is dropped.
pub(super) async fn follow(
    client: Client,
    kind: &'static Kind,
    mut place: watch::Receiver<Place>,
    beats: watch::Receiver<Option<Beat>>,
    out: Outbox,
) {
    let objects = Objects { kind, ledger: Ledger::default() };
    let mut stream = Stream { client, out, beats, objects, is_known: false };
    loop {
        let here = place.borrow_and_update().clone();
        let changed = async {
            if place.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        match here {
            Place::NotKnown => changed.await,
            Place::Nowhere => {
                stream.leave(Sign::Absent).await;
                changed.await;
            }
            Place::At(served) => tokio::select! {
                () = changed => {}
                () = stream.run(&served) => {}
            },
        }
    }
}

struct Stream {
    client: Client,
    out: Outbox,
    beats: watch::Receiver<Option<Beat>>,
    objects: Objects,
    /// Whether all objects were told once, and not taken back.
    is_known: bool,
}

/// What there is of a kind.
struct Objects {
    kind: &'static Kind,
    ledger: Ledger,
}

/// A page of a list. Its objects stay text.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(default)]
    items: Option<Vec<Box<RawValue>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PageMetadata {
    resource_version: Option<String>,
    r#continue: Option<String>,
}

/// How to go on after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// From where it broke off.
    TakeUp,
    /// From the beginning.
    List,
}

type Events = BoxStream<'static, kube::Result<WatchEvent<Box<RawValue>>>>;

impl Stream {
    /// Lists and watches, over and over, until it is dropped.
    async fn run(&mut self, served: &Served) {
        let request = kube::core::Request::new(served.path.clone());
        let mut backoff = Backoff::default();
        let mut version: Option<String> = None;
        loop {
            let done = match &mut version {
                None => self.list(&request).await.map(|listed| version = Some(listed)),
                Some(version) => self.watch(&request, version, &mut backoff).await,
            };
            if let Err(failure) = done {
                let next = self.tell(failure).await;
                if next == Next::List || backoff.failures() >= FAILURES_BEFORE_LIST {
                    version = None;
                }
                sleep(backoff.next()).await;
            }
        }
    }

    /// Tells of a failure, and says how to go on.
    ///
    /// An API server that has just started forbids everything until it has read the permissions that there are, so what
    /// is known is not taken back for that. If it stays so, it grows old.
    async fn tell(&mut self, failure: Failure) -> Next {
        match failure {
            // The list that follows takes no longer than any other.
            Failure::Expired => return Next::List,
            Failure::Missing(_) if !self.is_required() => self.leave(Sign::Absent).await,
            Failure::Forbidden(reason) if !self.is_required() && !self.is_known => {
                self.leave(Sign::Forbidden(reason)).await;
            }
            Failure::Missing(reason) | Failure::Forbidden(reason) | Failure::Other(reason) => {
                self.out.sign(Sign::Broken(reason)).await;
                return Next::TakeUp;
            }
        }
        Next::List
    }

    const fn is_required(&self) -> bool {
        self.objects.kind.required.is_some()
    }

    /// Nothing of this kind is known any more.
    async fn leave(&mut self, sign: Sign) {
        let room = self.out.room().await;
        room.tell_of(self.objects.ledger.clear());
        self.is_known = false;
        self.out.sign(sign).await;
    }

    /// Lists everything. Returns the version of the list.
    async fn list(&mut self, request: &kube::core::Request) -> Result<String, Failure> {
        self.objects.ledger.begin_list();
        let mut parameters = ListParams::default().limit(PAGE);
        loop {
            let Page { metadata, items } = self.page(request, &parameters).await?;
            let room = self.out.room().await;
            let objects = items.into_iter().flatten();
            room.tell_of(objects.filter_map(|object| self.objects.put(&object)).collect());
            let Some(token) = metadata.r#continue.filter(|token| !token.is_empty()) else {
                let room = self.out.room().await;
                room.tell_of(self.objects.ledger.end_list());
                self.is_known = true;
                let version = metadata.resource_version.filter(|version| !version.is_empty());
                return version.ok_or_else(|| Failure::Other("the list has no version".to_owned()));
            };
            parameters = parameters.continue_token(&token);
        }
    }

    async fn page(&self, request: &kube::core::Request, parameters: &ListParams) -> Result<Page, Failure> {
        let request =
            if self.objects.kind.is_metadata() { request.list_metadata(parameters) } else { request.list(parameters) };
        let page = self.client.request::<Page>(request.map_err(Failure::of_request)?);
        Ok(timeout(PAGE_TIME, page).await.map_err(|_| Failure::slow("a list", PAGE_TIME))??)
    }

    /// Follows what happens after a version, and moves the version on. Ends without a failure when the API server ends
    /// the watch, as it does from time to time.
    async fn watch(
        &mut self,
        request: &kube::core::Request,
        version: &mut String,
        backoff: &mut Backoff,
    ) -> Result<(), Failure> {
        let mut events = self.events(request, version).await?.ready_chunks(EVENTS);
        let started = Instant::now();
        self.out.sign(Sign::Works).await;
        let (mut seen, mut has_said_something) = (started, false);
        loop {
            let next = tokio::select! {
                next = timeout(SILENCE, events.next()) => next,
                () = is_doubted(&mut self.beats, seen) => return Ok(()),
            };
            seen = Instant::now();
            match next {
                Ok(Some(events)) => {
                    let room = self.out.room().await;
                    let mut changes = Vec::new();
                    let end = events.into_iter().try_for_each(|event| self.objects.take(event, version, &mut changes));
                    room.tell_of(changes);
                    end?;
                    self.out.sign(Sign::Works).await;
                    has_said_something = true;
                    backoff.reset();
                }
                Ok(None) if has_said_something || started.elapsed() > SHORT => return Ok(()),
                Ok(None) => return Err(Failure::Other("the watch ends at once".to_owned())),
                Err(_) => {
                    self.out.sign(Sign::Silent).await;
                    return Ok(());
                }
            }
        }
    }

    async fn events(&self, request: &kube::core::Request, version: &str) -> Result<Events, Failure> {
        let parameters = WatchParams::default();
        let request = if self.objects.kind.is_metadata() {
            request.watch_metadata(&parameters, version)
        } else {
            request.watch(&parameters, version)
        };
        let events = self.client.request_events::<Box<RawValue>>(request.map_err(Failure::of_request)?);
        let events = timeout(START_TIME, events).await.map_err(|_| Failure::slow("the watch", START_TIME))??;
        Ok(events.boxed())
    }
}

/// Waits until a watch is doubted that has last told something then; see [`super::pulse`].
async fn is_doubted(beats: &mut watch::Receiver<Option<Beat>>, seen: Instant) {
    let doubted = |beat: &Option<Beat>| beat.and_then(|beat| beat.doubted_before).is_some_and(|doubted| seen < doubted);
    if beats.wait_for(doubted).await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Objects {
    fn take(
        &mut self,
        event: kube::Result<WatchEvent<Box<RawValue>>>,
        version: &mut String,
        changes: &mut Vec<ObjectChange>,
    ) -> Result<(), Failure> {
        match event? {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                changes.extend(self.put(&object));
                move_on(version, &object);
            }
            WatchEvent::Deleted(object) => {
                changes.extend(self.remove(&object));
                move_on(version, &object);
            }
            WatchEvent::Bookmark(bookmark) => *version = bookmark.metadata.resource_version,
            WatchEvent::Error(status) => return Err(Failure::of_status(&status)),
        }
        Ok(())
    }

    fn put(&mut self, object: &RawValue) -> Option<ObjectChange> {
        self.read(object).and_then(|object| self.ledger.put(object))
    }

    fn remove(&mut self, object: &RawValue) -> Option<ObjectChange> {
        self.read(object).and_then(|object| self.ledger.remove(&object.key))
    }

    /// What cannot even be named cannot be known of; the API server has no such objects.
    fn read(&self, object: &RawValue) -> Option<Watched> {
        let read = Watched::read(self.kind, object);
        read.inspect_err(|error| tracing::warn!(kind = self.kind.name, %error, "passed over what is no object")).ok()
    }
}

fn move_on(version: &mut String, object: &RawValue) {
    #[derive(Deserialize)]
    struct Versioned {
        metadata: PageMetadata,
    }
    let read = serde_json::from_str::<Versioned>(object.get());
    if let Some(moved) = read.ok().and_then(|object| object.metadata.resource_version) {
        *version = moved;
    }
}

#[cfg(test)]
mod tests;
