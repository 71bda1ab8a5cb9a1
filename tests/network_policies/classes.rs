//! The law behind classes of pods: what is found out about one pod of a class holds for all of them.

use proptest::prelude::*;
use scrapeguard::engine::reach::network_policy::HostNetwork;
use scrapeguard::engine::reach::{Connection, End, Evaluator, Manner, MeshSettings, Verdict};
use scrapeguard::model::snapshot::{Builder, Pod, Snapshot};
use scrapeguard::model::{Protocol, Resource};
use serde_json::{Value, json};

use crate::laws::cases;
use crate::random::{Case, case};

/// Addresses of further replicas, inside and outside of the ranges that policies name.
const ADDRESSES: [&str; 5] = ["10.0.0.3", "10.0.1.200", "172.16.0.1", "fd00::3", "fd01::1"];

/// A pod of the case as Kubernetes has it.
fn pod(pod: &Value, name: &str, addresses: &Value) -> Value {
    let port =
        |port: &Value| json!({"name": port["name"], "containerPort": port["number"], "protocol": port["protocol"]});
    let ports: Vec<Value> = pod["ports"].as_array().unwrap().iter().map(port).collect();
    let addresses: Vec<Value> = addresses.as_array().unwrap().iter().map(|ip| json!({"ip": ip})).collect();
    json!({
        "metadata": {"namespace": pod["namespace"], "name": name, "labels": pod["labels"]},
        "spec": {"hostNetwork": pod["hostNetwork"], "containers": [{"name": "only", "ports": ports}]},
        "status": {"phase": "Running", "podIPs": addresses},
    })
}

/// The cluster of the case with further replicas of every pod.
fn snapshot(case: &Case) -> Snapshot {
    let mut builder = Builder::new("default");
    let mut add = |resource, object: Value| builder.add(resource, &object.to_string(), None);
    for (name, labels) in case.cluster["namespaces"].as_object().unwrap() {
        add(Resource::Namespace, json!({"metadata": {"name": name, "labels": labels}}));
    }
    for original in case.cluster["pods"].as_array().unwrap() {
        let name = original["name"].as_str().unwrap();
        add(Resource::Pod, pod(original, name, &original["addresses"]));
        for (number, address) in ADDRESSES.iter().enumerate() {
            add(Resource::Pod, pod(original, &format!("{name}-{number}"), &json!([address])));
        }
    }
    for policy in case.cluster["policies"].as_array().unwrap() {
        add(Resource::NetworkPolicy, policy.clone());
    }
    builder.finish()
}

fn verdicts(evaluator: &Evaluator<'_>, from: &Pod, to: &Pod) -> Vec<Verdict> {
    let questions = [(80, Protocol::Tcp), (81, Protocol::Tcp), (80, Protocol::Udp)].into_iter();
    let ends = (End::Pod(from), End::Pod(to));
    let ask = |(port, protocol)| Connection { from: ends.0, to: ends.1, port, protocol };
    questions.map(|it| evaluator.follow(&ask(it), &Manner::default()).verdict()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases().cases / 10, ..cases() })]

    #[test]
    fn pods_of_a_class_get_the_same_answers(case in case()) {
        let snapshot = snapshot(&case);
        let evaluator = Evaluator::new(&snapshot, MeshSettings::default(), HostNetwork::default());
        let first = |pod: &Pod| snapshot.members(snapshot.class_of(pod).unwrap()).next().unwrap();
        prop_assert!(snapshot.classes().count() <= snapshot.pods().len());
        for from in snapshot.pods() {
            // A pod that calls itself is another matter.
            for to in snapshot.pods().iter().filter(|to| first(to) != first(from)) {
                let of_classes = verdicts(&evaluator, first(from), first(to));
                prop_assert_eq!(verdicts(&evaluator, from, to), of_classes, "{} to {}", from.full_name(), to.full_name());
            }
        }
    }
}

#[test]
fn a_class_has_several_pods_where_no_range_tells_them_apart() {
    let ports = json!([]);
    let pods = json!([{"namespace": "ns-x", "name": "p", "labels": {}, "ports": ports, "addresses": ["10.0.0.1"], "hostNetwork": false}]);
    let block = json!([{"ipBlock": {"cidr": "10.0.0.0/24"}}]);
    let policies = json!([{"metadata": {"namespace": "ns-y", "name": "n"}, "spec": {"podSelector": {}, "ingress": [{"from": block}]}}]);
    let cluster = json!({"namespaces": {"ns-x": {}, "ns-y": {}}, "pods": pods, "policies": policies});
    let snapshot = snapshot(&Case { cluster, questions: Vec::new() });
    let sizes: Vec<usize> = snapshot.classes().map(|class| snapshot.members(class).count()).collect();
    // In the range, outside of it, and those of IPv6.
    assert_eq!(sizes, [2, 2, 2]);
}
