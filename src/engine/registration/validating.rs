//! Who is asked whether an object is right.

use super::conditions;
use super::namespaces::Namespaces;
use super::rules::{self, Rule, WRITTEN};
use super::webhook::{Factory, FailurePolicy, MODES, Selector, Webhook};
use crate::model::guard::Mode;

const PATH: &str = "/validate";

pub(super) fn webhooks(namespaces: &Namespaces, factory: &Factory<'_>) -> Vec<Webhook> {
    if namespaces.guarded.is_empty() {
        return Vec::new();
    }
    let chosen = MODES.into_iter().flat_map(|mode| in_mode(namespaces, factory, mode));
    let workloads = [None].into_iter().chain(MODES.map(Some)).map(|mode| workloads(namespaces, factory, mode));
    enforcing(namespaces, factory)
        .into_iter()
        .chain([elsewhere(namespaces, factory)])
        .chain(chosen)
        .chain(workloads)
        .collect()
}

/// Policies and monitors.
fn policies(factory: &Factory<'_>, name: &str, mode: Option<Mode>, namespaces: Selector) -> Webhook {
    let webhook = factory.validating(name, PATH, mode).on(&rules::policies_and_monitors(WRITTEN));
    webhook.when(&conditions::of_policies()).within(namespaces.in_mode(mode))
}

/// Where something may be refused. This is narrow on purpose: policies and monitors, which no cluster needs to start, in
/// the namespaces that are guarded.
fn enforcing(namespaces: &Namespaces, factory: &Factory<'_>) -> Option<Webhook> {
    let selector = Selector::named(&namespaces.enforcing);
    let webhook = || policies(factory, "validate", None, selector).or(factory.policies.objects);
    (!namespaces.enforcing.is_empty()).then(webhook)
}

/// Everywhere else policies and monitors can break scraping too, but nothing is refused.
fn elsewhere(namespaces: &Namespaces, factory: &Factory<'_>) -> Webhook {
    policies(factory, "elsewhere.validate", None, namespaces.others(&namespaces.enforcing))
}

/// A guarded namespace that asks for enforcement gets it, and accepts that it depends on us.
fn in_mode(namespaces: &Namespaces, factory: &Factory<'_>, mode: Mode) -> Vec<Webhook> {
    let webhook = |name, selector| policies(factory, name, Some(mode), selector);
    match mode {
        Mode::Enforce => vec![
            webhook("validate", namespaces.guarded()).or(factory.policies.objects),
            webhook("elsewhere.validate", namespaces.others(&namespaces.guarded)),
        ],
        Mode::Warn | Mode::Audit => vec![webhook("validate", namespaces.others(&[]))],
    }
}

/// What runs in a guarded namespace, and how it is reached from outside. Monitoring itself must be mendable while we are
/// down, so nothing waits for us here.
fn workloads(namespaces: &Namespaces, factory: &Factory<'_>, mode: Option<Mode>) -> Webhook {
    let ingresses = rules::of("networking.k8s.io", &["ingresses"], WRITTEN);
    let operated = rules::of_prometheus(&rules::PROMETHEUSES, WRITTEN);
    let rules: Vec<Rule> = operated.into_iter().chain([ingresses]).chain(rules::workloads()).collect();
    let webhook = factory.validating("workloads.validate", PATH, mode).on(&rules);
    webhook.when(&conditions::of_workloads()).within(namespaces.guarded().in_mode(mode)).or(FailurePolicy::Ignore)
}
