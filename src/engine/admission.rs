//! The admission decision: one request, one set of guards and the time in; patch, denials and warnings out.

mod judge;
mod mutate;
pub mod own;
mod validate;

pub use judge::judge_cluster;
pub(in crate::engine) use judge::{Consequence, judge_consequences};
pub use mutate::mutate;
pub use validate::{validate, validate_together};

use std::time::Duration;

use jiff::Timestamp;

use crate::engine::inject::patch::Patch;
use crate::model::guard::Mode;
use crate::model::resource::Metadata;
use crate::model::{FieldPath, Finding, ObjectReference};

/// What is being done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The object is new.
    Create,
    /// The object is changed.
    Update,
    /// The object goes away.
    Delete,
    /// A connection to the object, such as `kubectl exec`.
    Connect,
}

/// The part of an `AdmissionRequest` (`admission.k8s.io/v1`) that decisions depend on.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is being done.
    pub operation: Operation,
    /// API group of the kind; empty for the core group.
    pub group: &'a str,
    /// Kind of the object.
    pub kind: &'a str,
    /// Subresource, such as `status` or `scale`; empty for the object itself.
    pub subresource: &'a str,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: &'a str,
    /// Name; empty when the API server is still to make one from `generateName`.
    pub name: &'a str,
    /// The object as it would be stored, as JSON; absent for a DELETE.
    pub object: Option<&'a str>,
    /// The object as it is stored, as JSON; absent for a CREATE.
    pub old_object: Option<&'a str>,
}

/// What a decision depends on besides the request and the guards.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The time, for exemptions that expire.
    pub now: Timestamp,
    /// The mode that the object's namespace asks for by its label, if it has one.
    pub namespace_mode: Option<Mode>,
}

/// What is done about a finding. Ordered by weight: `Record < Warn < Deny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Written to audit annotations, metrics and reports only.
    Record,
    /// Shown to the user, who may go on.
    Warn,
    /// The request is refused.
    Deny,
}

/// A finding together with what is done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What was found.
    pub finding: Finding,
    /// What is done about it.
    pub action: Action,
    /// The reason of the exemption that applies, if one does; the action is then [`Action::Record`].
    pub exempted: Option<String>,
}

/// Something that could not be decided, and why. Never a reason to refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The object that was not understood.
    pub object: ObjectReference,
    /// Why, in one sentence.
    pub reason: String,
}

/// A mistake in one of our own objects, which is refused whatever guards say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The object.
    pub object: ObjectReference,
    /// The field that is wrong.
    pub path: FieldPath,
    /// What is wrong, in one sentence.
    pub message: String,
}

/// The answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The additions to make; always empty when validating.
    pub patch: Patch,
    /// The additions that are not made because the mode is audit.
    pub withheld: Patch,
    /// All findings, most severe first.
    pub judgements: Vec<Judgement>,
    /// What was not considered.
    pub unknowns: Vec<Unknown>,
    /// Mistakes in one of our own objects.
    pub refusals: Vec<Refusal>,
    /// How long ago the cluster was certainly as it was taken to be, if anything depends on that.
    pub cluster_age: Option<Duration>,
}

impl<'a> Request<'a> {
    /// The creation of an object that tells its own name.
    pub const fn create(group: &'a str, kind: &'a str, namespace: &'a str, object: &'a str) -> Self {
        Self {
            operation: Operation::Create,
            group,
            kind,
            subresource: "",
            namespace,
            name: "",
            object: Some(object),
            old_object: None,
        }
    }
}

impl Request<'_> {
    /// The object under review, as far as the request itself names it.
    pub fn object_reference(&self) -> ObjectReference {
        self.reference(&Metadata::none())
    }

    /// How people refer to the object under review.
    fn reference(&self, metadata: &Metadata<'_>) -> ObjectReference {
        metadata.reference(self.kind, self.namespace, self.name)
    }
}

impl Outcome {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        self.refusals.is_empty() && self.denials().next().is_none()
    }

    /// The findings for which the request is refused.
    pub fn denials(&self) -> impl Iterator<Item = &Finding> {
        self.with(Action::Deny)
    }

    /// The findings that are shown as warnings.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.with(Action::Warn)
    }

    fn with(&self, action: Action) -> impl Iterator<Item = &Finding> {
        self.judgements.iter().filter(move |judgement| judgement.action == action).map(|judgement| &judgement.finding)
    }
}
