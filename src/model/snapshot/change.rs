//! Changes of a cluster, as a watch tells them or as somebody plans them.

use std::sync::Arc;

use crate::model::snapshot::draft::Draft;
use crate::model::snapshot::heading::heading;
use crate::model::snapshot::object::Object;
use crate::model::snapshot::unmodelled::UnmodelledKind;
use crate::model::snapshot::{Kept, Problem, Snapshot, Unmodelled};
use crate::model::{ObjectReference, Resource};

/// The namespace of objects that are in one and do not say in which.
const DEFAULT_NAMESPACE: &str = "default";

/// A change of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An object is there, new or instead of the one of the same name.
    Put {
        /// Its kind.
        resource: Resource,
        /// Its JSON, with name and namespace.
        json: String,
    },
    /// The same of an object of a kind that is not evaluated. Kinds that have no say in who reaches what are passed over.
    PutUnmodelled {
        /// Its API group.
        group: String,
        /// Its kind.
        kind: String,
        /// Its JSON, with name and namespace.
        json: String,
    },
    /// An object is no longer there. The name of a kind that is evaluated means no kind of another group; of all others,
    /// objects of every group are meant.
    Delete(ObjectReference),
    /// An object of a kind that is not evaluated is no longer there.
    DeleteUnmodelled {
        /// Its API group.
        group: String,
        /// The object.
        object: ObjectReference,
    },
}

impl Snapshot {
    /// The snapshot with these changes, one after the other: the same as one that is built from all objects as they
    /// are afterwards. What is not changed is shared with this one, so that the effort goes with the changes and not with
    /// what is there; see [`Snapshot::is_same_as`] for changes that make no difference.
    ///
    /// What cannot be read takes the place of what was there before, and is a problem until it can be read or is deleted.
    ///
    /// Pods are as they are given: neither do they go with what manages them, nor are they made anew from a changed
    /// template. A template that stands for pods is one of those that change.
    #[must_use]
    pub fn with(&self, changes: &[Change]) -> Self {
        let mut draft = Draft::of(self.clone(), changes.len());
        for change in changes {
            match change {
                Change::Put { resource, json } => put(&mut draft, *resource, json),
                Change::PutUnmodelled { group, kind, json } => put_unmodelled(&mut draft, group, kind, json),
                Change::Delete(reference) => draft.remove(reference),
                Change::DeleteUnmodelled { group, object } => draft.remove_unmodelled(group, object),
            }
        }
        draft.finish()
    }

    /// Whether this is a clone of the other snapshot, or came of it by changes that made no difference.
    pub fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.version, &other.version)
    }
}

fn put(draft: &mut Draft, resource: Resource, json: &str) {
    let kind = (resource.kind(), resource.is_namespaced());
    let (reference, metadata) = match heading(kind, DEFAULT_NAMESPACE, json, None) {
        Ok(heading) => heading,
        Err(problem) => return put_broken(draft, *problem),
    };
    match Object::read(resource, &metadata, reference.clone(), json, None) {
        Ok(object) => {
            let unreadable = object.unreadable().cloned();
            let object = draft.shared(object);
            draft.put_alone(&reference, object);
            if let Some(why) = unreadable {
                draft.add_problem(Problem::of_form(reference, None, why));
            }
        }
        Err(why) => put_broken(draft, Problem::of_form(reference, None, why)),
    }
}

/// What an object was before is no longer true either.
fn put_broken(draft: &mut Draft, problem: Problem) {
    problem.object.iter().for_each(|object| draft.remove(object));
    draft.add_problem(problem);
}

fn put_unmodelled(draft: &mut Draft, group: &str, kind: &str, json: &str) {
    let Some(known) = UnmodelledKind::of(group, kind) else { return };
    match heading((kind, known.is_namespaced), DEFAULT_NAMESPACE, json, None) {
        Ok((reference, _)) => {
            let object = Kept::new(reference, json, None, None);
            draft.put_unmodelled(Unmodelled { group: group.to_owned(), affects: known.affects, object });
        }
        Err(problem) => {
            problem.object.iter().for_each(|object| draft.remove_unmodelled(group, object));
            draft.add_problem(problem.of_group(group));
        }
    }
}
