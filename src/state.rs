//! What is in force right now: the guards, and what is known of the cluster. Swapped whole, read without a lock.
//!
//! The controller writes it, the webhook reads it; neither knows the other. Without a cluster it never changes. What
//! takes longer to find out, the analysis, follows a little later and says of itself how old it is.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption, Guard as Borrowed};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::engine::analysis::Analysis;
use crate::model::guard::Guards;
use crate::model::snapshot::Snapshot;

/// All that a decision is made with.
#[derive(Clone, Debug)]
pub struct State {
    /// The guards in force.
    pub guards: Arc<Guards>,
    /// The cluster; `None` where nobody watches one, or before it was read for the first time.
    pub cluster: Option<Cluster>,
}

/// A cluster as it was read.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its objects.
    pub snapshot: Arc<Snapshot>,
    /// When it was certainly like this: the last moment at which every watch was known to work.
    pub as_of: Timestamp,
}

/// What was found out about a cluster as it was.
#[derive(Clone, Debug)]
pub struct Analysed {
    /// What was found out.
    pub analysis: Arc<Analysis>,
    /// When the cluster was certainly like this; see [`Cluster::as_of`].
    pub as_of: Timestamp,
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
        Self { guards: Arc::new(guards), cluster: None }
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

    /// From now on, this is the state. There is one writer.
    pub fn publish(&self, state: State) {
        self.current.store(Arc::new(state));
        self.published.send_modify(|times| *times += 1);
    }
}
