//! Whose namespace a peer means.

use super::places::{PolicyRule, ingress, rules};
use crate::engine::rules::findings::Findings;
use crate::model::guard::Guard;
use crate::model::resource::NetworkPolicy;
use crate::model::selector::LabelSelector;
use crate::model::{Text, Truth};

/// The label that the API server itself puts on every namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

pub(super) fn prometheus_is_elsewhere(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for (place, peer) in rules(policy).flat_map(PolicyRule::peers) {
        if peer.only_pods().is_some_and(|pods| is_prometheus(pods, guard)) {
            findings.report(
                place.path().key("podSelector"),
                format!("Prometheus is not in this namespace but in {}", guard.namespace),
                format!("add to this same item: {}", namespace_selector(&guard.namespace)),
            );
        }
    }
}

pub(super) fn two_items(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    let own = findings.object().namespace.clone().unwrap_or_default();
    for rule in rules(policy) {
        for ((_, first), (place, second)) in rule.peers().zip(rule.peers().skip(1)) {
            let (Some(namespaces), Some(pods)) = (first.only_namespaces(), second.only_pods()) else { continue };
            if namespaces.is_empty() || values(namespaces).any(|value| value == own) {
                continue;
            }
            if is_ingress_controller(pods) || own != guard.namespace && is_prometheus(pods, guard) {
                findings.report(
                    place.path(),
                    "this admits the whole namespace above, or pods from here",
                    "make one item of both: remove the dash before podSelector, so that both selectors must match",
                );
            }
        }
    }
}

/// Names by which ingress controllers are labelled. They live in a namespace of their own.
const INGRESS_CONTROLLERS: [&str; 10] = [
    "contour",
    "haproxy-ingress",
    "ingress-controller",
    "ingress-nginx",
    "ingress-nginx-controller",
    "istio-ingressgateway",
    "nginx-ingress",
    "nginx-ingress-controller",
    "nginx-ingress-microk8s",
    "traefik",
];

fn is_ingress_controller(pods: &LabelSelector<'_>) -> bool {
    values(pods).any(|value| INGRESS_CONTROLLERS.contains(&value))
}

fn is_prometheus(pods: &LabelSelector<'_>, guard: &Guard) -> bool {
    let prometheus = guard.component("prometheus");
    !pods.is_empty() && prometheus.is_some_and(|component| component.is_selected_by(pods) == Truth::Yes)
}

/// All label values that a selector asks for.
fn values<'s>(selector: &'s LabelSelector<'_>) -> impl Iterator<Item = &'s str> {
    let listed = selector.match_expressions.iter().filter(|requirement| requirement.operator == "In");
    let listed = listed.flat_map(|requirement| requirement.values.iter().map(Text::as_str));
    selector.match_labels.iter().map(|(_, value)| value).chain(listed)
}

pub(super) fn label_of_the_namespace(policy: &NetworkPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (place, peer) in ingress(policy).flat_map(PolicyRule::peers) {
        let Some(selector) = peer.namespace_selector.as_ref().filter(|selector| !selector.is_empty()) else { continue };
        let expressions = selector.match_expressions.iter().map(|requirement| requirement.key.as_str());
        if !selector.match_labels.iter().map(|(key, _)| key).chain(expressions).any(|key| key == NAME_LABEL) {
            findings.report(
                place.path().key("namespaceSelector"),
                "whoever may label a namespace can let it in",
                format!("select by {NAME_LABEL}, which the API server sets and keeps"),
            );
        }
    }
}

fn namespace_selector(namespace: &str) -> String {
    format!("namespaceSelector: {{matchLabels: {{{NAME_LABEL}: {namespace}}}}}")
}
