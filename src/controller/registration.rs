//! The registration of the webhook: both configurations are kept as the guards need them, and requests wait for us only
//! while we are known to answer.
//!
//! The leader writes; a replica that stops is the only other who does, and only to have nothing wait for it. Begun with
//! `Ignore`, a configuration says `Fail` once a self-test through the API server was refused by us, and `Ignore` again
//! when self-tests fail, when no replica renews its Lease, and when the last one stops. What nobody is left to do is to
//! say `Ignore` when all replicas die at once: policies and monitors of guarded namespaces, and guards, then wait until
//! one is back, or until `scrapeguard uninstall`.

pub mod configuration;
pub mod dead_man;
pub mod decision;
mod keeper;
pub mod proving;
pub mod self_test;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use tokio::time::timeout;

use self::configuration::{Kind, Stored};
use self::dead_man::Leases;
use super::Context;
use super::settings::Management;

/// How long a replica that stops may take to see that nothing waits for it.
const FAREWELL: Duration = Duration::from_secs(5);

/// Keeps the registration for as long as it is polled. Where it is somebody else's, there is nothing to keep.
pub async fn run(context: Context) -> Infallible {
    if context.settings.registration == Management::Given {
        return std::future::pending().await;
    }
    let (_, never) = tokio::join!(dead_man::run(&context), keeper::run(context.clone()));
    never
}

/// To be called when this replica is asked to stop, before it stops to listen: it is not counted on any more, and if it
/// is the last one, nothing waits for it. Readiness fails from now on, and this replica writes nothing else.
pub async fn withdraw(context: &Context) {
    context.shared.readiness.start_draining();
    if context.settings.registration == Management::Given {
        return;
    }
    let error = match timeout(FAREWELL, leave(context)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the API server does not answer".to_owned(),
    };
    tracing::warn!(error, "requests may wait for a replica that has stopped");
}

/// The own Lease goes first: of two that leave at once, at least one then sees no other.
async fn leave(context: &Context) -> kube::Result<()> {
    let leases = Leases::new(context.client.clone(), &context.settings);
    leases.give_up().await?;
    if dead_man::is_anybody_left(&leases.list().await?, Timestamp::now()) {
        return Ok(());
    }
    let validating = Stored::new(context.client.clone(), Kind::Validating, &context.settings.service);
    let had_to_write = loop {
        match validating.disarm().await {
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            other => break other?,
        }
    };
    tracing::info!(had_to_write, "the last replica stops: nothing waits for it any more");
    Ok(())
}
