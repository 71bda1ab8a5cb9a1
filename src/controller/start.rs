//! The parts of the controller, started together and ended with their owner.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::client::{ClientError, client};
use super::{Context, Settings};
use crate::webhook::Shared;

/// A controller at work. Dropping it ends all of its parts at once.
#[derive(Debug)]
pub struct Controller {
    parts: Vec<JoinHandle<()>>,
}

impl Drop for Controller {
    fn drop(&mut self) {
        self.parts.iter().for_each(JoinHandle::abort);
    }
}

/// Starts all parts on the current tokio runtime, for the cluster of this kubeconfig or of the pod.
///
/// # Errors
/// When there is no way to talk to an API server. That it does not answer is none: it is asked again and again.
pub async fn start(kubeconfig: Option<&Path>, settings: Settings, shared: Shared) -> Result<Controller, ClientError> {
    let (_lead, leading) = watch::channel(false);
    let context = Context { client: client(kubeconfig).await?, settings: Arc::new(settings), shared, leading };
    Ok(Controller { parts: vec![tokio::spawn(super::watch::run(context))] })
}
