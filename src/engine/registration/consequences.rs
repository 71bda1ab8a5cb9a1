//! Who is asked what a change does to scrapes anywhere.
//!
//! It is a question of its own, on a path of its own, beside the question whether an object is right: an answer that is
//! late, or cannot be given because the cluster is not known well enough, then leaves the other one standing.

use super::conditions;
use super::namespaces::Namespaces;
use super::rules::{self, ANYTHING, CHANGED, REMOVED, Rule, WRITTEN};
use super::webhook::{Factory, MODES, Selector, Webhook};
use crate::model::guard::Mode;

/// The path of the question.
pub(super) const PATH: &str = "/consequences";

pub(super) fn webhooks(namespaces: &Namespaces, factory: &Factory<'_>) -> Vec<Webhook> {
    if namespaces.guarded.is_empty() {
        return Vec::new();
    }
    [None].into_iter().chain(MODES.map(Some)).flat_map(|mode| in_mode(namespaces, factory, mode)).collect()
}

/// Where a guard denies lost targets, what is written waits for us. Removals never do, so they are asked about apart.
fn in_mode(namespaces: &Namespaces, factory: &Factory<'_>, mode: Option<Mode>) -> Vec<Webhook> {
    let webhook = |name, rules: &[Rule], selector: Selector| {
        let webhook = factory.validating(name, PATH, mode).on(rules).when(&conditions::of_consequences());
        webhook.within(selector.in_mode(mode))
    };
    let kept = &namespaces.keeping_targets;
    if kept.is_empty() || matches!(mode, Some(Mode::Warn | Mode::Audit)) {
        let all = [decisive(ANYTHING), others()].concat();
        return vec![webhook("consequences", &all, namespaces.others(&[]))];
    }
    let apart = [decisive(REMOVED), others()].concat();
    vec![
        webhook("consequences", &decisive(WRITTEN), namespaces.others(kept)),
        webhook("keep-targets.consequences", &decisive(WRITTEN), Selector::named(kept))
            .or(factory.policies.consequences),
        webhook("others.consequences", &apart, namespaces.others(&[])),
    ]
}

/// What decides by itself who is scraped, and who reaches whom.
fn decisive(operations: &[&'static str]) -> Vec<Rule> {
    let prometheuses = rules::of_prometheus(&rules::PROMETHEUSES, operations);
    rules::policies_and_monitors(operations).into_iter().chain(prometheuses).collect()
}

/// What others select by: labels of namespaces, and templates of pods.
fn others() -> Vec<Rule> {
    vec![
        rules::of_cluster("", &["namespaces"], CHANGED),
        rules::of("apps", &["deployments", "statefulsets", "daemonsets"], CHANGED),
    ]
}
