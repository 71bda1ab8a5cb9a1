//! Who leads: one replica at a time, by a Lease that it renews.
//!
//! A leader that has gone is noticed by its Lease standing still, measured by the clock of whoever looks, so clocks
//! need not agree. A leader that cannot renew stops leading before anybody else may begin. With clocks that run at
//! about the same speed there are never two; all that leaders do is safe if there are for a while.

pub mod election;

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::controller::leadership::election::{Candidate, Record, Step, Terms};
use crate::controller::{FIELD_MANAGER, Settings};

/// The name of the Lease.
pub const LEASE: &str = "scrapeguard";

/// Takes part in the election until `stop`, and tells by `leading` whether this replica is the leader. At the end it
/// gives up the Lease, so that another need not wait for it to run out.
///
/// # Cancellation
/// Where it is dropped instead, `leading` stays as it was last told, and the Lease runs out.
pub async fn run(client: Client, settings: &Settings, leading: watch::Sender<bool>, stop: impl Future<Output = ()>) {
    let mut member = Member {
        leases: Api::namespaced(client, &settings.namespace),
        candidate: Candidate::new(&settings.identity, Terms::default()),
        start: Instant::now(),
        leading,
        trouble: None,
    };
    tokio::select! {
        () = member.campaign() => {}
        () = stop => member.resign().await,
    }
}

struct Member {
    leases: Api<Lease>,
    candidate: Candidate,
    start: Instant,
    leading: watch::Sender<bool>,
    /// What kept it from the Lease when it last tried.
    trouble: Option<String>,
}

impl Member {
    async fn campaign(&mut self) {
        loop {
            let limit = self.candidate.patience(self.now());
            let result = timeout(limit, self.turn()).await;
            self.note(result.unwrap_or_else(|_| Err("the API server does not answer".to_owned())));
            self.tell();
            tokio::time::sleep(self.candidate.pause(self.now())).await;
            self.tell();
        }
    }

    /// Looks at the Lease and writes it where that is this replica's turn.
    async fn turn(&mut self) -> Result<(), String> {
        let begun = self.now();
        let lease = self.leases.get_opt(LEASE).await.map_err(|error| error.to_string())?;
        let seen = lease.as_ref().map(record);
        let step = self.candidate.step(seen.as_ref(), self.now());
        if step == Step::Wait {
            return Ok(());
        }
        let written = self.write(lease, step).await;
        match written {
            Ok(lease) => self.candidate.won(&record(&lease), begun),
            // Somebody else was faster.
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(error.to_string()),
        }
        Ok(())
    }

    /// Every write names the version that it is about, so that one of two wins.
    async fn write(&self, lease: Option<Lease>, step: Step) -> kube::Result<Lease> {
        let now = MicroTime(k8s_openapi::jiff::Timestamp::now());
        let parameters = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let before = lease.as_ref().and_then(|lease| lease.spec.clone()).unwrap_or_default();
        let (acquired, transitions) = match step {
            Step::Renew => (before.acquire_time, before.lease_transitions),
            _ => (Some(now.clone()), Some(before.lease_transitions.map_or(0, |count| count.saturating_add(1)))),
        };
        let duration = i32::try_from(self.candidate.terms().duration.as_secs()).unwrap_or(i32::MAX);
        let spec = LeaseSpec {
            holder_identity: Some(self.candidate.identity().to_owned()),
            lease_duration_seconds: Some(duration),
            acquire_time: acquired,
            renew_time: Some(now),
            lease_transitions: transitions,
            ..LeaseSpec::default()
        };
        if let Some(lease) = lease {
            return self.leases.replace(LEASE, &parameters, &Lease { spec: Some(spec), ..lease }).await;
        }
        let metadata = ObjectMeta { name: Some(LEASE.to_owned()), ..ObjectMeta::default() };
        self.leases.create(&parameters, &Lease { metadata, spec: Some(spec) }).await
    }

    /// Gives up the Lease if this replica holds it.
    async fn resign(&mut self) {
        self.candidate.give_up();
        self.tell();
        let result = timeout(Terms::default().renewal, self.release()).await;
        match result {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the lease is not given up, it will run out"),
            Err(_) => tracing::warn!("the lease is not given up in time, it will run out"),
        }
    }

    async fn release(&self) -> kube::Result<()> {
        let Some(mut lease) = self.leases.get_opt(LEASE).await? else { return Ok(()) };
        let Some(spec) = lease.spec.as_mut() else { return Ok(()) };
        if spec.holder_identity.as_deref() != Some(self.candidate.identity()) {
            return Ok(());
        }
        spec.holder_identity = None;
        self.leases.replace(LEASE, &PostParams::default(), &lease).await.map(drop)
    }

    fn tell(&self) {
        let leads = self.candidate.leads(self.now());
        let has_changed = self.leading.send_if_modified(|told| std::mem::replace(told, leads) != leads);
        if has_changed && leads {
            tracing::info!("leading");
        } else if has_changed {
            tracing::warn!("not leading any more");
        }
    }

    /// Logs trouble when it begins and when it is over.
    fn note(&mut self, result: Result<(), String>) {
        let trouble = result.err();
        match (&self.trouble, &trouble) {
            (None, Some(error)) => tracing::warn!(%error, "the lease cannot be looked after"),
            (Some(_), None) => tracing::info!("the lease can be looked after again"),
            _ => {}
        }
        self.trouble = trouble;
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

fn record(lease: &Lease) -> Record {
    let spec = lease.spec.as_ref();
    let seconds = spec.and_then(|spec| spec.lease_duration_seconds);
    Record {
        holder: spec.and_then(|spec| spec.holder_identity.clone()).filter(|holder| !holder.is_empty()),
        version: lease.metadata.resource_version.clone().unwrap_or_default(),
        duration: Duration::from_secs(u64::try_from(seconds.unwrap_or_default()).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
