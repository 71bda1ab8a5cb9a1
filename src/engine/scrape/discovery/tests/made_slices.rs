//! What the control plane would make of Services without EndpointSlices.

use super::*;

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {team: a, kubernetes.io/service-name: mine}}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}, {name: fixed, port: 81, targetPort: 8081}]
";

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, ports: [{name: http, containerPort: 8080}, {name: extra, containerPort: 9}]}]}
";

fn pod(name: &str, address: &str, rest: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, labels: {{app: web}}}}, \
         spec: {{nodeName: node-a, containers: [{{name: main, ports: [{{name: http, containerPort: {}}}]}}]}}, \
         status: {{podIP: '{address}', {rest}}}}}",
        8000 + name.len()
    )
}

fn cluster(objects: &[&str]) -> Snapshot {
    snapshot(&objects.join("\n---\n"))
}

#[test]
fn templates_are_behind_services() {
    let snapshot = cluster(&[SERVICE, DEPLOYMENT]);
    let found = found(Role::EndpointSlice, Scope::default(), &snapshot);
    let host = "<Deployment.web.shop>";
    assert_eq!(addresses(&found), [8080, 8081, 9].map(|port| format!("{host}:{port}")));
    let told = told(&found, &["pod_", "__address__", "service_", "namespace"]);
    let expected = "endpointslice_address_target_kind=Pod endpointslice_address_target_name=web-* \
                    endpointslice_address_type=IPv4 endpointslice_endpoint_conditions_terminating=false \
                    endpointslice_label_endpointslice_kubernetes_io_managed_by=endpointslice-controller.k8s.io \
                    endpointslice_label_kubernetes_io_service_name=web endpointslice_label_team=a \
                    endpointslice_labelpresent_endpointslice_kubernetes_io_managed_by=true \
                    endpointslice_labelpresent_kubernetes_io_service_name=true endpointslice_labelpresent_team=true \
                    endpointslice_name=web-* endpointslice_port=8080 endpointslice_port_name=http \
                    endpointslice_port_protocol=TCP";
    assert_eq!(told[0], expected);
    for (label, known) in [
        ("endpointslice_name", false),
        ("endpointslice_address_target_name", false),
        ("endpointslice_endpoint_conditions_ready", false),
        ("endpointslice_endpoint_node_name", false),
        ("endpointslice_address_target_kind", true),
        ("endpointslice_port_name", true),
        ("service_name", true),
        ("pod_name", false),
        ("pod_container_port_name", true),
    ] {
        assert_eq!(found.discovered[0].knows(&format!("__meta_kubernetes_{label}")), known, "{label}");
    }
}

#[test]
fn pods_are_behind_services_with_the_ports_that_they_have() {
    let ready = "conditions: [{type: Ready, status: 'True'}]";
    let pods = [
        pod("a", "10.0.0.1", ready),
        pod("b", "10.0.0.2", ""),
        pod("cc", "10.0.0.3", ready),
        pod("d", "", ""),
        pod("e", "10.0.0.5", "phase: Succeeded"),
        pod("f", "10.0.0.6", ready).replace("app: web", "app: db"),
    ];
    let objects: Vec<&str> = pods.iter().map(String::as_str).chain([SERVICE]).collect();
    let snapshot = cluster(&objects);
    let slices: Vec<_> = snapshot
        .made_endpoint_slices()
        .map(|slice| {
            let ports: Vec<_> = slice.ports.iter().filter_map(|port| port.number).collect();
            let endpoints =
                slice.endpoints.iter().map(|it| (it.addresses.join(","), it.ready, it.serving, it.terminating));
            (ports, endpoints.collect::<Vec<_>>())
        })
        .collect();
    let endpoint = |address: &str, ready| (address.to_owned(), Some(ready), Some(ready), Some(false));
    let expected = [
        (vec![8001, 8081], vec![endpoint("10.0.0.1", true), endpoint("10.0.0.2", false)]),
        (vec![8002, 8081], vec![endpoint("10.0.0.3", true)]),
    ];
    assert_eq!(slices, expected);
    assert!(snapshot.endpoint_slices().is_empty());
}

#[test]
fn services_that_are_spoken_for_get_none() {
    let given = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, \
                 metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}}";
    let pod = pod("a", "10.0.0.1", "");
    let no_selector = SERVICE.replace("selector: {app: web}", "selector: {}");
    let elsewhere = SERVICE.replace("selector: {app: web}", "type: ExternalName\n  selector: {app: web}");
    for objects in [vec![SERVICE, &pod, given], vec![&no_selector, &pod], vec![&elsewhere, &pod], vec![SERVICE]] {
        assert!(cluster(&objects).made_endpoint_slices().next().is_none(), "{objects:?}");
    }
    assert_eq!(cluster(&[SERVICE, &pod]).made_endpoint_slices().count(), 1);
}

#[test]
fn families_readiness_names_and_nodes() {
    let both = "podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]";
    let pod = pod("a", "10.0.0.1", both).replace("nodeName", "hostname: h, subdomain: web, nodeName");
    let with = |line: &str| SERVICE.replace("spec:\n", &format!("spec:\n  {line}\n"));
    let node = "{apiVersion: v1, kind: Node, metadata: {name: node-a, labels: {topology.kubernetes.io/zone: z}}}";
    let other = node.replace("node-a", "node-b");
    let told = |objects: &[&str]| -> Vec<String> {
        let snapshot = cluster(objects);
        let slices = snapshot.made_endpoint_slices();
        let endpoints = slices.flat_map(|slice| slice.endpoints.iter().map(|endpoint| (&slice.address_type, endpoint)));
        endpoints
            .map(|(family, it)| {
                let zone = it.zone().unwrap_or("-");
                format!(
                    "{family} {} {:?} {} {zone}",
                    it.addresses.join(","),
                    it.ready,
                    it.hostname.as_deref().unwrap_or("-")
                )
            })
            .collect()
    };
    let four = "IPv4 10.0.0.1 Some(false) h -";
    assert_eq!(told(&[SERVICE, &pod]), [four]);
    assert_eq!(told(&[&with("clusterIP: 'fd00::9'"), &pod]), ["IPv6 fd00::1 Some(false) h -"]);
    assert_eq!(told(&[&with("ipFamilies: [IPv6, IPv4]"), &pod]), [four, "IPv6 fd00::1 Some(false) h -"]);
    assert_eq!(told(&[&with("publishNotReadyAddresses: true"), &pod]), ["IPv4 10.0.0.1 Some(true) h -"]);
    assert_eq!(told(&[SERVICE, &pod, node]), ["IPv4 10.0.0.1 Some(false) h z"]);
    assert!(told(&[SERVICE, &pod, &other]).is_empty());
    assert_eq!(told(&[&with("publishNotReadyAddresses: true"), &pod, &other]), ["IPv4 10.0.0.1 Some(true) h -"]);
}

#[test]
fn named_ports_of_sidecars_count_after_all_others() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop, labels: {app: web}}, spec: {\
               initContainers: [{name: i, restartPolicy: Always, ports: [{name: http, containerPort: 1}]}], \
               containers: [{name: c, ports: [{name: http, containerPort: 2}]}]}, status: {podIP: 10.0.0.1}}";
    assert_eq!(cluster(&[SERVICE, pod]).made_endpoint_slices().next().unwrap().ports[0].number, Some(2));
}
