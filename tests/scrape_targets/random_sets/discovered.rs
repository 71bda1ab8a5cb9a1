//! What is discovered: random pods, Services, EndpointSlices, Endpoints and Ingresses.

use serde_json::{Value, json};

use super::fields::{NUMBERS, PORTS, annotations, field, labels, object};
use super::namespaces;
use crate::random::Random;

/// Adds the objects of a set.
pub(super) fn add(random: &mut Random, seed: usize, objects: &mut Vec<Value>) {
    let mut pods = Vec::new();
    for number in 0..random.between(1, 4) {
        let namespace = random.pick(&namespaces(seed));
        pods.push(pod(random, &namespace, &format!("pod-{number}"), seed * 8 + number));
    }
    for number in 0..random.between(1, 3) {
        let (namespace, name) = (random.pick(&namespaces(seed)), format!("service-{number}"));
        let service = service(random, &namespace, &name);
        let is_alone = service["spec"]["selector"].is_null() && service["spec"]["type"] != "ExternalName";
        if is_alone && random.percent(35) {
            objects.push(endpoints(random, &namespace, &name, &pods));
        } else if is_alone {
            for part in 0..random.between(1, 2) {
                objects.push(endpoint_slice(random, &namespace, &name, part, &pods));
            }
        }
        objects.push(service);
    }
    if random.percent(50) {
        objects.push(ingress(random, &namespaces(seed)[0]));
    }
    objects.extend(pods);
}

fn metadata(random: &mut Random, namespace: &str, name: &str) -> Value {
    json!({"name": name, "namespace": namespace, "labels": labels(random), "annotations": annotations(random)})
}

fn pod(random: &mut Random, namespace: &str, name: &str, id: usize) -> Value {
    let mut metadata = metadata(random, namespace, name);
    if random.percent(40) {
        let owner = random.pick(&["ReplicaSet", "DaemonSet"]);
        let uid = format!("00000000-0000-4000-8000-{id:012}");
        metadata["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": owner, "name": "owner", "uid": uid, "controller": random.percent(80)}]);
    }
    let containers: Vec<_> = (0..random.between(1, 2)).map(|number| container(random, &format!("c{number}"))).collect();
    let statuses: Vec<_> = containers.iter().map(|container| container_status(random, container)).collect();
    // Who is on no node has no address, and of a node that is not there Endpoints tell, but slices do not.
    let is_bound = random.percent(90);
    let spec = object([
        field(random, if is_bound { 100 } else { 0 }, "nodeName", |random| json!(random.pick(&["node-a", "node-b"]))),
        field(random, 20, "initContainers", |random| {
            let mut container = container(random, "init");
            if random.percent(50) {
                container["restartPolicy"] = json!("Always");
            }
            json!([container])
        }),
        field(random, 100, "containers", |_| json!(containers)),
    ]);
    let address =
        if random.percent(15) { format!("fd00::{id:x}") } else { format!("10.3.{}.{}", id / 250, id % 250 + 1) };
    let status = object([
        field(random, 100, "phase", |random| {
            json!(random.pick(&["Running", "Running", "Running", "Running", "Succeeded", "Failed", "Pending"]))
        }),
        field(random, if is_bound { 95 } else { 0 }, "podIP", |_| json!(address)),
        field(random, 50, "hostIP", |_| json!("10.1.0.1")),
        field(
            random,
            70,
            "conditions",
            |random| json!([{"type": "Ready", "status": random.pick(&["True", "True", "False", "Unknown"])}]),
        ),
        field(random, 60, "containerStatuses", |_| json!(statuses)),
    ]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status})
}

fn container(random: &mut Random, name: &str) -> Value {
    let mut ports = Vec::new();
    for (number, name) in PORTS.into_iter().enumerate().take(random.below(4)) {
        let mut port = json!({"containerPort": random.pick(&NUMBERS) + u16::try_from(number).unwrap_or_default()});
        if random.percent(80) {
            port["name"] = json!(name);
        }
        if random.percent(10) {
            port["protocol"] = json!("UDP");
        }
        ports.push(port);
    }
    json!({"name": name, "image": format!("registry.example.com/{name}:1"), "ports": ports})
}

fn container_status(random: &mut Random, container: &Value) -> Value {
    let mut status =
        json!({"name": container["name"], "ready": true, "restartCount": 0, "image": "image", "imageID": "image@1"});
    if random.percent(70) {
        status["containerID"] = json!("containerd://1234");
    }
    status
}

fn service(random: &mut Random, namespace: &str, name: &str) -> Value {
    let number = random.between(1, 2);
    let ports: Vec<_> = (0..number).map(|index| service_port(random, index, number > 1)).collect();
    let mut spec = object([
        field(random, 100, "ports", |_| json!(ports)),
        field(random, 55, "selector", |random| json!({"app": random.pick(&["web", "api"])})),
        field(random, 15, "publishNotReadyAddresses", |_| json!(true)),
        field(random, 20, "clusterIP", |_| json!("None")),
    ]);
    if random.percent(8) {
        spec = json!({"type": "ExternalName", "externalName": "db.example.com", "ports": ports});
    }
    let metadata = metadata(random, namespace, name);
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
}

fn service_port(random: &mut Random, index: usize, needs_name: bool) -> Value {
    let mut port = json!({"port": random.pick(&NUMBERS) + 1000 * u16::try_from(index).unwrap_or_default()});
    if needs_name || random.percent(80) {
        port["name"] = json!(PORTS[index + random.below(2) * 2]);
    }
    if random.percent(60) {
        port["targetPort"] = if random.percent(60) { json!(random.pick(&PORTS)) } else { json!(random.pick(&NUMBERS)) };
    }
    if random.percent(20) {
        port["appProtocol"] = json!("http");
    }
    port
}

/// The address of a pod that has one, and a reference to it.
fn address(random: &mut Random, pods: &[Value]) -> (String, Option<Value>) {
    let pod = random.pick(pods);
    match pod["status"]["podIP"].as_str().filter(|address| !address.contains(':')) {
        Some(address) if random.percent(80) => {
            let metadata = &pod["metadata"];
            let reference = json!({"kind": "Pod", "name": metadata["name"], "namespace": metadata["namespace"]});
            (address.to_owned(), random.percent(85).then_some(reference))
        }
        _ => (
            format!("10.4.0.{}", random.between(1, 9)),
            random.percent(30).then(|| json!({"kind": "Node", "name": "node-a"})),
        ),
    }
}

fn endpoint_slice(random: &mut Random, namespace: &str, service: &str, part: usize, pods: &[Value]) -> Value {
    let mut metadata = metadata(random, namespace, &format!("{service}-{part}"));
    metadata["labels"]["kubernetes.io/service-name"] = json!(service);
    let mut endpoints = Vec::new();
    for _ in 0..random.between(1, 3) {
        let (address, reference) = address(random, pods);
        endpoints.push(object([
            field(random, 100, "addresses", |_| json!([address])),
            field(random, if reference.is_some() { 100 } else { 0 }, "targetRef", |_| json!(reference)),
            field(random, 70, "conditions", |random| {
                json!({"ready": random.percent(70), "serving": random.percent(80), "terminating": random.percent(20)})
            }),
            field(random, 40, "nodeName", |random| json!(random.pick(&["node-a", "node-c"]))),
            field(random, 30, "zone", |_| json!("zone-1")),
            field(random, 20, "hostname", |_| json!("host-1")),
        ]));
    }
    let ports: Vec<_> = (0..random.between(1, 2))
        .map(|index| {
            object([
                field(random, 90, "port", |random| json!(random.pick(&NUMBERS))),
                field(random, 100, "name", |_| json!(PORTS[index])),
                field(random, 20, "protocol", |_| json!("UDP")),
                field(random, 20, "appProtocol", |_| json!("http")),
            ])
        })
        .collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata,
        "addressType": "IPv4", "ports": ports, "endpoints": endpoints,
    })
}

/// As they were before there were slices; the cluster makes slices of them.
fn endpoints(random: &mut Random, namespace: &str, service: &str, pods: &[Value]) -> Value {
    let mut ready: Vec<Value> = Vec::new();
    for _ in 0..random.between(1, 2) {
        let (address, reference) = address(random, pods);
        // Of an address that is there twice, slices have only one.
        if ready.iter().any(|other| other["ip"] == *address) {
            continue;
        }
        ready.push(object([
            field(random, 100, "ip", |_| json!(address)),
            field(random, if reference.is_some() { 100 } else { 0 }, "targetRef", |_| json!(reference)),
            field(random, 40, "nodeName", |_| json!("node-a")),
        ]));
    }
    let ports: Vec<_> = (0..2)
        .map(|index| json!({"name": PORTS[index], "port": random.pick(&NUMBERS) + u16::from(index == 1)}))
        .collect();
    let mut subset = json!({"addresses": ready, "ports": ports});
    if random.percent(40) {
        subset["notReadyAddresses"] = json!([{"ip": "10.4.0.77"}]);
    }
    let metadata = metadata(random, namespace, service);
    json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": [subset]})
}

fn ingress(random: &mut Random, namespace: &str) -> Value {
    let hosts = ["a.example.com", "b.example.com", "c.wild.example.com"];
    let backend = json!({"service": {"name": "service-0", "port": {"number": 80}}});
    let mut rules = Vec::new();
    for host in random.some(&hosts, 60) {
        let paths: Vec<_> = random
            .some(&["/", "/x", "/y/z"], 50)
            .into_iter()
            .map(|path| json!({"path": path, "pathType": "Prefix", "backend": backend}))
            .collect();
        let mut rule = json!({"host": host});
        if !paths.is_empty() {
            rule["http"] = json!({"paths": paths});
        }
        rules.push(rule);
    }
    let spec = object([
        field(random, 100, "defaultBackend", |_| backend.clone()),
        field(random, 100, "rules", |_| json!(rules)),
        field(random, 40, "ingressClassName", |_| json!("nginx")),
        field(
            random,
            50,
            "tls",
            |random| json!([{"hosts": random.some(&["a.example.com", "*.wild.example.com"], 60)}]),
        ),
    ]);
    let metadata = metadata(random, namespace, "ingress");
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec})
}
