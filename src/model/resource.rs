//! Partial views of the resources that are read: only the fields that decisions need, borrowed from the raw JSON.
//!
//! A view is read from the JSON that the API server sends. Fields that are not listed are passed over, so objects of
//! newer versions can be read; a field of another type than expected is an error, which callers turn into "unknown".

pub mod authorization_policy;
pub mod discovery;
pub mod endpoint;
pub mod http_client;
pub mod ingress;
pub mod inlining;
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
pub use inlining::Inlining;
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

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
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

/// Reads a JSON object or `null`, and nothing else: serde takes a list for a struct too, to which no patch would apply.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct ObjectVisitor<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = Option<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }

    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}
