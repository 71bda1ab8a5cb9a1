//! When injection touches an object at all.

use rstest::rstest;

use super::*;
use crate::engine::admission::Action;

const GUARD: &str = "{apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {name: m},
    spec: {mesh: {istio: sidecar, certificates: istio}, prometheus: {name: k8s}}}";

fn mutated(resource: Resource, old: Option<&str>, new: &str, mode: Option<Mode>) -> Outcome {
    let request = Request {
        operation: if old.is_some() { Operation::Update } else { Operation::Create },
        group: resource.group(),
        kind: resource.kind(),
        subresource: "",
        namespace: "monitoring",
        name: "k8s",
        object: Some(new),
        old_object: old,
    };
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: mode };
    mutate(&request, &Guards::parse(GUARD).unwrap(), &circumstances)
}

const POD: &str = r#"{"spec": {"containers": [{"name": "prometheus", "ports": [{"containerPort": 9090}]}]}}"#;
const PROMETHEUS: &str = r#"{"metadata": {"name": "k8s"}, "spec": {"replicas": 1}}"#;
const SCALED: &str = r#"{"metadata": {"name": "k8s"}, "spec": {"replicas": 2}}"#;
const ANNOTATED: &str = r#"{"metadata": {"name": "k8s", "annotations": {"a": "b"}}, "spec": {"replicas": 1}}"#;
const ANOTHER: &str = r#"{"metadata": {"name": "another"}, "spec": {"replicas": 1}}"#;
const MONITOR: &str = r#"{"metadata": {"name": "m"}, "spec": {}}"#;

#[rstest]
#[case::new_pod(Resource::Pod, None, POD, true)]
#[case::running_pod(Resource::Pod, Some(POD), POD, false)]
#[case::new_prometheus(Resource::Prometheus, None, PROMETHEUS, true)]
#[case::changed_prometheus(Resource::Prometheus, Some(PROMETHEUS), SCALED, true)]
#[case::annotated_prometheus(Resource::Prometheus, Some(PROMETHEUS), ANNOTATED, false)]
#[case::not_the_one_that_the_guard_names(Resource::Prometheus, None, ANOTHER, false)]
#[case::new_monitor(Resource::ScrapeConfig, None, MONITOR, true)]
#[case::old_monitor(Resource::ScrapeConfig, Some(MONITOR), MONITOR, true)]
fn objects_are_touched_when_it_restarts_nothing(
    #[case] resource: Resource,
    #[case] old: Option<&str>,
    #[case] new: &str,
    #[case] expected: bool,
) {
    let touched = mutated(resource, old, new, None);
    assert_eq!(!touched.patch.is_empty(), expected);
    let audited = mutated(resource, old, new, Some(Mode::Audit));
    assert!(audited.patch.is_empty(), "audit mode adds nothing");
    assert_eq!(audited.withheld, touched.patch, "and says what it would have added");
}

const CONTESTED: &str = r#"{"metadata": {"name": "m", "labels": {"release": "x"}, "annotations": {}}, "spec": {}}"#;
const EXCUSE: &str = r#""annotations": {"scrapeguard.io/exempt": "SG-INJ-004", "scrapeguard.io/exempt-reason": "meant",
    "scrapeguard.io/exempt-until": "1970-02-01"}"#;

#[test]
fn an_object_can_ask_to_be_spared_the_warning() {
    let actions = |json: &str| {
        let outcome = mutated(Resource::Probe, None, json, None);
        outcome.judgements.into_iter().map(|judgement| (judgement.action, judgement.exempted)).collect::<Vec<_>>()
    };
    assert_eq!(actions(CONTESTED), [(Action::Warn, None)]);
    let excused = CONTESTED.replace(r#""annotations": {}"#, EXCUSE);
    assert_eq!(actions(&excused), [(Action::Record, Some("meant".to_owned()))]);
}
