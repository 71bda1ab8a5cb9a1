//! Targets that are Services, Ingresses, nodes, and those that are listed.

use rstest::rstest;

use super::*;
use crate::model::labels::Labels;
use crate::model::selector::LabelSelector;

#[test]
fn each_port_of_a_service_is_a_target() {
    let snapshot = snapshot(
        "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {test-label: some}, annotations: {test-annotation: other}}
spec: {clusterIP: 10.0.0.1, ports: [{name: a, port: 30900}, {name: b, port: 30901, protocol: UDP}]}
",
    );
    let common = "service_annotation_test_annotation=other service_annotationpresent_test_annotation=true \
                  service_cluster_ip=10.0.0.1 service_label_test_label=some service_labelpresent_test_label=true \
                  service_name=web";
    let expected = [("a", 30900, "TCP"), ("b", 30901, "UDP")].map(|(name, port, protocol)| {
        format!(
            "__address__=web.shop.svc:{port} namespace=shop {common} service_port_name={name} \
             service_port_number={port} service_port_protocol={protocol} service_type=ClusterIP"
        )
    });
    assert_eq!(told(&found(Role::Service, Scope::default(), &snapshot), &[]), expected);
}

#[rstest]
#[case("type: ExternalName, externalName: a.example", "service_external_name=a.example", true)]
#[case(
    "type: LoadBalancer, clusterIP: 10.0.0.1, loadBalancerIP: 1.1.1.1",
    "service_cluster_ip=10.0.0.1 service_loadbalancer_ip=1.1.1.1",
    true
)]
#[case("clusterIP: None", "service_cluster_ip=None", true)]
#[case("type: NodePort", "", false)]
fn what_is_told_of_kinds_of_services(#[case] spec: &str, #[case] expected: &str, #[case] known: bool) {
    let manifest = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {SPEC, ports: [{port: 80}]}}";
    let snapshot = snapshot(&manifest.replace("SPEC", spec));
    let found = found(Role::Service, Scope::default(), &snapshot);
    let told = told(&found, &["__address__", "namespace", "service_name", "service_port", "service_type"]);
    assert_eq!(told, [expected]);
    assert_eq!(found.discovered[0].knows("__meta_kubernetes_service_cluster_ip"), known);
}

#[test]
fn addresses_of_a_load_balancer_count_more_than_the_one_that_was_asked_for() {
    let snapshot = snapshot(
        "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIP: 10.0.0.1, \
         loadBalancerIP: 1.1.1.1, ports: [{port: 80}]}, \
         status: {loadBalancer: {ingress: [{ip: 2.2.2.2}, {hostname: h}, {ip: 3.3.3.3}]}}}",
    );
    let found = found(Role::Service, Scope::default(), &snapshot);
    assert_eq!(found.discovered[0].label("__meta_kubernetes_service_loadbalancer_ip"), "2.2.2.2,3.3.3.3");
}

#[rstest]
#[case("", ["http", "http", "http"])]
#[case("tls: [{hosts: [example.com, test.example.com]}],", ["https", "https", "https"])]
#[case("tls: [{hosts: [example.com]}],", ["https", "https", "http"])]
#[case("tls: [{}, {hosts: ['*.example.com']}],", ["http", "http", "https"])]
#[case("tls: [{hosts: ['*', '*.a.example.com', 'a.*.com']}],", ["http", "http", "http"])]
fn each_path_of_an_ingress_is_a_target(#[case] tls: &str, #[case] schemes: [&str; 3]) {
    let snapshot = snapshot(&format!(
        "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: web, namespace: shop, labels: {{test/label: some}}}}
spec: {{ingressClassName: nginx, {tls} rules: [
  {{host: example.com, http: {{paths: [{{path: /}}, {{path: /foo}}]}}}},
  {{host: none.example.com, http: {{}}}},
  {{host: test.example.com, http: {{paths: [{{}}]}}}}]}}
"
    ));
    let expected = [("example.com", "/"), ("example.com", "/foo"), ("test.example.com", "/")];
    let expected = expected.into_iter().zip(schemes).map(|((host, path), scheme)| {
        format!(
            "__address__={host} ingress_class_name=nginx ingress_host={host} ingress_label_test_label=some \
             ingress_labelpresent_test_label=true ingress_name=web ingress_path={path} ingress_scheme={scheme} \
             namespace=shop"
        )
    });
    let found = found(Role::Ingress, Scope::default(), &snapshot);
    assert_eq!(told(&found, &[]), expected.collect::<Vec<_>>());
}

#[test]
fn a_rule_without_paths_is_for_everything_and_namespaces_and_labels_narrow_ingresses_down() {
    let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web, namespace: shop, \
                   labels: {a: b}}, spec: {rules: [{host: h}]}}\n---\n{apiVersion: v1, kind: Namespace, \
                   metadata: {name: shop, labels: {team: a}}}";
    let snapshot = snapshot(ingress);
    let of = |namespace: &str, label: &str| Scope {
        namespaces: Some(vec![namespace.to_owned()]),
        label_selector: Some(LabelSelector {
            match_labels: Labels::from_iter([("a".to_owned(), label.to_owned())]),
            ..LabelSelector::default()
        }),
        attach_namespace: true,
        ..Scope::default()
    };
    let targets = |namespace: &str, label: &str| {
        let found = found(Role::Ingress, of(namespace, label), &snapshot);
        told(&found, &["ingress_label", "ingress_name", "ingress_scheme", "ingress_host", "namespace_labelpresent"])
    };
    let told = "__address__=h ingress_path=/ namespace=shop namespace_label_kubernetes_io_metadata_name=shop \
                namespace_label_team=a";
    assert_eq!(targets("shop", "b"), [told]);
    assert!(targets("shop", "c").is_empty());
    assert!(targets("other", "b").is_empty());
}

const NODE: &str = "
apiVersion: v1
kind: Node
metadata: {name: a, labels: {test-label: some}, annotations: {test-annotation: other}}
spec: {providerID: 'aws:///i-1'}
status:
  addresses: [ADDRESSES]
  conditions: [{type: Ready, status: 'True'}, {type: MemoryPressure, status: Unknown}]
  daemonEndpoints: {kubeletEndpoint: {Port: 10250}}
";

#[test]
fn what_is_told_of_a_node() {
    let addresses = "{type: Hostname, address: h}, {type: InternalIP, address: 1.2.3.4}, \
                     {type: InternalIP, address: 'fd00::1'}";
    let snapshot = snapshot(&NODE.replace("ADDRESSES", addresses));
    let namespaces = Some(vec!["none".to_owned()]);
    let found = found(Role::Node, Scope { namespaces, ..Scope::default() }, &snapshot);
    let expected = "__address__=1.2.3.4:10250 node_address_Hostname=h node_address_InternalIP=1.2.3.4 \
                    node_annotation_test_annotation=other node_annotationpresent_test_annotation=true \
                    node_condition_memorypressure=unknown node_condition_ready=true node_label_test_label=some \
                    node_labelpresent_test_label=true node_name=a node_provider_id=aws:///i-1 instance=a";
    assert_eq!(told(&found, &[]), [expected]);
}

#[rstest]
#[case("{type: Hostname, address: h}, {type: ExternalIP, address: 5.5.5.5}", &["5.5.5.5:10250"])]
#[case("{type: ExternalIP, address: 5.5.5.5}, {type: InternalDNS, address: d}", &["d:10250"])]
#[case("{type: LegacyHostIP, address: 1.1.1.1}, {type: ExternalDNS, address: e}", &["e:10250"])]
#[case("{type: Hostname, address: h}", &["h:10250"])]
#[case("{type: InternalIP, address: 'fd00::1'}", &["[fd00::1]:10250"])]
#[case("{type: Other, address: x}", &[])]
fn addresses_of_nodes(#[case] given: &str, #[case] expected: &[&str]) {
    let snapshot = snapshot(&NODE.replace("ADDRESSES", given));
    assert_eq!(addresses(&found(Role::Node, Scope::default(), &snapshot)), expected);
}

#[test]
fn listed_addresses_have_listed_labels() {
    let snapshot = Snapshot::default();
    let labels = [("job", "own"), ("__address__", "not this"), ("empty", "")];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let listed = Discovery::Static { addresses: vec!["a:1".to_owned(), "b".to_owned()], labels };
    let listed = discover(&listed, &snapshot);
    assert_eq!(told(&listed, &[]), ["__address__=a:1 job=own", "__address__=b job=own"]);
}

#[test]
fn a_selector_that_is_not_understood_is_not_considered() {
    let snapshot = snapshot(&NODE.replace("ADDRESSES", "{type: Hostname, address: h}"));
    let selector = r#"{"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}"#;
    let scope = Scope { label_selector: serde_json::from_str(selector).ok(), ..Scope::default() };
    let found = found(Role::Node, scope, &snapshot);
    assert!(found.discovered.is_empty());
    assert_eq!(found.not_considered, ["the operator Gt of a selector is not known"]);
}

#[test]
fn what_is_discovered_elsewhere_is_not_known() {
    let snapshot = Snapshot::default();
    let found = discover(&Discovery::Elsewhere("consulSDConfigs"), &snapshot);
    assert!(found.discovered.is_empty());
    assert_eq!(found.not_considered, ["what consulSDConfigs discovers is not known here"]);
}
