//! What is told of companions: in the log, in metrics and as Events.

use crate::controller::companions::attempt::Outcome;
use crate::controller::events::{Happening, Subject};
use crate::model::{ObjectReference, Resource};

/// What was written, if anything, in one word.
pub(super) const fn done(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Created => Some("created"),
        Outcome::Repaired | Outcome::Altered(_) => Some("repaired"),
        Outcome::Removed => Some("removed"),
        _ => None,
    }
}

/// What is told of an outcome that is new: at the guard, and what its owner should know also at the object.
pub(super) fn happenings(
    outcome: &Outcome,
    guard: Option<Subject>,
    resource: Resource,
    object: &ObjectReference,
) -> Vec<Happening> {
    let (is_warning, reason, note, is_for_the_owner) = match outcome {
        Outcome::Created => (false, "CompanionCreated", format!("created {object}"), false),
        Outcome::Removed => {
            (false, "CompanionRemoved", format!("removed {object}, which is not wanted any more"), false)
        }
        Outcome::Repaired => {
            (true, "CompanionRepaired", format!("{object} was changed, and is as it should be again"), true)
        }
        Outcome::Altered(_) => {
            (true, "CompanionAltered", format!("{object} is changed by something whenever it is written"), true)
        }
        Outcome::Foreign(_) => {
            (true, "NameTaken", format!("{object} was not made by scrapeguard and stays as it is"), true)
        }
        Outcome::Failed(reason) => (true, "CompanionFailed", format!("{object} cannot be written: {reason}"), false),
        Outcome::KindUnknown | Outcome::Settled | Outcome::Leaving => return Vec::new(),
    };
    told(guard, resource, object, is_for_the_owner, |about| Happening {
        about,
        is_warning,
        reason,
        action: "Apply",
        note: note.clone(),
    })
}

/// What is told when a companion is left alone.
pub(super) fn withheld(guard: Option<Subject>, resource: Resource, object: &ObjectReference) -> Vec<Happening> {
    told(guard, resource, object, true, |about| Happening {
        about,
        is_warning: true,
        reason: "LoopBroken",
        action: "Wait",
        note: format!("{object} is changed back again and again, and left alone for now"),
    })
}

fn told(
    guard: Option<Subject>,
    resource: Resource,
    object: &ObjectReference,
    is_for_the_owner: bool,
    happening: impl Fn(Subject) -> Happening,
) -> Vec<Happening> {
    let at_object = is_for_the_owner.then(|| Subject::Object(resource, object.clone()));
    guard.into_iter().chain(at_object).map(happening).collect()
}
