//! Prometheus and PrometheusAgent (`monitoring.coreos.com/v1` and `v1alpha1`): what injection and rules read of them.

use serde::Deserialize;

use crate::model::resource::Metadata;

/// A Prometheus or PrometheusAgent.
#[derive(Clone, Debug, Deserialize)]
pub struct Prometheus<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
}
