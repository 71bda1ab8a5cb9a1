//! Objects may come in any order.

use proptest::prelude::*;

use super::{names, snapshot};
use crate::model::Resource;
use crate::model::snapshot::Snapshot;

/// All that a snapshot says, but for places.
pub(super) fn said(snapshot: &Snapshot) -> String {
    let classes: Vec<_> = snapshot.classes().map(|class| names(snapshot.members(class))).collect();
    let behind: Vec<_> = snapshot.services().iter().map(|service| names(snapshot.pods_behind(service))).collect();
    let policies: Vec<_> =
        snapshot.objects(Resource::NetworkPolicy).map(|kept| (&kept.reference, &kept.json, &kept.unreadable)).collect();
    let unmodelled: Vec<_> = snapshot.unmodelled().iter().map(|it| &it.object.reference).collect();
    let mut problems: Vec<_> = snapshot.problems().iter().map(|problem| problem.kind.to_string()).collect();
    problems.sort();
    let pods = snapshot.pods();
    let namespaces: Vec<_> = snapshot.namespaces().iter().collect();
    format!("{pods:#?} {classes:?} {behind:?} {policies:?} {unmodelled:?} {problems:?} {namespaces:?}")
}

pub(super) fn object() -> impl Strategy<Value = String> {
    let label = prop_oneof![Just("web"), Just("db")];
    let namespace = prop_oneof![Just("a"), Just("b")];
    let kind = prop_oneof![
        Just(("v1", "Pod", "{}")),
        Just(("v1", "Pod", "{containers: [{name: c, ports: [{containerPort: x}]}]}")),
        Just(("v1", "Service", "{selector: {app: web}}")),
        Just(("apps/v1", "Deployment", "{selector: {matchLabels: {app: web}}, template: {spec: {}}}")),
        Just(("apps/v1", "ReplicaSet", "{selector: {matchLabels: {app: db}}, template: {spec: {}}}")),
        Just(("networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {}}")),
        Just(("networking.k8s.io/v1", "NetworkPolicy", "{podSelector: 1}")),
        Just(("cilium.io/v2", "CiliumNetworkPolicy", "{}")),
    ];
    let owner = prop_oneof![Just(None), Just(Some("ReplicaSet")), Just(Some("Deployment"))];
    (kind, namespace, label, owner, 0..6_usize).prop_map(|((version, kind, spec), namespace, app, owner, owned)| {
        let owner = owner.map(|it| {
            format!("ownerReferences: [{{apiVersion: v1, kind: {it}, name: NAME{owned}, controller: true}}], ")
        });
        let metadata = format!("{}namespace: {namespace}, labels: {{app: {app}}}", owner.unwrap_or_default());
        format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: NAME, {metadata}}}, spec: {spec}}}")
    })
}

proptest! {
    #[test]
    fn objects_may_come_in_any_order(
        (objects, shuffled) in prop::collection::vec(object(), 0..14).prop_flat_map(|objects| {
            // Names of their own, so that none is given twice.
            let named = objects.iter().enumerate().map(|(number, object)| object.replace("name: NAME,", &format!("name: x{number},")));
            let named: Vec<String> = named.map(|object| object.replace("NAME", "x")).collect();
            (Just(named.clone()), Just(named).prop_shuffle())
        }),
    ) {
        let (one, other) = (snapshot(&objects.join("\n---\n")), snapshot(&shuffled.join("\n---\n")));
        prop_assert_eq!(said(&one), said(&other));
    }
}
