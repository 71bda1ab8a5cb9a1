//! What the watch of a kind tells the owner of the world, and the way there.

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::kinds::Kind;
use super::ledger::ObjectChange;

/// How many pieces of news may wait. A page of a list is one, so they are few.
const WAITING: usize = 16;

/// Something that happened to a kind.
#[derive(Debug)]
pub(super) struct News {
    /// The kind.
    pub(super) kind: &'static Kind,
    /// When we were told.
    pub(super) at: Instant,
    /// What it is.
    pub(super) what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Objects have changed.
    Objects(Vec<ObjectChange>),
    /// The watch has something to say about itself.
    Sign(Sign),
}

/// What a watch says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// All objects have been told, and every change from now on will be.
    Works,
    /// Nothing came for longer than the API server ever is silent.
    Silent,
    /// It does not work.
    Broken(String),
    /// We may not read this kind.
    Forbidden(String),
    /// The cluster does not have this kind.
    Absent,
}

/// Where the watch of a kind tells its news.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    kind: &'static Kind,
    news: mpsc::Sender<News>,
}

/// The room for one piece of news. What is to be told is only made once there is room, so that nothing is lost when a
/// watch is ended while it waits.
pub(super) struct Room<'o>(mpsc::Permit<'o, News>, &'static Kind);

/// The way of all news.
pub(super) fn channel() -> (mpsc::Sender<News>, mpsc::Receiver<News>) {
    mpsc::channel(WAITING)
}

impl Outbox {
    /// That of one kind.
    pub(super) const fn new(kind: &'static Kind, news: mpsc::Sender<News>) -> Self {
        Self { kind, news }
    }

    /// Waits until there is room. If nobody listens any more, forever.
    pub(super) async fn room(&self) -> Room<'_> {
        match self.news.reserve().await {
            Ok(permit) => Room(permit, self.kind),
            Err(_closed) => std::future::pending().await,
        }
    }

    /// Tells about the watch itself.
    pub(super) async fn sign(&self, sign: Sign) {
        self.room().await.tell(What::Sign(sign));
    }
}

impl Room<'_> {
    /// Tells something.
    pub(super) fn tell(self, what: What) {
        self.0.send(News { kind: self.1, at: Instant::now(), what });
    }

    /// Tells of objects, if there are any.
    pub(super) fn tell_of(self, objects: Vec<ObjectChange>) {
        if !objects.is_empty() {
            self.tell(What::Objects(objects));
        }
    }
}
