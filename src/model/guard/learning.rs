//! What a guard leaves to its Prometheus: which monitors it picks up, read from the resource itself.

use crate::model::Resource;
use crate::model::guard::monitors::Selection;
use crate::model::guard::{Guard, Guards};
use crate::model::resource::Prometheus;
use crate::model::resource::prometheus::PrometheusSpec;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::Snapshot;

impl Guards {
    /// Takes over what the Prometheus resources of a cluster say of themselves. One that cannot be read says nothing.
    pub fn learn_from(&mut self, snapshot: &Snapshot) {
        let resources = [Resource::Prometheus, Resource::PrometheusAgent].into_iter();
        let resources = resources.flat_map(|resource| snapshot.objects(resource));
        let readable = resources.filter_map(|kept| Some((kept.namespace(), serde_json::from_str(&kept.json).ok()?)));
        self.learn(&readable.collect::<Vec<(&str, Prometheus<'_>)>>());
    }
}

/// Takes over the selectors of the guarded Prometheus for each kind of monitor of which the guard says nothing.
///
/// Where several resources may be meant and they do not agree, no label is certain any more.
pub(super) fn learn(guard: &mut Guard, resources: &[(&str, Prometheus<'_>)]) {
    let meant = meant(guard, resources);
    let Some((first, others)) = meant.split_first() else { return };
    let Guard { monitors, .. } = guard;
    for (resource, selection) in [
        (Resource::PodMonitor, &mut monitors.pod_monitors),
        (Resource::ServiceMonitor, &mut monitors.service_monitors),
        (Resource::Probe, &mut monitors.probes),
        (Resource::ScrapeConfig, &mut monitors.scrape_configs),
    ] {
        if !selection.is_said {
            let agreed = others.iter().all(|other| selectors(other, resource) == selectors(first, resource));
            *selection = selection_of(first, resource, agreed);
        }
    }
}

/// The specs of the resources that the guard means: those of the name that it gives, or else of all in its namespace. An
/// agent is meant where there is no whole Prometheus.
fn meant<'r, 'a>(guard: &Guard, resources: &'r [(&str, Prometheus<'a>)]) -> Vec<&'r PrometheusSpec<'a>> {
    let is_meant = |prometheus: &&Prometheus<'_>| {
        guard.prometheus.is_none() || guard.prometheus.as_deref() == prometheus.metadata.name.as_deref()
    };
    let here = resources.iter().filter(|(namespace, _)| *namespace == guard.namespace).map(|(_, it)| it);
    let (agents, whole): (Vec<_>, Vec<_>) = here.filter(is_meant).partition(|prometheus| is_agent(prometheus));
    let meant = if whole.is_empty() { agents } else { whole };
    meant.into_iter().filter_map(|prometheus| prometheus.spec.as_ref()).collect()
}

fn is_agent(prometheus: &Prometheus<'_>) -> bool {
    prometheus.kind.as_deref() == Some(Resource::PrometheusAgent.kind())
}

/// The labels that it wants on monitors of a kind, and on their namespaces.
type Selectors<'s, 'a> = (Option<&'s LabelSelector<'a>>, Option<&'s LabelSelector<'a>>);

fn selectors<'s, 'a>(spec: &'s PrometheusSpec<'a>, resource: Resource) -> Selectors<'s, 'a> {
    let (labels, namespaces) = match resource {
        Resource::PodMonitor => (&spec.pod_monitor_selector, &spec.pod_monitor_namespace_selector),
        Resource::ServiceMonitor => (&spec.service_monitor_selector, &spec.service_monitor_namespace_selector),
        Resource::Probe => (&spec.probe_selector, &spec.probe_namespace_selector),
        _ => (&spec.scrape_config_selector, &spec.scrape_config_namespace_selector),
    };
    (labels.as_ref(), namespaces.as_ref())
}

fn selection_of(spec: &PrometheusSpec<'_>, resource: Resource, agreed: bool) -> Selection {
    let (labels, namespaces) = selectors(spec, resource);
    Selection {
        labels: labels.filter(|_| agreed).map(LabelSelector::to_static),
        namespaces: namespaces.map(LabelSelector::to_static),
        is_said: false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::snapshot::Builder;
    use crate::model::{Source, Truth};

    const HEAD: &str = "apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {name: m}\n";
    const TEAM: &str = r#"{"metadata": {"name": "k8s"}, "spec": {"podMonitorSelector": {"matchLabels": {"team": "a"}},
        "podMonitorNamespaceSelector": {}, "probeSelector": {"matchLabels": {"team": "a"}}}}"#;
    const OTHER: &str = r#"{"metadata": {"name": "other"}, "spec": {"podMonitorSelector": {}}}"#;
    const AGENT: &str = r#"{"kind": "PrometheusAgent", "metadata": {"name": "a"}, "spec": {}}"#;

    /// The labels that PodMonitors get, or a word for those that get none.
    fn wanted(spec: &str, resources: &[&str]) -> String {
        let mut guards = Guards::parse(&format!("{HEAD}spec: {spec}\n")).unwrap();
        let found: Vec<_> = resources.iter().map(|json| ("monitoring", serde_json::from_str(json).unwrap())).collect();
        guards.learn(&found);
        let guard = guards.iter().next().unwrap();
        match guard.monitors.selector(Resource::PodMonitor) {
            Some(selector) => {
                let labels: Vec<_> =
                    selector.match_labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                labels.join(" ")
            }
            None => "nothing certain".to_owned(),
        }
    }

    #[rstest]
    #[case::nothing_to_learn("{}", &[], "release=prometheus-operator")]
    #[case::the_resource_knows("{}", &[TEAM], "team=a")]
    #[case::by_name("{prometheus: {name: k8s}}", &[OTHER, TEAM], "team=a")]
    #[case::another_one("{prometheus: {name: x}}", &[TEAM], "release=prometheus-operator")]
    #[case::the_guard_knows("{prometheus: {podMonitorSelector: {matchLabels: {x: y}}}}", &[TEAM], "x=y")]
    #[case::they_agree("{}", &[TEAM, TEAM], "team=a")]
    #[case::they_do_not("{}", &[TEAM, OTHER], "nothing certain")]
    #[case::an_agent_beside("{}", &[AGENT, TEAM], "team=a")]
    #[case::an_agent_alone("{}", &[AGENT], "nothing certain")]
    #[case::everything("{}", &[OTHER], "")]
    fn what_the_guard_leaves_open_is_learnt(#[case] spec: &str, #[case] resources: &[&str], #[case] expected: &str) {
        assert_eq!(wanted(spec, resources), expected);
    }

    #[test]
    fn a_cluster_tells_what_its_resources_say() {
        let text = format!("{{\"apiVersion\": \"monitoring.coreos.com/v1\", \"kind\": \"Prometheus\", {}", &TEAM[1..])
            .replace(r#""name": "k8s""#, r#""name": "k8s", "namespace": "monitoring""#);
        let mut builder = Builder::new("default");
        builder.add_source("x", &Source::new(&text));
        let mut guards = Guards::built_in();
        guards.learn_from(&builder.finish());
        let monitors = &guards.iter().next().unwrap().monitors;
        assert_eq!(monitors.injects_in(Resource::Probe, "apps", "monitoring"), Truth::No);
        assert_ne!(guards, Guards::built_in());
    }

    #[rstest]
    #[case::all_namespaces(Resource::PodMonitor, "apps", Truth::Yes)]
    #[case::its_own(Resource::Probe, "monitoring", Truth::Yes)]
    #[case::not_another(Resource::Probe, "apps", Truth::No)]
    #[case::picks_up_none(Resource::ScrapeConfig, "monitoring", Truth::No)]
    fn it_only_looks_where_it_says(#[case] resource: Resource, #[case] namespace: &str, #[case] expected: Truth) {
        let mut guards = Guards::built_in();
        guards.learn(&[("monitoring", serde_json::from_str(TEAM).unwrap())]);
        let monitors = &guards.iter().next().unwrap().monitors;
        assert_eq!(monitors.injects_in(resource, namespace, "monitoring"), expected);
    }

    #[test]
    fn a_prometheus_of_another_namespace_says_nothing() {
        let mut guards = Guards::built_in();
        guards.learn(&[("apps", serde_json::from_str(TEAM).unwrap())]);
        assert_eq!(guards, Guards::built_in());
    }
}
