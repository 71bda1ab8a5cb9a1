//! Labels that the selected pods have not, or will not have for long.

use super::places::{PolicyRule, rules};
use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::guard::component::pairs;
use crate::model::guard::{Component, Guard};
use crate::model::resource::NetworkPolicy;
use crate::model::selector::LabelSelector;

const INSTANCE: &str = "app.kubernetes.io/instance";

/// The components whose pods the operator makes, with the label by which it names the resource that they belong to.
const MADE_BY_THE_OPERATOR: [(&str, &str); 2] =
    [("prometheus", "operator.prometheus.io/name"), ("alertmanager", "alertmanager")];

pub(super) fn instance_of_the_release(policy: &NetworkPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    report_instance(&policy.spec.pod_selector, &FieldPath::of("spec.podSelector"), guard, findings);
    for (place, peer) in rules(policy).flat_map(PolicyRule::peers) {
        if let Some(pods) = peer.only_pods() {
            report_instance(pods, &place.path().key("podSelector"), guard, findings);
        }
    }
}

fn report_instance(pods: &LabelSelector<'_>, path: &FieldPath, guard: &Guard, findings: &mut Findings<'_>) {
    let Some(instance) = pods.match_labels.get(INSTANCE) else { return };
    for (name, label) in MADE_BY_THE_OPERATOR {
        let Some(component) = guard.component(name) else { continue };
        let labels = &pods.match_labels;
        let is_meant = pairs(&component.selector_labels).all(|(key, value)| labels.get(key) == Some(value));
        let Some(resource) = known(component, label) else { continue };
        if is_meant && known(component, INSTANCE).is_some_and(|own| own != instance) && is_release(instance, guard) {
            findings.report(
                path.key("matchLabels").key(INSTANCE),
                "selects nothing: the operator sets another instance",
                format!("use {label}: {resource}"),
            );
        }
    }
}

/// Whether the pods that Helm made carry this instance label.
fn is_release(instance: &str, guard: &Guard) -> bool {
    let made_by_helm = |component: &&Component| !MADE_BY_THE_OPERATOR.iter().any(|(name, _)| *name == component.name);
    guard.components.iter().filter(made_by_helm).any(|component| known(component, INSTANCE) == Some(instance))
}

fn known<'g>(component: &'g Component, key: &str) -> Option<&'g str> {
    pairs(&component.pod_labels).find(|(known, _)| *known == key).map(|(_, value)| value)
}

/// Whether a selector asks for the labels by which an older chart told the component: it is then meant, even if it
/// selects nothing any more.
pub(super) fn are_of_an_older_chart(selector: &LabelSelector<'_>, component: &Component) -> bool {
    let by_labels = component.identified_by.iter().filter(|signs| signs.container.is_none() && signs.port.is_none());
    by_labels.into_iter().any(|signs| selector.match_labels.contains_all(pairs(&signs.labels)))
}

/// Labels that change with every rollout or upgrade, or belong to one replica.
const VOLATILE: [&str; 5] = [
    "app.kubernetes.io/version",
    "controller-revision-hash",
    "helm.sh/chart",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
];

pub(super) fn volatile(policy: &NetworkPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let selector = &policy.spec.pod_selector;
    let path = FieldPath::of("spec.podSelector");
    for (key, _) in selector.match_labels.iter().filter(|(key, _)| VOLATILE.contains(key)) {
        report_volatile(path.key("matchLabels").key(key), key, findings);
    }
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        if requirement.operator == "In" && VOLATILE.contains(&requirement.key.as_str()) {
            report_volatile(path.key("matchExpressions").index(index), &requirement.key, findings);
        }
    }
}

fn report_volatile(path: FieldPath, key: &str, findings: &mut Findings<'_>) {
    findings.report(
        path,
        "selects nothing any more after the next rollout",
        format!("remove {key}; select by labels that stay, such as app.kubernetes.io/name"),
    );
}
