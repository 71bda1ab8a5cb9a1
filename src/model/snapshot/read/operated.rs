//! Resources from which the Prometheus operator makes workloads: what their pods would be if the operator has not made
//! any yet.
//!
//! As in prometheus-operator v0.93.1: `pkg/prometheus/server`, `pkg/prometheus/agent`, `pkg/alertmanager` and
//! `pkg/thanos`, in their `statefulset.go` and `operator.go`. What the operator's own arguments add to labels is not
//! known. Of several shards it is the first.

mod containers;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::pod::{ContainerView, DEFAULT_SERVICE_ACCOUNT};
use super::said;
use crate::model::labels::Labels;
use crate::model::resource::prometheus::PodMetadata;
use crate::model::resource::{null_as_default, object};
use crate::model::selector::LabelSelector;
use crate::model::snapshot::record::Record;
use crate::model::snapshot::workload::Workload;
use crate::model::snapshot::{ContainerStatus, Controller, Pod, PodStatus, PodTemplate};
use crate::model::{ObjectReference, Resource, Text};

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const OPERATOR: &str = "prometheus-operator";
const APPLICATION: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";
const VERSION: &str = "app.kubernetes.io/version";
const PROMETHEUS_NAME: &str = "operator.prometheus.io/name";
const SHARD: &str = "operator.prometheus.io/shard";
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// A Prometheus, PrometheusAgent, Alertmanager or ThanosRuler.
#[derive(Debug, Deserialize)]
pub(in crate::model::snapshot) struct OperatedView<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    spec: Option<SpecView<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SpecView<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pod_metadata: Option<PodMetadata<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    containers: Vec<ContainerView<'a>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    init_containers: Vec<ContainerView<'a>>,
    #[serde(borrow)]
    port_name: Option<Text<'a>>,
    listen_local: Option<bool>,
    #[serde(borrow)]
    reload_strategy: Option<Text<'a>>,
    #[serde(borrow)]
    service_account_name: Option<Text<'a>>,
    host_network: Option<bool>,
    replicas: Option<i64>,
    /// Of a PrometheusAgent.
    #[serde(borrow)]
    mode: Option<Text<'a>>,
    /// The sidecar of a Prometheus.
    thanos: Option<IgnoredAny>,
    /// Of a ThanosRuler.
    query_config: Option<IgnoredAny>,
    #[serde(deserialize_with = "null_as_default")]
    query_endpoints: Vec<IgnoredAny>,
}

/// What the operator knows of a kind.
struct Kind {
    /// What stands before the names of its workloads.
    prefix: &'static str,
    /// What it runs.
    application: &'static str,
    /// The container that it runs in.
    container: &'static str,
    /// The labels that have the name of the resource.
    name_labels: &'static [&'static str],
    default_version: &'static str,
}

const PROMETHEUS: Kind = Kind {
    prefix: "prometheus",
    application: "prometheus",
    container: "prometheus",
    name_labels: &[INSTANCE, PROMETHEUS_NAME, "prometheus"],
    default_version: "v3.13.1",
};
const AGENT: Kind = Kind {
    prefix: "prom-agent",
    application: "prometheus-agent",
    container: "prometheus",
    name_labels: &[INSTANCE, PROMETHEUS_NAME],
    default_version: "v3.13.1",
};
const ALERTMANAGER: Kind = Kind {
    prefix: "alertmanager",
    application: "alertmanager",
    container: "alertmanager",
    name_labels: &[INSTANCE, "alertmanager"],
    default_version: "v0.33.1",
};
const THANOS_RULER: Kind = Kind {
    prefix: "thanos-ruler",
    application: "thanos-ruler",
    container: "thanos-ruler",
    name_labels: &[INSTANCE, "thanos-ruler"],
    default_version: "v0.42.2",
};

impl Kind {
    fn of(resource: Resource) -> Option<&'static Self> {
        match resource {
            Resource::Prometheus => Some(&PROMETHEUS),
            Resource::PrometheusAgent => Some(&AGENT),
            Resource::Alertmanager => Some(&ALERTMANAGER),
            Resource::ThanosRuler => Some(&THANOS_RULER),
            _ => None,
        }
    }
}

type LabelMap = BTreeMap<String, String>;

impl OperatedView<'_> {
    /// What the operator makes of a resource of this kind; `None` where it makes nothing.
    pub(in crate::model::snapshot) fn workload(
        &self,
        resource: Resource,
        reference: &ObjectReference,
    ) -> Option<Workload> {
        let nothing = SpecView::default();
        let making =
            Making { resource, kind: Kind::of(resource)?, spec: self.spec.as_ref().unwrap_or(&nothing), reference };
        making.workload()
    }
}

struct Making<'v, 'a> {
    resource: Resource,
    kind: &'static Kind,
    spec: &'v SpecView<'a>,
    reference: &'v ObjectReference,
}

impl Making<'_, '_> {
    fn workload(&self) -> Option<Workload> {
        let version = said(self.spec.version.as_ref()).unwrap_or_else(|| self.kind.default_version.to_owned());
        // The operator refuses a version that it cannot read, and a ruler that has nothing to ask.
        let labels = self.labels(&version::normalised(&version)?);
        let asks_nobody = self.spec.query_config.is_none() && self.spec.query_endpoints.is_empty();
        if self.resource == Resource::ThanosRuler && asks_nobody {
            return None;
        }
        let match_labels = self.selector_labels();
        // The API server refuses a workload that does not select its own pods: a ruler with a version of a user's.
        if !match_labels.iter().all(|(key, value)| labels.get(key) == Some(value)) {
            return None;
        }
        let pod = self.pod(labels);
        Some(Workload {
            reference: Arc::new(self.reference.clone()),
            template: Arc::new(Record { status: status(&pod), pod, origin: None, number: 0 }),
            selector: Some(LabelSelector {
                match_labels: match_labels.into_iter().collect(),
                ..LabelSelector::default()
            }),
            controller: None,
            made_from: Some(Controller {
                kind: self.reference.kind.as_str().into(),
                name: self.reference.name.as_str().into(),
            }),
            makes_pods: self.makes_pods(),
        })
    }

    fn pod(&self, labels: LabelMap) -> Pod {
        let namespace = self.reference.namespace.clone();
        let kind = if self.is_daemon_set() { Resource::DaemonSet } else { Resource::StatefulSet };
        let has_host_network = self.spec.host_network == Some(true) && self.resource != Resource::ThanosRuler;
        let account = said(self.spec.service_account_name.as_ref());
        let template = PodTemplate {
            namespace: namespace.clone().unwrap_or_default(),
            labels: labels.into_iter().collect(),
            annotations: self.annotations().into_iter().collect(),
            service_account: account.unwrap_or_else(|| DEFAULT_SERVICE_ACCOUNT.to_owned()),
            host_network: has_host_network,
            containers: containers::all(self.resource, self.kind.container, self.spec).into(),
        };
        let name = format!("{}-{}", self.kind.prefix, self.reference.name);
        Pod {
            object: Arc::new(ObjectReference { kind: kind.kind().to_owned(), namespace, name }),
            template: Arc::new(template),
            addresses: Box::default(),
            phase: None,
        }
    }

    fn is_daemon_set(&self) -> bool {
        let mode = self.spec.mode.as_ref();
        self.resource == Resource::PrometheusAgent && mode.is_some_and(|mode| mode == "DaemonSet")
    }

    fn makes_pods(&self) -> bool {
        match self.resource {
            _ if self.is_daemon_set() => true,
            Resource::Alertmanager => self.spec.replicas.is_none_or(|replicas| replicas > 0),
            _ => self.spec.replicas != Some(0),
        }
    }

    /// How the workload tells its pods. A ruler also by what users add.
    fn selector_labels(&self) -> LabelMap {
        let user = self.of_user(|metadata| &metadata.labels);
        let own = self.own_labels();
        if self.resource == Resource::ThanosRuler { merged(user, own) } else { own }
    }

    fn own_labels(&self) -> LabelMap {
        let name = |label: &&str| ((*label).to_owned(), self.reference.name.clone());
        let mut labels: LabelMap = self.kind.name_labels.iter().map(name).collect();
        labels.insert(APPLICATION.to_owned(), self.kind.application.to_owned());
        labels.insert(MANAGED_BY.to_owned(), OPERATOR.to_owned());
        if self.is_prometheus() && !self.is_daemon_set() {
            labels.insert(SHARD.to_owned(), "0".to_owned());
        }
        labels
    }

    /// Users may put another version there, but not on a ruler.
    fn labels(&self, version: &str) -> LabelMap {
        let version = LabelMap::from([(VERSION.to_owned(), version.to_owned())]);
        let user = self.of_user(|metadata| &metadata.labels);
        if self.resource == Resource::ThanosRuler {
            return merged(merged(user, self.own_labels()), version);
        }
        merged(merged(version, user), self.own_labels())
    }

    /// Users may choose the default container of a Prometheus only.
    fn annotations(&self) -> LabelMap {
        let default = LabelMap::from([(DEFAULT_CONTAINER.to_owned(), self.kind.container.to_owned())]);
        let user = self.of_user(|metadata| &metadata.annotations);
        if self.is_prometheus() { merged(default, user) } else { merged(user, default) }
    }

    fn of_user<'s>(&'s self, labels: fn(&'s PodMetadata<'_>) -> &'s Labels<'s>) -> LabelMap {
        let labels = self.spec.pod_metadata.as_ref().map(labels);
        labels.into_iter().flat_map(Labels::iter).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    const fn is_prometheus(&self) -> bool {
        matches!(self.resource, Resource::Prometheus | Resource::PrometheusAgent)
    }
}

/// What service discovery would tell. Nobody says which images the operator takes.
fn status(pod: &Pod) -> PodStatus {
    let (kind, name) = (pod.object.kind.as_str().into(), pod.object.name.as_str().into());
    let containers = pod.containers.iter().map(|_| ContainerStatus::default()).collect();
    PodStatus { controller: Some(Arc::new(Controller { kind, name })), containers, ..PodStatus::default() }
}

/// All labels; of those that both have, the later ones.
fn merged(mut labels: LabelMap, later: LabelMap) -> LabelMap {
    labels.extend(later);
    labels
}

#[cfg(test)]
mod tests;
