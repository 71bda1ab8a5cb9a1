//! What a snapshot says of manifests.

mod change;
mod classes;
mod groups;
mod order;
mod owners;
mod sharing;
mod templates;

use std::net::IpAddr;

use crate::model::Protocol;
use crate::model::snapshot::{Builder, ContainerRole, Place, Snapshot, TargetPort};
use crate::model::{ObjectReference, Position, Resource, Source};

fn snapshot(text: &str) -> Snapshot {
    let mut builder = Builder::new("default");
    builder.add_source("test.yaml", &Source::new(text));
    builder.finish()
}

fn names<'s>(pods: impl IntoIterator<Item = &'s super::Pod>) -> Vec<String> {
    pods.into_iter().map(|pod| pod.object.to_string()).collect()
}

fn problems(snapshot: &Snapshot) -> Vec<String> {
    let words = |problem: &super::Problem| {
        let place = problem.origin.and_then(|origin| snapshot.place(origin)).map(|place| place.to_string());
        let object = problem.object.as_ref().map(ToString::to_string);
        format!("{} {}: {}", place.unwrap_or_default(), object.unwrap_or_default(), problem.kind)
    };
    snapshot.problems().iter().map(words).collect()
}

/// As `kubectl get pods,namespaces,services -A -o yaml` prints them.
const DUMP: &str = r#"apiVersion: v1
items:
- apiVersion: v1
  kind: Pod
  metadata:
    annotations:
      sidecar.istio.io/status: '{"containers":["istio-proxy"]}'
    creationTimestamp: "2026-10-01T10:00:00Z"
    generateName: web-5d8f-
    labels:
      app: web
      pod-template-hash: 5d8f
    name: web-5d8f-x2x4k
    namespace: shop
    ownerReferences:
    - apiVersion: apps/v1
      blockOwnerDeletion: true
      controller: true
      kind: ReplicaSet
      name: web-5d8f
      uid: 0b2e
    resourceVersion: "4711"
    uid: 4c1d
  spec:
    containers:
    - image: registry.example/web:1
      name: web
      ports:
      - containerPort: 8080
        name: http
        protocol: TCP
      - containerPort: 8053
        name: dns
        protocol: UDP
    initContainers:
    - name: istio-init
      ports: null
    - name: istio-proxy
      ports:
      - containerPort: 15090
        name: http-envoy-prom
      restartPolicy: Always
    serviceAccount: web
    serviceAccountName: web
    tolerations: []
  status:
    hostIP: 192.168.0.4
    phase: Running
    podIP: 10.0.0.7
    podIPs:
    - ip: 10.0.0.7
    - ip: fd00::7
- apiVersion: v1
  kind: Namespace
  metadata:
    labels:
      istio-injection: enabled
      kubernetes.io/metadata.name: shop
    name: shop
  status:
    phase: Active
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: shop, labels: {app: web}}
  spec:
    clusterIP: 10.96.0.12
    clusterIPs: [10.96.0.12]
    ports:
    - {name: http, port: 80, targetPort: http}
    - {name: metrics, port: 9090, protocol: TCP}
    selector: {app: web}
    type: ClusterIP
- apiVersion: v1
  kind: ResourceQuota
  metadata: {name: web, namespace: shop}
kind: List
metadata:
  resourceVersion: ""
"#;

#[test]
fn a_pod_is_read_as_the_cluster_has_it() {
    let snapshot = snapshot(DUMP);
    assert_eq!(problems(&snapshot), [""; 0]);
    assert_eq!(snapshot.passed_over(), 1);
    let pod = snapshot.pod("shop", "web-5d8f-x2x4k").unwrap();
    assert_eq!((pod.namespace.as_str(), pod.service_account.as_str(), pod.host_network), ("shop", "web", false));
    assert_eq!(pod.labels.get("app"), Some("web"));
    assert_eq!(pod.annotations.get("sidecar.istio.io/status"), Some(r#"{"containers":["istio-proxy"]}"#));
    assert_eq!(*pod.addresses, ["10.0.0.7", "fd00::7"].map(|address| address.parse::<IpAddr>().unwrap()));
    assert_eq!(pod.phase.as_deref(), Some("Running"));
    let containers: Vec<_> = pod.containers.iter().map(|it| (it.name.as_str(), it.role, it.ports.len())).collect();
    let expected = [
        ("istio-init", ContainerRole::Init, 0),
        ("istio-proxy", ContainerRole::Sidecar, 1),
        ("web", ContainerRole::Regular, 2),
    ];
    assert_eq!(containers, expected);
    assert_eq!(pod.port_named("dns", Protocol::Udp), Some(8053));
    assert_eq!(pod.port_named("http-envoy-prom", Protocol::Tcp), Some(15090));
    assert_eq!(snapshot.namespaces().get("shop").label("istio-injection"), Some(Some("enabled")));
}

#[test]
fn a_service_leads_to_ports_of_its_pods() {
    let snapshot = snapshot(DUMP);
    let service = snapshot.service("shop", "web").unwrap();
    let [pod] = snapshot.pods_behind(service)[..] else { panic!("{service:?}") };
    assert_eq!(service.ports[0].target, TargetPort::Name("http".to_owned()));
    assert_eq!(service.ports.iter().map(|port| port.at(pod)).collect::<Vec<_>>(), [Some(8080), Some(9090)]);
    assert_eq!(snapshot.service_at("10.96.0.12".parse().unwrap()), Some(service));
    assert_eq!(snapshot.service_at("10.96.0.13".parse().unwrap()), None);
}

#[test]
fn every_object_has_a_place() {
    let snapshot = snapshot(DUMP);
    let place = |kind: &str, name: &str| {
        let namespace = Some("shop".to_owned());
        snapshot.place_of(&ObjectReference { kind: kind.to_owned(), namespace, name: name.to_owned() })
    };
    let at = |line| Some(Place { file: "test.yaml", position: Some(Position { line, column: 3 }) });
    assert_eq!(place("Pod", "web-5d8f-x2x4k"), at(3));
    assert_eq!(place("Service", "web"), at(62));
    assert_eq!(place("ResourceQuota", "web"), None);
}

/// As helm prints a chart: comments, empty documents, no namespaces, nothing that the API server would fill in.
const CHART: &str = r"---
# Source: web/templates/serviceaccount.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: release-web
---
# Source: web/templates/empty.yaml
---
# Source: web/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: release-web
  labels: {helm.sh/chart: web-0.1.0}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      serviceAccountName: release-web
      hostNetwork: true
      containers:
      - name: web
        ports: [{name: http, containerPort: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: clean, namespace: jobs}
spec:
  schedule: '* * * * *'
  jobTemplate: {spec: {template: {spec: {containers: [{name: clean}]}}}}
";

#[test]
fn a_chart_is_read_with_the_defaults_of_the_api_server() {
    let snapshot = snapshot(CHART);
    assert_eq!(problems(&snapshot), [""; 0]);
    assert_eq!(names(snapshot.pods()), ["Deployment default/release-web", "CronJob jobs/clean"]);
    let web = snapshot.pod("default", "release-web").unwrap();
    assert!(web.host_network);
    assert_eq!((web.labels.get("app"), web.labels.get("helm.sh/chart")), (Some("web"), None));
    assert_eq!(web.port_named("http", Protocol::Tcp), Some(8080));
    assert_eq!(snapshot.pod("jobs", "clean").unwrap().service_account, "default");
    let policy = snapshot.object(Resource::NetworkPolicy, "default", "web").unwrap();
    assert_eq!(policy.reference.to_string(), "NetworkPolicy default/web");
    assert_eq!(snapshot.objects(Resource::ServiceAccount).count(), 1);
    let namespaces: Vec<_> = snapshot.namespaces().iter().map(super::Namespace::name).collect();
    assert_eq!(namespaces, ["default", "jobs"], "objects are in them, so they exist");
}

#[test]
fn the_last_of_several_counts_and_the_others_are_told() {
    let pod = |account: &str| {
        format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{serviceAccountName: {account}}}}}\n---\n")
    };
    let snapshot = snapshot(&[pod("one"), pod("two"), pod("three")].concat());
    assert_eq!(snapshot.pods().len(), 1);
    assert_eq!(snapshot.pods().first().unwrap().service_account, "three");
    let told = "Pod default/a: given more than once, the last one counts; this one does not";
    assert_eq!(problems(&snapshot), [format!("test.yaml:1:2 {told}"), format!("test.yaml:3:2 {told}")]);
}

#[test]
fn pods_that_are_still_to_be_named_are_different_ones() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {generateName: a-}, spec: {}}\n---\n";
    assert_eq!(names(snapshot(&pod.repeat(2)).pods()), ["Pod default/a-*"; 2]);
}

#[test]
fn what_is_broken_is_told_and_the_rest_is_read() {
    let snapshot = snapshot(
        "\
{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, ports: [{containerPort: x}]}]}}
---
{apiVersion: v1, kind: Pod, kind: Pod}
---
{apiVersion: v1, kind: Pod, spec: {}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: 1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: good}, spec: {containers: [{name: c, ports: [{containerPort: 1, protocol: tcp}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: best}, spec: {}}
",
    );
    assert_eq!(names(snapshot.pods()), ["Pod default/best"]);
    let expected = [
        "test.yaml:1:2 Pod default/a: not in the expected form: invalid type: string \"x\", expected u16",
        "test.yaml:3:29 : the key \"kind\" is here a second time",
        "test.yaml:5:2 Pod default/: neither metadata.name nor metadata.generateName is given",
        "test.yaml:7:2 Deployment default/d: not in the expected form: it has no pod template",
        "test.yaml:9:2 Pod default/good: not in the expected form: \"tcp\" is not a protocol",
    ];
    for (problem, expected) in problems(&snapshot).iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
    }
    assert_eq!(snapshot.problems().len(), expected.len());
    assert!(snapshot.problems().iter().all(super::Problem::is_loss));
}

#[test]
fn a_policy_that_cannot_be_read_is_still_there() {
    let snapshot = snapshot(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: a}, spec: {podSelector: 1}}",
    );
    let policies: Vec<_> = snapshot.objects_in(Resource::NetworkPolicy, "a").collect();
    let [policy] = policies[..] else { panic!("{snapshot:?}") };
    assert!(policy.unreadable.as_ref().unwrap().starts_with("invalid type"), "{policy:?}");
    assert_eq!(snapshot.problems().len(), 1);
    assert_eq!(snapshot.objects_in(Resource::NetworkPolicy, "b").next(), None);
}

#[test]
fn kinds_that_are_not_evaluated_are_remembered() {
    let snapshot = snapshot(
        "\
{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: a}, spec: {}}
---
{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: e, namespace: istio-system}, spec: {}}
---
{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: c}, spec: {}}
---
{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: c}}
",
    );
    let unmodelled = snapshot.unmodelled().iter().map(|it| (it.group.as_str(), it.object.reference.to_string()));
    let expected = [
        ("networking.istio.io", "EnvoyFilter istio-system/e"),
        ("policy.networking.k8s.io", "AdminNetworkPolicy a"),
        ("projectcalico.org", "NetworkPolicy default/c"),
    ];
    assert_eq!(unmodelled.collect::<Vec<_>>(), expected.map(|(group, object)| (group, object.to_owned())));
    assert_eq!(snapshot.objects(Resource::NetworkPolicy).count(), 0);
    assert_eq!(snapshot.passed_over(), 1);
}

#[test]
fn an_address_belongs_to_those_who_still_have_it() {
    let pod = |name: &str, spec: &str, phase: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {spec}, status: {{phase: {phase}, podIP: 10.0.0.1}}}}\n---\n"
        )
    };
    let snapshot = snapshot(
        &[
            pod("done", "{}", "Succeeded"),
            pod("node-b", "{hostNetwork: true}", "Running"),
            pod("node-a", "{hostNetwork: true}", "Running"),
        ]
        .concat(),
    );
    assert_eq!(names(snapshot.pods_at("10.0.0.1".parse().unwrap())), ["Pod default/node-a", "Pod default/node-b"]);
    assert_eq!(names(snapshot.pods_at("10.0.0.2".parse().unwrap())), [""; 0]);
}

#[test]
fn endpoint_slices_count_for_more_than_the_selector() {
    let objects = "\
{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {clusterIP: None, selector: {app: a}}}
---
{apiVersion: v1, kind: Service, metadata: {name: bare}, spec: {clusterIP: 10.96.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: a}}, spec: {}, status: {podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, labels: {app: b}}, spec: {}, status: {podIP: 10.0.0.2}}
---
{apiVersion: v1, kind: Pod, metadata: {name: c, namespace: other, labels: {app: a}}, spec: {}}
---
";
    let slice = "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-1, labels: {kubernetes.io/service-name: s}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints:
- {addresses: [10.0.0.2], conditions: {ready: false}}
- {addresses: [10.0.0.9], targetRef: {kind: Pod, name: b}}
- {addresses: [10.0.0.8]}
";
    let selected = snapshot(objects);
    assert_eq!(names(selected.pods_behind(selected.service("default", "s").unwrap())), ["Pod default/a"]);
    assert_eq!(names(selected.pods_behind(selected.service("default", "bare").unwrap())), [""; 0]);
    let sliced = snapshot(&[objects, slice].concat());
    let service = sliced.service("default", "s").unwrap();
    assert!(service.is_headless && service.cluster_addresses.is_empty());
    assert_eq!(names(sliced.pods_behind(service)), ["Pod default/b"]);
    let slice = sliced.endpoint_slices_of(service).next().unwrap();
    assert_eq!((slice.ports[0].number, slice.ports[0].protocol), (Some(80), Protocol::Tcp));
    assert_eq!(slice.endpoints.iter().map(|it| it.ready).collect::<Vec<_>>(), [Some(false), None, None]);
}
