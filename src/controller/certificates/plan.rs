//! What is to be done next, from what the Secret holds and what a replica remembers. A pure function of those and the
//! time; every replica asks it, and it does not matter whose answer is written first.
//!
//! The law that all of it is for: a leaf that any replica may still serve is trusted by every bundle that any API server
//! may still hold. So an authority is in all bundles for a while before it signs what is served, and stays in them
//! until the last leaf that it signed has expired.

use jiff::Timestamp;

use super::authority::{Aging, Authority, Leaf};
use super::contents::{Contents, Damage};
use super::profile::Profile;
use crate::webhook::certificate::CertificateError;

/// What was found in the place of the Secret.
#[derive(Debug)]
pub enum Stored {
    /// There is none.
    Missing,
    /// It cannot be used.
    Damaged(Damage),
    /// It can be read.
    Contents(Contents),
}

/// What else a decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The wall clock.
    pub now: Timestamp,
    /// Whether the next authority has been in every bundle long enough.
    pub settled: bool,
    /// Whether somebody who remembers what the Secret held has had the time to write it again, if there is anybody.
    pub abandoned: bool,
}

/// The next step. All but the first two end in another Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// All is well.
    Nothing,
    /// The Secret is gone, and somebody may remember it: wait for them.
    Wait,
    /// An authority and a leaf from nothing.
    Create,
    /// The Secret is gone or damaged: write what is remembered. Who knows where it went, so there is a next authority.
    Restore,
    /// The Secret does not know of the authority of a leaf that is still served: keep it trusted.
    Remember,
    /// Callers are told to trust a next authority.
    Introduce,
    /// The next authority takes over, and signs a new leaf.
    Switch,
    /// A new leaf from the same authority.
    Renew,
    /// Retired authorities are forgotten, because all their leafs have expired.
    Prune,
}

impl Step {
    /// As a word, for logs and metrics; `None` if nothing is written.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Nothing | Self::Wait => None,
            Self::Create => Some("create"),
            Self::Restore => Some("restore"),
            Self::Remember => Some("remember"),
            Self::Introduce => Some("introduce"),
            Self::Switch => Some("switch"),
            Self::Renew => Some("renew"),
            Self::Prune => Some("prune"),
        }
    }
}

/// The next step. `remembered` is what this replica serves from.
pub fn plan(
    stored: &Stored,
    remembered: Option<&Contents>,
    profile: &Profile,
    Circumstances { now, settled, abandoned }: Circumstances,
) -> Step {
    let remembered = remembered.filter(|contents| !contents.authority.is_expired(now));
    match (stored, remembered) {
        (Stored::Contents(contents), remembered) => {
            if remembered.is_some_and(|ours| !contents.trusted().any(|trusted| trusted == ours.authority.certificate()))
            {
                return Step::Remember;
            }
            plan_rotation(contents, profile, now, settled)
        }
        (_, Some(_)) => Step::Restore,
        (_, None) if abandoned => Step::Create,
        (_, None) => Step::Wait,
    }
}

fn plan_rotation(contents: &Contents, profile: &Profile, now: Timestamp, settled: bool) -> Step {
    let next = contents.next.as_ref().filter(|next| !next.is_expired(now));
    let over = contents.authority.is_expired(now);
    if next.is_some() && (settled || over) {
        Step::Switch
    } else if over {
        Step::Create
    } else if !is_fit(contents, profile, now) {
        Step::Renew
    } else if next.is_none() && contents.authority.is_due(profile.authority_lifetime(), now) {
        Step::Introduce
    } else if is_leaf_due(&contents.leaf, next.is_some(), profile, now) {
        Step::Renew
    } else if contents.retired.iter().any(|retired| retired.is_expired(now)) {
        Step::Prune
    } else {
        Step::Nothing
    }
}

/// A leaf that is due waits for the next authority, which is about to sign another; but not until it expires.
fn is_leaf_due(leaf: &Leaf, succession: bool, profile: &Profile, now: Timestamp) -> bool {
    leaf.sixths(profile.lifetime(), now) >= if succession { 5 } else { 4 }
}

/// Whether the leaf is what this authority signs for this profile, and has not expired. By a clock that is behind it
/// may be of tomorrow, which is no reason to replace it.
fn is_fit(contents: &Contents, profile: &Profile, now: Timestamp) -> bool {
    let leaf = &contents.leaf;
    let from = Timestamp::from_second(leaf.validity().from).unwrap_or(now);
    leaf.is_accepted([contents.authority.certificate()], profile.names(), now.max(from))
}

/// What the Secret holds after a step, and `None` if the step does not write it.
///
/// # Errors
/// When nothing can be signed: the profile has impossible names, or the cryptographic provider fails.
pub fn carry_out(
    step: Step,
    stored: &Stored,
    remembered: Option<&Contents>,
    profile: &Profile,
    now: Timestamp,
) -> Result<Option<Contents>, CertificateError> {
    let base = match stored {
        Stored::Contents(contents) => Some(contents),
        Stored::Missing | Stored::Damaged(_) => remembered,
    };
    let mut contents = match (step, base) {
        (Step::Nothing | Step::Wait, _) => return Ok(None),
        (Step::Create, _) | (_, None) => create(profile, now)?,
        (_, Some(base)) => base.clone(),
    };
    match step {
        Step::Nothing | Step::Wait | Step::Create | Step::Remember | Step::Prune => {}
        Step::Restore if contents.next.is_some() => {}
        Step::Restore | Step::Introduce => contents.next = Some(Authority::make(profile, now)?),
        Step::Renew => contents.leaf = contents.authority.sign(profile, now)?,
        Step::Switch => switch(&mut contents, profile, now)?,
    }
    contents.retired.retain(|retired| !retired.is_expired(now));
    if let Some(ours) = remembered.filter(|ours| !ours.authority.is_expired(now)) {
        contents.retire(ours.authority.certificate().clone());
    }
    Ok(Some(contents))
}

fn create(profile: &Profile, now: Timestamp) -> Result<Contents, CertificateError> {
    let authority = Authority::make(profile, now)?;
    let leaf = authority.sign(profile, now)?;
    Ok(Contents { authority, next: None, retired: Vec::new(), leaf })
}

fn switch(contents: &mut Contents, profile: &Profile, now: Timestamp) -> Result<(), CertificateError> {
    if let Some(next) = contents.next.take() {
        contents.leaf = next.sign(profile, now)?;
        let before = std::mem::replace(&mut contents.authority, next);
        contents.retire(before.certificate().clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
