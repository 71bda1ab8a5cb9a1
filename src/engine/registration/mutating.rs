//! Who adds what pods, Prometheus resources and monitors lack.

use super::conditions;
use super::namespaces::Namespaces;
use super::rules::{self, WRITTEN};
use super::webhook::{Factory, MODES, Webhook};
use crate::model::guard::Mode;

pub(super) fn webhooks(namespaces: &Namespaces, factory: &Factory<'_>) -> Vec<Webhook> {
    if namespaces.guarded.is_empty() {
        return Vec::new();
    }
    let modes = [None].into_iter().chain(MODES.map(Some));
    modes.map(|mode| guarded(namespaces, factory, mode)).chain(elsewhere(namespaces, factory)).collect()
}

fn guarded(namespaces: &Namespaces, factory: &Factory<'_>, mode: Option<Mode>) -> Webhook {
    let operated = [&rules::PROMETHEUSES, namespaces.injected.as_slice()].concat();
    let rules: Vec<_> = rules::workloads().into_iter().chain(rules::of_prometheus(&operated, WRITTEN)).collect();
    let webhook = factory.mutating("mutate", mode).on(&rules).when(&conditions::of_injection());
    webhook.within(namespaces.guarded().in_mode(mode))
}

/// Monitors of other namespaces get the labels that a guarded Prometheus wants. In audit mode nothing is added, so there
/// is nothing to call for.
fn elsewhere(namespaces: &Namespaces, factory: &Factory<'_>) -> Option<Webhook> {
    let monitors = rules::of_prometheus(&namespaces.injected_elsewhere, WRITTEN)?;
    let webhook = factory.mutating("elsewhere.mutate", None).on(&[monitors]).when(&conditions::of_injection());
    Some(webhook.within(namespaces.others(&namespaces.guarded).not_in_mode(Mode::Audit)))
}
