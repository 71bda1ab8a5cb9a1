//! What is in force right now: the guards, and what is known of the cluster. Swapped whole, read without a lock.
//!
//! The controller writes it, the webhook reads it; neither knows the other. Without a cluster it never changes. What
//! takes longer to find out, the analysis, follows a little later and says of itself how old it is.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption, Guard as Borrowed};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::engine::analysis::Analysis;
use crate::model::guard::Guards;
use crate::model::snapshot::Snapshot;

/// All that a decision is made with.
#[derive(Clone, Debug)]
pub struct State {
    /// The guards in force.
    pub guards: Arc<Guards>,
    /// What is wrong with guards of the cluster, by name. Those that are in force are good.
    pub guard_problems: Arc<[GuardProblem]>,
    /// The cluster; `None` where nobody watches one, or before it was read for the first time.
    pub cluster: Option<Cluster>,
}

/// Something that is wrong with a guard, to be told in its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardProblem {
    /// The name of the guard.
    pub guard: String,
    /// What it means.
    pub kind: GuardProblemKind,
    /// What is wrong, in words.
    pub message: String,
}

/// What a problem of a guard means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardProblemKind {
    /// It makes no sense as it is written.
    NotUnderstood {
        /// Whether it made sense before, and that version is still in force.
        earlier_in_force: bool,
    },
    /// It is about what another guard is about already, which alone counts there.
    Overlap {
        /// The name of the other guard.
        with: String,
    },
}

/// A cluster as it was read.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its objects.
    pub snapshot: Arc<Snapshot>,
    /// When it was certainly like this: the last moment at which every watch was known to work. By a clock that nobody
    /// sets.
    pub as_of: Instant,
}

/// What was found out about a cluster as it was.
#[derive(Clone, Debug)]
pub struct Analysed {
    /// What was found out.
    pub analysis: Arc<Analysis>,
    /// When the cluster was certainly like this as it began; see [`Analysed::holds_as_of`].
    pub as_of: Instant,
    /// How long it took to find out, which tells how long the same takes after a change.
    pub took: Duration,
}

/// The state that all parts of the program share.
#[derive(Debug)]
pub struct SharedState {
    current: ArcSwap<State>,
    analysed: ArcSwapOption<Analysed>,
    /// How often it was published.
    published: watch::Sender<u64>,
}

impl State {
    /// These guards, and no cluster.
    pub fn of(guards: Guards) -> Self {
        Self { guards: Arc::new(guards), guard_problems: Arc::default(), cluster: None }
    }

    /// Whether both have the same guards and the same cluster, though perhaps not of the same moment: what follows from
    /// the one follows from the other. States that were made apart are not the same, even if they are alike.
    pub fn is_based_on_the_same(&self, other: &Self) -> bool {
        let is_same_cluster = match (&self.cluster, &other.cluster) {
            (Some(one), Some(other)) => one.snapshot.is_same_as(&other.snapshot),
            (one, other) => one.is_none() && other.is_none(),
        };
        is_same_cluster && Arc::ptr_eq(&self.guards, &other.guards)
    }
}

impl Analysed {
    /// When the cluster was certainly as it was analysed: until now, as far as this state knows, if nothing has changed
    /// since.
    pub fn holds_as_of(&self, state: &State) -> Instant {
        let unchanged = state.cluster.as_ref().filter(|now| now.snapshot.is_same_as(self.analysis.snapshot()));
        unchanged.map_or(self.as_of, |now| now.as_of)
    }
}

impl SharedState {
    /// Begins with this state.
    pub fn new(state: State) -> Self {
        Self {
            current: ArcSwap::from_pointee(state),
            analysed: ArcSwapOption::empty(),
            published: watch::Sender::new(0),
        }
    }

    /// The state as it is now, for a short while.
    pub fn now(&self) -> Borrowed<Arc<State>> {
        self.current.load()
    }

    /// The state as it is now, to be kept.
    pub fn kept(&self) -> Arc<State> {
        self.current.load_full()
    }

    /// What was last found out about the cluster; `None` where there is none, or nothing was found out yet.
    pub fn analysed(&self) -> Option<Arc<Analysed>> {
        self.analysed.load_full()
    }

    /// From now on, this is what was found out. There is one writer.
    pub fn publish_analysis(&self, analysed: Analysed) {
        self.analysed.store(Some(Arc::new(analysed)));
    }

    /// Tells of every state that is published from now on; several at once may be told as one.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.published.subscribe()
    }

    /// The cluster still is as it was, at this later moment. Nobody is told, for nothing has changed.
    pub fn confirm(&self, as_of: Instant) {
        let State { guards, guard_problems, cluster } = State::clone(&self.kept());
        let cluster = cluster.map(|cluster| Cluster { as_of, ..cluster });
        self.current.store(Arc::new(State { guards, guard_problems, cluster }));
    }

    /// From now on, this is the state. There is one writer.
    pub fn publish(&self, state: State) {
        self.current.store(Arc::new(state));
        self.published.send_modify(|times| *times += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_analysis_holds_for_as_long_as_nothing_changes() {
        use crate::engine::admission::Circumstances;

        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
        let (snapshot, guards) = (Arc::<Snapshot>::default(), Arc::new(Guards::built_in()));
        let analysis = Arc::new(Analysis::of(Arc::clone(&snapshot), guards, &circumstances));
        let analysed = Analysed { analysis, as_of: at(1), took: Duration::ZERO };
        let later =
            |snapshot| State { cluster: Some(Cluster { snapshot, as_of: at(9) }), ..State::of(Guards::built_in()) };
        assert_eq!(analysed.holds_as_of(&later(snapshot)), at(9));
        assert_eq!(analysed.holds_as_of(&later(Arc::default())), at(1));
        assert_eq!(analysed.holds_as_of(&State::of(Guards::built_in())), at(1));
    }

    #[test]
    fn who_subscribes_is_told_of_what_changes_and_not_of_what_stays() {
        let shared = SharedState::new(State::of(Guards::none()));
        let told = shared.subscribe();
        let cluster = |as_of| Cluster { snapshot: Arc::default(), as_of };
        let (earlier, later) = (Instant::now(), Instant::now() + Duration::from_secs(1));
        shared.publish(State { cluster: Some(cluster(earlier)), ..State::of(Guards::built_in()) });
        assert!(told.has_changed().unwrap());
        let told = shared.subscribe();
        shared.confirm(later);
        assert!(!told.has_changed().unwrap());
        let state = shared.kept();
        assert_eq!(state.cluster.as_ref().map(|cluster| cluster.as_of), Some(later));
        assert_eq!(*state.guards, Guards::built_in());
    }
}
