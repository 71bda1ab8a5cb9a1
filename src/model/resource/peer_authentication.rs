//! PeerAuthentication (`security.istio.io/v1` and `v1beta1`).

use serde::Deserialize;

use crate::model::resource::Metadata;

/// A PeerAuthentication.
#[derive(Clone, Debug, Deserialize)]
pub struct PeerAuthentication<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
}
