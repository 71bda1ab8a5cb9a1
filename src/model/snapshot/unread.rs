//! Kinds that the cluster has, or may have, and that could not be read: what depends on them is not known.

use std::fmt;
use std::sync::Arc;

use crate::model::Resource;
use crate::model::snapshot::unmodelled::UnmodelledKind;
use crate::model::snapshot::{Affects, Snapshot};

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

impl UnreadKind {
    /// Whether it is one of these kinds of a group.
    pub fn is_of(&self, group: &str, kinds: &[&str]) -> bool {
        self.group == group && kinds.contains(&self.kind.as_str())
    }

    /// What its objects have a say in; `None` for those that say what is scraped.
    pub fn affects(&self) -> Option<Affects> {
        match Resource::of(&self.group, &self.kind) {
            Some(Resource::NetworkPolicy) => Some(Affects::Network),
            Some(Resource::AuthorizationPolicy | Resource::PeerAuthentication) => Some(Affects::Mesh),
            Some(_) => None,
            None => UnmodelledKind::of(&self.group, &self.kind).map(|known| known.affects),
        }
    }
}

impl fmt::Display for UnreadKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, kind, reason } = self;
        write!(formatter, "objects of kind {kind} ({group}) could not be read: {reason}")
    }
}

impl Snapshot {
    /// The kinds that could not be read. Files do not say what they leave out, so this is about watched clusters only.
    pub fn unread(&self) -> &[UnreadKind] {
        &self.unread
    }

    /// The same, but for the kinds that could not be read.
    #[must_use]
    pub fn with_unread(&self, unread: Vec<UnreadKind>) -> Self {
        if *self.unread == unread {
            return self.clone();
        }
        Self { version: Arc::default(), unread: Arc::new(unread), ..self.clone() }
    }
}
