//! The dead man's switch: each replica that serves renews a Lease of its own, so that others see when the last one stops.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use kube::{Client, ResourceExt};
use tokio::time::{Instant, sleep, timeout};

use crate::controller::{Context, FIELD_MANAGER, Settings};

/// The label of these Leases; its value is the name of our Service.
pub const LABEL: &str = "scrapeguard.io/replica-of";
/// How often a Lease is renewed.
const RENEWAL: Duration = Duration::from_secs(5);
/// How long a replica that does not renew its Lease is believed to serve.
const BELIEF: Duration = Duration::from_secs(15);
/// By how much the clocks of replicas may differ. Only who leaves compares clocks; whoever stays uses its own alone.
const SKEW: Duration = Duration::from_secs(5);
/// After this time, a Lease that nobody renews is removed.
const ABANDONED: Duration = Duration::from_mins(10);
/// How often a replica looks whether it has a Lease to renew.
const STEP: Duration = Duration::from_millis(500);

/// The Leases of all replicas.
#[derive(Clone)]
pub struct Leases {
    api: Api<Lease>,
    service: String,
    own: String,
}

impl Leases {
    /// Those of the replicas behind our Service.
    pub fn new(client: Client, settings: &Settings) -> Self {
        let Settings { namespace, service, identity, .. } = settings;
        Self { api: Api::namespaced(client, namespace), service: service.clone(), own: format!("{service}-{identity}") }
    }

    /// All that there are.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn list(&self) -> kube::Result<Vec<Lease>> {
        let parameters = ListParams::default().labels(&format!("{LABEL}={}", self.service));
        Ok(self.api.list(&parameters).await?.items)
    }

    async fn renew(&self) -> kube::Result<()> {
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let lease = Lease { metadata: self.metadata(), spec: Some(self.spec()) };
        self.api.patch(&self.own, &parameters, &Patch::Apply(lease)).await.map(drop)
    }

    fn metadata(&self) -> ObjectMeta {
        let labels = [(LABEL.to_owned(), self.service.clone())].into();
        ObjectMeta { name: Some(self.own.clone()), labels: Some(labels), ..ObjectMeta::default() }
    }

    fn spec(&self) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(self.own.clone()),
            lease_duration_seconds: i32::try_from(BELIEF.as_secs()).ok(),
            renew_time: Some(MicroTime(Timestamp::now())),
            ..LeaseSpec::default()
        }
    }

    /// Removes the Lease of this replica.
    ///
    /// # Errors
    /// When it may still be there.
    pub async fn give_up(&self) -> kube::Result<()> {
        self.remove(&self.own).await
    }

    /// Removes a Lease, if it is there.
    ///
    /// # Errors
    /// When it may still be there.
    pub async fn remove(&self, name: &str) -> kube::Result<()> {
        match self.api.delete(name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            other => other.map(drop),
        }
    }
}

/// Renews the Lease of this replica for as long as it serves.
pub async fn run(context: &Context) -> Infallible {
    let leases = Leases::new(context.client.clone(), &context.settings);
    let readiness = &context.shared.readiness;
    let mut renewed: Option<Instant> = None;
    let mut is_in_trouble = false;
    loop {
        let is_due = renewed.is_none_or(|last| last.elapsed() >= RENEWAL);
        if is_due && readiness.can_answer() && !readiness.is_draining() {
            renewed = Some(Instant::now());
            let result = timeout(RENEWAL, leases.renew()).await;
            let trouble = match result {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("the API server does not answer".to_owned()),
            };
            if let Some(error) = trouble.as_ref().filter(|_| !is_in_trouble) {
                tracing::warn!(%error, "others cannot be told that this replica serves");
            }
            is_in_trouble = trouble.is_some();
        }
        sleep(STEP).await;
    }
}

/// What one replica has seen of the Leases of all: a Lease is alive for a while after it was seen to change. Clocks are
/// not compared.
#[derive(Clone, Debug, Default)]
pub struct Pulses {
    seen: BTreeMap<String, (String, Instant)>,
}

impl Pulses {
    /// Looks at all Leases there are, by name and version.
    pub fn look(&mut self, leases: impl IntoIterator<Item = (String, String)>, now: Instant) {
        let mut before = std::mem::take(&mut self.seen);
        for (name, version) in leases {
            let unchanged = before.remove(&name).filter(|(last, _)| *last == version);
            self.seen.insert(name, unchanged.unwrap_or((version, now)));
        }
    }

    /// The same, with the Leases themselves.
    pub fn look_at(&mut self, leases: &[Lease], now: Instant) {
        self.look(leases.iter().map(|lease| (lease.name_any(), lease.resource_version().unwrap_or_default())), now);
    }

    /// Whether any replica serves.
    pub fn is_served(&self, now: Instant) -> bool {
        self.seen.values().any(|(_, since)| now.duration_since(*since) < BELIEF)
    }

    /// Leases whose replicas are long gone.
    pub fn abandoned(&self, now: Instant) -> Vec<String> {
        let is_old = |(name, (_, since)): (&String, &(String, Instant))| {
            (now.duration_since(*since) >= ABANDONED).then(|| name.clone())
        };
        self.seen.iter().filter_map(is_old).collect()
    }
}

/// Whether any of these Leases was renewed lately, by the wall clock.
pub fn is_anybody_left(leases: &[Lease], now: Timestamp) -> bool {
    let belief = (BELIEF + SKEW).as_secs();
    let age = |lease: &Lease| Some(now.duration_since(lease.spec.as_ref()?.renew_time.as_ref()?.0).unsigned_abs());
    leases.iter().filter_map(age).any(|age| age.as_secs() < belief)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn lease(name: &str, version: &str) -> (String, String) {
        (name.to_owned(), version.to_owned())
    }

    #[tokio::test]
    async fn a_replica_lives_while_its_lease_changes() {
        let start = Instant::now();
        let mut pulses = Pulses::default();
        assert!(!pulses.is_served(start), "nobody was seen");
        pulses.look([lease("a", "1"), lease("b", "1")], start);
        assert!(pulses.is_served(start));
        let later = start + Duration::from_secs(10);
        pulses.look([lease("a", "1"), lease("b", "2")], later);
        assert!(pulses.is_served(start + BELIEF), "b has changed");
        assert!(!pulses.is_served(later + BELIEF), "nothing has changed since");
        pulses.look([lease("a", "1")], later);
        assert!(!pulses.is_served(start + BELIEF), "b has left");
    }

    #[tokio::test]
    async fn what_nobody_renews_is_removed_at_last() {
        let start = Instant::now();
        let mut pulses = Pulses::default();
        pulses.look([lease("a", "1"), lease("b", "1")], start);
        pulses.look([lease("a", "1"), lease("b", "2")], start + BELIEF);
        assert!(pulses.abandoned(start + BELIEF).is_empty());
        assert_eq!(pulses.abandoned(start + ABANDONED), ["a"]);
    }

    #[rstest]
    #[case::just_renewed(0, true)]
    #[case::in_time(14, true)]
    #[case::clocks_differ(19, true)]
    #[case::silent(20, false)]
    #[case::from_the_future(-30, false)]
    fn who_leaves_asks_the_clock(#[case] age: i64, #[case] expected: bool) {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let renewed = Timestamp::from_second(1_800_000_000 - age).unwrap();
        let spec = LeaseSpec { renew_time: Some(MicroTime(renewed)), ..LeaseSpec::default() };
        let lease = Lease { metadata: ObjectMeta::default(), spec: Some(spec) };
        assert_eq!(is_anybody_left(&[lease], now), expected);
    }
}
