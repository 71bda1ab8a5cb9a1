//! What there is to do about companions: what guards want, held against a snapshot.
//!
//! A plan is made anew from every state and knows nothing of the plans before it. A snapshot may be behind, so a plan is
//! a reason to look at an object, not yet one to write it: see [`examine`](super::comparison::examine).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::companion::comparison::is_same;
use crate::engine::companion::manifest::MANAGED_BY;
use crate::engine::companion::owned::{KINDS, Owner, belonging, mode};
use crate::engine::companion::{Companion, companions};
use crate::model::guard::CompanionMode;
use crate::model::snapshot::Snapshot;
use crate::model::{ObjectReference, Resource};

/// All companions that are wanted, and all that are not wanted any more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What guards want, in the order of the guards.
    pub wanted: Vec<Wanted>,
    /// What is there of ours and wanted by nobody.
    pub unwanted: Vec<Unwanted>,
}

/// A companion that a guard wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The guard.
    pub guard: String,
    /// Its kind.
    pub resource: Resource,
    /// Which object it is.
    pub reference: ObjectReference,
    /// The object as it should be.
    pub object: Value,
    /// How things are.
    pub standing: Standing,
}

/// How things are with a companion that is wanted, as far as a snapshot shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// It is there and as it should be.
    Settled,
    /// It is not there.
    Missing,
    /// It is there, and is not what it should be, or not ours: this is it.
    Differs(Value),
    /// The guard only wants to know: whether it is there as it should be.
    Reported(bool),
    /// Another guard wants the same object, and was there first.
    WantedBy(String),
    /// Its namespace does not exist.
    NoNamespace,
}

/// A companion that is wanted by nobody any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwanted {
    /// The guard that wanted it.
    pub guard: String,
    /// Its kind.
    pub resource: Resource,
    /// Which object it is.
    pub reference: ObjectReference,
}

/// What there is to do for these guards. `declared` are the names of all guards that exist, in force or not: what was
/// written for one that is not in force, such as one that cannot be read, stays as it is. So does what was orphaned
/// when its guard was deleted.
pub fn plan(owners: &[Owner<'_>], declared: &BTreeSet<&str>, snapshot: &Snapshot) -> Plan {
    let mut plan = Plan::default();
    let mut claims: BTreeMap<ObjectReference, String> = BTreeMap::new();
    for owner in owners {
        for companion in companions(owner.guard).objects {
            let claim = claims.entry(companion.reference()).or_insert_with(|| owner.guard.name.clone());
            plan.wanted.push(wanted(owner, &companion, claim, snapshot));
        }
    }
    let is_spared =
        |unwanted: &Unwanted, is_owned: bool| match owners.iter().find(|owner| owner.guard.name == unwanted.guard) {
            Some(owner) => mode(owner.guard, unwanted.resource) == CompanionMode::Report,
            None => declared.contains(unwanted.guard.as_str()) || !is_owned,
        };
    let ours = KINDS.iter().flat_map(|resource| ours(*resource, snapshot));
    let unwanted = ours
        .filter(|(it, is_owned)| !claims.contains_key(&it.reference) && !is_spared(it, *is_owned))
        .map(|(it, _)| it);
    plan.unwanted = unwanted.collect();
    plan
}

fn wanted(owner: &Owner<'_>, companion: &Companion, claim: &str, snapshot: &Snapshot) -> Wanted {
    let (resource, reference, object) = (companion.resource(), companion.reference(), owner.object(companion));
    let namespace = reference.namespace.as_deref().unwrap_or_default();
    let stored = snapshot.object(resource, namespace, &reference.name);
    let stored = stored.map(|kept| serde_json::from_str::<Value>(&kept.json).unwrap_or_default());
    let is_settled = stored.as_ref().is_some_and(|stored| is_same(&object, stored));
    let standing = if claim != owner.guard.name {
        Standing::WantedBy(claim.to_owned())
    } else if companion.mode(owner.guard) == CompanionMode::Report {
        let rendered = serde_json::to_value(companion).unwrap_or_default();
        Standing::Reported(stored.is_some_and(|stored| is_same(&rendered, &stored)))
    } else if is_settled {
        Standing::Settled
    } else if let Some(stored) = stored {
        Standing::Differs(stored)
    } else if snapshot.namespaces().get(namespace).is_given() {
        Standing::Missing
    } else {
        Standing::NoNamespace
    };
    Wanted { guard: owner.guard.name.clone(), resource, reference, object, standing }
}

/// The objects of a kind that say of themselves that they are companions, and whether a guard owns them.
fn ours(resource: Resource, snapshot: &Snapshot) -> impl Iterator<Item = (Unwanted, bool)> {
    let (_, us) = MANAGED_BY;
    // Most objects are somebody else's, and need not be read for that.
    let candidates = snapshot.objects(resource).filter(move |kept| kept.json.contains(us));
    candidates.filter_map(move |kept| {
        let object: Value = serde_json::from_str(&kept.json).ok()?;
        let is_leaving = object.pointer("/metadata/deletionTimestamp").is_some();
        let belonging = belonging(&object).filter(|_| !is_leaving)?;
        let unwanted = Unwanted { guard: belonging.guard.to_owned(), resource, reference: kept.reference.clone() };
        Some((unwanted, belonging.is_owned))
    })
}

#[cfg(test)]
mod tests;
