//! PeerAuthentications: which mutual TLS a port of a pod demands.
//!
//! Semantics: `istio.io/istio` `pilot/pkg/security/authn/policy_applier.go` (`ComposePeerAuthentication`), and
//! `pilot/pkg/serviceregistry/ambient/authorization.go` for where ambient mode differs.

mod mtls;
mod policy;

pub use mtls::mtls;

use std::collections::BTreeMap;

use crate::model::resource::PeerAuthentication;
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, ObjectReference};
use policy::{Policy, Setting};

/// What is demanded of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// No mutual TLS is taken.
    Disable,
    /// Mutual TLS and anything else is taken.
    Permissive,
    /// Nothing but mutual TLS is taken.
    Strict,
}

/// What holds for a port, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The mode; `None` where it cannot be told.
    pub mode: Option<Mode>,
    /// The object that decides and the field of it; `None` where nothing is said.
    pub decided_by: Option<(ObjectReference, FieldPath)>,
}

/// All PeerAuthentications, by namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAuthentications {
    root_namespace: String,
    policies: BTreeMap<String, Vec<Policy>>,
}

impl PeerAuthentications {
    /// None yet, in a mesh with this root namespace.
    pub const fn new(root_namespace: String) -> Self {
        Self { root_namespace, policies: BTreeMap::new() }
    }

    /// Adds one of this namespace.
    pub fn add(&mut self, namespace: &str, policy: &PeerAuthentication<'_>) {
        self.insert(namespace, Policy::new(namespace, policy));
    }

    /// Adds one that is there but cannot be read: whatever it could say is not known.
    pub fn add_unreadable(&mut self, object: ObjectReference) {
        let namespace = object.namespace.clone().unwrap_or_default();
        self.insert(&namespace, Policy::unreadable(object));
    }

    /// Takes one away, if it is there.
    pub fn remove(&mut self, object: &ObjectReference) {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        if let Some(policies) = self.policies.get_mut(namespace) {
            policies.retain(|policy| policy.object != *object);
        }
    }

    fn insert(&mut self, namespace: &str, policy: Policy) {
        self.policies.entry(namespace.to_owned()).or_default().push(policy);
    }

    /// What holds for a container port of a pod: what is said of the port, of the workload, of its namespace, of the
    /// mesh, in this order; nothing is `PERMISSIVE`. `is_ambient` says that a ztunnel enforces it.
    pub fn effective(&self, pod: &Pod, port: u16, is_ambient: bool) -> Effective {
        let in_namespace = |namespace: &str| self.policies.get(namespace).map_or(&[][..], Vec::as_slice);
        let own = if pod.namespace == self.root_namespace { &[][..] } else { in_namespace(&pod.namespace) };
        let workload = oldest(own.iter().filter(|policy| policy.selects(pod)));
        let namespace = oldest(own.iter().filter(|policy| policy.is_whole()));
        let mesh = oldest(in_namespace(&self.root_namespace).iter().filter(|policy| policy.is_whole()));

        let above = settle(&namespace, None, || settle(&mesh, None, Decision::default));
        let decision = settle(&workload, Some(port), || settle(&workload, None, || above.clone()));
        if is_ambient && is_passed_over(&workload, &decision, &above) { above.into() } else { decision.into() }
    }
}

/// A `DISABLE` for a single port is passed over in ambient mode where the workload itself says nothing and no port is
/// `PERMISSIVE`.
fn is_passed_over(workload: &[&Policy], decision: &Decision<'_>, above: &Decision<'_>) -> bool {
    let says_little =
        workload.iter().all(|policy| policy.setting(None) == Setting::Unset && !policy.has_permissive_port());
    decision.setting == Setting::Mode(Mode::Disable) && above.setting == Setting::Mode(Mode::Strict) && says_little
}

/// Of policies of the same scope the oldest counts, by name among those of the same age. Where the age of one is not
/// known, each may be it.
fn oldest<'p>(policies: impl Iterator<Item = &'p Policy>) -> Vec<&'p Policy> {
    let policies: Vec<_> = policies.collect();
    let are_dated = policies.iter().all(|policy| policy.created.is_some());
    match policies.iter().min_by_key(|policy| (&policy.created, &policy.object.name)) {
        Some(oldest) if are_dated => vec![*oldest],
        _ => policies,
    }
}

/// A setting, and what makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decision<'p> {
    setting: Setting,
    by: Option<(&'p Policy, Option<u16>)>,
}

impl Default for Decision<'_> {
    /// What holds where nothing is said.
    fn default() -> Self {
        Self { setting: Setting::Mode(Mode::Permissive), by: None }
    }
}

impl From<Decision<'_>> for Effective {
    fn from(decision: Decision<'_>) -> Self {
        let mode = match decision.setting {
            Setting::Mode(mode) => Some(mode),
            Setting::Unset | Setting::Unreadable => None,
        };
        let decided_by = decision.by.map(|(policy, port)| (policy.object.clone(), policy.path(port)));
        Self { mode, decided_by }
    }
}

/// What one of these policies says, of a port or of all, or else what is said above them; not known where they differ.
fn settle<'p>(policies: &[&'p Policy], port: Option<u16>, above: impl Fn() -> Decision<'p>) -> Decision<'p> {
    let mut decisions = policies.iter().map(|policy| match policy.setting(port) {
        Setting::Unset => above(),
        setting => Decision { setting, by: Some((policy, port)) },
    });
    let first = decisions.next().unwrap_or_else(&above);
    if decisions.all(|decision| decision.setting == first.setting) {
        first
    } else {
        Decision { setting: Setting::Unreadable, ..first }
    }
}

#[cfg(test)]
mod tests;
