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

/// A client with this kubeconfig; without one, with what kubectl would take, or the service account of the pod.
///
/// # Errors
/// When none can be used.
pub async fn of_user(kubeconfig: Option<&Path>) -> Result<Client, UserError> {
    if kubeconfig.is_some() {
        return Ok(client(kubeconfig).await?);
    }
    let mut config = Config::infer().await?;
    config.connect_timeout = Some(CONNECT);
    Ok(Client::try_from(config).map_err(ClientError::from)?)
}

/// Why there is no client for a user.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// What was named cannot be used.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// There is nothing to be used.
    #[error("there is neither a kubeconfig nor a service account")]
    Nothing(#[from] kube::config::InferConfigError),
}
