//! Which object is meant: references by kind, namespace and name, and resources by API group.

use std::fmt;

/// An object by kind, namespace and name, as people say it: `NetworkPolicy monitoring/prometheus`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectReference {
    /// The kind, such as `NetworkPolicy`.
    pub kind: String,
    /// The namespace; `None` for cluster-scoped objects.
    pub namespace: Option<String>,
    /// The name. For an object that is still to be named it is the `generateName` prefix followed by `*`.
    pub name: String,
}

impl fmt::Display for ObjectReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(formatter, "{} {namespace}/{}", self.kind, self.name),
            None => write!(formatter, "{} {}", self.kind, self.name),
        }
    }
}

/// The kinds of objects that scrapeguard reads, whatever version of their API group they come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// `v1` Pod.
    Pod,
    /// `apps` Deployment.
    Deployment,
    /// `apps` StatefulSet.
    StatefulSet,
    /// `apps` DaemonSet.
    DaemonSet,
    /// `apps` ReplicaSet.
    ReplicaSet,
    /// `batch` Job.
    Job,
    /// `batch` CronJob.
    CronJob,
    /// `networking.k8s.io` NetworkPolicy.
    NetworkPolicy,
    /// `security.istio.io` AuthorizationPolicy.
    AuthorizationPolicy,
    /// `monitoring.coreos.com` PodMonitor.
    PodMonitor,
    /// `security.istio.io` PeerAuthentication.
    PeerAuthentication,
    /// `monitoring.coreos.com` ServiceMonitor.
    ServiceMonitor,
    /// `monitoring.coreos.com` Probe.
    Probe,
    /// `monitoring.coreos.com` ScrapeConfig.
    ScrapeConfig,
    /// `monitoring.coreos.com` Prometheus.
    Prometheus,
    /// `monitoring.coreos.com` PrometheusAgent.
    PrometheusAgent,
    /// `monitoring.coreos.com` Alertmanager.
    Alertmanager,
    /// `monitoring.coreos.com` ThanosRuler.
    ThanosRuler,
    /// `networking.k8s.io` Ingress.
    Ingress,
    /// `v1` Namespace.
    Namespace,
    /// `v1` Service.
    Service,
    /// `discovery.k8s.io` EndpointSlice.
    EndpointSlice,
    /// `v1` ServiceAccount.
    ServiceAccount,
    /// `v1` Node.
    Node,
    /// `v1` Secret.
    Secret,
    /// `v1` ConfigMap.
    ConfigMap,
}

impl Resource {
    /// Every kind that is read.
    pub const ALL: [Self; 26] = [
        Self::Pod,
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::Job,
        Self::CronJob,
        Self::NetworkPolicy,
        Self::AuthorizationPolicy,
        Self::PodMonitor,
        Self::PeerAuthentication,
        Self::ServiceMonitor,
        Self::Probe,
        Self::ScrapeConfig,
        Self::Prometheus,
        Self::PrometheusAgent,
        Self::Alertmanager,
        Self::ThanosRuler,
        Self::Ingress,
        Self::Namespace,
        Self::Service,
        Self::EndpointSlice,
        Self::ServiceAccount,
        Self::Node,
        Self::Secret,
        Self::ConfigMap,
    ];

    /// The resource of this API group and kind, or `None` where it is not one that scrapeguard reads.
    pub fn of(group: &str, kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.kind() == kind && resource.group() == group)
    }

    /// The kind as written in manifests.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::AuthorizationPolicy => "AuthorizationPolicy",
            Self::PodMonitor => "PodMonitor",
            Self::PeerAuthentication => "PeerAuthentication",
            Self::ServiceMonitor => "ServiceMonitor",
            Self::Probe => "Probe",
            Self::ScrapeConfig => "ScrapeConfig",
            Self::Prometheus => "Prometheus",
            Self::PrometheusAgent => "PrometheusAgent",
            Self::Alertmanager => "Alertmanager",
            Self::ThanosRuler => "ThanosRuler",
            Self::Ingress => "Ingress",
            Self::Namespace => "Namespace",
            Self::Service => "Service",
            Self::EndpointSlice => "EndpointSlice",
            Self::ServiceAccount => "ServiceAccount",
            Self::Node => "Node",
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }

    /// Whether admission and review look at objects of this kind; all others are only read into snapshots.
    pub const fn is_reviewed(self) -> bool {
        !matches!(
            self,
            Self::Alertmanager
                | Self::ThanosRuler
                | Self::Service
                | Self::EndpointSlice
                | Self::ServiceAccount
                | Self::Node
                | Self::Secret
                | Self::ConfigMap
        )
    }

    /// Whether its objects are in namespaces.
    pub const fn is_namespaced(self) -> bool {
        !matches!(self, Self::Namespace | Self::Node)
    }

    /// The API group; empty for the core group.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Pod
            | Self::Namespace
            | Self::Service
            | Self::ServiceAccount
            | Self::Node
            | Self::Secret
            | Self::ConfigMap => "",
            Self::EndpointSlice => "discovery.k8s.io",
            Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::ReplicaSet => "apps",
            Self::Job | Self::CronJob => "batch",
            Self::NetworkPolicy | Self::Ingress => "networking.k8s.io",
            Self::AuthorizationPolicy | Self::PeerAuthentication => "security.istio.io",
            Self::PodMonitor
            | Self::ServiceMonitor
            | Self::Probe
            | Self::ScrapeConfig
            | Self::Prometheus
            | Self::PrometheusAgent
            | Self::Alertmanager
            | Self::ThanosRuler => "monitoring.coreos.com",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_found_by_its_group_and_kind_together() {
        for resource in Resource::ALL {
            assert_eq!(Resource::of(resource.group(), resource.kind()), Some(resource));
        }
        assert_eq!(Resource::of("extensions", "NetworkPolicy"), None);
    }
}
