//! A NetworkPolicy as the API server would store it: defaults filled in, everything owned.

use super::HostNetwork;
use super::peer::Peer;
use super::port::Port;
use super::question::{Direction, Question};
use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::{EgressRule, IngressRule, NetworkPolicySpec};
use crate::model::selector::LabelSelector;
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, ObjectReference, Truth};

/// A NetworkPolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    namespace: String,
    name: String,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Read(Box<Spec>),
    /// Why it could not be read.
    Unreadable(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Spec {
    pod_selector: LabelSelector<'static>,
    ingress: Side,
    egress: Side,
}

/// What a policy says of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Side {
    /// Whether the selected pods are isolated.
    isolates: Truth,
    rules: Vec<Rule>,
}

/// One element of `ingress` or `egress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// Everybody if empty.
    pub(super) peers: Vec<Peer>,
    /// Every port if empty.
    pub(super) ports: Vec<Port>,
}

impl Policy {
    /// The policy that was read, of this namespace. What could not be understood in it leaves just those answers open
    /// that hang on it.
    pub fn new(policy: &NetworkPolicy<'_>, namespace: &str) -> Self {
        let reference = policy.metadata.reference("NetworkPolicy", namespace, "");
        let content = Content::Read(Box::new(Spec::new(&policy.spec)));
        Self { namespace: namespace.to_owned(), name: reference.name, content }
    }

    /// A policy of which nothing is known but that it is there, and why. It may isolate every pod of its namespace, and
    /// may allow anything.
    pub fn unreadable(namespace: &str, name: &str, problem: impl Into<String>) -> Self {
        let content = Content::Unreadable(problem.into());
        Self { namespace: namespace.to_owned(), name: name.to_owned(), content }
    }

    /// Whether nothing is known of it but that it is there.
    pub(super) const fn is_unreadable(&self) -> bool {
        matches!(self.content, Content::Unreadable(_))
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The object that it is.
    pub fn object(&self) -> ObjectReference {
        ObjectReference {
            kind: "NetworkPolicy".to_owned(),
            namespace: Some(self.namespace.clone()),
            name: self.name.clone(),
        }
    }

    /// Whether this pod of its namespace may, in this direction, do only what some policy allows because of it.
    pub(super) fn isolates(&self, pod: &Pod, direction: Direction, host_network: HostNetwork) -> Truth {
        let Content::Read(spec) = &self.content else { return Truth::Unknown };
        let isolates = match spec.side(direction).isolates {
            Truth::No => return Truth::No,
            isolates => isolates.and(spec.pod_selector.matches(&pod.labels)),
        };
        match (pod.host_network, host_network) {
            (false, _) => isolates,
            (true, HostNetwork::NotSelected) => Truth::No,
            (true, HostNetwork::Unknown) => isolates.and(Truth::Unknown),
        }
    }

    /// The pods that it isolates, or may isolate, in a direction; `None` where it isolates none, or cannot be read.
    pub(super) fn isolated_by(&self, direction: Direction) -> Option<&LabelSelector<'static>> {
        match &self.content {
            Content::Read(spec) if spec.side(direction).isolates != Truth::No => Some(&spec.pod_selector),
            Content::Read(_) | Content::Unreadable(_) => None,
        }
    }

    /// Whether it allows what is asked about to the pods that it selects.
    pub(super) fn allows(&self, question: &Question<'_>) -> Truth {
        match &self.content {
            Content::Read(_) => Truth::any(self.rules(question.direction).iter().map(|rule| rule.allows(question))),
            Content::Unreadable(_) => Truth::Unknown,
        }
    }

    /// Whether it may isolate any pod in a direction.
    pub(super) fn may_isolate(&self, direction: Direction) -> bool {
        match &self.content {
            Content::Read(spec) => spec.side(direction).isolates != Truth::No,
            Content::Unreadable(_) => true,
        }
    }

    /// Its rules for a direction.
    pub(super) fn rules(&self, direction: Direction) -> &[Rule] {
        match &self.content {
            Content::Read(spec) => &spec.side(direction).rules,
            Content::Unreadable(_) => &[],
        }
    }

    /// Why it is not known whether it isolates the pod, and the field at which that becomes clear.
    pub(super) fn doubt(&self, pod: &Pod, direction: Direction) -> (FieldPath, String) {
        let selector = FieldPath::of("spec.podSelector");
        match &self.content {
            Content::Unreadable(problem) => (FieldPath::root(), format!("the policy cannot be read: {problem}")),
            Content::Read(spec) if spec.side(direction).isolates == Truth::Unknown => {
                let direction = direction.policy_type();
                (FieldPath::of("spec.policyTypes"), format!("a policy type is not known, and {direction} is not named"))
            }
            Content::Read(spec) if spec.pod_selector.matches(&pod.labels) == Truth::Unknown => {
                (selector, "a selector has an operator that is not known".to_owned())
            }
            Content::Read(_) => {
                (selector, "the network plugin decides whether policies hold on the host network".to_owned())
            }
        }
    }
}

impl Spec {
    fn new(spec: &NetworkPolicySpec<'_>) -> Self {
        let has_unknown_type = spec.policy_types.iter().any(|it| !matches!(it.as_str(), "Ingress" | "Egress"));
        let isolates = |named: bool| match (named, has_unknown_type) {
            (true, _) => Truth::Yes,
            (false, true) => Truth::Unknown,
            (false, false) => Truth::No,
        };
        Self {
            pod_selector: spec.pod_selector.to_static(),
            ingress: Side {
                isolates: isolates(spec.isolates_ingress()),
                rules: spec.ingress.iter().map(Rule::ingress).collect(),
            },
            egress: Side {
                isolates: isolates(spec.isolates_egress()),
                rules: spec.egress.iter().map(Rule::egress).collect(),
            },
        }
    }

    const fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

impl Rule {
    fn ingress(rule: &IngressRule<'_>) -> Self {
        Self { peers: rule.from.iter().map(Peer::new).collect(), ports: rule.ports.iter().map(Port::new).collect() }
    }

    fn egress(rule: &EgressRule<'_>) -> Self {
        Self { peers: rule.to.iter().map(Peer::new).collect(), ports: rule.ports.iter().map(Port::new).collect() }
    }

    pub(super) fn allows(&self, question: &Question<'_>) -> Truth {
        self.is_about_the_port(question).and(self.is_about_the_peer(question))
    }

    pub(super) fn is_about_the_peer(&self, question: &Question<'_>) -> Truth {
        if self.peers.is_empty() {
            return Truth::Yes;
        }
        Truth::any(self.peers.iter().map(|peer| peer.matches(question)))
    }

    pub(super) fn is_about_the_port(&self, question: &Question<'_>) -> Truth {
        if self.ports.is_empty() {
            return Truth::Yes;
        }
        Truth::any(self.ports.iter().map(|port| port.matches(question)))
    }
}
