//! Partial views of the resources that are read: only the fields that decisions need, borrowed from the raw JSON.
//!
//! A view is read from the JSON that the API server sends. Fields that are not listed are passed over, so objects of
//! newer versions can be read; a field of another type than expected is an error, which callers turn into "unknown".

pub mod authorization_policy;
pub mod endpoint;
pub mod ingress;
pub mod metadata;
pub mod network_policy;
pub mod peer_authentication;
pub mod pod;
pub mod pod_monitor;
pub mod probe;
pub mod prometheus;
pub mod scrape_config;
pub mod service_monitor;
pub mod workload;

pub use authorization_policy::AuthorizationPolicy;
pub use ingress::Ingress;
pub use metadata::{Metadata, OwnerReference};
pub use network_policy::NetworkPolicy;
pub use peer_authentication::PeerAuthentication;
pub use pod::PodTemplate;
pub use pod_monitor::PodMonitor;
pub use probe::Probe;
pub use prometheus::Prometheus;
pub use scrape_config::ScrapeConfig;
pub use service_monitor::ServiceMonitor;
pub use workload::Workload;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Reads JSON `null` as the default value, as the API server does for lists and maps.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a value of another form than expected as the default value, for fields whose form may change and without which
/// the rest of the object can still be judged.
pub(crate) fn tolerant<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let value = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(value.get()).unwrap_or_default())
}
