//! The webhook configurations as they are stored: read, compared with what they should be, and put right.
//!
//! They are replaced as a whole, for the version that was read. Server-side apply would not do: whoever fills in the
//! `caBundle` of a webhook is one of its owners, and an apply that leaves the webhook out would leave a torso behind
//! that the API server takes for a mistake. Whom the API server trusts is never ours to say here: it is kept, and a new
//! webhook trusts whom the others do.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use crate::controller::FIELD_MANAGER;
use crate::engine::registration::{Configuration, FailurePolicy};

/// The two configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The MutatingWebhookConfiguration.
    Mutating,
    /// The ValidatingWebhookConfiguration.
    Validating,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Mutating, Self::Validating];

    /// How it is served.
    pub fn resource(self) -> ApiResource {
        match self {
            Self::Mutating => ApiResource::erase::<MutatingWebhookConfiguration>(&()),
            Self::Validating => ApiResource::erase::<ValidatingWebhookConfiguration>(&()),
        }
    }
}

/// Why a configuration is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Nothing would remove it when we are gone.
    #[error("there is no ClusterRole {name}, with which the webhook configurations would be removed")]
    NoOwner {
        /// The name of the ClusterRole.
        name: String,
    },
    /// It could not be read or written.
    #[error(transparent)]
    Api(#[from] kube::Error),
    /// It cannot be put into JSON.
    #[error(transparent)]
    Form(#[from] serde_json::Error),
}

/// One configuration of the cluster.
pub struct Stored {
    api: Api<DynamicObject>,
    client: Client,
    kind: Kind,
    name: String,
    /// What was last written, and what the API server made of it: the fields that it filled in are no reason to write.
    settled: Option<(Value, Value)>,
}

impl Stored {
    /// The configuration with this name.
    pub fn new(client: Client, kind: Kind, name: &str) -> Self {
        let api = Api::all_with(client.clone(), &kind.resource());
        Self { api, client, kind, name: name.to_owned(), settled: None }
    }

    /// What is stored.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(&self) -> kube::Result<Option<DynamicObject>> {
        self.api.get_opt(&self.name).await
    }

    /// Makes what was read be what is wanted. Tells whether anything had to be written.
    ///
    /// # Errors
    /// When it is not known to be written; also when somebody else wrote meanwhile.
    pub async fn put(&mut self, read: Option<&DynamicObject>, wanted: &Configuration) -> Result<bool, WriteError> {
        let next = wanted_object(read, wanted, &self.kind.resource())?;
        if read.is_some_and(|read| self.is_settled(read, &next)) {
            return Ok(false);
        }
        self.write(next).await.map(|()| true)
    }

    fn is_settled(&self, read: &DynamicObject, next: &DynamicObject) -> bool {
        let (is, should) = (webhooks(read), webhooks(next));
        let as_answered = self.settled.as_ref().is_some_and(|(sent, answered)| sent == should && answered == is);
        let is_marked = read.metadata.labels == next.metadata.labels
            && read.metadata.annotations == next.metadata.annotations
            && read.owner_references().iter().any(|owner| self.is_owner(owner));
        is_marked && (is == should || as_answered)
    }

    fn is_owner(&self, reference: &OwnerReference) -> bool {
        reference.kind == "ClusterRole" && reference.name == self.name
    }

    async fn write(&mut self, mut next: DynamicObject) -> Result<(), WriteError> {
        let owner = self.owner().await?;
        let others = next.metadata.owner_references.take().unwrap_or_default();
        let kept = others.into_iter().filter(|reference| !self.is_owner(reference));
        next.metadata.owner_references = Some(kept.chain([owner]).collect());
        next.metadata.managed_fields = None;
        let parameters = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let answer = match next.metadata.resource_version {
            Some(_) => self.api.replace(&self.name, &parameters, &next).await?,
            None => self.api.create(&parameters, &next).await?,
        };
        self.settled = Some((webhooks(&next).clone(), webhooks(&answer).clone()));
        Ok(())
    }

    /// Whoever deletes our ClusterRole deletes our configurations, even when we are dead. So without it, or once we may
    /// not see it any more, there is nothing to be written: we are being removed.
    async fn owner(&self) -> Result<OwnerReference, WriteError> {
        let roles: Api<ClusterRole> = Api::all(self.client.clone());
        let no_owner = || WriteError::NoOwner { name: self.name.clone() };
        let role = match roles.get_metadata_opt(&self.name).await {
            Err(kube::Error::Api(status)) if status.code == 403 => return Err(no_owner()),
            other => other?.filter(|role| role.metadata.deletion_timestamp.is_none()).ok_or_else(no_owner)?,
        };
        Ok(OwnerReference {
            api_version: "rbac.authorization.k8s.io/v1".to_owned(),
            kind: "ClusterRole".to_owned(),
            name: self.name.clone(),
            uid: role.metadata.uid.unwrap_or_default(),
            ..OwnerReference::default()
        })
    }

    /// Has nothing wait for us any more. Tells whether anything had to be written.
    ///
    /// # Errors
    /// When it is not known to be written; also when somebody else wrote meanwhile.
    pub async fn disarm(&self) -> kube::Result<bool> {
        let Some(mut object) = self.read().await? else { return Ok(false) };
        if !disarmed(&mut object) {
            return Ok(false);
        }
        let parameters = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        self.api.replace(&self.name, &parameters, &object).await?;
        Ok(true)
    }
}

/// Takes `Fail` out of all webhooks; tells whether there was any.
fn disarmed(object: &mut DynamicObject) -> bool {
    let webhooks = object.data.get_mut("webhooks").and_then(Value::as_array_mut).into_iter().flatten();
    let failing: Vec<_> =
        webhooks.filter_map(|webhook| webhook.get_mut("failurePolicy")).filter(|it| *it == "Fail").collect();
    let is_armed = !failing.is_empty();
    for policy in failing {
        *policy = json!("Ignore");
    }
    is_armed
}

/// What is to be stored in the place of what is.
fn wanted_object(
    read: Option<&DynamicObject>,
    wanted: &Configuration,
    resource: &ApiResource,
) -> Result<DynamicObject, serde_json::Error> {
    let mut object = read.cloned().unwrap_or_else(|| DynamicObject::new(&wanted.metadata.name, resource));
    let text = |(key, value): (&&'static str, &String)| ((*key).to_owned(), value.clone());
    if !wanted.metadata.labels.is_empty() {
        object.labels_mut().extend(wanted.metadata.labels.iter().map(text));
    }
    if !wanted.metadata.annotations.is_empty() {
        object.annotations_mut().extend(wanted.metadata.annotations.iter().map(text));
    }
    let mut webhooks = serde_json::to_value(&wanted.webhooks)?;
    for webhook in webhooks.as_array_mut().into_iter().flatten() {
        let trusted = read.and_then(|read| bundle_for(read, webhook.get("name")));
        if let (Some(bundle), Some(Value::Object(config))) = (trusted, webhook.get_mut("clientConfig")) {
            config.insert("caBundle".to_owned(), bundle.clone());
        }
    }
    object.data = json!({"webhooks": webhooks});
    Ok(object)
}

/// Whom the webhook with this name trusts; for a new one, whom another does.
fn bundle_for<'a>(read: &'a DynamicObject, name: Option<&Value>) -> Option<&'a Value> {
    let named = each(read).find(|webhook| webhook.get("name") == name);
    named.and_then(bundle).or_else(|| each(read).find_map(bundle))
}

fn bundle(webhook: &Value) -> Option<&Value> {
    webhook.pointer("/clientConfig/caBundle")
}

fn webhooks(object: &DynamicObject) -> &Value {
    object.data.get("webhooks").unwrap_or(&Value::Null)
}

fn each(object: &DynamicObject) -> impl Iterator<Item = &Value> {
    webhooks(object).as_array().into_iter().flatten()
}

/// Whether there is a webhook with this name.
pub fn has(read: &DynamicObject, name: &str) -> bool {
    each(read).any(|webhook| webhook.get("name").is_some_and(|it| it == name))
}

/// What requests do that a webhook on this path does not answer: they fail if any such webhook says so.
pub fn policy_of(read: Option<&DynamicObject>, path: &str) -> FailurePolicy {
    let is_on_path = |webhook: &Value| {
        let called = webhook.pointer("/clientConfig/service/path").and_then(Value::as_str).unwrap_or_default();
        called.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let fails = |webhook: &Value| is_on_path(webhook) && webhook.get("failurePolicy") == Some(&json!("Fail"));
    if read.into_iter().flat_map(each).any(fails) { FailurePolicy::Fail } else { FailurePolicy::Ignore }
}

/// Whether all webhooks trust the same. Otherwise a self-test that one of them answers proves nothing about the others.
pub fn trusts_alike(read: &DynamicObject) -> bool {
    let mut bundles = each(read).map(bundle);
    let first = bundles.next();
    bundles.all(|other| Some(other) == first)
}

#[cfg(test)]
mod tests;
