//! Objects that a snapshot keeps as they were written, for whoever evaluates them.

use ipnet::IpNet;

use crate::model::ObjectReference;
use crate::model::snapshot::Origin;
use crate::model::snapshot::table::Named;
use crate::model::snapshot::terms::Mentions;

/// An object and its text. Evaluators read the view that they need from it, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The object. Its namespace is filled in, unlike in the text.
    pub reference: ObjectReference,
    /// Its JSON, without status and versions.
    pub json: String,
    /// Where it stands; `None` if it comes from no file.
    pub origin: Option<Origin>,
    /// Why it does not have the form of its kind, if that is so. It exists all the same: nobody knows what it does.
    pub unreadable: Option<String>,
    /// The labels of single pods that its text mentions.
    pub(super) mentions: Mentions,
    /// The ranges of addresses that its text mentions.
    pub(super) ranges: Vec<IpNet>,
}

impl Kept {
    /// The namespace; empty for a cluster-scoped object.
    pub fn namespace(&self) -> &str {
        self.reference.namespace.as_deref().unwrap_or_default()
    }
}

impl Named for Kept {
    fn names(&self) -> [&str; 4] {
        [self.namespace(), &self.reference.name, "", ""]
    }
}
