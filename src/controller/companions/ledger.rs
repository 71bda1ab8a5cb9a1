//! How things are with every companion, for the status of the guards.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::controller::companions::attempt::Outcome;
use crate::model::guard::Guards;
use crate::model::{ObjectReference, Resource};

/// All companions that guards want, and when something was last written for each guard.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// The guards that they follow from.
    pub guards: Arc<Guards>,
    /// In the order of the guards.
    pub entries: Vec<Entry>,
    /// By guard.
    pub last_changes: BTreeMap<String, LastChange>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { guards: Arc::new(Guards::none()), entries: Vec::new(), last_changes: BTreeMap::new() }
    }
}

/// One companion.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The guard that wants it.
    pub guard: String,
    /// Its kind.
    pub resource: Resource,
    /// Which object it is.
    pub reference: ObjectReference,
    /// How things are.
    pub condition: Condition,
}

/// How things are with a companion.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// It is there and as it should be.
    Applied,
    /// It is there, and something in the cluster changes what we write.
    Altered,
    /// It is not yet seen to be there.
    Pending,
    /// The guard only wants to know: whether it is there as it should be.
    Reported(bool),
    /// Somebody else's object has its name; under this manager's name, if any.
    Foreign(Option<String>),
    /// Another guard wants the same object.
    WantedBy(String),
    /// Its namespace does not exist.
    NoNamespace,
    /// The cluster does not know its kind.
    KindUnknown,
    /// It could not be read or written, for this reason.
    Failed(String),
    /// It was written too often, and is left alone until this time.
    Withheld(Timestamp),
}

/// The last time that something was written for a guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastChange {
    /// When.
    pub time: Timestamp,
    /// What, in one sentence without full stop.
    pub message: String,
}

impl Condition {
    /// Whether it is wanted and not as it should be.
    pub const fn is_missing(&self) -> bool {
        !matches!(self, Self::Applied | Self::Altered | Self::Reported(_))
    }

    /// What is known once an attempt has this outcome.
    pub(super) fn after(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Settled | Outcome::Created | Outcome::Repaired => Self::Applied,
            Outcome::Altered(_) => Self::Altered,
            Outcome::Removed | Outcome::Leaving => Self::Pending,
            Outcome::Foreign(manager) => Self::Foreign(manager.clone()),
            Outcome::KindUnknown => Self::KindUnknown,
            Outcome::Failed(reason) => Self::Failed(reason.clone()),
        }
    }
}
