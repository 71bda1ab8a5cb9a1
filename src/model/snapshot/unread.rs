//! Kinds that the cluster has, or may have, and that could not be read: what depends on them is not known.

use std::sync::Arc;

use crate::model::snapshot::Snapshot;

/// A kind that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadKind {
    /// Its API group.
    pub group: String,
    /// Its name.
    pub kind: String,
    /// Why it could not be read.
    pub reason: String,
}

impl Snapshot {
    /// The kinds that could not be read. Files do not say what they leave out, so this is about watched clusters only.
    pub fn unread(&self) -> &[UnreadKind] {
        &self.unread
    }

    /// The same, but for the kinds that could not be read.
    #[must_use]
    pub fn with_unread(&self, unread: Vec<UnreadKind>) -> Self {
        Self { unread: Arc::new(unread), ..self.clone() }
    }
}
