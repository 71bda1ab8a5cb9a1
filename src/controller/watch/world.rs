//! The one owner of what is known of the cluster: takes all news, and publishes the state that comes of them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, interval, sleep_until};

use super::PART;
use super::freshness::Freshness;
use super::guard_book::GuardBook;
use super::kinds::{self, Kind, Role};
use super::ledger::ObjectChange;
use super::news::{News, Sign, What};
use super::pending::Pending;
use super::pulse::Beat;
use crate::model::guard::Guards;
use crate::model::snapshot::{Builder, Change, Snapshot, UnreadKind};
use crate::state::{Cluster, State};
use crate::webhook::Shared;

/// At least this time is between two snapshots: what happens meanwhile becomes one.
const PACE: Duration = Duration::from_millis(20);
/// How often the age of what is known is looked at when nothing happens.
const LOOK: Duration = Duration::from_secs(1);

/// What is known of the cluster.
pub(super) struct World {
    shared: Shared,
    freshness: Freshness,
    contents: Contents,
    pending: Pending,
    guards: GuardSource,
    /// Told when a definition of custom resources has changed.
    definitions: Arc<Notify>,
    /// No snapshot is made before.
    not_before: Instant,
}

/// Everything that was read.
enum Contents {
    /// Not everything has been.
    Filling(Box<Builder>),
    /// This is everything.
    Complete(Arc<Snapshot>),
}

/// Where guards come from.
enum GuardSource {
    /// A file, which was read before.
    Given(Arc<Guards>),
    /// The objects of the cluster.
    Objects(GuardBook),
}

impl World {
    /// Nothing is known yet. Nothing is answered with what is older than `staleness`.
    pub(super) fn new(shared: Shared, staleness: Duration, with_guards: bool, definitions: Arc<Notify>) -> Self {
        let now = Instant::now();
        let given = Arc::clone(&shared.state.now().guards);
        Self {
            shared,
            freshness: Freshness::new(kinds::watched(with_guards), staleness, now),
            contents: Contents::Filling(Box::new(Builder::new(""))),
            pending: Pending::default(),
            guards: if with_guards { GuardSource::Objects(GuardBook::default()) } else { GuardSource::Given(given) },
            definitions,
            not_before: now,
        }
    }

    /// Takes news until it is dropped; returns only when a snapshot could not be made.
    pub(super) async fn run(mut self, mut news: mpsc::Receiver<News>, mut beats: watch::Receiver<Option<Beat>>) {
        let mut look = interval(LOOK);
        loop {
            tokio::select! {
                Some(first) = news.recv() => {
                    self.take(first);
                    self.take_all(&mut news);
                }
                Ok(()) = beats.changed() => {
                    // The answer does not confirm what is known without what was told before it.
                    self.take_all(&mut news);
                    if let Some(beat) = *beats.borrow_and_update() {
                        self.freshness.beat(beat);
                    }
                }
                () = sleep_until(self.not_before), if self.is_worth_publishing() => {}
                _ = look.tick() => {}
            }
            if let Err(error) = self.settle().await {
                tracing::error!(%error, "no snapshot could be made");
                return;
            }
        }
    }

    fn take_all(&mut self, news: &mut mpsc::Receiver<News>) {
        while let Ok(next) = news.try_recv() {
            self.take(next);
        }
    }

    fn take(&mut self, News { kind, at, what }: News) {
        match what {
            What::Sign(sign) => self.take_sign(kind, sign, at),
            What::Objects(objects) => {
                self.freshness.heard(kind, at);
                self.count(kind, &objects);
                self.pending.told(at);
                for object in objects {
                    self.take_object(kind, object);
                }
            }
        }
    }

    fn take_sign(&mut self, kind: &'static Kind, sign: Sign, at: Instant) {
        let metrics = &self.shared.metrics.watch;
        match &sign {
            Sign::Works => metrics.works(kind.group, kind.name),
            Sign::Broken(_) | Sign::Forbidden(_) => metrics.failed(kind.group, kind.name),
            Sign::Silent => {}
            Sign::Absent => metrics.absent(kind.group, kind.name),
        }
        let (words, is_well) = (format!("{sign:?}"), matches!(sign, Sign::Works | Sign::Absent));
        if self.freshness.sign(kind, sign, at) {
            if is_well {
                tracing::debug!(kind = kind.title(), state = words, "a watch has changed");
            } else {
                tracing::warn!(kind = kind.title(), state = words, "a watch has changed");
            }
        }
    }

    fn count(&self, kind: &'static Kind, objects: &[ObjectChange]) {
        let difference = objects.iter().map(|object| match object {
            ObjectChange::Put { is_new, .. } => i64::from(*is_new),
            ObjectChange::Gone(_) => -1,
        });
        let changes = u64::try_from(objects.len()).unwrap_or(u64::MAX);
        self.shared.metrics.watch.changed(kind.group, kind.name, changes, difference.sum());
    }

    fn take_object(&mut self, kind: &'static Kind, object: ObjectChange) {
        match (kind.role, object) {
            (Role::Definition, _) => self.definitions.notify_one(),
            (Role::Guard, object) => self.take_guard(kind, object),
            (_, ObjectChange::Put { json, is_new: true }) if self.is_to_be_filled(kind) => self.fill(kind, &json),
            (role, object) => self.pending.add(kind, change(kind, role, object)),
        }
    }

    /// What is new must not overtake what waits: it may have been there, and gone, before.
    fn is_to_be_filled(&self, kind: &Kind) -> bool {
        matches!(self.contents, Contents::Filling(_)) && !self.pending.concerns(kind)
    }

    /// What is new goes straight into the first snapshot, so that all the text need not be kept until then.
    fn fill(&mut self, kind: &Kind, json: &str) {
        if let Contents::Filling(builder) = &mut self.contents {
            match kind.role {
                Role::Evaluated(resource) => builder.add(resource, json, None),
                _ => builder.add_unmodelled(kind.group, kind.name, json, None),
            }
        }
    }

    fn take_guard(&mut self, kind: &Kind, object: ObjectChange) {
        if let GuardSource::Objects(book) = &mut self.guards {
            match object {
                ObjectChange::Put { json, .. } => book.put(&json),
                ObjectChange::Gone(key) => book.remove(&key.reference(kind).name),
            }
            self.pending.guards_changed();
        }
    }

    fn is_worth_publishing(&self) -> bool {
        match self.contents {
            Contents::Filling(_) => self.freshness.as_of(Instant::now()).is_some(),
            Contents::Complete(ref snapshot) => {
                self.pending.is_worth_publishing() || *snapshot.unread() != *unread(&self.freshness, Instant::now())
            }
        }
    }

    /// Publishes what is due, and says whether it is good enough to answer with.
    async fn settle(&mut self) -> Result<(), JoinError> {
        if self.is_worth_publishing() && Instant::now() >= self.not_before {
            self.publish().await?;
        }
        let now = Instant::now();
        // What waits to be published may be older than the answer that confirms the rest.
        if let (Contents::Complete(_), Some(as_of), false) =
            (&self.contents, self.freshness.as_of(now), self.is_worth_publishing())
        {
            let by_the_wall_clock = Timestamp::now().checked_sub(as_of.elapsed()).unwrap_or_default();
            self.shared.metrics.watch.as_of.set(by_the_wall_clock.as_second());
            self.shared.state.confirm(as_of);
        }
        match self.freshness.problem(now) {
            Some(problem) => self.shared.readiness.block(PART, problem),
            None if matches!(self.contents, Contents::Complete(_)) => self.shared.readiness.clear(PART),
            None => {}
        }
        Ok(())
    }

    async fn publish(&mut self) -> Result<(), JoinError> {
        let begun = Instant::now();
        let pending = std::mem::take(&mut self.pending);
        let before = match std::mem::replace(&mut self.contents, Contents::Complete(Arc::default())) {
            Contents::Complete(snapshot) => Before::Snapshot(snapshot),
            Contents::Filling(builder) => Before::Builder(builder),
        };
        let (is_first, changes) = (matches!(before, Before::Builder(_)), pending.changes);
        let unread = unread(&self.freshness, begun);
        let snapshot = spawn_blocking(move || before.with(&changes, unread)).await?;
        self.contents = Contents::Complete(Arc::clone(&snapshot));
        let guards_may_differ = is_first || pending.guards_may_differ;
        if guards_may_differ || !self.is_published(&snapshot) {
            self.announce(snapshot, guards_may_differ);
        }
        let took = begun.elapsed();
        self.not_before = begun + took + took.max(PACE);
        let latencies = pending.told.iter().map(Instant::elapsed);
        self.shared.metrics.watch.published(took, latencies);
        Ok(())
    }

    /// Whether nothing that was told makes a difference to what everybody knows, such as a node that is still there.
    fn is_published(&self, snapshot: &Snapshot) -> bool {
        self.shared.state.now().cluster.as_ref().is_some_and(|cluster| cluster.snapshot.is_same_as(snapshot))
    }

    fn announce(&self, snapshot: Arc<Snapshot>, guards_may_differ: bool) {
        let metrics = &self.shared.metrics.watch;
        metrics.pods.set(number(snapshot.pods().len()));
        metrics.classes.set(number(snapshot.classes().count()));
        let lost = snapshot.problems().iter().filter(|problem| problem.is_loss()).count();
        metrics.problems.set(number(lost + snapshot.unread().len()));
        let before = self.shared.state.kept();
        let mut state = State::clone(&before);
        if guards_may_differ {
            state = self.with_guards(state, &snapshot);
            metrics.guards.set(number(state.guards.iter().count()));
            metrics.guard_problems.set(number(state.guard_problems.len()));
        }
        let as_of =
            self.freshness.as_of(Instant::now()).or_else(|| state.cluster.as_ref().map(|cluster| cluster.as_of));
        state.cluster = as_of.map(|as_of| Cluster { snapshot, as_of });
        self.shared.state.publish(state);
    }

    /// The same, with the guards as they are now, if they are others.
    fn with_guards(&self, state: State, snapshot: &Snapshot) -> State {
        let (mut guards, problems) = match &self.guards {
            GuardSource::Given(guards) => (Guards::clone(guards), Vec::new()),
            GuardSource::Objects(book) => (book.guards(), book.problems()),
        };
        guards.learn_from(snapshot);
        let guards = if guards == *state.guards { Arc::clone(&state.guards) } else { Arc::new(guards) };
        State { guards, guard_problems: problems.into(), ..state }
    }
}

/// What a snapshot is made from.
enum Before {
    Builder(Box<Builder>),
    Snapshot(Arc<Snapshot>),
}

impl Before {
    fn with(self, changes: &[Change], unread: Vec<UnreadKind>) -> Arc<Snapshot> {
        let snapshot = match self {
            Self::Builder(builder) => Arc::new(builder.finish()),
            Self::Snapshot(snapshot) => snapshot,
        };
        let next = snapshot.with(changes).with_unread(unread);
        if next.is_same_as(&snapshot) { snapshot } else { Arc::new(next) }
    }
}

/// What it means for a snapshot.
fn change(kind: &Kind, role: Role, object: ObjectChange) -> Change {
    let group = || kind.group.to_owned();
    match (role, object) {
        (Role::Evaluated(resource), ObjectChange::Put { json, .. }) => Change::Put { resource, json },
        (Role::Evaluated(_), ObjectChange::Gone(key)) => Change::Delete(key.reference(kind)),
        (_, ObjectChange::Put { json, .. }) => {
            Change::PutUnmodelled { group: group(), kind: kind.name.to_owned(), json }
        }
        (_, ObjectChange::Gone(key)) => Change::DeleteUnmodelled { group: group(), object: key.reference(kind) },
    }
}

fn unread(freshness: &Freshness, now: Instant) -> Vec<UnreadKind> {
    let unread = freshness.unread(now).into_iter();
    let of = |(kind, reason): (&Kind, String)| UnreadKind {
        group: kind.group.to_owned(),
        kind: kind.name.to_owned(),
        reason,
    };
    unread.map(of).collect()
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
