//! Certificates of our own: an authority and a leaf in a Secret that all replicas share, and the authority in every
//! `caBundle`.
//!
//! Every replica does all of this; none leads. What is decided is a pure function ([`plan`]) of the Secret, of what the
//! replica serves and of the wall clock; whoever writes first is right, and the others read what was written. A leaf is
//! renewed after two thirds of its life, and so is the authority, which lives three times as long: the new one is in
//! all bundles for a while ([`profile::Profile::settling`]) before it signs, and the old one stays there until its last
//! leaf has expired. If the Secret is deleted or damaged, it comes back from the memory of any replica, with a new
//! authority on its way; so deleting it is how to ask for new keys.

pub mod authority;
pub mod bundle;
pub mod contents;
pub mod keeper;
pub mod plan;
pub mod profile;
pub mod secret;
pub mod standing;
pub mod trouble;

use std::convert::Infallible;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use self::keeper::Keeper;
use super::Context;
use crate::webhook::certificate::CertificateInUse;
use crate::webhook::readiness::Readiness;

/// The certificates of this replica, kept up while [`Certificates::run`] runs.
pub struct Certificates {
    in_use: Arc<CertificateInUse>,
    readiness: Arc<Readiness>,
    keeper: Keeper,
}

impl Certificates {
    /// There is no certificate yet, so nothing is ready.
    pub fn new(context: &Context) -> Self {
        let readiness = Arc::clone(&context.shared.readiness);
        let in_use = Arc::new(CertificateInUse::default());
        let keeper = Keeper::new(context, Arc::clone(&in_use));
        keeper.standing().borrow().tell(&readiness, Timestamp::now());
        Self { in_use, readiness, keeper }
    }

    /// The serving certificate. It is empty until there is one: a server can start with it, and refuses connections
    /// meanwhile.
    pub fn in_use(&self) -> Arc<CertificateInUse> {
        Arc::clone(&self.in_use)
    }

    /// What belongs into every `caBundle`, as PEM; `None` until it is known. Bundles that are there already are kept
    /// right here: this is for whoever makes a webhook configuration, so that it is right from the first moment.
    pub fn bundle(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.keeper.bundle()
    }

    /// Keeps all of it up for as long as it is polled.
    pub async fn run(self) -> Infallible {
        let standing = self.keeper.standing();
        let (_never, never) = tokio::join!(standing::watch(standing, &self.readiness), self.keeper.run());
        never
    }
}
