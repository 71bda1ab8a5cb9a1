//! One look at one companion, and what is written because of it.
//!
//! The object is read before it is written, so that nothing is written that somebody else, such as another leader, has
//! written already, and no object that is not ours. Writes are server-side apply, or name the version that they are
//! about.

use std::time::Duration;

use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, Preconditions};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::controller::FIELD_MANAGER;
use crate::engine::companion::comparison::{Found, essence, examine, is_same, is_written_by_us, superfluous};
use crate::engine::companion::plan::{Unwanted, Wanted};
use crate::model::{ObjectReference, Resource};

/// How long all requests about one object may take together.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was what it should be.
    Settled,
    /// It was not there, and has been made.
    Created,
    /// It was another, and has been repaired.
    Repaired,
    /// It has been written, and something in the cluster made something else of it: this is what it is in essence.
    Altered(Value),
    /// It is not wanted, and has been deleted or was gone.
    Removed,
    /// It belongs to somebody else, who applied it under this name, if any.
    Foreign(Option<String>),
    /// It is on its way out, and is made again afterwards.
    Leaving,
    /// The cluster does not know its kind.
    KindUnknown,
    /// It could not be read or written, for this reason.
    Failed(String),
}

impl Outcome {
    /// Whether a companion was written.
    pub const fn is_write(&self) -> bool {
        matches!(self, Self::Created | Self::Repaired | Self::Altered(_))
    }

    /// Its name in metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Created => "created",
            Self::Repaired => "repaired",
            Self::Altered(_) => "altered",
            Self::Removed => "removed",
            Self::Foreign(_) => "foreign",
            Self::Leaving => "leaving",
            Self::KindUnknown => "kind_unknown",
            Self::Failed(_) => "failed",
        }
    }
}

/// What stands in the way of a request.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the cluster does not know this kind")]
    KindUnknown,
    #[error("it was changed at the same moment")]
    Conflict,
    #[error("{0}")]
    Other(String),
}

impl From<kube::Error> for Trouble {
    fn from(error: kube::Error) -> Self {
        match error {
            // The API server has no words of its own for a path that it does not serve.
            kube::Error::Api(status) if status.code == 404 && status.details.is_none() => Self::KindUnknown,
            kube::Error::Api(status) if status.code == 409 => Self::Conflict,
            kube::Error::Api(status) => Self::Other(status.message.clone()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<Trouble> for Outcome {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::KindUnknown => Self::KindUnknown,
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Sees to it that a companion is what it should be.
pub(super) async fn bring_about(client: &Client, wanted: &Wanted) -> Outcome {
    let result = timeout(PATIENCE, settle(client, wanted)).await;
    result.unwrap_or_else(|_| Ok(too_late())).unwrap_or_else(Outcome::from)
}

/// Sees to it that what nobody wants goes, if it is ours.
pub(super) async fn remove(client: &Client, unwanted: &Unwanted) -> Outcome {
    let result = timeout(PATIENCE, delete(client, unwanted)).await;
    result.unwrap_or_else(|_| Ok(too_late())).unwrap_or_else(Outcome::from)
}

fn too_late() -> Outcome {
    Outcome::Failed("the API server does not answer".to_owned())
}

async fn settle(client: &Client, wanted: &Wanted) -> Result<Outcome, Trouble> {
    let api = api(client, wanted.resource, &wanted.reference);
    let name = &wanted.reference.name;
    let Some(live) = read(&api, name).await? else {
        let parameters = PatchParams::apply(FIELD_MANAGER);
        let made = value(api.patch(name, &parameters, &Patch::Apply(&wanted.object)).await?);
        return Ok(written(wanted, &made, Outcome::Created));
    };
    match examine(&wanted.object, &live) {
        Found::Same => Ok(Outcome::Settled),
        Found::Foreign => Ok(Outcome::Foreign(manager(&live))),
        Found::Leaving => Ok(Outcome::Leaving),
        Found::Differs => repair(&api, wanted, live).await,
    }
}

/// Apply leaves alone what others have added, so that is removed first. What they have changed is taken back.
async fn repair(api: &Api<DynamicObject>, wanted: &Wanted, mut live: Value) -> Result<Outcome, Trouble> {
    let name = &wanted.reference.name;
    let additions = superfluous(&wanted.object, &live);
    if !additions.is_empty() {
        let version = live.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
        let test = json!({"op": "test", "path": "/metadata/resourceVersion", "value": version});
        let removals = additions.iter().map(|path| json!({"op": "remove", "path": path}));
        let patch = Value::Array(std::iter::once(test).chain(removals).collect());
        let patch = serde_json::from_value(patch).map_err(|error| Trouble::Other(error.to_string()))?;
        let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        live = value(api.patch(name, &parameters, &Patch::<Value>::Json(patch)).await?);
    }
    if !is_same(&wanted.object, &live) {
        let mut object = wanted.object.clone();
        // The object that was looked at is meant, and no other that is called like it by now.
        if let (Some(metadata), Some(uid)) = (object.get_mut("metadata"), live.pointer("/metadata/uid")) {
            metadata["uid"] = uid.clone();
        }
        live = value(api.patch(name, &PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(&object)).await?);
    }
    Ok(written(wanted, &live, Outcome::Repaired))
}

fn written(wanted: &Wanted, live: &Value, outcome: Outcome) -> Outcome {
    if is_same(&wanted.object, live) { outcome } else { Outcome::Altered(essence(live, &wanted.object)) }
}

async fn delete(client: &Client, unwanted: &Unwanted) -> Result<Outcome, Trouble> {
    let api = api(client, unwanted.resource, &unwanted.reference);
    let Some(live) = read(&api, &unwanted.reference.name).await? else { return Ok(Outcome::Removed) };
    if live.pointer("/metadata/deletionTimestamp").is_some() {
        return Ok(Outcome::Leaving);
    }
    if !is_written_by_us(&live) {
        return Ok(Outcome::Foreign(manager(&live)));
    }
    let text = |path: &str| live.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let preconditions =
        Preconditions { uid: text("/metadata/uid"), resource_version: text("/metadata/resourceVersion") };
    let parameters = DeleteParams::default().preconditions(preconditions);
    match api.delete(&unwanted.reference.name, &parameters).await {
        Ok(_) => Ok(Outcome::Removed),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Outcome::Removed),
        Err(error) => Err(error.into()),
    }
}

async fn read(api: &Api<DynamicObject>, name: &str) -> Result<Option<Value>, Trouble> {
    match api.get(name).await {
        Ok(object) => Ok(Some(value(object))),
        Err(kube::Error::Api(status)) if status.code == 404 && status.details.is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn value(object: DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// Who wrote the `spec` of an object, as far as it tells.
fn manager(live: &Value) -> Option<String> {
    let entries = live.pointer("/metadata/managedFields")?.as_array()?;
    let has_spec = |entry: &&Value| entry.pointer("/fieldsV1/f:spec").is_some();
    entries.iter().find(has_spec)?.get("manager")?.as_str().map(str::to_owned)
}

/// How companions are asked for.
fn api(client: &Client, resource: Resource, reference: &ObjectReference) -> Api<DynamicObject> {
    let plural = format!("{}s", resource.kind().to_lowercase());
    let plural = plural.strip_suffix("ys").map_or(plural.clone(), |stem| format!("{stem}ies"));
    let kind = GroupVersionKind::gvk(resource.group(), "v1", resource.kind());
    let described = ApiResource::from_gvk_with_plural(&kind, &plural);
    Api::namespaced_with(client.clone(), reference.namespace.as_deref().unwrap_or_default(), &described)
}
