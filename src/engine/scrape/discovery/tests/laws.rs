//! What is true of everything that is discovered.

use proptest::prelude::*;

use super::*;
use crate::engine::scrape::Discovered;

/// A small cluster of which every object is there or not.
pub(in crate::engine::scrape) fn any_cluster() -> impl Strategy<Value = String> {
    let given = proptest::collection::vec(any::<bool>(), OBJECTS.len());
    given.prop_map(|given| {
        let objects = OBJECTS.iter().zip(given).filter(|(_, given)| *given).map(|(object, _)| *object);
        objects.collect::<Vec<_>>().join("\n---\n")
    })
}

const OBJECTS: [&str; 9] = [
    "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x, uid: u, labels: {app: web, a.b: '1', a-b: '2'}, \
     annotations: {prometheus.io/port: '9'}}, spec: {nodeName: node-a, containers: [{name: c, image: i, \
     ports: [{name: http, containerPort: 80}, {containerPort: 81, protocol: UDP}]}, {name: d}]}, \
     status: {podIP: 10.0.0.1, hostIP: 1.1.1.1, phase: Running, containerStatuses: [{name: c, containerID: k}]}}",
    "{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: ns, labels: {app: web}, ownerReferences: \
     [{apiVersion: batch/v1, kind: Job, name: j, uid: u, controller: true}]}, spec: {initContainers: \
     [{name: s, restartPolicy: Always, ports: [{name: http, containerPort: 80}]}], containers: [{name: c}]}, \
     status: {podIP: 'fd00::2', phase: Failed, conditions: [{type: Ready, status: 'False'}]}}",
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: t, namespace: x}, spec: {template: {metadata: \
     {labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}}}}",
    "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: x, labels: {app: web}}, \
     spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http, appProtocol: http}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: lb, namespace: ns}, spec: {type: LoadBalancer, \
     clusterIP: None, ports: [{port: 80}]}}",
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e, namespace: ns, annotations: {a: b}, \
     labels: {kubernetes.io/service-name: lb}}, addressType: IPv6, ports: [{name: p, port: 80}, {port: 82}], \
     endpoints: [{addresses: ['fd00::2'], targetRef: {kind: Pod, namespace: ns, name: b}, nodeName: node-a, zone: z}, \
     {addresses: ['fd00::3'], deprecatedTopology: {a/b: c}, targetRef: {kind: Node, name: node-a}}]}",
    "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: x}, \
     spec: {rules: [{host: h, http: {paths: [{path: /a}, {}]}}, {}]}}",
    "{apiVersion: v1, kind: Node, metadata: {name: node-a, labels: {zone: z}}, status: {addresses: \
     [{type: InternalIP, address: 1.1.1.1}], conditions: [{type: Ready, status: 'True'}]}}",
    "{apiVersion: v1, kind: Namespace, metadata: {name: x, labels: {team: a}, annotations: {b: c}}}",
];

/// Everything that is discovered in any way.
pub(in crate::engine::scrape) fn everything(snapshot: &Snapshot, attach: bool) -> Vec<Discovered<'_>> {
    let roles = [Role::Pod, Role::EndpointSlice, Role::Endpoints, Role::Service, Role::Ingress, Role::Node];
    let scope = Scope { attach_node: attach, attach_namespace: attach, ..Scope::default() };
    roles.into_iter().flat_map(|role| found(role, scope.clone(), snapshot).discovered).collect()
}

proptest! {
    #[test]
    fn one_label_is_the_same_whether_all_are_made_or_just_this(cluster in any_cluster(), attach in any::<bool>()) {
        let snapshot = snapshot(&cluster);
        let things = everything(&snapshot, attach);
        let mut names: Vec<String> = Vec::new();
        for labels in things.iter().map(Discovered::labels) {
            names.extend(labels.iter().map(|(name, _)| name.to_owned()));
        }
        names.sort_unstable();
        names.dedup();
        for thing in &things {
            let labels = thing.labels();
            for name in &names {
                prop_assert_eq!(thing.label(name), labels.get(name), "{} of {:?}", name, labels);
            }
        }
    }

    #[test]
    fn what_stands_in_an_address_leads_back_to_the_pod(cluster in any_cluster()) {
        let snapshot = snapshot(&cluster);
        for thing in everything(&snapshot, false) {
            let template = stand_in_of(&thing, &snapshot);
            let expected = thing.pod().filter(|pod| pod.object.kind != "Pod");
            prop_assert_eq!(template.map(|pod| &pod.object), expected.map(|pod| &pod.object));
            prop_assert_eq!(thing.knows("__address__"), template.is_none());
        }
    }
}

fn stand_in_of<'s>(thing: &Discovered<'_>, snapshot: &'s Snapshot) -> Option<&'s crate::model::snapshot::Pod> {
    crate::engine::scrape::discovery::stand_in::template_at(&thing.label("__address__"), snapshot)
}
