//! What was wrong with the input of a snapshot.

use crate::model::ObjectReference;
use crate::model::snapshot::Origin;

/// Something that could not be read, or is not what it seems. The rest of the snapshot stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The object, where it is known which one.
    pub object: Option<ObjectReference>,
    /// Where it stands; `None` for an object that comes from no file.
    pub origin: Option<Origin>,
    /// What is wrong.
    pub kind: ProblemKind,
    /// Its API group, if nothing evaluates it: such kinds are called like kinds of other groups.
    pub(super) group: Option<String>,
}

impl Problem {
    /// One that does not have the form of its kind.
    pub(super) const fn of_form(object: ObjectReference, origin: Option<Origin>, why: String) -> Self {
        Self { object: Some(object), origin, kind: ProblemKind::Form(why), group: None }
    }

    /// The same, of an object of a kind of this group that nothing evaluates.
    pub(super) fn of_group(self, group: &str) -> Self {
        Self { group: Some(group.to_owned()), ..self }
    }

    /// Whether it is one of this object, of this group if nothing evaluates it.
    pub(super) fn is_of(&self, group: Option<&str>, object: &ObjectReference) -> bool {
        self.group.as_deref() == group && self.object.as_ref() == Some(object)
    }

    /// Whether something is missing from the snapshot because of it.
    pub fn is_loss(&self) -> bool {
        self.kind != ProblemKind::Duplicate
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// The file or document cannot be read, in the words of whoever tried.
    #[error("{0}")]
    Unreadable(String),
    /// The object does not have the form of its kind.
    #[error("not in the expected form: {0}")]
    Form(String),
    /// The object has neither a name nor a prefix of one.
    #[error("neither metadata.name nor metadata.generateName is given")]
    Nameless,
    /// The object was given before. What was given last counts.
    #[error("given more than once, the last one counts; this one does not")]
    Duplicate,
}
