//! Sends the object that is refused whenever we are asked, and looks who refuses it.

use std::time::Duration;

use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use tokio::time::timeout;

use crate::controller::FIELD_MANAGER;
use crate::engine::registration::Place;
use crate::engine::registration::self_test::{Question, object};

/// How long one test may take: longer than the API server waits for us.
const LIMIT: Duration = Duration::from_secs(5);

/// Why a self-test was not answered.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// It would have been stored: nobody was asked, or nobody answered.
    #[error("the object of the self-test is not refused")]
    Admitted,
    /// Something else refused it, or it could not be sent.
    #[error("the self-test cannot be made")]
    Failed(#[from] kube::Error),
    /// There was no answer in time.
    #[error("the self-test takes too long")]
    Late,
    /// The object is not one.
    #[error("the object of the self-test is no object")]
    Malformed(#[from] serde_json::Error),
}

/// Asks this question by a dry run.
///
/// # Errors
/// Why it was not we who answered.
pub async fn ask(client: Client, place: &Place, question: Question) -> Result<(), Silence> {
    let policies: Api<DynamicObject> =
        Api::namespaced_with(client, &place.namespace, &ApiResource::erase::<NetworkPolicy>(&()));
    let policy: DynamicObject = serde_json::from_value(object(question, place))?;
    let dry_run = PostParams { dry_run: true, field_manager: Some(FIELD_MANAGER.to_owned()) };
    match timeout(LIMIT, policies.create(&dry_run, &policy)).await {
        Err(_) => Err(Silence::Late),
        Ok(Ok(_)) => Err(Silence::Admitted),
        Ok(Err(error)) if is_our_refusal(&error, question) => Ok(()),
        Ok(Err(error)) => Err(error.into()),
    }
}

/// The API server names the webhook that refused
/// (`k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go`).
fn is_our_refusal(error: &kube::Error, question: Question) -> bool {
    let refused = format!("admission webhook \"{}\" denied the request", question.webhook());
    matches!(error, kube::Error::Api(status) if status.code == 403 && status.message.contains(&refused))
}
