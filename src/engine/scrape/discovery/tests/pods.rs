//! Targets that are pods.

use super::*;

const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  uid: abc123
  labels: {test/label: some}
  annotations: {test/annotation: other}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: a, controller: true}]
spec:
  nodeName: node-a
  containers:
  - name: main
    image: main:1
    ports: [{name: http, containerPort: 9000}, {name: dns, containerPort: 53, protocol: UDP}]
  - {name: bare, image: bare:1}
  initContainers:
  - {name: setup, image: setup:1}
  - {name: proxy, image: proxy:1, restartPolicy: Always, ports: [{containerPort: 15090}]}
status:
  podIP: 10.0.0.4
  hostIP: 192.168.0.4
  phase: Running
  conditions: [{type: Initialized, status: 'False'}, {type: Ready, status: 'True'}]
  containerStatuses: [{name: bare, containerID: 'docker://b'}, {name: main, containerID: 'docker://m'}]
  initContainerStatuses: [{name: setup, containerID: 'docker://s'}, {name: main, containerID: 'docker://wrong'}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}, annotations: {who: 'me'}}
";

#[test]
fn each_port_is_a_target_and_a_container_without_ports_is_one() {
    let snapshot = snapshot(POD);
    let found = found(Role::Pod, Scope::default(), &snapshot);
    let of_container = told(
        &found,
        &["namespace", "pod_ip", "pod_host", "pod_ready", "pod_phase", "pod_label", "pod_annotation", "pod_controller"],
    );
    let common = "pod_name=web pod_node_name=node-a pod_uid=abc123";
    let expected = [
        "__address__=10.0.0.4:9000 pod_container_id=docker://m pod_container_image=main:1 pod_container_init=false \
         pod_container_name=main pod_container_port_name=http pod_container_port_number=9000 \
         pod_container_port_protocol=TCP",
        "__address__=10.0.0.4:53 pod_container_id=docker://m pod_container_image=main:1 pod_container_init=false \
         pod_container_name=main pod_container_port_name=dns pod_container_port_number=53 \
         pod_container_port_protocol=UDP",
        "__address__=10.0.0.4 pod_container_id=docker://b pod_container_image=bare:1 pod_container_init=false \
         pod_container_name=bare",
        "__address__=10.0.0.4 pod_container_id=docker://s pod_container_image=setup:1 pod_container_init=true \
         pod_container_name=setup",
        "__address__=10.0.0.4:15090 pod_container_image=proxy:1 pod_container_init=true pod_container_name=proxy \
         pod_container_port_number=15090 pod_container_port_protocol=TCP",
    ];
    assert_eq!(of_container, expected.map(|own| format!("{own} {common}")));
}

#[test]
fn what_is_told_of_a_pod() {
    let snapshot = snapshot(POD);
    let found = found(Role::Pod, Scope::default(), &snapshot);
    let first = told(&found, &["pod_container", "__address__"]).swap_remove(0);
    let expected = "namespace=shop pod_annotation_test_annotation=other pod_annotationpresent_test_annotation=true \
                    pod_controller_kind=ReplicaSet pod_controller_name=web-1 pod_host_ip=192.168.0.4 pod_ip=10.0.0.4 \
                    pod_label_test_label=some pod_labelpresent_test_label=true pod_name=web pod_node_name=node-a \
                    pod_phase=Running pod_ready=true pod_uid=abc123";
    assert_eq!(first, expected);
    assert!(found.discovered.iter().all(|it| it.knows("__meta_kubernetes_pod_name")));
}

#[test]
fn a_pod_without_an_address_is_no_target_and_without_conditions_nobody_knows_whether_it_is_ready() {
    let snapshot = snapshot(
        "
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec: {containers: [{name: b, ports: [{containerPort: 80}]}]}
status: {phase: Pending, podIP: 'fd00::1'}
",
    );
    let found = found(Role::Pod, Scope::default(), &snapshot);
    let told = told(&found, &["pod_container", "namespace", "pod_ip"]);
    assert_eq!(told, ["__address__=[fd00::1]:80 pod_name=b pod_phase=Pending pod_ready=unknown"]);
}

#[test]
fn a_scope_has_namespaces_and_labels() {
    let pod = |name: &str, namespace: &str, app: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {app}}}}}, \
             spec: {{containers: [{{name: c}}]}}, status: {{podIP: 10.0.0.{}}}}}\n---\n",
            name.len()
        )
    };
    let snapshot = snapshot(&(pod("a", "x", "web") + &pod("ab", "xy", "db") + &pod("abc", "z", "web")));
    let namespaces = |names: &[&str]| Scope {
        namespaces: Some(names.iter().map(ToString::to_string).collect()),
        ..Scope::default()
    };
    let selector = serde_json::from_str(r#"{"matchLabels": {"app": "web"}}"#).unwrap();
    let selecting = Scope { label_selector: Some(selector), ..Scope::default() };
    for (scope, expected) in [
        (Scope::default(), vec!["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        (namespaces(&["z", "x", "z", "none"]), vec!["10.0.0.1", "10.0.0.3"]),
        (namespaces(&[]), vec![]),
        (selecting, vec!["10.0.0.1", "10.0.0.3"]),
    ] {
        assert_eq!(addresses(&found(Role::Pod, scope.clone(), &snapshot)), expected, "{scope:?}");
    }
}

#[test]
fn metadata_of_the_namespace_and_the_node_is_attached() {
    let node = "\n---\n{apiVersion: v1, kind: Node, metadata: {name: node-a, labels: {zone: z}}}";
    let snapshot = snapshot(&format!("{POD}{node}"));
    let scope = Scope { attach_node: true, attach_namespace: true, ..Scope::default() };
    let found = found(Role::Pod, scope, &snapshot);
    let expected = "namespace=shop namespace_annotation_who=me namespace_annotationpresent_who=true \
                    namespace_label_kubernetes_io_metadata_name=shop namespace_label_team=a \
                    namespace_labelpresent_kubernetes_io_metadata_name=true namespace_labelpresent_team=true \
                    node_label_zone=z node_labelpresent_zone=true node_name=node-a";
    assert_eq!(told(&found, &["pod_", "__address__"]), vec![expected; 5]);
}

#[test]
fn a_pod_on_a_node_that_does_not_exist_is_no_target_where_nodes_are_attached() {
    let other = "\n---\n{apiVersion: v1, kind: Node, metadata: {name: node-b}}";
    let scope = Scope { attach_node: true, ..Scope::default() };
    let (without_nodes, with_another) = (snapshot(POD), snapshot(&format!("{POD}{other}")));
    assert!(found(Role::Pod, scope.clone(), &with_another).discovered.is_empty());
    let found = found(Role::Pod, scope, &without_nodes);
    assert_eq!(found.discovered.len(), 5);
    assert!(!found.discovered[0].knows("__meta_kubernetes_node_label_zone"));
    assert!(found.discovered[0].knows("__meta_kubernetes_pod_name"));
}

#[test]
fn a_namespace_that_is_not_given_may_have_any_label() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c}]}, \
               status: {podIP: 10.0.0.1}}";
    let snapshot = snapshot(pod);
    let scope = Scope { attach_namespace: true, ..Scope::default() };
    let found = found(Role::Pod, scope, &snapshot);
    assert!(!found.discovered[0].knows("__meta_kubernetes_namespace_label_team"));
    assert!(found.discovered[0].knows("__meta_kubernetes_namespace_label_kubernetes_io_metadata_name"));
    assert!(found.discovered[0].knows("__meta_kubernetes_namespace"));
}

#[test]
fn a_template_stands_for_pods_without_names_and_addresses() {
    let snapshot = snapshot(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {name: grafana.io, namespace: monitoring, uid: not-of-its-pods}
spec:
  selector: {matchLabels: {app: grafana}}
  template:
    metadata: {labels: {app: grafana}}
    spec: {containers: [{name: web, image: g:1, ports: [{name: http, containerPort: 3000}]}]}
",
    );
    let found = found(Role::Pod, Scope::default(), &snapshot);
    let expected = "__address__=<Deployment.grafana.io.monitoring>:3000 namespace=monitoring \
                    pod_container_image=g:1 pod_container_init=false pod_container_name=web \
                    pod_container_port_name=http pod_container_port_number=3000 pod_container_port_protocol=TCP \
                    pod_controller_kind=ReplicaSet pod_controller_name=grafana.io-* \
                    pod_ip=<Deployment.grafana.io.monitoring> pod_label_app=grafana pod_labelpresent_app=true \
                    pod_name=grafana.io-* pod_phase=Running pod_ready=unknown";
    assert_eq!(told(&found, &[]), [expected]);
    let pod = &found.discovered[0];
    for (label, known) in [
        ("pod_name", false),
        ("pod_ip", false),
        ("pod_ready", false),
        ("pod_node_name", false),
        ("pod_controller_name", false),
        ("pod_label_pod_template_hash", false),
        ("pod_label_app", true),
        ("pod_label_team", true),
        ("pod_phase", true),
        ("pod_container_port_name", true),
        ("namespace", true),
    ] {
        assert_eq!(pod.knows(&format!("__meta_kubernetes_{label}")), known, "{label}");
    }
    assert_eq!(
        stand_in_of("<Deployment.grafana.io.monitoring>:3000", &snapshot),
        Some("Deployment monitoring/grafana.io")
    );
    for address in ["10.0.0.1:80", "<Deployment.other.monitoring>", "<StatefulSet.grafana.io.monitoring>", "<>:1"] {
        assert_eq!(stand_in_of(address, &snapshot), None, "{address}");
    }
}

fn stand_in_of(address: &str, snapshot: &Snapshot) -> Option<&'static str> {
    let template = crate::engine::scrape::discovery::stand_in::template_at(address, snapshot)?;
    assert_eq!(template.object.to_string(), "Deployment monitoring/grafana.io");
    Some("Deployment monitoring/grafana.io")
}
