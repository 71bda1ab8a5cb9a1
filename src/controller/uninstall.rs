//! Removing what we have made, whether or not any replica is alive.
//!
//! First goes what binds our service account to its permissions, so that no replica puts back what is taken away; then
//! what the API server might wait for; then the rest. What came from manifests is left to those.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams};
use kube::{Client, ResourceExt};
use serde_json::Value;

use super::leadership;
use super::registration::dead_man;
use crate::engine::companion::manifest::MANAGED_BY;
use crate::engine::companion::owned;

/// What is to be removed.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The namespace that we ran in.
    pub namespace: String,
    /// The name of our Service.
    pub service: String,
    /// Whether companions stay. They go with their guard all the same.
    pub keeps_companions: bool,
}

/// An object, as kubectl names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A webhook configuration that calls us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Which one.
    pub object: Named,
    /// Its webhooks without whose answer requests fail.
    pub failing: Vec<String>,
}

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
#[error("{kind} cannot be {done}: {source}")]
pub struct UninstallError {
    kind: String,
    done: &'static str,
    source: kube::Error,
}

impl std::fmt::Display for Named {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let separator = if self.namespace.is_empty() { "" } else { "/" };
        write!(formatter, "{} {}{separator}{}", self.kind, self.namespace, self.name)
    }
}

/// Removes everything in the right order, and tells of each object that was there.
///
/// # Errors
/// The first object that may still be there. Whatever comes before it is gone; it is safe to begin again.
pub async fn remove(
    client: &Client,
    installation: &Installation,
    mut told: impl FnMut(&Named),
) -> Result<(), UninstallError> {
    let Installation { namespace, service, keeps_companions } = installation;
    let cluster = |resource| Objects::of(client, resource, "");
    let own = |resource| Objects::of(client, resource, namespace);
    cluster(ApiResource::erase::<ClusterRoleBinding>(&())).delete(service, &mut told).await?;
    own(ApiResource::erase::<RoleBinding>(&())).delete(service, &mut told).await?;
    for resource in configurations() {
        cluster(resource).delete(service, &mut told).await?;
    }
    if !keeps_companions {
        remove_companions(client, &mut told).await?;
    }
    let leases = own(ApiResource::erase::<Lease>(&()));
    for lease in leases.list(&format!("{}={service}", dead_man::LABEL)).await? {
        leases.delete(&lease.name_any(), &mut told).await?;
    }
    leases.delete(leadership::LEASE, &mut told).await?;
    own(ApiResource::erase::<Secret>(&())).delete(&format!("{service}-certificates"), &mut told).await?;
    // A replica may have written at the very moment at which it lost its permissions.
    for resource in configurations() {
        cluster(resource).delete(service, &mut told).await?;
    }
    Ok(())
}

fn configurations() -> [ApiResource; 2] {
    [ApiResource::erase::<ValidatingWebhookConfiguration>(&()), ApiResource::erase::<MutatingWebhookConfiguration>(&())]
}

/// What denies everything goes first: the policies that open something again must not go before it.
async fn remove_companions(client: &Client, told: &mut impl FnMut(&Named)) -> Result<(), UninstallError> {
    for resource in companion_kinds() {
        let (key, value) = MANAGED_BY;
        let all = Objects::of(client, resource, "");
        let mut companions = all.list(&format!("{key}={value}")).await?;
        companions.retain(|object| serde_json::to_value(object).is_ok_and(|object| owned::is_companion(&object)));
        companions.sort_by_key(|object| !selects_everything(object));
        for companion in companions {
            let namespace = companion.namespace().unwrap_or_default();
            let objects = Objects::of(client, all.resource.clone(), &namespace);
            objects.delete(&companion.name_any(), told).await?;
        }
    }
    Ok(())
}

fn companion_kinds() -> [ApiResource; 3] {
    let of = |group, version, kind| ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    [
        ApiResource::erase::<NetworkPolicy>(&()),
        of("security.istio.io", "v1", "AuthorizationPolicy"),
        of("monitoring.coreos.com", "v1", "PodMonitor"),
    ]
}

fn selects_everything(policy: &DynamicObject) -> bool {
    let selector = policy.data.pointer("/spec/podSelector").and_then(Value::as_object);
    selector.is_some_and(serde_json::Map::is_empty)
}

/// All webhook configurations that call our Service, whatever they are called.
///
/// # Errors
/// When they cannot be read.
pub async fn callers(client: &Client, installation: &Installation) -> Result<Vec<Caller>, UninstallError> {
    let mut callers = Vec::new();
    for resource in configurations() {
        let objects = Objects::of(client, resource, "");
        let all = objects.list("").await?;
        callers.extend(all.iter().filter_map(|object| caller(object, &objects.resource.kind, installation)));
    }
    Ok(callers)
}

fn caller(object: &DynamicObject, kind: &str, installation: &Installation) -> Option<Caller> {
    let webhooks = object.data.get("webhooks").and_then(Value::as_array)?;
    let calls_us = |webhook: &&Value| {
        let part =
            |name: &str| webhook.pointer("/clientConfig/service").and_then(|service| service.get(name)?.as_str());
        part("name") == Some(&installation.service) && part("namespace") == Some(&installation.namespace)
    };
    let ours: Vec<&Value> = webhooks.iter().filter(calls_us).collect();
    let fails = |webhook: &&&Value| webhook.get("failurePolicy").is_none_or(|policy| policy == "Fail");
    let name = |webhook: &&Value| Some(webhook.get("name")?.as_str()?.to_owned());
    (!ours.is_empty()).then(|| Caller {
        object: Named { kind: kind.to_owned(), namespace: String::new(), name: object.name_any() },
        failing: ours.iter().filter(fails).filter_map(name).collect(),
    })
}

/// The objects of one kind, in one namespace or in all.
struct Objects {
    api: Api<DynamicObject>,
    resource: ApiResource,
    namespace: String,
}

impl Objects {
    fn of(client: &Client, resource: ApiResource, namespace: &str) -> Self {
        let api = match namespace {
            "" => Api::all_with(client.clone(), &resource),
            _ => Api::namespaced_with(client.clone(), namespace, &resource),
        };
        Self { api, resource, namespace: namespace.to_owned() }
    }

    /// Those with these labels; none where the cluster does not know the kind.
    async fn list(&self, labels: &str) -> Result<Vec<DynamicObject>, UninstallError> {
        match self.api.list(&ListParams::default().labels(labels)).await {
            Ok(list) => Ok(list.items),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Vec::new()),
            Err(error) => Err(self.error("read", error)),
        }
    }

    async fn delete(&self, name: &str, told: &mut impl FnMut(&Named)) -> Result<(), UninstallError> {
        match self.api.delete(name, &DeleteParams::default()).await {
            Ok(_) => {
                let kind = self.resource.kind.clone();
                told(&Named { kind, namespace: self.namespace.clone(), name: name.to_owned() });
                Ok(())
            }
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(self.error("removed", error)),
        }
    }

    fn error(&self, done: &'static str, source: kube::Error) -> UninstallError {
        UninstallError { kind: self.resource.kind.clone(), done, source }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn installation() -> Installation {
        let name = |name: &str| name.to_owned();
        Installation { namespace: name("scrapeguard-system"), service: name("scrapeguard"), keeps_companions: false }
    }

    fn configuration(webhooks: &Value) -> DynamicObject {
        serde_json::from_value(json!({"metadata": {"name": "any"}, "webhooks": webhooks})).unwrap()
    }

    #[test]
    fn who_calls_us_is_found_whatever_it_is_called() {
        let ours = json!({"service": {"name": "scrapeguard", "namespace": "scrapeguard-system"}});
        let theirs = json!({"service": {"name": "scrapeguard", "namespace": "elsewhere"}});
        let object = configuration(&json!([
            {"name": "a", "clientConfig": ours, "failurePolicy": "Fail"},
            {"name": "b", "clientConfig": ours, "failurePolicy": "Ignore"},
            {"name": "c", "clientConfig": theirs, "failurePolicy": "Fail"},
            {"name": "d", "clientConfig": {"url": "https://somewhere"}},
        ]));
        let found = caller(&object, "ValidatingWebhookConfiguration", &installation()).unwrap();
        assert_eq!(found.object.to_string(), "ValidatingWebhookConfiguration any");
        assert_eq!(found.failing, ["a"]);
        let foreign = configuration(&json!([{"name": "c", "clientConfig": theirs}]));
        assert_eq!(caller(&foreign, "ValidatingWebhookConfiguration", &installation()), None);
    }

    #[test]
    fn what_denies_everything_is_told_from_what_opens_something() {
        let policy = |selector: Value| {
            let policy = json!({"metadata": {"name": "p"}, "spec": {"podSelector": selector}});
            serde_json::from_value(policy).unwrap()
        };
        assert!(selects_everything(&policy(json!({}))));
        assert!(!selects_everything(&policy(json!({"matchLabels": {"app": "a"}}))));
    }
}
