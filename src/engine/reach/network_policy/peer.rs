//! Peers of a rule: who may come in, or where traffic may go.

use super::HostNetwork;
use super::address_range::AddressRange;
use super::question::Question;
use crate::engine::reach::End;
use crate::model::Truth;
use crate::model::resource::network_policy::Peer as WrittenPeer;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::{Namespace, Pod};

/// One element of `from` or `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// Pods by their labels, of namespaces by theirs.
    Pods {
        /// All pods where absent.
        pods: Option<LabelSelector<'static>>,
        /// The policy's own namespace where absent.
        namespaces: Option<LabelSelector<'static>>,
    },
    /// A range of addresses.
    Addresses(AddressRange),
    /// Something else, and what is the matter with it.
    NotUnderstood(&'static str),
}

impl Peer {
    pub(super) fn new(written: &WrittenPeer<'_>) -> Self {
        let has_selector = written.pod_selector.is_some() || written.namespace_selector.is_some();
        match &written.ip_block {
            _ if written.has_unknown_field => Self::NotUnderstood("has a field that is not known here"),
            Some(_) if has_selector => Self::NotUnderstood("has an ipBlock beside a selector, which is invalid"),
            Some(block) => Self::Addresses(AddressRange::new(block)),
            None if has_selector => Self::Pods {
                pods: written.pod_selector.as_ref().map(LabelSelector::to_static),
                namespaces: written.namespace_selector.as_ref().map(LabelSelector::to_static),
            },
            None => Self::NotUnderstood("is empty, which is invalid"),
        }
    }

    /// Whether the other end is meant.
    pub(super) fn matches(&self, question: &Question<'_>) -> Truth {
        match (self, question.counterpart) {
            (Self::NotUnderstood(_), _) => Truth::Unknown,
            (Self::Pods { .. }, End::Pod(pod)) if pod.host_network => match question.host_network {
                HostNetwork::NotSelected => Truth::No,
                HostNetwork::Unknown => self.would_select(pod, question).and(Truth::Unknown),
            },
            (Self::Pods { .. }, End::Pod(pod)) => self.would_select(pod, question),
            (Self::Pods { .. }, End::Address(_) | End::World) => Truth::No,
            (Self::Addresses(range), End::Address(address)) => range.contains(address),
            (Self::Addresses(range), End::World) => range.is_everything(),
            (Self::Addresses(range), End::Pod(pod)) => any_address(range, pod),
        }
    }

    /// Whether the selectors are about this pod, the other end, on whatever network it is.
    pub(super) fn would_select(&self, pod: &Pod, question: &Question<'_>) -> Truth {
        let Self::Pods { pods, namespaces } = self else { return Truth::No };
        let is_namespace = match (namespaces, &question.namespace) {
            (Some(selector), Some(namespace)) => selector.selects(|key| namespace.label(key)),
            _ => Truth::from(pod.namespace == question.subject.namespace),
        };
        is_namespace.and(pods.as_ref().map_or(Truth::Yes, |selector| selector.matches(&pod.labels)))
    }

    /// Whether it is a pod selector alone that is about the pod's labels, while the pod is in another namespace.
    pub(super) fn looks_in_the_wrong_namespace(&self, pod: &Pod, question: &Question<'_>) -> bool {
        let Self::Pods { pods: Some(selector), namespaces: None } = self else { return false };
        let is_meant = !selector.is_empty() && selector.matches(&pod.labels) == Truth::Yes;
        is_meant && pod.namespace != question.subject.namespace
    }

    /// Why it is not known whether the other end is meant.
    pub(super) fn doubt(&self, question: &Question<'_>) -> String {
        match (self, question.counterpart) {
            (Self::NotUnderstood(problem), _) => format!("a peer {problem}"),
            (Self::Addresses(range), end) => address_doubt(range, end),
            (Self::Pods { .. }, End::Pod(pod)) if pod.host_network => {
                format!("the network plugin decides whether selectors select {}, on the host network", pod.object)
            }
            (Self::Pods { .. }, _) => match &question.namespace {
                Some(namespace) if has_unknown_labels(namespace) => {
                    format!("the labels of namespace {} are not known", namespace.name())
                }
                _ => "a selector has an operator that is not known".to_owned(),
            },
        }
    }
}

fn any_address(range: &AddressRange, pod: &Pod) -> Truth {
    if pod.addresses.is_empty() {
        return Truth::Unknown;
    }
    Truth::any(pod.addresses.iter().map(|address| range.contains(*address)))
}

fn address_doubt(range: &AddressRange, end: End<'_>) -> String {
    match (range.unreadable(), end) {
        (Some(text), _) => format!("{text:?} is no range of addresses"),
        (None, End::Pod(pod)) => format!("the address of {} is not known", pod.object),
        (None, _) => format!("an address outside the cluster may be in {range} or not"),
    }
}

/// Any key but that of the name says it.
fn has_unknown_labels(namespace: &Namespace) -> bool {
    namespace.label("").is_none()
}
