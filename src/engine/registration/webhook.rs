//! One webhook, as the API server reads it, and how ours are made.

use std::collections::BTreeMap;

use serde::Serialize;

use super::conditions::Condition;
use super::rules::Rule;
use super::{FailurePolicies, Place};
use crate::model::guard::Mode;
use crate::model::guard::enforcement::MODE_LABEL;

/// The seconds that the API server waits for us. What takes longer is not worth a user's time.
const TIMEOUT_SECONDS: u8 = 3;
/// The label that the API server puts on each namespace, with the namespace's name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// All modes that a namespace may ask for.
pub(super) const MODES: [Mode; 3] = [Mode::Enforce, Mode::Warn, Mode::Audit];

/// What happens to a request that a webhook does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum FailurePolicy {
    /// It goes on.
    Ignore,
    /// It is refused.
    Fail,
}

/// One webhook of a configuration.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Its name, by which users meet it in refusals.
    pub name: String,
    admission_review_versions: [&'static str; 1],
    side_effects: &'static str,
    timeout_seconds: u8,
    /// What happens to a request that it does not answer.
    pub failure_policy: FailurePolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    reinvocation_policy: Option<&'static str>,
    match_policy: &'static str,
    client_config: ClientConfig,
    namespace_selector: Selector,
    object_selector: Selector,
    /// The requests that it may be called for.
    pub(super) rules: Vec<Rule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    match_conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ClientConfig {
    service: ServiceReference,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ServiceReference {
    name: String,
    namespace: String,
    path: String,
    port: u16,
}

/// A label selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Selector {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    match_labels: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    match_expressions: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Requirement {
    key: &'static str,
    operator: &'static str,
    values: Vec<String>,
}

impl Selector {
    /// What has this label.
    pub(super) fn label(key: &'static str, value: &'static str) -> Self {
        Self { match_labels: [(key, value)].into(), match_expressions: Vec::new() }
    }

    /// The namespaces with these names.
    pub(super) fn named(names: &[String]) -> Self {
        Self::default().and(NAMESPACE_NAME, "In", names.to_vec())
    }

    /// All namespaces but those.
    pub(super) fn not_named(names: &[String]) -> Self {
        Self::default().and(NAMESPACE_NAME, "NotIn", names.to_vec())
    }

    /// Of these namespaces, those that ask for this mode; for `None`, those that ask for none that is known.
    pub(super) fn in_mode(self, mode: Option<Mode>) -> Self {
        match mode {
            Some(mode) => self.and(MODE_LABEL, "In", vec![mode.to_string()]),
            None => self.and(MODE_LABEL, "NotIn", MODES.iter().map(Mode::to_string).collect()),
        }
    }

    /// Of these namespaces, those that do not ask for this mode.
    pub(super) fn not_in_mode(self, mode: Mode) -> Self {
        self.and(MODE_LABEL, "NotIn", vec![mode.to_string()])
    }

    fn and(mut self, key: &'static str, operator: &'static str, values: Vec<String>) -> Self {
        self.match_expressions.push(Requirement { key, operator, values });
        self
    }
}

/// Makes webhooks that lead to one place.
pub(super) struct Factory<'a> {
    pub(super) place: &'a Place,
    pub(super) policies: FailurePolicies,
}

impl Factory<'_> {
    /// A webhook that may refuse objects, and holds nothing up while it does not answer.
    pub(super) fn validating(&self, name: &str, path: &str, mode: Option<Mode>) -> Webhook {
        Webhook {
            name: named(name, mode),
            admission_review_versions: ["v1"],
            side_effects: "None",
            timeout_seconds: TIMEOUT_SECONDS,
            failure_policy: FailurePolicy::Ignore,
            reinvocation_policy: None,
            match_policy: "Equivalent",
            client_config: self.client_config(path, mode),
            namespace_selector: Selector::default(),
            object_selector: Selector::default(),
            rules: Vec::new(),
            match_conditions: Vec::new(),
        }
    }

    /// A webhook that may change objects. Those must come to be whether or not we are there, so it never holds anything
    /// up. Other webhooks may add containers after us, so it wants to be called again.
    pub(super) fn mutating(&self, name: &str, mode: Option<Mode>) -> Webhook {
        Webhook { reinvocation_policy: Some("IfNeeded"), ..self.validating(name, "/mutate", mode) }
    }

    fn client_config(&self, path: &str, mode: Option<Mode>) -> ClientConfig {
        let path = mode.map_or_else(|| path.to_owned(), |mode| format!("{path}/{mode}"));
        let Place { service, namespace, port, .. } = self.place;
        let service = ServiceReference { name: service.clone(), namespace: namespace.clone(), path, port: *port };
        ClientConfig { service }
    }
}

/// Names are domain names; the mode comes first, where there is one.
fn named(name: &str, mode: Option<Mode>) -> String {
    mode.map_or_else(|| format!("{name}.scrapeguard.io"), |mode| format!("{mode}.{name}.scrapeguard.io"))
}

impl Webhook {
    /// The path that it calls.
    pub fn path(&self) -> &str {
        &self.client_config.service.path
    }

    pub(super) fn on(mut self, rules: &[Rule]) -> Self {
        self.rules = rules.to_vec();
        self
    }

    pub(super) fn within(mut self, namespaces: Selector) -> Self {
        self.namespace_selector = namespaces;
        self
    }

    pub(super) fn of(mut self, objects: Selector) -> Self {
        self.object_selector = objects;
        self
    }

    pub(super) fn when(mut self, conditions: &[Condition]) -> Self {
        self.match_conditions = conditions.to_vec();
        self
    }

    pub(super) fn or(mut self, policy: FailurePolicy) -> Self {
        self.failure_policy = policy;
        self
    }
}
