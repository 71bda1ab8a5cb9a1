//! Connections: who may talk to whom, and what for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Protocol;

/// Traffic that must pass: from a source to some ports of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Who calls.
    pub from: Source,
    /// Name of the component that is called.
    pub to: String,
    /// Container ports that are called; never empty.
    pub ports: Vec<(u16, Protocol)>,
    /// What for.
    pub purpose: Purpose,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Another component of the guard, by name.
    Component(String),
    /// The kube-apiserver, which is no pod: it calls webhooks and aggregated APIs from outside the pod network.
    ApiServer,
    /// Pods that are not a component, such as an ingress controller.
    Caller(Caller),
}

/// Pods outside the guard's components, by namespace and labels, and the identity that they have in the mesh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Caller {
    /// Namespace of the pods.
    pub namespace: String,
    /// Labels of the pods; empty for all pods of the namespace.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 32))]
    pub pod_labels: std::collections::BTreeMap<String, String>,
    /// Service account of the pods, which is their identity in the mesh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// Prometheus scrapes metrics.
    Metrics,
    /// People look at a web user interface.
    Ui,
    /// A dashboard or adapter queries.
    Datasource,
    /// Alerts are sent.
    Alerts,
    /// Replicas talk to one another.
    Gossip,
    /// Configuration is reloaded.
    Reload,
    /// The kube-apiserver calls a webhook or an aggregated API.
    Webhook,
}

impl Purpose {
    /// One word for tables, as the guard has it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Ui => "ui",
            Self::Datasource => "datasource",
            Self::Alerts => "alerts",
            Self::Gossip => "gossip",
            Self::Reload => "reload",
            Self::Webhook => "webhook",
        }
    }
}
