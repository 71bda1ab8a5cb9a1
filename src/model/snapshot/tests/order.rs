//! Objects may come in any order.

use proptest::prelude::*;

use super::{names, snapshot};
use crate::model::Resource;
use crate::model::snapshot::{EndpointSlice, Pod, Snapshot};

/// All that a snapshot says, but for places.
pub(super) fn said(snapshot: &Snapshot) -> String {
    let pods: Vec<_> = snapshot.pods_with_status(None).collect();
    let classes: Vec<_> = snapshot.classes().map(|class| names(snapshot.members(class))).collect();
    let own_classes: Vec<_> = snapshot.pods().iter().map(|pod| own_class(snapshot, pod)).collect();
    let kept = Resource::ALL.into_iter().flat_map(|resource| snapshot.objects(resource));
    let kept: Vec<_> = kept.map(|kept| (&kept.reference, &kept.json, &kept.unreadable)).collect();
    let nodes = snapshot.nodes();
    let keys: Vec<_> =
        (0..8).map(|number| snapshot.has_key(Resource::Secret, "a", &format!("x{number}"), "k")).collect();
    let unmodelled: Vec<_> = snapshot.unmodelled().iter().map(|it| (&it.group, &it.object.reference)).collect();
    let mut problems: Vec<_> = snapshot.problems().iter().map(|it| (it.object.as_ref(), it.kind.to_string())).collect();
    problems.sort();
    let namespaces: Vec<_> =
        snapshot.namespaces().iter().map(|it| (it.name(), it.labels(), it.annotations())).collect();
    format!(
        "{pods:#?} {classes:?} {own_classes:?} {kept:?} {nodes:?} {keys:?} {unmodelled:?} {problems:?} {namespaces:?} {} {}",
        said_of_services(snapshot),
        said_of_addresses(snapshot)
    )
}

fn own_class(snapshot: &Snapshot, pod: &Pod) -> Vec<String> {
    names(snapshot.members(snapshot.class_of(pod).unwrap()))
}

fn said_of_services(snapshot: &Snapshot) -> String {
    let slice = |slice: &EndpointSlice| format!("{} {:?} {:?}", slice.object, slice.ports, slice.endpoints);
    let each = snapshot.services().iter().map(|service| {
        let slices: Vec<_> = snapshot.endpoint_slices_of(service).map(slice).collect();
        (&service.object, &service.selector, names(snapshot.pods_behind(service)), slices)
    });
    let services: Vec<_> = each.collect();
    let slices: Vec<_> = snapshot.endpoint_slices().iter().map(slice).collect();
    let made: Vec<_> = snapshot.made_endpoint_slices().map(slice).collect();
    let all = ["a", "b"].map(|namespace| snapshot.all_endpoint_slices(Some(namespace)).map(slice).collect::<Vec<_>>());
    format!("{services:#?} {slices:#?} {made:#?} {all:?}")
}

/// Who is where, and which addresses are told apart.
fn said_of_addresses(snapshot: &Snapshot) -> String {
    let addresses = ["10.0.0.1", "10.0.0.2", "10.0.1.1", "192.168.0.1", "fd00::1"].map(|text| text.parse().unwrap());
    let at = addresses.map(|address| names(snapshot.pods_at(address)));
    let services = addresses.map(|address| snapshot.service_at(address).map(|service| &service.object));
    let zones = addresses.map(|one| addresses.map(|other| snapshot.zone_of(one) == snapshot.zone_of(other)));
    let texts = ["\"10.0.0.0/24\"", "\"10.0.0.1/32\"", "job-name"].map(|text| snapshot.told_apart_by(text).are_some());
    format!("{at:?} {services:?} {zones:?} {texts:?}")
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
