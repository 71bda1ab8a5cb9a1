//! Which pods are one class.

use std::time::{Duration, Instant};

use rstest::rstest;

use super::{names, snapshot};
use crate::model::Resource;
use crate::model::snapshot::Builder;

const A: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: web, tier: x}}, spec: {}}";

#[rstest]
#[case::another_order_of_labels("metadata: {name: b, labels: {tier: x, app: web}}, spec: {}", true)]
#[case::other_annotations("metadata: {name: b, labels: {app: web, tier: x}, annotations: {a: b}}, spec: {}", true)]
#[case::a_number_of_its_own(
    "metadata: {name: b, labels: {app: web, tier: x, apps.kubernetes.io/pod-index: '1'}}, spec: {}",
    true
)]
#[case::an_address("metadata: {name: b, labels: {app: web, tier: x}}, spec: {}, status: {podIP: 10.0.0.1}", true)]
#[case::another_label("metadata: {name: b, labels: {app: web, tier: z}}, spec: {}", false)]
#[case::another_namespace("metadata: {name: b, namespace: other, labels: {app: web, tier: x}}, spec: {}", false)]
#[case::an_account("metadata: {name: b, labels: {app: web, tier: x}}, spec: {serviceAccountName: s}", false)]
#[case::a_port(
    "metadata: {name: b, labels: {app: web, tier: x}}, spec: {containers: [{name: c, ports: [{containerPort: 1}]}]}",
    false
)]
#[case::host_network("metadata: {name: b, labels: {app: web, tier: x}}, spec: {hostNetwork: true}", false)]
#[case::the_mesh(
    "metadata: {name: b, labels: {app: web, tier: x}, annotations: {sidecar.istio.io/inject: 'true'}}, spec: {}",
    false
)]
#[case::ended("metadata: {name: b, labels: {app: web, tier: x}}, spec: {}, status: {phase: Failed}", false)]
fn pods_are_one_class_unless_something_can_tell_them_apart(#[case] other: &str, #[case] is_same: bool) {
    let snapshot = snapshot(&format!("{A}\n---\n{{apiVersion: v1, kind: Pod, {other}}}"));
    let classes: Vec<_> = snapshot.classes().map(|class| names(snapshot.members(class))).collect();
    assert_eq!(classes.len(), if is_same { 1 } else { 2 }, "{classes:?}");
    assert_eq!(snapshot.pods().len(), 2);
    for pod in snapshot.pods() {
        let class = snapshot.class_of(pod).unwrap();
        assert!(snapshot.members(class).any(|member| member == pod));
    }
}

#[test]
fn labels_of_single_pods_count_where_somebody_selects_by_them() {
    let pod = |number: u32| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: db-{number}, labels: {{statefulset.kubernetes.io/pod-name: db-{number}}}}}, spec: {{}}}}\n---\n"
        )
    };
    let pods = [pod(0), pod(1)].concat();
    let selector = "{statefulset.kubernetes.io/pod-name: db-0}";
    let service = format!("{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {{selector: {selector}}}}}\n");
    let policy = format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: np}}, spec: {{podSelector: {{matchLabels: {selector}}}}}}}\n"
    );
    assert_eq!(snapshot(&pods).classes().count(), 1);
    assert_eq!(snapshot(&[pods.as_str(), &service].concat()).classes().count(), 2);
    assert_eq!(snapshot(&[pods.as_str(), &policy].concat()).classes().count(), 2);
}

/// Quadratic work on this many pods would take minutes; what is needed takes about a second without optimisation.
#[test]
fn many_pods_are_few_classes_and_no_great_effort() {
    let start = Instant::now();
    let mut builder = Builder::new("default");
    for number in 0..20_000 {
        let (namespace, app, address) = (number % 50, number % 200, number);
        let json = format!(
            r#"{{"metadata": {{"name": "p{number}", "namespace": "n{namespace}", "labels": {{"app": "a{app}", "pod-template-hash": "h{app}"}}}},
                "spec": {{"containers": [{{"name": "c", "ports": [{{"name": "metrics", "containerPort": 9090}}]}}]}},
                "status": {{"phase": "Running", "podIP": "10.{}.{}.{}"}}}}"#,
            address >> 16,
            (address >> 8) & 255,
            address & 255
        );
        builder.add(Resource::Pod, &json, None);
    }
    let snapshot = builder.finish();
    assert_eq!((snapshot.pods().len(), snapshot.classes().count()), (20_000, 200));
    for pod in snapshot.pods() {
        assert_eq!(snapshot.pods_at(pod.addresses[0]).collect::<Vec<_>>(), [pod]);
        assert_eq!(snapshot.pod(&pod.namespace, &pod.object.name), Some(pod));
    }
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}
