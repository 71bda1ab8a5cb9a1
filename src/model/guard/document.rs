//! The `ScrapeGuard` document as people write it. Every part is optional; what is left out comes from the built-in
//! description of kube-prometheus-stack. Unknown fields are errors, because a misspelt guard guards nothing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Protocol;
use crate::model::guard::monitors::SelectorSpec;
use crate::model::guard::status::GuardStatus;
use crate::model::guard::{Caller, Certificates, Mode, Purpose, RuleSetting, Subject};

/// The API version that is understood.
pub const API_VERSION: &str = "scrapeguard.io/v1alpha1";
/// The kind of the document.
pub const KIND: &str = "ScrapeGuard";

/// One guard: the protection of one Prometheus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScrapeGuard {
    /// Always `scrapeguard.io/v1alpha1`.
    pub api_version: String,
    /// Always `ScrapeGuard`.
    pub kind: String,
    /// Name, labels and annotations.
    pub metadata: Metadata,
    /// What is guarded.
    #[serde(default)]
    pub spec: ScrapeGuardSpec,
    /// What was found. Written by scrapeguard, ignored when read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<GuardStatus>")]
    pub status: Option<serde_json::Value>,
}

/// The part of `metadata` that is read. The API server's own fields are accepted and ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metadata {
    /// Name of the guard.
    pub name: String,
}

/// What is guarded, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ScrapeGuardSpec {
    /// The namespace that is guarded; `monitoring` if left out.
    pub namespace: Option<String>,
    /// Name of the Helm release of kube-prometheus-stack; `prometheus-operator` if left out. The names of service
    /// accounts and of the Prometheus resource follow from it.
    #[schemars(length(max = 53), extend("x-kubernetes-validations" = [{
        "rule": "self.matches('^[a-z0-9.-]+$')",
        "message": "this cannot be the name of a Helm release: lower case letters, digits, - and . are allowed",
    }]))]
    pub release: Option<String>,
    /// The guarded Prometheus.
    pub prometheus: PrometheusSpec,
    /// Changes and additions to the built-in components, merged by name.
    #[schemars(length(max = 64))]
    pub components: Vec<ComponentSpec>,
    /// Changes and additions to the built-in connections, merged by source and destination.
    #[schemars(length(max = 256))]
    pub connections: Vec<ConnectionSpec>,
    /// Who may open the web user interfaces.
    pub web_access: WebAccessSpec,
    /// The service mesh.
    pub mesh: MeshSpec,
    /// Labels that monitors need to be picked up.
    pub monitors: MonitorsSpec,
    /// Objects derived from the connections.
    pub companions: CompanionsSpec,
    /// What is done about objects that are older than the guard and lack what is injected; `report` if left out.
    pub existing: ExistingMode,
    /// What is done about findings.
    pub enforcement: EnforcementSpec,
    /// Findings that are accepted.
    #[schemars(length(max = 256))]
    pub exemptions: Vec<ExemptionSpec>,
}

/// The guarded Prometheus: a resource of the Prometheus operator, or a plain workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PrometheusSpec {
    /// Name of the Prometheus resource; derived from the release if left out.
    pub name: Option<String>,
    /// Labels of the pods of a Prometheus that no operator runs.
    pub pod_labels: Option<BTreeMap<String, String>>,
    /// Service account of its pods; the name of the Prometheus resource if left out.
    pub service_account: Option<String>,
    /// What its `podMonitorSelector` says. If left out, a review takes it from the Prometheus resource where that is
    /// reviewed too; otherwise it is the label `release` with the name of the release.
    pub pod_monitor_selector: Option<SelectorSpec>,
    /// What its `serviceMonitorSelector` says; likewise.
    pub service_monitor_selector: Option<SelectorSpec>,
    /// What its `probeSelector` says; likewise.
    pub probe_selector: Option<SelectorSpec>,
    /// What its `scrapeConfigSelector` says; likewise.
    pub scrape_config_selector: Option<SelectorSpec>,
}

/// A component. For a built-in one, only the fields that are given change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentSpec {
    /// Name of the component.
    #[schemars(length(max = 63), extend("x-kubernetes-validations" = [{
        "rule": "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        "message": "a component's name has lower case letters, digits and -, for companions are called by it",
    }]))]
    pub name: String,
    /// Labels that policies select its pods by; injected where they are missing.
    #[serde(default)]
    pub selector_labels: Option<BTreeMap<String, String>>,
    /// Further labels that its pods are known to carry.
    #[serde(default)]
    pub pod_labels: Option<BTreeMap<String, String>>,
    /// What tells a workload to be this component when it has not the selector labels: any one of these.
    #[serde(default)]
    #[schemars(length(max = 16))]
    pub identified_by: Option<Vec<IdentificationSpec>>,
    /// Container ports.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub ports: Option<Vec<PortSpec>>,
    /// Service account of its pods.
    #[serde(default)]
    pub service_account: Option<String>,
    /// Whether its pods share the network of their node.
    #[serde(default)]
    pub host_network: Option<bool>,
    /// Whether its pods are in the mesh. Left out: not known.
    #[serde(default)]
    pub in_mesh: Option<bool>,
    /// Whether an installation may well do without it.
    #[serde(default)]
    pub optional: Option<bool>,
}

/// Signs that together identify a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "has(self.labels) && size(self.labels) > 0 || has(self.container) || has(self.port)",
    "message": "no sign is given, so every pod would be recognised",
}]))]
pub struct IdentificationSpec {
    /// Labels on the pod.
    #[schemars(extend("maxProperties" = 32))]
    pub labels: BTreeMap<String, String>,
    /// Name of a container.
    pub container: Option<String>,
    /// Number of a port that the container declares.
    pub port: Option<u16>,
}

/// A container port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortSpec {
    /// Name of the container port.
    pub name: String,
    /// Other names that the same port goes by.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Number of the container port.
    #[schemars(range(min = 1))]
    pub number: u16,
    /// Protocol; `TCP` if left out.
    #[serde(default)]
    pub protocol: Protocol,
    /// Numbers of the Service ports that lead here.
    #[serde(default)]
    pub service_ports: Vec<u16>,
}

/// A connection that must pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionSpec {
    /// Who calls.
    pub from: SourceSpec,
    /// The component that is called.
    pub to: String,
    /// Names of the component's ports. An empty list takes a built-in connection away.
    pub ports: Vec<String>,
    /// What for.
    pub purpose: Purpose,
}

/// Who calls: exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "[has(self.component), has(self.apiServer) && self.apiServer, has(self.caller)].exists_one(given, given)",
    "message": "exactly one of component, apiServer: true and caller is needed",
}]))]
pub struct SourceSpec {
    /// A component, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// `true` for the kube-apiserver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_server: Option<bool>,
    /// Other pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
}

/// Who may open the web user interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WebAccessSpec {
    /// The pods that really connect: usually the ingress controller, not the authenticating proxy beside it.
    pub callers: Vec<Caller>,
    /// Components whose user interface they may open; prometheus, alertmanager and grafana if left out.
    pub to: Option<Vec<String>>,
}

/// The service mesh.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MeshSpec {
    /// Whether and how Istio captures traffic; `auto` if left out.
    pub istio: IstioMode,
    /// Trust domain; `cluster.local` if left out.
    pub trust_domain: Option<String>,
    /// Istio's root namespace; `istio-system` if left out.
    pub root_namespace: Option<String>,
    /// Whether Envoy statistics are collected; they are if left out.
    pub envoy_stats: Option<bool>,
    /// How Prometheus gets certificates of the mesh, with which it can scrape what demands mutual TLS; `none` if left
    /// out.
    pub certificates: Certificates,
    /// Whether pods have IPv6 addresses too. Left out: not known.
    pub dual_stack: Option<bool>,
}

/// Whether and how Istio captures traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IstioMode {
    /// Found out from labels and annotations.
    #[default]
    Auto,
    /// There is no mesh.
    None,
    /// Sidecars.
    Sidecar,
    /// Ambient mode.
    Ambient,
}

/// Labels that monitors need to be picked up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MonitorsSpec {
    /// Whether missing labels are injected; they are if left out.
    pub inject: Option<bool>,
    /// The namespaces in which they are, as a label selector; all if empty. Of a namespace only the name is known, so
    /// only requirements on `kubernetes.io/metadata.name` can be met.
    pub namespace_selector: Option<SelectorSpec>,
}

/// What is done about objects derived from the connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CompanionsSpec {
    /// NetworkPolicies.
    pub network_policies: CompanionMode,
    /// AuthorizationPolicies.
    pub authorization_policies: CompanionMode,
    /// PodMonitors.
    pub pod_monitors: CompanionMode,
    /// Whether a default-deny NetworkPolicy is among them; it is if left out.
    pub default_deny: Option<bool>,
}

/// Whether companions are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = with_off)]
pub enum CompanionMode {
    /// Written to the cluster.
    #[default]
    Apply,
    /// Only reported.
    Report,
    /// Neither. Also read from `off`, which must be quoted for kubectl: YAML 1.1 takes it for `false`.
    #[serde(alias = "off")]
    Ignore,
}

/// What is done about objects of the guarded namespace that exist and lack what is injected when objects are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExistingMode {
    /// They are counted and named in the status.
    #[default]
    Report,
    /// They are given it, one after the other. Where a pod template changes, its pods are replaced.
    Patch,
}

/// What is done about findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EnforcementSpec {
    /// The mode of all rules; `enforce` if left out.
    pub mode: Mode,
    /// Settings of single rules, by rule id.
    #[schemars(extend("maxProperties" = 256, "x-kubernetes-validations" = [{
        "rule": "self.all(id, id.matches('^SG-[A-Z]{2,3}-[0-9]{3}$'))",
        "message": "rule ids look like SG-NP-004",
    }]))]
    pub rules: BTreeMap<String, RuleSetting>,
    /// Whether a change that makes Prometheus lose targets is refused.
    pub deny_lost_targets: bool,
    /// Whose changes are not refused for that, as in a RoleBinding. Controllers in `kube-system` never are.
    #[schemars(length(max = 64))]
    pub exempt_subjects: Vec<Subject>,
}

/// A finding that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExemptionSpec {
    /// Rule id.
    #[schemars(length(max = 16), extend("x-kubernetes-validations" = [{
        "rule": "self.matches('^SG-[A-Z]{2,3}-[0-9]{3}$')",
        "message": "rule ids look like SG-NP-004",
    }]))]
    pub rule: String,
    /// The object that is meant.
    pub object: ExemptedObject,
    /// Why.
    #[schemars(length(max = 1024), extend("x-kubernetes-validations" = [{
        "rule": "size(self.trim()) > 0",
        "message": "an exemption needs a reason",
    }]))]
    pub reason: String,
    /// The day on which the exemption ends (at 00:00 UTC), as `2027-01-01`, or an RFC 3339 time.
    #[schemars(length(max = 64), extend("x-kubernetes-validations" = [{
        "rule": "self.matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].+)?$')",
        "message": "this is neither a day such as 2027-01-01 nor an RFC 3339 time",
    }]))]
    pub expires: String,
}

/// The object of an exemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExemptedObject {
    /// Kind.
    pub kind: String,
    /// Namespace; the guarded one if left out.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

/// Adds the alias of `ignore`, which a derived schema does not know of.
pub(super) fn with_off(schema: &mut schemars::Schema) {
    if let Some(serde_json::Value::Array(alternatives)) = schema.get_mut("oneOf") {
        let description = "The same as `ignore`; to be quoted for kubectl.";
        alternatives.push(serde_json::json!({"description": description, "type": "string", "const": "off"}));
    }
}

/// The JSON Schema of a `ScrapeGuard`, for editors.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(ScrapeGuard)
}
