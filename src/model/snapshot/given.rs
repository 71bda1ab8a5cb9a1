//! Objects as they come in, and how many of the same become one.

use crate::model::ObjectReference;
use crate::model::snapshot::{Origin, Problem, ProblemKind};

/// An object that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given<T> {
    pub(super) reference: ObjectReference,
    pub(super) origin: Option<Origin>,
    pub(super) value: T,
}

impl<T> Given<T> {
    fn key(&self) -> (Option<&str>, &str, &str) {
        key(&self.reference)
    }

    /// Whether the API server would still have to name it: it would name two of them differently.
    fn is_nameless(&self) -> bool {
        self.reference.name.ends_with('*')
    }
}

fn key(object: &ObjectReference) -> (Option<&str>, &str, &str) {
    (object.namespace.as_deref(), &object.name, &object.kind)
}

/// Puts objects in order of namespace, name and kind. Of those that are the same, the last that was given stays; the
/// others are problems. A group is given of kinds that nothing evaluates.
pub(super) fn settle<T>(mut given: Vec<Given<T>>, group: Option<&str>, problems: &mut Vec<Problem>) -> Vec<Given<T>> {
    given.sort_by(|a, b| a.key().cmp(&b.key()));
    let mut settled: Vec<Given<T>> = Vec::with_capacity(given.len());
    for object in given {
        let same = settled.pop_if(|last| last.reference == object.reference && !object.is_nameless());
        problems.extend(same.map(|same| Problem {
            object: Some(same.reference),
            origin: same.origin,
            kind: ProblemKind::Duplicate,
            group: group.map(str::to_owned),
        }));
        settled.push(object);
    }
    settled
}
