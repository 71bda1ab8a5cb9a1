//! The parts of the controller, started together and ended with their owner.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::certificates::Certificates;
use super::client::{ClientError, client};
use super::settings::Management;
use super::{Context, Settings, analysis, leader, leadership, registration};
use crate::webhook::Shared;
use crate::webhook::certificate::CertificateInUse;

/// How long the leader may take to give up its Lease.
const RESIGNATION: Duration = Duration::from_secs(3);

/// A controller at work. Dropping it ends all of its parts at once; [`Controller::withdraw`] does it politely.
pub struct Controller {
    context: Context,
    certificate: Option<Arc<CertificateInUse>>,
    resign: Option<oneshot::Sender<()>>,
    election: Part,
    _parts: Vec<Part>,
}

/// A task that ends with its owner.
#[derive(Debug)]
struct Part(JoinHandle<()>);

impl Part {
    fn of<T>(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(async move {
            let _over = work.await;
        }))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts all parts on the current tokio runtime, for the cluster of this kubeconfig or of the pod.
///
/// # Errors
/// When there is no way to talk to an API server. That it does not answer is none: it is asked again and again.
pub async fn start(kubeconfig: Option<&Path>, settings: Settings, shared: Shared) -> Result<Controller, ClientError> {
    let (lead, leading) = watch::channel(false);
    let context = Context { client: client(kubeconfig).await?, settings: Arc::new(settings), shared, leading };
    analysis::announce(&context);
    let mut parts = vec![
        Part::of(super::watch::run(context.clone())),
        Part::of(analysis::run(context.clone())),
        Part::of(leader::run(context.clone())),
        Part::of(registration::run(context.clone())),
    ];
    let certificate = (context.settings.certificates == Management::Own).then(|| {
        let certificates = Certificates::new(&context);
        let in_use = certificates.in_use();
        parts.push(Part::of(certificates.run()));
        in_use
    });
    let (resign, resigned) = oneshot::channel();
    let election = Part::of(elect(context.clone(), lead, resigned));
    Ok(Controller { context, certificate, resign: Some(resign), election, _parts: parts })
}

async fn elect(context: Context, lead: watch::Sender<bool>, resigned: oneshot::Receiver<()>) {
    let resigned = async {
        // Whoever owns the other end and lets it go has resigned as well.
        let _resigned = resigned.await;
    };
    leadership::run(context.client, &context.settings, lead, resigned).await;
}

impl Controller {
    /// The serving certificate, if we make it. There may be none in it yet.
    pub fn certificate(&self) -> Option<Arc<CertificateInUse>> {
        self.certificate.clone()
    }

    /// To be called when this replica is asked to stop, while it still serves: nothing waits for it if it is the last
    /// one, and another may lead at once.
    pub async fn withdraw(&mut self) {
        registration::withdraw(&self.context).await;
        if let Some(resign) = self.resign.take() {
            let _has_ended_by_itself = resign.send(());
        }
        if timeout(RESIGNATION, &mut self.election.0).await.is_err() {
            tracing::warn!("the lease was not given up in time; it runs out");
        }
    }
}
