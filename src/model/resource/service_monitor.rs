//! ServiceMonitor (`monitoring.coreos.com/v1`).

use serde::Deserialize;

use crate::model::resource::Metadata;

/// A ServiceMonitor.
#[derive(Clone, Debug, Deserialize)]
pub struct ServiceMonitor<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
}
