//! One look at the configurations after the other, and what follows from each.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::configuration::{Kind, Stored, WriteError};
use super::proving::Proving;
use crate::controller::Context;
use crate::controller::settings::{Management, Settings};
use crate::engine::registration::{Ability, FailurePolicies, FailurePolicy, Place, registration};
use crate::model::guard::Guards;

/// How often is looked: what somebody changed is put right within a second.
const LOOK: Duration = Duration::from_millis(500);
/// How long one look may take: two self-tests, and some.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long to wait after trouble.
const AFTER_TROUBLE: Duration = Duration::from_secs(2);

/// Looks again and again.
pub(super) async fn run(context: Context) -> Infallible {
    let mut keeper = Keeper::new(context);
    loop {
        let result = timeout(PATIENCE, keeper.look()).await.unwrap_or(Err(Trouble::Silence));
        let pause = if result.is_ok() { LOOK } else { AFTER_TROUBLE };
        keeper.note(result.err());
        sleep(pause).await;
    }
}

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It is not known what there is.
    #[error("the webhook configurations cannot be read: {0}")]
    Read(#[source] kube::Error),
    /// It is not known to be right.
    #[error("the webhook configurations cannot be written: {0}")]
    Write(#[from] WriteError),
    /// Nobody answers.
    #[error("the API server does not answer")]
    Silence,
}

/// Keeps both configurations while this replica leads.
pub(super) struct Keeper {
    context: Context,
    place: Place,
    mutating: Stored,
    validating: Stored,
    proving: Proving,
    trouble: Option<String>,
    enforcing: Option<bool>,
}

impl Keeper {
    /// Nothing is known yet.
    pub(super) fn new(context: Context) -> Self {
        let stored = |kind| Stored::new(context.client.clone(), kind, &context.settings.service);
        Self {
            place: place(&context.settings),
            mutating: stored(Kind::Mutating),
            validating: stored(Kind::Validating),
            proving: Proving::new(&context),
            trouble: None,
            enforcing: None,
            context,
        }
    }

    /// One look at everything, and what follows from it; nothing where that is not for this replica to do.
    ///
    /// # Errors
    /// When it is not known whether all is as it should be.
    pub(super) async fn look(&mut self) -> Result<(), Trouble> {
        let Some(guards) = self.guards() else { return Ok(()) };
        let (mutating, validating) = tokio::join!(self.mutating.read(), self.validating.read());
        let (mutating, validating) = (mutating.map_err(Trouble::Read)?, validating.map_err(Trouble::Read)?);
        let metrics = Arc::clone(&self.context.shared.metrics);
        self.proving.go_on(validating.as_ref(), &self.place, &metrics.registration).await;
        // Testing takes a while, in which this replica may have been asked to stop.
        if !self.may_write() {
            return Ok(());
        }
        let policies = self.proving.policies(validating.as_ref());
        let wanted = registration(&guards, &self.place, Ability::Cluster, policies);
        let (first, second) = tokio::join!(
            self.mutating.put(mutating.as_ref(), &wanted.mutating),
            self.validating.put(validating.as_ref(), &wanted.validating),
        );
        for written in [first, second] {
            metrics.registration.writes.inc_by(u64::from(unless_late(written)?));
        }
        self.tell(policies);
        Ok(())
    }

    /// The guards in force, if this replica is to write what they need: as the leader, and once it knows them.
    fn guards(&mut self) -> Option<Arc<Guards>> {
        if !self.may_write() {
            // Whoever leads again starts from what it then sees.
            self.proving = Proving::new(&self.context);
            return None;
        }
        let state = self.context.shared.state.kept();
        let are_known = state.cluster.is_some() || self.context.settings.guards == Management::Given;
        are_known.then(|| Arc::clone(&state.guards))
    }

    fn may_write(&self) -> bool {
        *self.context.leading.borrow() && !self.context.shared.readiness.is_draining()
    }

    fn tell(&mut self, policies: FailurePolicies) {
        let enforcing = policies.objects == FailurePolicy::Fail;
        self.context.shared.metrics.registration.enforcing.set(i64::from(enforcing));
        if self.enforcing.replace(enforcing) != Some(enforcing) {
            let policy = if enforcing { "Fail" } else { "Ignore" };
            tracing::info!(policy, "the failure policy of what may be refused");
        }
    }

    /// Logs trouble when it begins and when it is over.
    fn note(&mut self, trouble: Option<Trouble>) {
        let trouble = trouble.map(|trouble| trouble.to_string());
        if trouble == self.trouble {
            return;
        }
        if let Some(error) = &trouble {
            tracing::warn!(%error, "not registered as wanted");
        } else {
            tracing::info!("registered as wanted again");
        }
        self.trouble = trouble;
    }
}

/// Where the API server finds us. Certificates that are given may come from cert-manager.
fn place(settings: &Settings) -> Place {
    Place {
        service: settings.service.clone(),
        namespace: settings.namespace.clone(),
        port: settings.service_port,
        cert_manager: settings.certificates == Management::Given,
    }
}

/// Somebody else who wrote meanwhile is no trouble: the next look sees what was written.
fn unless_late(written: Result<bool, WriteError>) -> Result<bool, WriteError> {
    match written {
        Err(WriteError::Api(kube::Error::Api(status))) if status.code == 409 => Ok(false),
        other => other,
    }
}
