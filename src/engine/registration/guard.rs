//! Who is asked about guards themselves. A guard that goes is never held up.

use super::conditions;
use super::consequences;
use super::rules::{self, ANYTHING, WRITTEN};
use super::webhook::{Factory, Webhook};

pub(super) fn webhooks(factory: &Factory<'_>) -> [Webhook; 2] {
    let webhook = |name, path, operations| {
        let guards = rules::of_cluster("scrapeguard.io", &["scrapeguards"], operations);
        factory.validating(name, path, None).on(&[guards]).when(&conditions::of_guards())
    };
    [
        webhook("guards.validate", "/validate", WRITTEN).or(factory.policies.objects),
        webhook("guards.consequences", consequences::PATH, ANYTHING),
    ]
}
