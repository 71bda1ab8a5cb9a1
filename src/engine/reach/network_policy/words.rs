//! What a rule allows, and why that is not enough, in words.

use super::peer::Peer;
use super::policy::Rule;
use super::port::Port;
use super::question::{Direction, Question};
use crate::engine::reach::End;
use crate::model::Protocol;
use crate::model::Truth;
use crate::model::selector::{LabelSelector, Requirement};
use crate::model::snapshot::namespace::NAME_LABEL;

/// So many of a list are written out.
const SHOWN: usize = 4;

/// Why a rule allows what is asked about.
pub(super) fn allowed(rule: &Rule, question: &Question<'_>) -> String {
    let peer = rule.peers.iter().find(|peer| peer.matches(question) == Truth::Yes);
    let peer = peer.map(|peer| peer_in_words(peer, question));
    let port = rule.ports.iter().find(|port| port.matches(question) == Truth::Yes);
    let port = port.map_or_else(|| "every port".to_owned(), |port| port_in_words(port, true, question));
    match question.direction {
        Direction::Ingress => format!("admits {} to {port}", peer.as_deref().unwrap_or("everybody")),
        Direction::Egress => format!("lets traffic out to {port} of {}", peer.as_deref().unwrap_or("everybody")),
    }
}

/// The policy isolates and has no rules.
pub(super) fn nothing_allowed(direction: Direction) -> String {
    match direction {
        Direction::Ingress => "isolates the pod and admits nobody".to_owned(),
        Direction::Egress => "isolates the pod and lets nothing out".to_owned(),
    }
}

/// Rules are about other peers and other ports.
pub(super) fn nothing_near(rules: usize, question: &Question<'_>) -> String {
    let (other, port) = (end_in_words(question), called_port(question));
    match rules {
        1 => format!("its rule is neither about {other} nor about {port}"),
        _ => format!("none of its {rules} rules is about {other} or {port}"),
    }
}

/// Rules allow the port to others only.
pub(super) fn other_peers(rules: &[&Rule], question: &Question<'_>) -> String {
    let peers = rules.iter().flat_map(|rule| &rule.peers).map(|peer| peer_in_words(peer, question));
    let (peers, other) = (listed(peers), end_in_words(question));
    let hint = if question.counterpart_is_on_the_host() { ", which is on the host network" } else { "" };
    match question.direction {
        Direction::Ingress => format!("admits only {peers}, not {other}{hint}"),
        Direction::Egress => format!("lets traffic out only to {peers}, not to {other}{hint}"),
    }
}

/// Rules allow the peer other ports only.
pub(super) fn other_ports(rules: &[&Rule], question: &Question<'_>) -> String {
    let ports: Vec<&Port> = rules.iter().flat_map(|rule| &rule.ports).collect();
    let is_plain = |protocol: Option<Protocol>| protocol.is_none_or(|it| it == Protocol::Tcp);
    let plain = is_plain(Some(question.protocol)) && ports.iter().all(|port| is_plain(port.protocol()));
    let allowed = listed(ports.iter().map(|port| port_in_words(port, plain, question)));
    let refused = if plain { question.port.to_string() } else { called_port(question) };
    format!("allows {allowed}, not {refused}")
}

/// That other policies isolate the pod, too.
pub(super) fn other_policies(number: usize) -> String {
    match number {
        0 => String::new(),
        1 => "; nor does 1 other policy that selects the pod".to_owned(),
        _ => format!("; nor do {number} other policies that select the pod"),
    }
}

fn called_port(question: &Question<'_>) -> String {
    format!("{} port {}", question.protocol, question.port)
}

fn end_in_words(question: &Question<'_>) -> String {
    match question.counterpart {
        End::Pod(pod) => pod.object.to_string(),
        End::Address(address) => address.to_string(),
        End::World => "the world outside the cluster".to_owned(),
    }
}

fn peer_in_words(peer: &Peer, question: &Question<'_>) -> String {
    match peer {
        Peer::Addresses(range) => format!("addresses {range}"),
        Peer::NotUnderstood(problem) => format!("a peer that {problem}"),
        Peer::Pods { pods, namespaces } => {
            let namespace = match namespaces {
                None => format!("namespace {}", question.subject.namespace),
                Some(selector) => namespaces_in_words(selector),
            };
            match pods.as_ref().filter(|selector| !selector.is_empty()) {
                None => format!("pods of {namespace}"),
                Some(selector) => format!("pods {} of {namespace}", selector_in_words(selector)),
            }
        }
    }
}

/// Namespaces by a selector: `namespace shop`.
pub(in crate::engine) fn namespaces_in_words(selector: &LabelSelector<'_>) -> String {
    let mut labels = selector.match_labels.iter();
    match (labels.next(), labels.next(), selector.match_expressions.is_empty()) {
        (None, _, true) => "every namespace".to_owned(),
        (Some((NAME_LABEL, name)), None, true) => format!("namespace {name}"),
        _ => format!("namespaces {}", selector_in_words(selector)),
    }
}

/// What a selector asks for: `with label app=web and without label tier`.
pub(in crate::engine) fn selector_in_words(selector: &LabelSelector<'_>) -> String {
    let labels = selector.match_labels.iter().map(|(key, value)| format!("with label {key}={value}"));
    let all: Vec<String> = labels.chain(selector.match_expressions.iter().map(requirement_in_words)).collect();
    all.join(" and ")
}

fn requirement_in_words(requirement: &Requirement<'_>) -> String {
    let (key, values) = (&requirement.key, requirement.values.join(", "));
    match requirement.operator.as_str() {
        "In" => format!("with label {key} in ({values})"),
        "NotIn" => format!("without label {key} in ({values})"),
        "Exists" => format!("with label {key}"),
        "DoesNotExist" => format!("without label {key}"),
        operator => format!("with label {key} {operator} ({values})"),
    }
}

/// `plain` leaves the protocol out.
fn port_in_words(port: &Port, plain: bool, question: &Question<'_>) -> String {
    let protocol = match port.protocol() {
        Some(protocol) if !plain || protocol != Protocol::Tcp => format!("{protocol} "),
        _ => String::new(),
    };
    match port {
        Port::All(_) => format!("every {protocol}port"),
        Port::Numbers(_, first, last) if first == last => format!("{protocol}port {first}"),
        Port::Numbers(_, first, last) => format!("{protocol}ports {first} to {last}"),
        Port::Named(protocol_of, name) => {
            let number = question.called_pod().map(|pod| pod.port_named(name, *protocol_of));
            match number {
                Some(Some(number)) => format!("{protocol}port {name} ({number})"),
                Some(None) => format!("{protocol}port {name} (which the called pod does not declare)"),
                None => format!("{protocol}port {name}"),
            }
        }
        Port::NotUnderstood(problem) => format!("something else ({problem})"),
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    let hidden = items.len().saturating_sub(SHOWN);
    if hidden > 0 {
        items.truncate(SHOWN);
        items.push(format!("{hidden} more"));
    }
    match items.pop() {
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} and {last}", items.join(", ")),
        None => String::new(),
    }
}
