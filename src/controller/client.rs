//! The client of the API server, from a kubeconfig or from the service account of the pod.

use std::path::Path;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// How long the API server may take to let a connection be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The kubeconfig cannot be used.
    #[error("the kubeconfig cannot be used")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    /// This is no pod with a service account.
    #[error("there is no service account here")]
    ServiceAccount(#[from] kube::config::InClusterError),
    /// TLS or the proxy cannot be set up.
    #[error("the API server cannot be talked to")]
    Client(#[from] kube::Error),
}

/// Whether this process runs in a pod that has a service account.
pub fn is_in_cluster() -> bool {
    Config::incluster().is_ok()
}

/// A client with this kubeconfig; without one, with the service account of the pod.
///
/// # Errors
/// When neither can be used. Whether the API server answers is another question.
pub async fn client(kubeconfig: Option<&Path>) -> Result<Client, ClientError> {
    let mut config = match kubeconfig {
        Some(path) => {
            Config::from_custom_kubeconfig(Kubeconfig::read_from(path)?, &KubeConfigOptions::default()).await?
        }
        None => Config::incluster()?,
    };
    config.connect_timeout = Some(CONNECT);
    Ok(Client::try_from(config)?)
}
