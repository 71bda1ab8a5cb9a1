//! Ports of a rule.

use super::question::Question;
use crate::model::Protocol;
use crate::model::Truth;
use crate::model::resource::network_policy::{PolicyPort, PortReference};
use crate::model::snapshot::{ContainerRole, Pod};

/// One element of `ports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// All ports of a protocol.
    All(Protocol),
    /// Ports by number, from the first to the last.
    Numbers(Protocol, u16, u16),
    /// The port to which a container of the called pod gives this name.
    Named(Protocol, String),
    /// Something else, as it was written.
    NotUnderstood(String),
}

impl Port {
    pub(super) fn new(written: &PolicyPort<'_>) -> Self {
        let Some(protocol) = Protocol::parse(written.protocol()) else {
            return Self::NotUnderstood(format!("the protocol {:?} is not known", written.protocol()));
        };
        match (&written.port, &written.end_port, written.numbers()) {
            (_, _, Some((first, last))) if 0 < first && first <= last => Self::Numbers(protocol, first, last),
            (None, None, _) => Self::All(protocol),
            (Some(PortReference::Name(name)), None, _) => Self::Named(protocol, name.to_string()),
            (Some(port), None, _) => Self::NotUnderstood(format!("{} is no port", in_words(port))),
            (port, Some(end), _) => {
                let first = port.as_ref().map_or_else(|| "nothing".to_owned(), in_words);
                Self::NotUnderstood(format!("ports from {first} to {} are no range", in_words(end)))
            }
        }
    }

    /// Whether the port that is called is meant.
    pub(super) fn matches(&self, question: &Question<'_>) -> Truth {
        match self {
            Self::All(protocol) => Truth::from(*protocol == question.protocol),
            Self::Numbers(protocol, first, last) => {
                Truth::from(*protocol == question.protocol && (*first..=*last).contains(&question.port))
            }
            Self::Named(protocol, _) if *protocol != question.protocol => Truth::No,
            Self::Named(_, name) => question.called_pod().map_or(Truth::No, |pod| is_called(name, pod, question)),
            Self::NotUnderstood(_) => Truth::Unknown,
        }
    }

    /// Whether it is a name that the called pod gives to no port.
    pub(super) fn is_undeclared(&self, question: &Question<'_>) -> bool {
        let Self::Named(protocol, name) = self else { return false };
        question.called_pod().is_some_and(|pod| pod.port_named(name, *protocol).is_none())
    }

    pub(super) const fn protocol(&self) -> Option<Protocol> {
        match self {
            Self::All(protocol) | Self::Numbers(protocol, ..) | Self::Named(protocol, _) => Some(*protocol),
            Self::NotUnderstood(_) => None,
        }
    }

    /// Why it is not known whether the port is meant.
    pub(super) fn doubt(&self, question: &Question<'_>) -> String {
        match self {
            Self::NotUnderstood(problem) => problem.clone(),
            Self::Named(_, name) if question.called_pod().is_some_and(|pod| pod.host_network) => {
                format!("the network plugin decides what port {name} is on the host network")
            }
            Self::Named(_, name) => format!("several ports of the called pod have the name {name}"),
            Self::All(_) | Self::Numbers(..) => "the port is not known".to_owned(),
        }
    }
}

/// Whether the port that is called has this name. Where several ports of a pod have it, plugins disagree about all but
/// the first.
fn is_called(name: &str, pod: &Pod, question: &Question<'_>) -> Truth {
    if pod.port_named(name, question.protocol) == Some(question.port) {
        return if pod.host_network { Truth::Unknown } else { Truth::Yes };
    }
    let running = pod.containers.iter().filter(|container| container.role != ContainerRole::Init);
    let is_another = running.flat_map(|container| &container.ports).any(|port| {
        port.name.as_deref() == Some(name) && port.protocol == question.protocol && port.number == question.port
    });
    if is_another { Truth::Unknown } else { Truth::No }
}

fn in_words(port: &PortReference<'_>) -> String {
    match port {
        PortReference::Number(number) => number.to_string(),
        PortReference::Name(name) => format!("{:?}", name.as_str()),
        PortReference::Impossible(number) => number.clone(),
    }
}
