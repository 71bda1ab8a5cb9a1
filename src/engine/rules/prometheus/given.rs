//! Prometheus resources of a snapshot, and the pods that the operator makes from them.

use serde::Deserialize;

use crate::engine::rules::cluster::Cluster;
use crate::model::resource::Prometheus;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::{Kept, Pod, Snapshot};
use crate::model::{Resource, Truth};

/// The label by which pods name their Prometheus resource.
pub(super) const NAME_LABEL: &str = "operator.prometheus.io/name";
/// Labels that differ from pod to pod begin like this.
const NOT_KNOWN: [&str; 3] = ["operator.prometheus.io/", "statefulset.kubernetes.io/", "apps.kubernetes.io/"];
/// The port at which Prometheus listens is called so where the resource says nothing.
const PORT_NAME: &str = "web";

/// A Prometheus or PrometheusAgent of a snapshot.
#[derive(Debug)]
pub(in crate::engine::rules) struct Given<'s> {
    /// Where it is.
    pub(in crate::engine::rules) kept: &'s Kept,
    /// What it says.
    pub(in crate::engine::rules) resource: Prometheus<'s>,
}

/// An object of which something in the spec is read.
#[derive(Deserialize)]
struct WithSpec<T> {
    spec: T,
}

/// All that can be read.
pub(in crate::engine::rules) fn given<'s>(cluster: &Cluster<'_, 's>) -> Vec<Given<'s>> {
    let kinds = [Resource::Prometheus, Resource::PrometheusAgent].into_iter();
    let all = kinds.flat_map(|kind| cluster.read::<Prometheus<'s>>(kind));
    all.map(|(kept, resource)| Given { kept, resource }).collect()
}

impl<'s> Given<'s> {
    /// Its namespace.
    pub(in crate::engine::rules) fn namespace(&self) -> &'s str {
        self.kept.namespace()
    }

    /// Another view of the spec; nothing where that has not the form.
    pub(in crate::engine::rules) fn spec<T: Deserialize<'s> + Default>(&self) -> T {
        serde_json::from_str::<WithSpec<T>>(&self.kept.json).map(|object| object.spec).unwrap_or_default()
    }

    /// Whether it is an agent.
    fn is_agent(&self) -> bool {
        self.kept.reference.kind == Resource::PrometheusAgent.kind()
    }

    /// Whether a selector selects its pods (prometheus-operator `pkg/prometheus/server/statefulset.go`,
    /// `makeSelectorLabels`). Labels that differ from pod to pod, or from one version to the next, are not known.
    pub(in crate::engine::rules) fn is_selected_by(&self, selector: &LabelSelector<'_>) -> Truth {
        let own = self.resource.pod_metadata().map(|metadata| &metadata.labels);
        let kind = if self.is_agent() { "prometheus-agent" } else { "prometheus" };
        selector.selects(|key| match key {
            "app.kubernetes.io/instance" | NAME_LABEL => Some(Some(self.kept.reference.name.as_str())),
            "app.kubernetes.io/managed-by" => Some(Some("prometheus-operator")),
            "app.kubernetes.io/name" => Some(Some(kind)),
            "prometheus" if !self.is_agent() => Some(Some(self.kept.reference.name.as_str())),
            "prometheus" | "app.kubernetes.io/version" | "controller-revision-hash" => None,
            _ if NOT_KNOWN.iter().any(|prefix| key.starts_with(prefix)) => None,
            _ => Some(own.and_then(|labels| labels.get(key))),
        })
    }

    /// Its pods, or what stands for them.
    pub(in crate::engine::rules) fn pods(&self, snapshot: &'s Snapshot) -> impl Iterator<Item = &'s Pod> + use<'s> {
        let name = self.kept.reference.name.as_str();
        let own = move |pod: &&Pod| pod.labels.get(NAME_LABEL) == Some(name) && !pod.has_ended();
        snapshot.pods_in(self.namespace()).iter().filter(own)
    }

    /// The name of the port at which it listens.
    pub(in crate::engine::rules) fn port_name(&self) -> String {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct View {
            port_name: Option<String>,
        }
        let own = self.spec::<View>().port_name.filter(|name| !name.is_empty());
        own.unwrap_or_else(|| PORT_NAME.to_owned())
    }
}
