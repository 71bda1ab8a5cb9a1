//! Targets that are endpoints, in the words of EndpointSlices and of Endpoints.

use super::*;
use crate::model::labels::Labels;
use crate::model::selector::LabelSelector;

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web}}
spec:
  nodeName: node-a
  initContainers:
  - {name: proxy, image: p:1, restartPolicy: Always, ports: [{name: initport, containerPort: 1111}]}
  - {name: other, image: o:1, restartPolicy: Always, ports: [{name: initport, containerPort: 9111}]}
  containers:
  - {name: main, image: m:1, ports: [{name: mainport, containerPort: 9000}]}
  - {name: side, image: s:1, ports: [{name: sideport, containerPort: 9001, protocol: UDP}]}
status: {podIP: 10.0.0.4, phase: Running}
";

const SLICE: &str = "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-x
  namespace: shop
  labels: {kubernetes.io/service-name: web}
  annotations: {test.annotation: some}
addressType: IPv4
ports:
- {name: metrics, port: 9000, protocol: TCP, appProtocol: http}
- {name: late, port: 9111}
endpoints:
- addresses: [10.0.0.5]
  conditions: {ready: false, serving: true, terminating: false}
  targetRef: {kind: Pod, namespace: shop, name: web-1}
  nodeName: node-a
  zone: east
  hostname: first
  deprecatedTopology: {topology/x: value}
";

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {app/name: web}, annotations: {who: me}}
spec: {selector: {app: web}, clusterIP: 10.1.0.1, ports: [{name: metrics, port: 80, targetPort: 9000}]}
";

fn cluster(objects: &[&str]) -> Snapshot {
    snapshot(&objects.join("\n---\n"))
}

#[test]
fn each_port_of_each_address_is_a_target_and_so_are_further_ports_of_the_pod() {
    let snapshot = cluster(&[POD, SLICE]);
    let found = found(Role::EndpointSlice, Scope::default(), &snapshot);
    let of_pod = told(&found, &["namespace", "endpointslice_", "pod_label", "pod_ip", "pod_ready", "pod_phase"]);
    let container = |name: &str, port: &str, number: u16, protocol: &str, init: bool| {
        format!(
            "pod_container_image={}:1 pod_container_init={init} pod_container_name={name} \
             pod_container_port_name={port} pod_container_port_number={number} \
             pod_container_port_protocol={protocol} pod_name=web-1 pod_node_name=node-a",
            &name[..1]
        )
    };
    let expected = [
        ("10.0.0.5:9000", container("main", "mainport", 9000, "TCP", false)),
        ("10.0.0.5:9111", container("other", "initport", 9111, "TCP", true)),
        ("10.0.0.4:9001", container("side", "sideport", 9001, "UDP", false)),
        ("10.0.0.4:1111", container("proxy", "initport", 1111, "TCP", true)),
    ];
    assert_eq!(of_pod, expected.map(|(address, rest)| format!("__address__={address} {rest}")));
    let containers: Vec<_> = found.discovered.iter().map(|it| it.container().unwrap_or_default()).collect();
    assert_eq!(containers, ["main", "other", "side", "proxy"]);
}

#[test]
fn what_is_told_of_an_endpoint_its_slice_and_its_service() {
    let snapshot = cluster(&[POD, SLICE, SERVICE]);
    let found = found(Role::EndpointSlice, Scope::default(), &snapshot);
    let told = told(&found, &["pod_", "__address__"]);
    let group = "endpointslice_annotation_test_annotation=some endpointslice_annotationpresent_test_annotation=true";
    let of_slice = "endpointslice_label_kubernetes_io_service_name=web \
                    endpointslice_labelpresent_kubernetes_io_service_name=true endpointslice_name=web-x";
    let service = "namespace=shop service_annotation_who=me service_annotationpresent_who=true \
                   service_label_app_name=web service_labelpresent_app_name=true service_name=web";
    let expected = format!(
        "endpointslice_address_target_kind=Pod endpointslice_address_target_name=web-1 endpointslice_address_type=IPv4 \
         {group} endpointslice_endpoint_conditions_ready=false endpointslice_endpoint_conditions_serving=true \
         endpointslice_endpoint_conditions_terminating=false endpointslice_endpoint_hostname=first \
         endpointslice_endpoint_node_name=node-a endpointslice_endpoint_topology_present_topology_x=true \
         endpointslice_endpoint_topology_topology_x=value endpointslice_endpoint_zone=east {of_slice} \
         endpointslice_port=9000 endpointslice_port_app_protocol=http endpointslice_port_name=metrics \
         endpointslice_port_protocol=TCP {service}"
    );
    assert_eq!(told[0], expected);
    assert_eq!(told[2], format!("endpointslice_address_type=IPv4 {group} {of_slice} {service}"));
}

#[test]
fn the_same_in_the_words_of_endpoints() {
    let snapshot = cluster(&[POD, SLICE, SERVICE]);
    let found = found(Role::Endpoints, Scope::default(), &snapshot);
    let told =
        told(&found, &["pod_label", "pod_ip", "pod_ready", "pod_phase", "pod_node", "service_", "pod_container_i"]);
    let endpoints = "endpoints_label_app_name=web endpoints_label_endpoints_kubernetes_io_managed_by=endpoint-controller \
                     endpoints_labelpresent_app_name=true \
                     endpoints_labelpresent_endpoints_kubernetes_io_managed_by=true endpoints_name=web";
    let expected = format!(
        "__address__=10.0.0.5:9000 endpoint_address_target_kind=Pod endpoint_address_target_name=web-1 \
         endpoint_hostname=first endpoint_node_name=node-a endpoint_port_name=metrics endpoint_port_protocol=TCP \
         endpoint_ready=false {endpoints} namespace=shop pod_container_name=main pod_container_port_name=mainport \
         pod_container_port_number=9000 pod_container_port_protocol=TCP pod_name=web-1"
    );
    assert_eq!(told[0], expected);
    assert_eq!(addresses(&found), ["10.0.0.5:9000", "10.0.0.5:9111", "10.0.0.4:9001", "10.0.0.4:1111"]);
    assert!(found.not_considered.is_empty());
}

#[test]
fn endpoints_exist_for_services_with_a_selector_and_where_somebody_wrote_them() {
    let bare = "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: 80}]}}";
    let mirrored = SLICE.replace(
        "kubernetes.io/service-name: web",
        "kubernetes.io/service-name: web, \
         endpointslice.kubernetes.io/managed-by: endpointslicemirroring-controller.k8s.io",
    );
    for (objects, targets, open) in [
        (vec![SLICE, bare], 0, 0),
        (vec![&mirrored, bare], 2, 0),
        (vec![SLICE], 0, 0),
        (vec![bare], 0, 1),
        (vec![&SLICE.replace("terminating: false", "terminating: true"), SERVICE], 0, 0),
    ] {
        let snapshot = cluster(&objects);
        let found = found(Role::Endpoints, Scope::default(), &snapshot);
        assert_eq!((found.discovered.len(), found.not_considered.len()), (targets, open), "{objects:?}");
    }
}

#[test]
fn an_endpoint_may_be_a_node_or_nothing_that_is_known() {
    let slice = "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: e, namespace: kube-system}
addressType: IPv4
ports: [{name: metrics, port: 10250}, {name: all}]
endpoints:
- {addresses: [192.168.0.1, 192.168.0.2], targetRef: {kind: Node, name: node-a}, nodeName: node-b}
- {addresses: ['2001:db8::1'], nodeName: node-b}
- {addresses: [192.168.0.3], targetRef: {kind: Pod, namespace: kube-system, name: gone}}
";
    let node =
        |name: &str| format!("{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{az: of-{name}}}}}}}");
    let snapshot = cluster(&[slice, &node("node-a"), &node("node-b")]);
    let scope = Scope { attach_node: true, ..Scope::default() };
    let found = found(Role::EndpointSlice, scope, &snapshot);
    let targets = [
        "192.168.0.1:10250",
        "192.168.0.2:10250",
        "192.168.0.1",
        "192.168.0.2",
        "[2001:db8::1]:10250",
        "2001:db8::1",
        "192.168.0.3:10250",
        "192.168.0.3",
    ];
    assert_eq!(addresses(&found), targets);
    let zones: Vec<_> = found.discovered.iter().map(|it| it.label("__meta_kubernetes_node_label_az")).collect();
    assert_eq!(zones, ["of-node-a", "of-node-a", "of-node-a", "of-node-a", "of-node-b", "of-node-b", "", ""]);
    let kinds = told(&found, &["__address__", "endpointslice_endpoint", "endpointslice_port", "node", "namespace"]);
    let common = "endpointslice_address_type=IPv4 endpointslice_name=e";
    assert_eq!(
        kinds[0],
        format!("endpointslice_address_target_kind=Node endpointslice_address_target_name=node-a {common}")
    );
    assert_eq!(kinds[4], common);
    assert_eq!(
        kinds[6],
        format!("endpointslice_address_target_kind=Pod endpointslice_address_target_name=gone {common}")
    );
}

#[test]
fn of_a_service_with_two_families_only_the_first_is_scraped() {
    let slice = |family: &str, address: &str| {
        format!(
            "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: web-{}, \
             labels: {{kubernetes.io/service-name: web}}}}, addressType: {family}, ports: [{{port: 9000}}], \
             endpoints: [{{addresses: ['{address}']}}]}}",
            family.to_lowercase()
        )
    };
    let service = |policy: &str, families: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: web}}, \
             spec: {{ipFamilyPolicy: {policy}, ipFamilies: [{families}], ports: [{{port: 80}}]}}}}"
        )
    };
    let (four, six) = (slice("IPv4", "1.2.3.4"), slice("IPv6", "fd00::1"));
    for (policy, families, expected) in [
        ("PreferDualStack", "IPv4, IPv6", vec!["1.2.3.4:9000"]),
        ("RequireDualStack", "IPv4, IPv6", vec!["1.2.3.4:9000"]),
        ("PreferDualStack", "IPv6, IPv4", vec!["[fd00::1]:9000"]),
        ("SingleStack", "IPv4", vec!["1.2.3.4:9000", "[fd00::1]:9000"]),
        ("PreferDualStack", "", vec!["1.2.3.4:9000", "[fd00::1]:9000"]),
    ] {
        let snapshot = cluster(&[&four, &six, &service(policy, families)]);
        let found = found(Role::EndpointSlice, Scope::default(), &snapshot);
        assert_eq!(addresses(&found), expected, "{policy} {families}");
    }
}

#[test]
fn pods_of_other_namespaces_are_only_known_where_all_are_watched() {
    let slice = SLICE.replace("namespace: shop\n", "namespace: other\n");
    let snapshot = cluster(&[POD, &slice]);
    for (namespaces, pods) in [(None, 4), (Some(vec!["other".to_owned(), "shop".to_owned()]), 0)] {
        let scope = Scope { namespaces, ..Scope::default() };
        let found = found(Role::EndpointSlice, scope, &snapshot);
        assert_eq!(found.discovered.iter().filter(|it| it.pod().is_some()).count(), pods);
    }
}

const MIRRORED: &str = "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: db-x
  namespace: shop
  labels:
    kubernetes.io/service-name: db
    endpointslice.kubernetes.io/managed-by: endpointslicemirroring-controller.k8s.io
    written: by-hand
  annotations: {who: me}
addressType: IPv4
ports: [{name: metrics, port: 9187}]
endpoints: [{addresses: [192.168.0.9]}]
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {clusterIP: 10.1.0.2, ports: [{name: metrics, port: 9187}]}
";

const API_SERVER: &str = "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
ports: [{name: https, port: 6443}]
endpoints: [{addresses: [192.168.0.1]}]
---
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default, labels: {component: apiserver, provider: kubernetes}}
spec: {clusterIP: 10.1.0.1, ports: [{name: https, port: 443, targetPort: 6443}]}
";

#[test]
fn endpoints_that_somebody_wrote_have_labels_of_their_own() {
    let besides = ["__address__", "endpoint_", "namespace", "service_"];
    for (objects, expected) in [
        (
            MIRRORED,
            "endpoints_annotation_who=me endpoints_annotationpresent_who=true endpoints_label_written=by-hand \
             endpoints_labelpresent_written=true endpoints_name=db",
        ),
        (
            API_SERVER,
            "endpoints_label_endpointslice_kubernetes_io_skip_mirror=true \
             endpoints_labelpresent_endpointslice_kubernetes_io_skip_mirror=true endpoints_name=kubernetes",
        ),
    ] {
        let snapshot = snapshot(objects);
        let found = found(Role::Endpoints, Scope::default(), &snapshot);
        assert_eq!(told(&found, &besides), [expected]);
        let name = "__meta_kubernetes_endpoints_labelpresent_written";
        assert_eq!(found.discovered[0].label(name) == "true", objects == MIRRORED);
    }
}

#[test]
fn a_service_that_is_not_asked_for_is_not_told_of() {
    let snapshot = cluster(&[SLICE, SERVICE]);
    for (key, is_told) in [("app/name", true), ("other", false)] {
        let selector = LabelSelector {
            match_labels: Labels::from_iter([(key.to_owned(), "web".to_owned())]),
            ..LabelSelector::default()
        };
        for role in [Role::EndpointSlice, Role::Endpoints] {
            let scope = Scope { service_selector: Some(selector.clone()), ..Scope::default() };
            let found = found(role, scope, &snapshot);
            assert_eq!(found.discovered[0].label("__meta_kubernetes_service_name") == "web", is_told);
            let has_endpoints = found.discovered[0].label("__meta_kubernetes_endpoints_name") == "web";
            assert_eq!(has_endpoints, role == Role::Endpoints);
        }
    }
}
