//! Ingress (`networking.k8s.io/v1`).

use serde::Deserialize;

use crate::model::resource::Metadata;

/// An Ingress.
#[derive(Clone, Debug, Deserialize)]
pub struct Ingress<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
}
