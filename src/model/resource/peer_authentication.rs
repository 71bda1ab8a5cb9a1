//! PeerAuthentication (`security.istio.io/v1` and `v1beta1`, istio.io/api `security/v1beta1/peer_authentication.proto`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Text;
use crate::model::resource::{Metadata, null_as_default};
use crate::model::selector::LabelSelector;

/// A PeerAuthentication.
#[derive(Clone, Debug, Deserialize)]
pub struct PeerAuthentication<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// For whom it demands what.
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    pub spec: PeerAuthenticationSpec<'a>,
}

/// For whom a PeerAuthentication demands what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PeerAuthenticationSpec<'a> {
    /// The workloads of its namespace that it holds for; all of them if absent.
    #[serde(borrow)]
    pub selector: Option<LabelSelector<'a>>,
    /// What is demanded of connections to them, where nothing else is said of the port.
    #[serde(borrow)]
    pub mtls: Option<MutualTls<'a>>,
    /// Settings of single container ports, by number.
    #[serde(borrow)]
    pub port_level_mtls: Option<BTreeMap<Text<'a>, Option<MutualTls<'a>>>>,
}

/// What is demanded of connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MutualTls<'a> {
    /// `UNSET` (also if absent), `DISABLE`, `PERMISSIVE` or `STRICT`.
    #[serde(borrow)]
    pub mode: Option<Text<'a>>,
}

impl PeerAuthenticationSpec<'_> {
    /// Whether it holds for every workload of its namespace.
    pub fn holds_for_whole_namespace(&self) -> bool {
        self.selector.as_ref().is_none_or(LabelSelector::is_empty)
    }
}
