//! The `caBundle` of our webhooks: read in both webhook configurations, and put right.
//!
//! Only the field itself is written, by a JSON Patch that holds for the version which was read. Everything else of a
//! configuration belongs to those who apply it: neither kubectl apply nor server-side apply of a manifest without
//! `caBundle` touches it.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch as JsonPatch, PatchOperation, TestOperation};
use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use serde::Deserialize;
use serde_json::{Value, json};

use super::authority::Trusted;
use crate::controller::{FIELD_MANAGER, Settings};

/// The two configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The MutatingWebhookConfiguration.
    Mutating,
    /// The ValidatingWebhookConfiguration.
    Validating,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Mutating, Self::Validating];

    /// As a word, for logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mutating => "mutating",
            Self::Validating => "validating",
        }
    }
}

/// What was found in the place of a configuration.
#[derive(Debug)]
pub enum Found {
    /// It is not there.
    Absent,
    /// It is there.
    Present(Configuration),
    /// It could not be read.
    Unknown(kube::Error),
}

impl Found {
    /// Whether all our webhooks in it, if there are any, trust this authority; `None` if that is not known.
    pub fn trusts(&self, authority: &Trusted) -> Option<bool> {
        match self {
            Self::Absent => Some(true),
            Self::Present(configuration) => Some(configuration.trusts(authority)),
            Self::Unknown(_) => None,
        }
    }
}

/// What one version of a configuration says of our webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    version: String,
    /// The index of each webhook that calls our Service, and its bundle.
    bundles: Vec<(usize, Vec<u8>)>,
}

/// The fields of a webhook that matter here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    client_config: ClientConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientConfig {
    service: Option<ServiceReference>,
    ca_bundle: Option<ByteString>,
}

#[derive(Deserialize)]
struct ServiceReference {
    name: String,
    namespace: String,
}

/// Where the configurations are.
pub struct Registrations {
    client: kube::Client,
    service: String,
    namespace: String,
}

impl Registrations {
    /// Those that are named as our Service.
    pub fn new(client: kube::Client, settings: &Settings) -> Self {
        Self { client, service: settings.service.clone(), namespace: settings.namespace.clone() }
    }

    /// What is there.
    pub async fn read(&self, kind: Kind) -> Found {
        match self.api(kind).get_opt(&self.service).await {
            Ok(None) => Found::Absent,
            Ok(Some(object)) => self.configuration(&object).map_or_else(Found::Unknown, Found::Present),
            Err(error) => Found::Unknown(error),
        }
    }

    /// Puts this bundle into our webhooks, if nobody has written since this version was read.
    ///
    /// # Errors
    /// When it is not known to be written.
    pub async fn put(&self, kind: Kind, configuration: &Configuration, bundle: &str) -> Result<(), kube::Error> {
        let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let patch: Patch<()> = Patch::Json(configuration.patch(bundle));
        self.api(kind).patch(&self.service, &parameters, &patch).await.map(drop)
    }

    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let resource = match kind {
            Kind::Mutating => ApiResource::erase::<MutatingWebhookConfiguration>(&()),
            Kind::Validating => ApiResource::erase::<ValidatingWebhookConfiguration>(&()),
        };
        Api::all_with(self.client.clone(), &resource)
    }

    fn configuration(&self, object: &DynamicObject) -> Result<Configuration, kube::Error> {
        let webhooks = match object.data.get("webhooks") {
            None | Some(Value::Null) => Vec::new(),
            Some(webhooks) => Vec::<Webhook>::deserialize(webhooks).map_err(kube::Error::SerdeError)?,
        };
        let ours = webhooks.into_iter().enumerate().filter(|(_, webhook)| self.is_ours(webhook));
        let bundle = |webhook: Webhook| webhook.client_config.ca_bundle.unwrap_or_default().0;
        Ok(Configuration {
            version: object.metadata.resource_version.clone().unwrap_or_default(),
            bundles: ours.map(|(index, webhook)| (index, bundle(webhook))).collect(),
        })
    }

    fn is_ours(&self, webhook: &Webhook) -> bool {
        let service = webhook.client_config.service.as_ref();
        service.is_some_and(|service| service.name == self.service && service.namespace == self.namespace)
    }
}

impl Configuration {
    /// Whether all our webhooks have just this bundle.
    pub fn has(&self, bundle: &str) -> bool {
        self.bundles.iter().all(|(_, there)| there == bundle.as_bytes())
    }

    /// Whether all our webhooks trust this authority.
    pub fn trusts(&self, authority: &Trusted) -> bool {
        self.bundles.iter().all(|(_, there)| String::from_utf8_lossy(there).contains(authority.pem().trim()))
    }

    /// Whether any of our webhooks has a bundle.
    pub fn is_in_use(&self) -> bool {
        self.bundles.iter().any(|(_, there)| !there.is_empty())
    }

    fn patch(&self, bundle: &str) -> JsonPatch {
        let version = TestOperation {
            path: PointerBuf::from_tokens(["metadata", "resourceVersion"]),
            value: json!(self.version),
        };
        let outdated = self.bundles.iter().filter(|(_, there)| there != bundle.as_bytes());
        let writes = outdated.map(|(index, _)| AddOperation {
            path: PointerBuf::from_tokens(["webhooks", &index.to_string(), "clientConfig", "caBundle"]),
            value: json!(ByteString(bundle.as_bytes().to_owned())),
        });
        JsonPatch([PatchOperation::Test(version)].into_iter().chain(writes.map(PatchOperation::Add)).collect())
    }
}
