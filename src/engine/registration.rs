//! The registration of the webhook: what the API server has to call us for, so that what a set of guards asks for is
//! done, and nothing else is held up.
//!
//! A namespace may say by its label `scrapeguard.io/mode` what is done about findings there. Each label value has a
//! webhook of its own, which calls a path of its own; so the server need not look namespaces up, and a namespace in warn
//! or audit mode is never blocked by us, not even while we are down.
//!
//! Never matched: `kube-system`, `kube-public`, `kube-node-lease` and our own namespace, so that a cluster can always
//! start; cluster-scoped objects that a cluster needs to start, for the same reason; subresources such as status and
//! scale. Whether an object may go is only asked where somebody wants to know what its removal closes, and never in a
//! way that blocks while we are down.

mod conditions;
mod consequences;
mod guard;
mod mutating;
mod namespaces;
mod rules;
pub mod self_test;
#[cfg(test)]
mod tests;
mod validating;
mod webhook;

use std::collections::BTreeMap;

use serde::Serialize;

use self::namespaces::Namespaces;
use self::webhook::Factory;
pub use self::webhook::{FailurePolicy, Webhook};
use crate::model::guard::Guards;

/// Where the API server finds us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of our Service; both configurations are called like it.
    pub service: String,
    /// The namespace of the Service, which is ours.
    pub namespace: String,
    /// The port of the Service.
    pub port: u16,
    /// Whether cert-manager is to fill in whom the API server trusts: it takes the Certificate that is called like the
    /// Service.
    pub cert_manager: bool,
}

/// What the server that is called can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// It knows its guards, and judges each object by itself.
    Objects,
    /// It watches the cluster: it also judges guards and tells what a change does to others, and it tests itself.
    Cluster,
}

/// What happens to a request that we do not answer, where we might have refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailurePolicies {
    /// For the question whether an object is right.
    pub objects: FailurePolicy,
    /// For the question what a change does to others, where a guard denies lost targets.
    pub consequences: FailurePolicy,
}

/// Both webhook configurations.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Who may change objects.
    pub mutating: Configuration,
    /// Who may refuse them.
    pub validating: Configuration,
}

/// A `MutatingWebhookConfiguration` or `ValidatingWebhookConfiguration` (`admissionregistration.k8s.io/v1`). All
/// that the API server would fill in is there, so that it can be compared with what is stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// `admissionregistration.k8s.io/v1`.
    pub api_version: &'static str,
    /// Which of both it is.
    pub kind: &'static str,
    /// Its name, and what is written about it.
    pub metadata: Metadata,
    /// Who is called for what.
    pub webhooks: Vec<Webhook>,
}

/// The part of `metadata` that is ours.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<&'static str, String>,
    /// The annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<&'static str, String>,
}

impl FailurePolicies {
    /// Nothing is held up by our silence.
    pub const IGNORE: Self = Self { objects: FailurePolicy::Ignore, consequences: FailurePolicy::Ignore };
    /// Whatever might be refused waits for us.
    pub const FAIL: Self = Self { objects: FailurePolicy::Fail, consequences: FailurePolicy::Fail };
}

/// The configurations with which all that these guards ask for is done.
pub fn registration(guards: &Guards, place: &Place, ability: Ability, policies: FailurePolicies) -> Registration {
    let namespaces = Namespaces::of(guards, &place.namespace);
    let factory = Factory { place, policies };
    let mut validating = validating::webhooks(&namespaces, &factory);
    if ability == Ability::Cluster {
        validating.extend(consequences::webhooks(&namespaces, &factory));
        validating.extend(guard::webhooks(&factory));
        validating.extend(self_test::webhooks(&namespaces, &factory));
    }
    Registration {
        mutating: configuration("MutatingWebhookConfiguration", place, mutating::webhooks(&namespaces, &factory)),
        validating: configuration("ValidatingWebhookConfiguration", place, validating),
    }
}

fn configuration(kind: &'static str, place: &Place, webhooks: Vec<Webhook>) -> Configuration {
    let names = ["app.kubernetes.io/name", "app.kubernetes.io/part-of"];
    let certificate = || format!("{}/{}", place.namespace, place.service);
    let annotation = place.cert_manager.then(|| ("cert-manager.io/inject-ca-from", certificate()));
    Configuration {
        api_version: "admissionregistration.k8s.io/v1",
        kind,
        metadata: Metadata {
            name: place.service.clone(),
            labels: names.map(|name| (name, "scrapeguard".to_owned())).into(),
            annotations: annotation.into_iter().collect(),
        },
        webhooks,
    }
}
