//! Probe (`monitoring.coreos.com/v1`).

use serde::Deserialize;

use crate::model::resource::Metadata;

/// A Probe.
#[derive(Clone, Debug, Deserialize)]
pub struct Probe<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
}
