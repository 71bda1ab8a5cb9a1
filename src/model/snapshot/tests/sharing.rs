//! What objects have in common is kept once, in whatever order they come.

use std::sync::Arc;

use super::change::put_of;
use crate::model::snapshot::Snapshot;

#[test]
fn pods_that_come_one_by_one_share_what_they_have_in_common() {
    let pod = |name: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: a, labels: {{app: web}}, ownerReferences: [{{apiVersion: \
             apps/v1, kind: ReplicaSet, name: web-1, controller: true}}]}}, spec: {{nodeName: node-a, containers: [{{name: c, image: i}}]}}}}"
        )
    };
    let mut snapshot = Snapshot::default();
    for name in ["p", "q", "r"] {
        snapshot = snapshot.with(&[put_of(&pod(name))]);
    }
    let pods: Vec<_> = snapshot.pods_with_status(None).collect();
    assert_eq!(pods.len(), 3);
    for pair in pods.windows(2) {
        let [(one, of_one), (other, of_other)] = pair else { panic!("{pair:?}") };
        assert!(Arc::ptr_eq(&one.template, &other.template));
        assert!(Arc::ptr_eq(&of_one.node_name, &of_other.node_name));
        assert!(Arc::ptr_eq(&of_one.containers[0].image, &of_other.containers[0].image));
    }
}

#[test]
fn workloads_and_endpoints_share_with_pods_in_whatever_order_they_come() {
    let spec = "containers: [{name: c, image: i}]";
    let form = |kind: &str, name: &str, owner: &str| {
        format!("{{apiVersion: KIND, kind: {kind}, metadata: {{name: {name}, namespace: a, labels: {{app: web}}, ownerReferences: [{owner}]}}, spec: ")
            .replace("KIND", if kind == "Pod" { "v1" } else { "apps/v1" })
    };
    let owner =
        |kind: &str, name: &str| format!("{{apiVersion: apps/v1, kind: {kind}, name: {name}, controller: true}}");
    let template = format!(
        "{{selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{{spec}}}}}}}}}"
    );
    let deployment = form("Deployment", "web", "") + &template;
    let set = form("ReplicaSet", "web-1", &owner("Deployment", "web")) + &template;
    let pod = form("Pod", "web-1-p", &owner("ReplicaSet", "web-1")) + &format!("{{{spec}}}}}");
    let slice = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-x, namespace: a}, addressType: IPv4, \
         endpoints: [{addresses: [10.0.0.1], targetRef: {kind: Pod, name: web-1-p}}]}";
    for order in [[&deployment, &set, &pod], [&set, &deployment, &pod], [&pod, &set, &deployment]] {
        let mut snapshot = Snapshot::default();
        for text in order.into_iter().map(String::as_str).chain([slice, slice.replace("10.0.0.1", "10.0.0.2").as_str()])
        {
            snapshot = snapshot.with(&[put_of(text)]);
        }
        let pod = snapshot.pod("a", "web-1-p").unwrap();
        let workloads = snapshot.population.workloads.all();
        assert!(workloads.iter().all(|it| Arc::ptr_eq(&it.template.pod.template, &pod.template)), "{order:?}");
        let target = snapshot.endpoint_slices().first().unwrap().endpoints[0].target.as_ref();
        assert!(Arc::ptr_eq(target.unwrap(), &pod.object));
    }
}
