//! The guard: what must be true around one Prometheus.
//!
//! A guard is written as a `ScrapeGuard` document ([`document`]), resolved over the built-in description of
//! kube-prometheus-stack ([`built_in`]) and checked ([`resolve`]). Everything else in the house sees only the resolved
//! [`Guard`], in which names exist, ports are numbers and nothing is optional that must be there.

pub mod built_in;
pub mod component;
pub mod connection;
pub mod definition;
pub mod document;
pub mod enforcement;
pub mod learning;
pub mod load;
pub mod monitors;
pub mod resolve;
pub mod status;

pub use component::{Component, ComponentPort, Evidence, Identification};
pub use connection::{Caller, Connection, Purpose, Source};
pub use document::CompanionMode;
pub use enforcement::{Enforcement, Exemption, Mode, RuleSetting, Subject, SubjectKind, User};
pub use load::GuardError;
pub use monitors::Monitors;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::resource::Prometheus;
use crate::model::selector::LabelSelector;
use crate::model::truth::Truth;

/// One guarded Prometheus: its components, connections and enforcement.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    /// Name of the `ScrapeGuard`.
    pub name: String,
    /// The namespace that is guarded.
    pub namespace: String,
    /// Name of the Helm release of kube-prometheus-stack.
    pub release: String,
    /// The kinds of workload in that namespace.
    pub components: Vec<Component>,
    /// Who may talk to whom.
    pub connections: Vec<Connection>,
    /// Name of the guarded Prometheus resource, where the guard gives one. Otherwise every one in the namespace is
    /// guarded.
    pub prometheus: Option<String>,
    /// Which monitors the guarded Prometheus picks up.
    pub monitors: Monitors,
    /// The service mesh around the components.
    pub mesh: Mesh,
    /// What is done about objects derived from the connections.
    pub companions: Companions,
    /// What is done about objects that lack what is injected.
    pub existing: document::ExistingMode,
    /// What is done about findings.
    pub enforcement: Enforcement,
    /// Findings that are accepted.
    pub exemptions: Vec<Exemption>,
}

/// What the guard knows about Istio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mesh {
    /// Whether and how the mesh captures traffic.
    pub istio: document::IstioMode,
    /// Trust domain: the first part of every principal.
    pub trust_domain: String,
    /// Namespace whose policies hold for the whole mesh.
    pub root_namespace: String,
    /// Whether Envoy statistics are collected.
    pub envoy_stats: bool,
    /// How Prometheus gets certificates of the mesh.
    pub certificates: Certificates,
    /// Whether pods have IPv6 addresses beside those of IPv4; `None` where the guard does not say.
    pub dual_stack: Option<bool>,
}

/// How a Prometheus inside the mesh gets the certificates with which it scrapes what demands mutual TLS. In either way
/// its sidecar writes them to a volume that both containers mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Certificates {
    /// It gets none, or somebody else sees to it.
    #[default]
    None,
    /// As Istio's documentation does: the sidecar captures no traffic at all, so AuthorizationPolicies do not hold for
    /// Prometheus.
    Istio,
    /// As Oracle Cloud Native Environment does: the sidecar captures inbound traffic, so AuthorizationPolicies hold.
    Ocne,
}

/// What is done about objects derived from the connections, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Companions {
    /// NetworkPolicies.
    pub network_policies: CompanionMode,
    /// AuthorizationPolicies.
    pub authorization_policies: CompanionMode,
    /// PodMonitors.
    pub pod_monitors: CompanionMode,
    /// Whether a default-deny NetworkPolicy is among them.
    pub default_deny: bool,
}

impl Guard {
    /// The built-in guard: kube-prometheus-stack as the Helm release `prometheus-operator` in the namespace
    /// `monitoring`.
    #[expect(clippy::missing_panics_doc, reason = "there is no input, and a unit test calls it")]
    pub fn built_in() -> Self {
        let resolved = resolve::guard("monitoring", &document::ScrapeGuardSpec::default());
        #[expect(clippy::expect_used, reason = "there is no input, and a unit test calls it")]
        resolved.expect("the built-in guard is valid")
    }

    /// Reads the guard of a `ScrapeGuard` object, as the API server sends it.
    ///
    /// # Errors
    /// The first mistake in form or reference, in words.
    pub fn from_json(json: &str) -> Result<Self, String> {
        load::from_json(json)
    }

    /// The component with this name.
    pub fn component(&self, name: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.name == name)
    }

    /// The connections that end at this component.
    pub fn connections_to<'a>(&'a self, component: &'a Component) -> impl Iterator<Item = &'a Connection> {
        self.connections.iter().filter(|connection| connection.to == component.name)
    }

    /// The components whose pods this selector certainly selects.
    ///
    /// An empty selector selects everything in its namespace, known and unknown; it says nothing about any component
    /// and yields none.
    pub fn selected_by<'g>(&'g self, selector: &LabelSelector<'_>) -> impl Iterator<Item = &'g Component> {
        self.components
            .iter()
            .filter(move |component| !selector.is_empty() && component.is_selected_by(selector) == Truth::Yes)
    }

    /// The container port that was meant by a number which is that of a Service, if no selected component listens on
    /// the number itself.
    pub fn port_meant_by(&self, selector: &LabelSelector<'_>, number: u16) -> Option<&ComponentPort> {
        if self.selected_by(selector).any(|component| component.port(number).is_some()) {
            return None;
        }
        self.selected_by(selector).find_map(|component| component.port_behind_service(number))
    }

    /// The principal of a service account in the guarded namespace, as Istio writes it: without `spiffe://`.
    pub fn principal(&self, service_account: &str) -> String {
        self.principal_in(&self.namespace, service_account)
    }

    /// The principal of a service account in any namespace.
    pub fn principal_in(&self, namespace: &str, service_account: &str) -> String {
        format!("{}/ns/{namespace}/sa/{service_account}", self.mesh.trust_domain)
    }
}

/// All guards in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Guards(Vec<Guard>);

impl Guards {
    /// Nothing is guarded.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The built-in guard alone.
    pub fn built_in() -> Self {
        Self(vec![Guard::built_in()])
    }

    /// Reads guards from the text of a YAML file that may hold several documents.
    ///
    /// # Errors
    /// The first thing that is wrong, with line and column.
    pub fn parse(source: &str) -> Result<Self, GuardError> {
        load::guards(source).map(Self)
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The guard of this namespace, if it has one.
    pub fn of_namespace(&self, namespace: &str) -> Option<&Guard> {
        self.0.iter().find(|guard| guard.namespace == namespace)
    }

    /// The guard whose enforcement and exemptions hold for objects in this namespace: its own, or else the first.
    pub fn governing(&self, namespace: &str) -> Option<&Guard> {
        self.of_namespace(namespace).or_else(|| self.0.first())
    }

    /// Takes over what Prometheus resources say of themselves, each with the namespace that it is in, where a guard
    /// leaves it open.
    pub fn learn(&mut self, resources: &[(&str, Prometheus<'_>)]) {
        for guard in &mut self.0 {
            learning::learn(guard, resources);
        }
    }

    /// All guards, in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = &Guard> {
        self.0.iter()
    }
}

impl FromIterator<Guard> for Guards {
    fn from_iter<I: IntoIterator<Item = Guard>>(guards: I) -> Self {
        Self(guards.into_iter().collect())
    }
}
