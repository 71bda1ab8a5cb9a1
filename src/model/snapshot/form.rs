//! Whether objects have the form of their kind, told by the views that evaluators read them with.

use serde::Deserialize;

use crate::model::Resource;
use crate::model::resource::{
    AuthorizationPolicy, Ingress, NetworkPolicy, PeerAuthentication, PodMonitor, Probe, Prometheus, ScrapeConfig,
    ServiceMonitor,
};
use crate::model::snapshot::read::operated::OperatedView;

/// Reads a view.
///
/// # Errors
/// In words: what is wrong with the form.
pub(super) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// Whether evaluators will be able to read an object.
///
/// # Errors
/// In words: what is wrong with the form.
pub(super) fn check(resource: Resource, json: &str) -> Result<(), String> {
    match resource {
        Resource::NetworkPolicy => read::<NetworkPolicy<'_>>(json).map(drop),
        Resource::AuthorizationPolicy => read::<AuthorizationPolicy<'_>>(json).map(drop),
        Resource::PeerAuthentication => read::<PeerAuthentication<'_>>(json).map(drop),
        Resource::PodMonitor => read::<PodMonitor<'_>>(json).map(drop),
        Resource::ServiceMonitor => read::<ServiceMonitor<'_>>(json).map(drop),
        Resource::Probe => read::<Probe<'_>>(json).map(drop),
        Resource::ScrapeConfig => read::<ScrapeConfig<'_>>(json).map(drop),
        Resource::Prometheus | Resource::PrometheusAgent => {
            read::<Prometheus<'_>>(json)?;
            read::<OperatedView<'_>>(json).map(drop)
        }
        Resource::Alertmanager | Resource::ThanosRuler => read::<OperatedView<'_>>(json).map(drop),
        Resource::Ingress => read::<Ingress<'_>>(json).map(drop),
        // Nothing of them but their name counts, or they are not kept as text.
        _ => Ok(()),
    }
}
