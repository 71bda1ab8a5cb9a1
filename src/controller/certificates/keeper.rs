//! One look at the Secret and the configurations after the other, and what follows from each.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::authority::{Aging, Authority, Trusted};
use super::bundle::{Found, Kind, Registrations};
use super::contents::Contents;
use super::plan::{Circumstances, Step, Stored, carry_out, plan};
use super::profile::Profile;
use super::secret::{Store, Written};
use super::standing::Standing;
use super::trouble::Troubles;
use crate::controller::Context;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::certificates::BundleState;
use crate::webhook::certificate::{CertificateError, CertificateInUse};

/// How often is looked.
const POLL: Duration = Duration::from_secs(1);
/// How soon is looked again after somebody else was faster.
const SOON: Duration = Duration::from_millis(50);
/// How long one look may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a Secret that was there before is missing until nobody is left who remembers it. Replicas that run look
/// several times meanwhile.
const ABANDONED: Duration = Duration::from_secs(4);

/// Keeps the Secret, the bundles and the certificate in use.
pub struct Keeper {
    profile: Profile,
    store: Store,
    registrations: Registrations,
    in_use: Arc<CertificateInUse>,
    bundle: watch::Sender<Option<Arc<str>>>,
    standing: watch::Sender<Standing>,
    metrics: Arc<Metrics>,
    troubles: Troubles,
    /// What the certificate in use comes from.
    remembered: Option<Contents>,
    /// The next authority, and since when it is in every bundle.
    settling: Option<(Trusted, Instant)>,
    /// Since when the Secret cannot be used.
    lost: Option<Instant>,
}

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At once: somebody else was faster.
    Soon,
    /// After a while.
    Later,
}

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The Secret cannot be read.
    #[error("the Secret cannot be read")]
    Read(#[source] kube::Error),
    /// The Secret cannot be written.
    #[error("the Secret cannot be written")]
    Write(#[source] kube::Error),
    /// Nothing can be signed.
    #[error("no certificate can be made")]
    Make(#[from] CertificateError),
    /// The API server does not answer.
    #[error("the API server did not answer in time")]
    Silence,
}

type Both = [(Kind, Found); 2];

impl Keeper {
    /// Nothing is in use yet.
    pub fn new(context: &Context, in_use: Arc<CertificateInUse>) -> Self {
        let Context { client, settings, shared, .. } = context;
        Self {
            profile: Profile::of(settings),
            store: Store::new(client.clone(), settings),
            registrations: Registrations::new(client.clone(), settings),
            in_use,
            bundle: watch::Sender::new(None),
            standing: watch::Sender::new(Standing::default()),
            metrics: Arc::clone(&shared.metrics),
            troubles: Troubles::new(Arc::clone(&shared.metrics)),
            remembered: None,
            settling: None,
            lost: None,
        }
    }

    /// What belongs into every `caBundle`, once it is known.
    pub fn bundle(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.bundle.subscribe()
    }

    /// How the certificate in use is.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Looks again and again.
    pub async fn run(mut self) -> Infallible {
        let mut failures = 0;
        loop {
            let look = timeout(PATIENCE, self.look(Timestamp::now())).await;
            let pause = match look.unwrap_or(Err(LookError::Silence)) {
                Ok(pace) => {
                    failures = 0;
                    self.troubles.end("secret");
                    if pace == Pace::Soon { SOON } else { POLL }
                }
                Err(error) => {
                    failures = (failures + 1).min(3);
                    self.troubles.begin("secret", &error);
                    POLL * failures
                }
            };
            sleep(jittered(pause)).await;
        }
    }

    /// One look, and what follows from it.
    ///
    /// The configurations are read first: a bundle that is written for this version of them is then never older than
    /// the Secret was when that version was the newest, so a replica that is late cannot take an authority away that
    /// another has just put in.
    ///
    /// # Errors
    /// When the Secret cannot be read or written. What is in use stays in use.
    pub async fn look(&mut self, now: Timestamp) -> Result<Pace, LookError> {
        let found = self.configurations().await;
        let (stored, version) = self.store.read().await.map_err(LookError::Read)?;
        let circumstances = self.circumstances(&stored, &found, now);
        let step = plan(&stored, self.remembered.as_ref(), &self.profile, circumstances);
        let contents = match carry_out(step, &stored, self.remembered.as_ref(), &self.profile, now)? {
            Some(contents) => {
                if self.store.write(&contents, version).await.map_err(LookError::Write)? == Written::TooLate {
                    return Ok(Pace::Soon);
                }
                self.wrote(step, &stored);
                contents
            }
            None => match stored {
                Stored::Contents(contents) => contents,
                Stored::Missing | Stored::Damaged(_) => return Ok(Pace::Later),
            },
        };
        self.metrics.certificates.authority_expiry.set(contents.authority.validity().until);
        self.put_bundles(&contents, &found).await;
        self.adopt(contents, &found, now);
        Ok(Pace::Later)
    }

    async fn configurations(&self) -> Both {
        let [mutating, validating] = Kind::ALL;
        tokio::join!(async { (mutating, self.registrations.read(mutating).await) }, async {
            (validating, self.registrations.read(validating).await)
        },)
        .into()
    }

    fn circumstances(&mut self, stored: &Stored, found: &Both, now: Timestamp) -> Circumstances {
        let settled = self.is_settled(stored, found);
        let was_there = found.iter().any(|(_, found)| match found {
            Found::Present(configuration) => configuration.is_in_use(),
            Found::Absent => false,
            Found::Unknown(_) => true,
        });
        self.lost = match stored {
            Stored::Contents(_) => None,
            Stored::Missing | Stored::Damaged(_) => self.lost.or(Some(Instant::now())),
        };
        let abandoned = !was_there || self.lost.is_some_and(|since| since.elapsed() >= ABANDONED);
        Circumstances { now, settled, abandoned }
    }

    /// Whether the next authority has been seen in every bundle for long enough.
    fn is_settled(&mut self, stored: &Stored, found: &Both) -> bool {
        let next = match stored {
            Stored::Contents(contents) => contents.next.as_ref().map(Authority::certificate),
            Stored::Missing | Stored::Damaged(_) => None,
        };
        self.settling =
            next.filter(|next| found.iter().all(|(_, found)| found.trusts(next) == Some(true))).map(|next| match self
                .settling
                .take()
            {
                Some((same, since)) if same == *next => (same, since),
                _ => (next.clone(), Instant::now()),
            });
        self.settling.as_ref().is_some_and(|(_, since)| since.elapsed() >= self.profile.settling())
    }

    fn wrote(&self, step: Step, stored: &Stored) {
        let Some(step) = step.name() else { return };
        self.metrics.certificates.step(step);
        match stored {
            Stored::Damaged(damage) => tracing::warn!(step, %damage, "the Secret of the certificates was damaged"),
            Stored::Missing | Stored::Contents(_) => tracing::info!(step, "the Secret of the certificates was written"),
        }
    }

    async fn put_bundles(&mut self, contents: &Contents, found: &Both) {
        let bundle = contents.bundle();
        for (kind, found) in found {
            let state = self.put_bundle(*kind, found, &bundle).await;
            self.metrics.certificates.bundle(kind.name(), state);
        }
        self.bundle.send_if_modified(|before| {
            let changed = before.as_deref() != Some(&bundle);
            if changed {
                *before = Some(bundle.into());
            }
            changed
        });
    }

    async fn put_bundle(&mut self, kind: Kind, found: &Found, bundle: &str) -> BundleState {
        let written = match found {
            Found::Absent => return BundleState::Absent,
            Found::Unknown(error) => {
                self.troubles.begin(kind.name(), error);
                return BundleState::Unknown;
            }
            Found::Present(configuration) if configuration.has(bundle) => Ok(()),
            Found::Present(configuration) => {
                let written = self.registrations.put(kind, configuration, bundle).await;
                written.inspect(|()| {
                    self.metrics.certificates.bundle_written(kind.name());
                    tracing::info!(configuration = kind.name(), "the bundles of the webhooks were written");
                })
            }
        };
        match written {
            Ok(()) => {
                self.troubles.end(kind.name());
                return BundleState::Current;
            }
            // Another version, or gone: the next look tells.
            Err(kube::Error::Api(status)) if [404, 409, 422].contains(&status.code) => {
                self.troubles.begin_late(kind.name(), &kube::Error::Api(status));
            }
            Err(error) => self.troubles.begin(kind.name(), &error),
        }
        BundleState::Outdated
    }

    /// Puts the leaf in use, unless what is in use is good and the new one is not trusted yet.
    fn adopt(&mut self, contents: Contents, found: &Both, now: Timestamp) {
        let untrusted = found.iter().any(|(_, found)| found.trusts(contents.authority.certificate()) == Some(false));
        let served = self.remembered.as_ref().map(|contents| &contents.leaf);
        let same = served == Some(&contents.leaf);
        if untrusted && !same && served.is_some_and(|served| !served.is_expired(now)) {
            return;
        }
        let leaf = contents.leaf.certificate();
        if !same {
            self.in_use.replace(leaf.clone());
            self.metrics.certificate_expiry.set(leaf.expires());
            tracing::info!(expires = leaf.expires(), "another certificate is in use");
        }
        // Once trusted, a bundle that is spoiled meanwhile is put right sooner than callers could go elsewhere.
        let untrusted = untrusted && (!same || self.standing.borrow().untrusted);
        self.standing.send_replace(Standing { expires: Some(leaf.expires()), untrusted });
        self.remembered = Some(contents);
    }
}

/// A bit more than this, so that replicas do not all come at once.
fn jittered(pause: Duration) -> Duration {
    let random = u32::try_from(RandomState::new().hash_one(()) % 256).unwrap_or_default();
    pause + pause / 1024 * random
}

#[cfg(test)]
mod tests;
