//! ScrapeConfig (`monitoring.coreos.com/v1alpha1`).

use serde::Deserialize;

use crate::model::resource::Metadata;

/// A ScrapeConfig.
#[derive(Clone, Debug, Deserialize)]
pub struct ScrapeConfig<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
}
