//! What the operator would make, field by field. That the real one makes the same is seen in `tests/end_to_end`.

use rstest::rstest;

use super::*;
use crate::model::snapshot::ContainerRole;
use crate::model::{Document, Protocol, Source};

fn workload(resource: Resource, spec: &str) -> Option<Workload> {
    let text = format!("{{apiVersion: v1, kind: X, spec: {spec}}}");
    let source = Source::new(&text);
    let json = Document::read_all(&source).next().unwrap().unwrap().json().unwrap();
    let view: OperatedView<'_> = serde_json::from_str(&json).unwrap();
    let (kind, namespace) = (resource.kind().to_owned(), Some("monitoring".to_owned()));
    view.workload(resource, &ObjectReference { kind, namespace, name: "k8s".to_owned() })
}

fn pod(resource: Resource, spec: &str) -> Pod {
    workload(resource, spec).unwrap().template.pod.clone()
}

fn labels(labels: &Labels<'_>) -> Vec<String> {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

/// Such as `prometheus web:9090`, an init container with a hyphen before and a sidecar with a plus.
fn containers(pod: &Pod) -> Vec<String> {
    let port = |port: &crate::model::snapshot::ContainerPort| {
        let protocol = if port.protocol == Protocol::Tcp { "" } else { "/UDP" };
        format!(" {}:{}{protocol}", port.name.as_deref().unwrap_or_default(), port.number)
    };
    let container = |container: &crate::model::snapshot::Container| {
        let role = match container.role {
            ContainerRole::Regular => "",
            ContainerRole::Init => "-",
            ContainerRole::Sidecar => "+",
        };
        format!("{role}{}{}", container.name, container.ports.iter().map(port).collect::<String>())
    };
    pod.containers.iter().map(container).collect()
}

const INIT: &str = "-init-config-reloader reloader-init:8081";

#[rstest]
#[case(Resource::Prometheus, "StatefulSet monitoring/prometheus-k8s", &[INIT, "prometheus web:9090", "config-reloader reloader-web:8080"])]
#[case(Resource::PrometheusAgent, "StatefulSet monitoring/prom-agent-k8s", &[INIT, "prometheus web:9090", "config-reloader reloader-web:8080"])]
#[case(Resource::Alertmanager, "StatefulSet monitoring/alertmanager-k8s", &[INIT, "alertmanager web:9093 mesh-tcp:9094 mesh-udp:9094/UDP", "config-reloader reloader-web:8080"])]
#[case(Resource::ThanosRuler, "StatefulSet monitoring/thanos-ruler-k8s", &["thanos-ruler grpc:10901 web:10902", "config-reloader reloader-web:8080"])]
fn every_kind_has_its_containers(#[case] resource: Resource, #[case] object: &str, #[case] expected: &[&str]) {
    let pod = pod(resource, "{queryEndpoints: [q]}");
    assert_eq!(pod.object.to_string(), object);
    assert_eq!(containers(&pod), expected);
    assert_eq!((pod.service_account.as_str(), pod.host_network), ("default", false));
}

#[rstest]
#[case::port_name("{portName: https}", &[INIT, "prometheus https:9090", "config-reloader reloader-web:8080"])]
#[case::local("{listenLocal: true}", &[INIT, "prometheus", "config-reloader"])]
#[case::local_with_signals("{listenLocal: true, reloadStrategy: ProcessSignal}", &[INIT, "prometheus", "config-reloader reloader-web:8080"])]
#[case::thanos("{thanos: {}}", &[INIT, "prometheus web:9090", "config-reloader reloader-web:8080", "thanos-sidecar http:10902 grpc:10901"])]
#[case::further("{containers: [{name: proxy, ports: [{containerPort: 1}]}], initContainers: [{name: a}, {name: b, restartPolicy: Always}]}", &[INIT, "-a", "+b", "prometheus web:9090", "config-reloader reloader-web:8080", "proxy :1"])]
#[case::changed("{containers: [{name: config-reloader, ports: [{name: one, containerPort: 8080}, {name: two, containerPort: 2}]}, {name: prometheus}]}", &[INIT, "prometheus web:9090", "config-reloader one:8080 two:2"])]
fn settings_of_a_prometheus_change_its_containers(#[case] spec: &str, #[case] expected: &[&str]) {
    assert_eq!(containers(&pod(Resource::Prometheus, spec)), expected);
}

#[test]
fn users_add_labels_and_the_operator_has_the_last_word() {
    let spec = "{version: v3.5, serviceAccountName: p, hostNetwork: true, podMetadata: {labels: {team: a, prometheus: x, app.kubernetes.io/version: mine}, annotations: {a: b, kubectl.kubernetes.io/default-container: c}}}";
    let made = workload(Resource::Prometheus, spec).unwrap();
    let own = [
        "app.kubernetes.io/instance=k8s",
        "app.kubernetes.io/managed-by=prometheus-operator",
        "app.kubernetes.io/name=prometheus",
        "app.kubernetes.io/version=mine",
        "operator.prometheus.io/name=k8s",
        "operator.prometheus.io/shard=0",
        "prometheus=k8s",
        "team=a",
    ];
    assert_eq!(labels(&made.template.pod.labels), own);
    assert_eq!(labels(&made.template.pod.annotations), ["a=b", "kubectl.kubernetes.io/default-container=c"]);
    assert_eq!((made.template.pod.service_account.as_str(), made.template.pod.host_network), ("p", true));
    let selector = labels(&made.selector.unwrap().match_labels);
    let selects = own.iter().filter(|label| !label.contains("version") && **label != "team=a");
    assert!(selects.eq(selector.iter()), "{selector:?}");
}

#[test]
fn a_ruler_selects_by_the_labels_of_users_too() {
    let spec = "{queryConfig: {key: k}, version: v0.40.0, hostNetwork: true, podMetadata: {labels: {team: a}, annotations: {kubectl.kubernetes.io/default-container: c}}}";
    let made = workload(Resource::ThanosRuler, spec).unwrap();
    let own = [
        "app.kubernetes.io/instance=k8s",
        "app.kubernetes.io/managed-by=prometheus-operator",
        "app.kubernetes.io/name=thanos-ruler",
        "app.kubernetes.io/version=0.40.0",
        "team=a",
        "thanos-ruler=k8s",
    ];
    assert_eq!(labels(&made.template.pod.labels), own);
    assert_eq!(labels(&made.template.pod.annotations), ["kubectl.kubernetes.io/default-container=thanos-ruler"]);
    assert!(!made.template.pod.host_network, "a ruler has no such field");
    let selector = labels(&made.selector.unwrap().match_labels);
    assert!(own.iter().filter(|label| !label.contains("version")).eq(selector.iter()), "{selector:?}");
}

#[test]
fn an_agent_may_run_on_every_node() {
    let made = workload(Resource::PrometheusAgent, "{mode: DaemonSet, replicas: 0}").unwrap();
    assert_eq!(made.template.pod.object.to_string(), "DaemonSet monitoring/prom-agent-k8s");
    assert_eq!(made.template.pod.labels.get(SHARD), None);
    assert!(made.makes_pods);
}

#[rstest]
#[case(Resource::Prometheus, "{replicas: 0}", Some(false))]
#[case(Resource::Prometheus, "{replicas: -1}", Some(true))]
#[case(Resource::Alertmanager, "{replicas: -1}", Some(false))]
#[case(Resource::ThanosRuler, "{}", None)]
#[case(Resource::Prometheus, "{version: latest}", None)]
#[case(Resource::ThanosRuler, "{queryConfig: {}, podMetadata: {labels: {app.kubernetes.io/version: mine}}}", None)]
#[case(Resource::Prometheus, "null", Some(true))]
fn not_all_make_pods(#[case] resource: Resource, #[case] spec: &str, #[case] expected: Option<bool>) {
    assert_eq!(workload(resource, spec).map(|made| made.makes_pods), expected);
}
