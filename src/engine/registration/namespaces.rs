//! Which namespaces matter to a set of guards, and how.

use super::rules;
use super::webhook::Selector;
use crate::model::Resource;
use crate::model::guard::{Guard, Guards, Mode, RuleSetting};

/// What a cluster needs to start. Nothing there ever waits for us.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// What guards say about namespaces. Lists are sorted, so that the order of guards makes no difference.
#[derive(Debug)]
pub(super) struct Namespaces {
    /// Those that are guarded.
    pub(super) guarded: Vec<String>,
    /// Of these, those in which something may be refused.
    pub(super) enforcing: Vec<String>,
    /// Of these, those in which a change may be refused for what it does to others.
    pub(super) keeping_targets: Vec<String>,
    /// The monitors that labels are added to in guarded namespaces.
    pub(super) injected: Vec<&'static str>,
    /// The monitors that labels are added to in other namespaces.
    pub(super) injected_elsewhere: Vec<&'static str>,
    /// Those of the system, and ours.
    untouched: Vec<String>,
}

impl Namespaces {
    /// What these guards say; `own` is the namespace that we run in. A guard of a namespace that is never matched is
    /// passed over.
    pub(super) fn of(guards: &Guards, own: &str) -> Self {
        let untouched: Vec<String> = SYSTEM.into_iter().chain([own]).map(str::to_owned).collect();
        let guards: Vec<&Guard> = guards.iter().filter(|guard| !untouched.contains(&guard.namespace)).collect();
        let with = |applies: fn(&Guard) -> bool| {
            let mut names: Vec<_> =
                guards.iter().filter(|guard| applies(guard)).map(|guard| guard.namespace.clone()).collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        let monitors = |wanted: fn(&Guard, Resource) -> bool| {
            let wanted = |(_, resource): &(&str, Resource)| guards.iter().any(|guard| wanted(guard, *resource));
            rules::MONITORS.into_iter().filter(wanted).map(|(name, _)| name).collect()
        };
        Self {
            guarded: with(|_| true),
            enforcing: with(may_refuse),
            keeping_targets: with(|guard| {
                guard.enforcement.mode == Mode::Enforce && guard.enforcement.deny_lost_targets
            }),
            injected: monitors(|guard, monitor| guard.monitors.injects(monitor)),
            injected_elsewhere: monitors(|guard, monitor| guard.monitors.injects_elsewhere(monitor)),
            untouched,
        }
    }

    /// Those that are guarded.
    pub(super) fn guarded(&self) -> Selector {
        Selector::named(&self.guarded)
    }

    /// All that may be matched, but those.
    pub(super) fn others(&self, but: &[String]) -> Selector {
        Selector::not_named(&[but, &self.untouched].concat())
    }
}

/// Whether anything may be refused where the namespace does not say so itself.
fn may_refuse(guard: &Guard) -> bool {
    guard.enforcement.mode == Mode::Enforce
        || guard.enforcement.rules.values().any(|setting| *setting == RuleSetting::Enforce)
}
