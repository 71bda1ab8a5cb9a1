//! Selectors that select nothing.

use std::borrow::Cow;

use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::rules::cluster::clues::labels_meant;
use crate::engine::rules::cluster::{Cluster, ClusterFindings, Policy};
use crate::engine::rules::network_policy::places::{PolicyRule, rules};
use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::Peer;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::namespace::NAME_LABEL;
use crate::model::snapshot::{Namespace, Pod};
use crate::model::suggestion::closest;
use crate::model::{FieldPath, Severity, Truth};

pub(in crate::engine::rules::network_policy) fn dead(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for policy in &cluster.written.network {
        let (selector, pods) = (&policy.view.spec.pod_selector, cluster.written.shapes.of(policy.namespace()));
        let is_dead = policy.selected.is_empty() && !pods.is_empty() && selects_none(selector, pods);
        if is_dead && !is_of_component(selector, policy.namespace(), cluster) {
            let fix =
                labels_meant(selector, pods).unwrap_or_else(|| "correct the labels, or remove the policy".to_owned());
            let message = "selects no pod of its namespace, so it does nothing";
            findings.report(policy.object, FieldPath::of("spec.podSelector"), message, fix);
        }
        dead_peers(policy, cluster, findings);
    }
}

/// A peer that is nobody does no harm as such: charts also admit components that are not installed.
fn dead_peers(policy: &Policy<'_, NetworkPolicy<'_>>, cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for (place, peer) in rules(&policy.view).flat_map(PolicyRule::peers) {
        let Some(selector) = peer.pod_selector.as_ref().filter(|selector| !selector.is_empty()) else { continue };
        let Some(namespaces) = namespaces_of(peer, policy.namespace(), cluster) else { continue };
        let shapes = &cluster.written.shapes;
        let mut here =
            namespaces.iter().map(|namespace| (*namespace, shapes.of(namespace))).filter(|(_, it)| !it.is_empty());
        let Some((first, pods)) = here.next() else { continue };
        let is_nobody = |(namespace, pods): (&str, &[&Pod])| {
            let is_optional = is_of_component(selector, namespace, cluster);
            !is_optional && shapes.selected(namespace, selector).is_empty() && selects_none(selector, pods)
        };
        if is_nobody((first, pods)) && here.all(is_nobody) {
            let fix =
                labels_meant(selector, pods).unwrap_or_else(|| "correct the labels, or remove the peer".to_owned());
            let path = place.path().key("podSelector");
            findings.report_as(Severity::Info, policy.object, path, "means no pod that there is", fix);
        }
    }
}

/// Whether it is what a guard selects a component by. One that is not installed today may be tomorrow, and is guarded
/// then; that is why policies for it are rendered.
fn is_of_component(selector: &LabelSelector<'_>, namespace: &str, cluster: &Cluster<'_, '_>) -> bool {
    let guards = cluster.guards.iter().filter(|guard| guard.namespace == namespace);
    let is_selected_so = |labels: &[(String, String)]| {
        let labels = labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        labels.clone().count() == selector.match_labels.iter().count() && selector.match_labels.contains_all(labels)
    };
    let mut components = guards.flat_map(|guard| &guard.components);
    selector.match_expressions.is_empty() && components.any(|component| is_selected_so(&component.selector_labels))
}

/// Only an operator that is not known keeps it from being certain; everything else was asked.
fn selects_none(selector: &LabelSelector<'_>, pods: &[&Pod]) -> bool {
    selector.match_expressions.is_empty() || pods.iter().all(|pod| selector.matches(&pod.labels) == Truth::No)
}

/// The namespaces whose pods a peer means; `None` where that is not known of all.
pub(super) fn namespaces_of<'c>(peer: &Peer<'_>, own: &'c str, cluster: &Cluster<'c, 'c>) -> Option<Vec<&'c str>> {
    if peer.has_unknown_field || peer.ip_block.is_some() {
        return None;
    }
    let Some(selector) = &peer.namespace_selector else { return Some(vec![own]) };
    if let Some(namespace) = named(selector, cluster) {
        return match selector.selects(|key| namespace.label(key)) {
            Truth::Yes => Some(vec![namespace.name()]),
            Truth::No => Some(Vec::new()),
            Truth::Unknown => None,
        };
    }
    let mut meant = Vec::new();
    for namespace in cluster.snapshot.namespaces().iter() {
        match selector.selects(|key| namespace.label(key)) {
            Truth::Yes => meant.push(namespace.name()),
            Truth::No => {}
            Truth::Unknown => return None,
        }
    }
    Some(meant)
}

/// The only namespace that a selector can mean because it asks for its name, if there is one.
fn named<'c>(selector: &LabelSelector<'_>, cluster: &Cluster<'c, 'c>) -> Option<&'c Namespace> {
    match cluster.snapshot.namespaces().get(selector.match_labels.get(NAME_LABEL)?) {
        Cow::Borrowed(namespace) => Some(namespace),
        Cow::Owned(_) => None,
    }
}

pub(in crate::engine::rules::network_policy) fn no_namespace(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    for policy in &cluster.written.network {
        for (place, peer) in rules(&policy.view).flat_map(PolicyRule::peers) {
            let Some(selector) = peer.namespace_selector.as_ref().filter(|selector| !selector.is_empty()) else {
                continue;
            };
            let namespaces = || cluster.snapshot.namespaces().iter();
            let selects = |namespace: &Namespace| selector.selects(|key| namespace.label(key));
            let is_meant = named(selector, cluster).is_some_and(|namespace| selects(namespace) == Truth::Yes);
            let is_nobody = || namespaces().all(|namespace| selects(namespace) == Truth::No);
            if !is_meant && is_nobody() && cluster.knows_namespaces_beside(policy.namespace()) {
                let path = place.path().key("namespaceSelector");
                let fix = namespace_meant(selector, &namespaces().collect::<Vec<_>>());
                findings.report(policy.object, path, "no namespace has these labels, so this means nobody", fix);
            }
        }
    }
}

fn namespace_meant(selector: &LabelSelector<'_>, namespaces: &[&Namespace]) -> String {
    let (key, wanted) = selector.match_labels.iter().next().unwrap_or((NAME_LABEL, ""));
    let of_name = closest(wanted, namespaces.iter().map(|namespace| namespace.name()));
    let of_label = || closest(wanted, namespaces.iter().filter_map(|namespace| namespace.label(key)??.into()));
    match (of_name, key == NAME_LABEL) {
        (Some(name), true) => format!("did you mean {NAME_LABEL}: {name}?"),
        (None, true) => format!("there is no namespace {wanted}; name one that there is"),
        (Some(name), false) => format!("use {NAME_LABEL}: {name}, which the API server sets and keeps"),
        (None, false) => match of_label() {
            Some(value) => format!("did you mean {key}: {value}?"),
            None => format!("label the namespace, or select it by {NAME_LABEL}, which the API server sets and keeps"),
        },
    }
}

pub(in crate::engine::rules::network_policy) fn peers_on_the_host(
    cluster: &Cluster<'_, '_>,
    findings: &mut ClusterFindings<'_>,
) {
    if cluster.evaluator.host_network() != HostNetwork::NotSelected {
        return;
    }
    for policy in &cluster.written.network {
        for (place, peer) in rules(&policy.view).flat_map(PolicyRule::peers) {
            let Some(selector) = peer.pod_selector.as_ref().filter(|selector| !selector.is_empty()) else { continue };
            let Some(namespaces) = namespaces_of(peer, policy.namespace(), cluster) else { continue };
            let shapes = &cluster.written.shapes;
            let meant: Vec<&Pod> =
                namespaces.iter().flat_map(|namespace| shapes.selected(namespace, selector)).collect();
            let Some(pod) = meant.first().filter(|_| meant.iter().all(|pod| pod.host_network)) else { continue };
            findings.report(
                policy.object,
                place.path().key("podSelector"),
                "means pods on the host network, which no selector selects",
                format!("admit the addresses of the nodes by ipBlock: {} is seen as its node", pod.full_name()),
            );
        }
    }
}
