//! What certificates are asked for: their names, their lifetimes, and how long trust takes to spread.

use std::time::Duration;

use crate::controller::Settings;
use crate::webhook::LOCAL_NAMES;

/// How many lifetimes of a leaf an authority lives. It is replaced after two thirds of them, so every third new leaf
/// comes from a new authority.
const LEAFS: i64 = 3;
/// The shortest lifetime of a leaf, in seconds: a rotation takes a few seconds.
const SHORTEST: i64 = 10;

/// What is asked of our certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    names: Vec<String>,
    lifetime: i64,
}

impl Profile {
    /// Certificates with these names, and leafs of this lifetime, which is at least 10 seconds.
    pub fn new(names: Vec<String>, lifetime: Duration) -> Self {
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX / LEAFS);
        Self { names, lifetime: lifetime.clamp(SHORTEST, i64::MAX / LEAFS) }
    }

    /// What the API server needs to call our Service, and what others on the way to it or on this machine need.
    pub fn of(settings: &Settings) -> Self {
        let Settings { service, namespace, .. } = settings;
        let host = settings.service_host();
        let names = [format!("{host}.cluster.local"), host, format!("{service}.{namespace}"), service.clone()];
        let names = names.into_iter().chain(LOCAL_NAMES.map(str::to_owned)).collect();
        Self::new(names, settings.certificate_lifetime)
    }

    /// DNS names and IP addresses of a leaf.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How long a leaf is valid, in seconds.
    pub const fn lifetime(&self) -> i64 {
        self.lifetime
    }

    /// How long an authority is valid, in seconds.
    pub const fn authority_lifetime(&self) -> i64 {
        self.lifetime.saturating_mul(LEAFS)
    }

    /// How long a new authority is in every bundle before it signs what is served: API servers learn of a changed
    /// bundle by watching, each in its own time. A minute, if the lifetime leaves room for that.
    pub fn settling(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.lifetime / 10).unwrap_or_default().clamp(1, 60))
    }
}
