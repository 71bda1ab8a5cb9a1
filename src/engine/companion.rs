//! Companions: the objects that a guard asks for beside the workloads, as pure functions of its connections.
//!
//! Nothing here is a template per component. A NetworkPolicy admits the sources of a component's connections to the
//! ports of those connections, whatever the component is; an AuthorizationPolicy does the same for identities. What
//! cannot be expressed is not left out in silence: it becomes a [`Note`].
//!
//! Optional components are treated like all others. Where one is not installed, its policy selects no pod and its peer
//! matches none; where it is installed later, it works at once.

mod admissions;
pub mod authorization_policy;
pub mod comparison;
pub mod manifest;
mod membership;
mod names;
pub mod network_policy;
pub mod owned;
pub mod plan;
pub mod pod_monitor;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

use crate::engine::companion::authorization_policy::AuthorizationPolicySpec;
use crate::engine::companion::manifest::Manifest;
use crate::engine::companion::network_policy::NetworkPolicySpec;
use crate::engine::companion::pod_monitor::PodMonitorSpec;
use crate::model::guard::{CompanionMode, Guard, Purpose};

/// The component that scrapes the others.
const PROMETHEUS: &str = "prometheus";

/// All that a guard asks for, in an order that only depends on the guard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Companions {
    /// The objects.
    pub objects: Vec<Companion>,
    /// What no object can express, or what is needed besides.
    pub notes: Vec<Note>,
}

/// One object, as the API server takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Companion {
    /// Who reaches which port.
    NetworkPolicy(Manifest<NetworkPolicySpec>),
    /// Who may call whom within the mesh.
    AuthorizationPolicy(Manifest<AuthorizationPolicySpec>),
    /// What is scraped from Envoy.
    PodMonitor(Manifest<PodMonitorSpec>),
}

/// Something that people have to know, because no object says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Name of the component, or of the field of the guard, that it is about.
    pub about: String,
    /// What it is, in one sentence without full stop.
    pub message: String,
}

/// The companions of a guard. Kinds that the guard ignores are left out; those that it only wants reported are here.
pub fn companions(guard: &Guard) -> Companions {
    let mut companions = Companions::default();
    companions.note_what_is_not_known(guard);
    if guard.companions.network_policies != CompanionMode::Ignore {
        network_policy::add(guard, &mut companions);
    }
    if guard.companions.authorization_policies != CompanionMode::Ignore {
        authorization_policy::add(guard, &mut companions);
    }
    if guard.companions.pod_monitors != CompanionMode::Ignore {
        pod_monitor::add(guard, &mut companions);
    }
    companions
}

impl Companions {
    fn note(&mut self, about: &str, message: impl Into<String>) {
        let note = Note { about: about.to_owned(), message: message.into() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn note_what_is_not_known(&mut self, guard: &Guard) {
        if membership::is_undecided(guard) {
            self.note(
                "spec.mesh.istio",
                "auto, and no component says inMesh: nothing is written for a mesh; say none, sidecar or ambient",
            );
        }
        if !guard.connections.iter().any(|connection| connection.purpose == Purpose::Ui) {
            self.note(
                "spec.webAccess",
                "no callers: nobody outside the namespace can open the web interfaces; name your ingress controller",
            );
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.about, self.message)
    }
}
