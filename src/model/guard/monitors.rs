//! Which monitors the guarded Prometheus picks up, and whether labels that it wants are added to them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::labels::Labels;
use crate::model::selector::{LabelSelector, Requirement};
use crate::model::{Resource, Text, Truth};

/// The label that the API server puts on each namespace, with the namespace's name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A label selector as people write it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SelectorSpec {
    /// Labels that must be there with these values.
    pub match_labels: BTreeMap<String, String>,
    /// Further requirements.
    pub match_expressions: Vec<RequirementSpec>,
}

/// One element of `matchExpressions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementSpec {
    /// The label key.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: Operator,
    /// The values of `In` and `NotIn`.
    #[serde(default)]
    pub values: Vec<String>,
}

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Operator {
    /// The label has one of the values.
    In,
    /// The label has none of the values, or is not there.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
}

/// Which monitors the guarded Prometheus picks up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitors {
    /// Whether missing labels are added to monitors.
    pub inject: bool,
    /// The namespaces in which they are, of those in which Prometheus looks.
    pub namespaces: LabelSelector<'static>,
    /// Which PodMonitors it picks up.
    pub pod_monitors: Selection,
    /// Which ServiceMonitors.
    pub service_monitors: Selection,
    /// Which Probes.
    pub probes: Selection,
    /// Which ScrapeConfigs.
    pub scrape_configs: Selection,
}

/// Which monitors of one kind the guarded Prometheus picks up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The labels that it wants on them; `None` where it picks up none at all, or nobody knows which.
    pub labels: Option<LabelSelector<'static>>,
    /// The namespaces in which it looks; `None` for its own alone.
    pub namespaces: Option<LabelSelector<'static>>,
    /// Whether the guard itself says so. Otherwise it is what the chart would have made of it, and the Prometheus
    /// resource knows better.
    pub is_said: bool,
}

impl Monitors {
    /// The labels that the guarded Prometheus wants on a monitor of this kind; `None` for other kinds, and where no
    /// label would help.
    pub fn selector(&self, resource: Resource) -> Option<&LabelSelector<'static>> {
        self.selection(resource)?.labels.as_ref()
    }

    /// Whether labels are added to monitors of this kind in this namespace, of which no label is known but the one with
    /// its name. `own` is the namespace of the guarded Prometheus.
    pub fn injects_in(&self, resource: Resource, namespace: &str, own: &str) -> Truth {
        let Some(selection) = self.selection(resource).filter(|selection| selection.labels.is_some()) else {
            return Truth::No;
        };
        let known = |key: &str| (key == NAMESPACE_NAME).then_some(Some(namespace));
        let looks = selection.namespaces.as_ref().map_or(Truth::from(namespace == own), |it| it.selects(known));
        Truth::from(self.inject).and(self.namespaces.selects(known)).and(looks)
    }

    /// Whether labels are added to monitors of this kind at all.
    pub fn injects(&self, resource: Resource) -> bool {
        self.inject && self.selector(resource).is_some()
    }

    /// Whether they are added in namespaces other than that of the guarded Prometheus.
    pub fn injects_elsewhere(&self, resource: Resource) -> bool {
        self.injects(resource) && self.selection(resource).is_some_and(|selection| selection.namespaces.is_some())
    }

    fn selection(&self, resource: Resource) -> Option<&Selection> {
        match resource {
            Resource::PodMonitor => Some(&self.pod_monitors),
            Resource::ServiceMonitor => Some(&self.service_monitors),
            Resource::Probe => Some(&self.probes),
            Resource::ScrapeConfig => Some(&self.scrape_configs),
            _ => None,
        }
    }
}

impl From<&SelectorSpec> for LabelSelector<'static> {
    fn from(spec: &SelectorSpec) -> Self {
        let match_labels: Labels<'static> = spec.match_labels.clone().into_iter().collect();
        Self { match_labels, match_expressions: spec.match_expressions.iter().map(Requirement::from).collect() }
    }
}

impl From<&RequirementSpec> for Requirement<'static> {
    fn from(spec: &RequirementSpec) -> Self {
        let operator = match spec.operator {
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
        };
        Self {
            key: Text::from(spec.key.clone()),
            operator: Text::from(operator),
            values: spec.values.iter().cloned().map(Text::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::guard::Guards;

    fn monitors(spec: &str) -> Monitors {
        let document = format!(
            "{{apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {{name: m}}, spec: {{{spec}}}}}"
        );
        Guards::parse(&document).unwrap().iter().next().unwrap().monitors.clone()
    }

    #[test]
    fn the_chart_selects_by_its_release() {
        let monitors = monitors("release: kps");
        let label = Labels::from_iter([("release", "kps")]);
        for kind in [Resource::PodMonitor, Resource::ServiceMonitor, Resource::Probe, Resource::ScrapeConfig] {
            assert_eq!(monitors.selector(kind).unwrap().match_labels, label, "{kind:?}");
        }
        assert_eq!(monitors.selector(Resource::Pod), None);
    }

    #[test]
    fn a_selector_of_its_own_takes_its_place() {
        let monitors = monitors("prometheus: {probeSelector: {matchExpressions: [{key: team, operator: Exists}]}}");
        let probes = monitors.selector(Resource::Probe).unwrap();
        assert_eq!(probes.match_expressions[0].operator, "Exists");
        assert!(probes.match_labels.is_empty());
        let pod_monitors = monitors.selector(Resource::PodMonitor).unwrap();
        assert_eq!(pod_monitors.match_labels.get("release"), Some("prometheus-operator"));
    }

    #[rstest]
    #[case::everywhere("", Truth::Yes)]
    #[case::not_at_all("monitors: {inject: false}", Truth::No)]
    #[case::by_name("monitors: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: apps}}}", Truth::Yes)]
    #[case::another("monitors: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}}", Truth::No)]
    #[case::by_a_label("monitors: {namespaceSelector: {matchLabels: {team: web}}}", Truth::Unknown)]
    fn a_namespace_is_known_by_its_name_only(#[case] spec: &str, #[case] expected: Truth) {
        assert_eq!(monitors(spec).injects_in(Resource::Probe, "apps", "monitoring"), expected);
    }
}
