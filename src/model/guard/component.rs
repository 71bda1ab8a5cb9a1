//! Components: the kinds of workload around a Prometheus, and how their pods are told apart.

use crate::model::Protocol;
use crate::model::Truth;
use crate::model::labels::Labels;
use crate::model::resource::PodTemplate;
use crate::model::selector::LabelSelector;

/// A kind of workload in the guarded namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Its name in the guard, such as `kube-state-metrics`.
    pub name: String,
    /// The labels that policies select its pods by; injection adds those that are missing.
    pub selector_labels: Vec<(String, String)>,
    /// Further labels that its pods are known to carry.
    pub pod_labels: Vec<(String, String)>,
    /// What tells a workload to be this component when it has not the selector labels: any one of these.
    pub identified_by: Vec<Identification>,
    /// The ports that its containers listen on.
    pub ports: Vec<ComponentPort>,
    /// The service account of its pods, if it is known.
    pub service_account: Option<String>,
    /// Whether its pods share the network of their node.
    pub host_network: bool,
    /// Whether its pods are in the mesh; `None` where the guard does not say.
    pub in_mesh: Option<bool>,
    /// Whether an installation may well do without it. Nothing is demanded for the sake of an optional component.
    pub optional: bool,
}

/// A container port of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentPort {
    /// Name of the container port.
    pub name: String,
    /// Other names that the same port goes by.
    pub aliases: Vec<String>,
    /// Number of the container port, which is what NetworkPolicies and AuthorizationPolicies mean.
    pub number: u16,
    /// Transport protocol.
    pub protocol: Protocol,
    /// Numbers of the Service ports that lead here.
    pub service_ports: Vec<u16>,
}

/// A set of signs that together identify a component. At least one is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identification {
    /// Labels on the pod.
    pub labels: Vec<(String, String)>,
    /// Name of a container.
    pub container: Option<String>,
    /// Number of a port that this container (or any, where none is named) declares.
    pub port: Option<u16>,
}

/// How surely a pod is known to be a component. Ordered: `Signs < Labels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// By container and port names, or labels of an older convention.
    Signs,
    /// By the selector labels themselves.
    Labels,
}

/// What the Prometheus operator puts on all pods that it makes.
const MADE_BY_OPERATOR: (&str, &str) = ("app.kubernetes.io/managed-by", "prometheus-operator");

impl Component {
    /// Whether its pods are made by the Prometheus operator, from a resource of its own.
    pub fn is_made_by_operator(&self) -> bool {
        pairs(&self.pod_labels).any(|label| label == MADE_BY_OPERATOR)
    }

    /// How surely a pod made from this template is this component; `None` if nothing says so.
    pub fn recognises(&self, template: &PodTemplate<'_>) -> Option<Evidence> {
        let labels = template.labels();
        if labels.contains_all(pairs(&self.selector_labels)) {
            return Some(Evidence::Labels);
        }
        self.identified_by.iter().any(|signs| signs.hold_for(template)).then_some(Evidence::Signs)
    }

    /// Whether a selector selects the pods of this component. A label that the guard does not know of may be there or
    /// not.
    pub fn is_selected_by(&self, selector: &LabelSelector<'_>) -> Truth {
        selector.selects(|key| self.known_label(key).map(Some))
    }

    /// The container port with this number.
    pub fn port(&self, number: u16) -> Option<&ComponentPort> {
        self.ports.iter().find(|port| port.number == number)
    }

    /// The container port with this name or alias.
    pub fn port_named(&self, name: &str) -> Option<&ComponentPort> {
        self.ports.iter().find(|port| port.name == name || port.aliases.iter().any(|alias| alias == name))
    }

    /// The container port that a Service port leads to.
    pub fn port_behind_service(&self, service_port: u16) -> Option<&ComponentPort> {
        self.ports.iter().find(|port| port.service_ports.contains(&service_port))
    }

    fn known_label(&self, key: &str) -> Option<&str> {
        pairs(&self.selector_labels).chain(pairs(&self.pod_labels)).find(|(known, _)| *known == key).map(|(_, v)| v)
    }
}

impl Identification {
    fn hold_for(&self, template: &PodTemplate<'_>) -> bool {
        self.labels_hold(template.labels()) && self.container_holds(template)
    }

    fn labels_hold(&self, labels: &Labels<'_>) -> bool {
        labels.contains_all(pairs(&self.labels))
    }

    fn container_holds(&self, template: &PodTemplate<'_>) -> bool {
        if self.container.is_none() && self.port.is_none() {
            return true;
        }
        template.spec.containers.iter().any(|container| {
            self.container.as_deref().is_none_or(|name| container.name == name)
                && self.port.is_none_or(|number| container.ports.iter().any(|port| port.container_port == number))
        })
    }
}

/// Labels as pairs of string slices.
pub(crate) fn pairs(labels: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    labels.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}
