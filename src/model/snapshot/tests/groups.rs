//! Kinds that are called alike are told apart by their groups.

use super::change::{Written, delete_of, put_of};
use super::snapshot;
use crate::model::Resource;
use crate::model::snapshot::{Change, Snapshot};

#[test]
fn an_object_that_is_not_evaluated_is_told_by_its_group() {
    let gateway = |group: &str| {
        format!("{{apiVersion: {group}/v1, kind: Gateway, metadata: {{name: g, namespace: a}}, spec: {{}}}}")
    };
    let (istio, standard) = (gateway("networking.istio.io"), gateway("gateway.networking.k8s.io"));
    let both = Snapshot::default().with(&[put_of(&istio), put_of(&standard)]);
    let groups = |snapshot: &Snapshot| snapshot.unmodelled().iter().map(|it| it.group.clone()).collect::<Vec<_>>();
    assert_eq!(groups(&both), ["gateway.networking.k8s.io", "networking.istio.io"]);
    assert_eq!(groups(&both.with(&[delete_of(&standard)])), ["networking.istio.io"]);
    assert_eq!(groups(&both.with(&[Change::Delete(Written::read(&istio).reference)])), [""; 0]);
    assert!(both.namespaces().find("a").is_some());
    assert!(both.with(&[delete_of(&standard), delete_of(&istio)]).namespaces().find("a").is_none());
}

#[test]
fn a_policy_of_another_group_is_not_the_one_that_is_evaluated() {
    let policy = |group: &str| {
        format!(
            "{{apiVersion: {group}/v1, kind: NetworkPolicy, metadata: {{name: np, namespace: a}}, spec: {{podSelector: {{}}}}}}"
        )
    };
    let (own, other) = (policy("networking.k8s.io"), policy("projectcalico.org"));
    let both = Snapshot::default().with(&[put_of(&own), put_of(&other)]);
    let kept = |snapshot: &Snapshot| (snapshot.objects(Resource::NetworkPolicy).count(), snapshot.unmodelled().len());
    assert_eq!(kept(&both), (1, 1));
    assert_eq!(kept(&both.with(&[delete_of(&own)])), (0, 1));
    assert_eq!(kept(&both.with(&[delete_of(&other)])), (1, 0));
    let broken = own.replace("podSelector: {}", "podSelector: 1");
    let with_problem = both.with(&[put_of(&broken)]);
    assert_eq!(with_problem.problems().len(), 1);
    for change in [put_of(&other.replace("np", "other")), put_of(&other), delete_of(&other)] {
        assert_eq!(with_problem.with(&[change]).problems(), with_problem.problems());
    }
    let unlabelled = other.replace("name: np, namespace: a", "name: np, namespace: a, labels: 1");
    let with_both = with_problem.with(&[put_of(&unlabelled)]);
    assert_eq!(with_both.problems().len(), 2);
    assert_eq!(with_both.with(&[put_of(&other)]).problems(), with_problem.problems());
    assert_eq!(with_both.with(&[put_of(&own)]).problems().len(), 1);
}

#[test]
fn kinds_that_are_called_alike_are_told_apart_by_their_group() {
    let text = |api: &str, kind: &str| {
        format!("{{apiVersion: {api}, kind: {kind}, metadata: {{name: x, namespace: a}}, spec: {{podSelector: {{}}}}}}")
    };
    let calico = text("projectcalico.org/v3", "NetworkPolicy");
    let gateways = [text("networking.istio.io/v1", "Gateway"), text("gateway.networking.k8s.io/v1", "Gateway")];
    let before = snapshot("").with(&[
        put_of(&calico),
        put_of(&text("networking.k8s.io/v1", "NetworkPolicy")),
        put_of(&gateways[0]),
        put_of(&gateways[1]),
    ]);
    assert_eq!(before.unmodelled().len(), 3);
    let after = before.with(&[delete_of(&calico), delete_of(&gateways[0])]);
    assert_eq!(after.objects(Resource::NetworkPolicy).count(), 1);
    let left: Vec<_> = after.unmodelled().iter().map(|it| it.group.as_str()).collect();
    assert_eq!(left, ["gateway.networking.k8s.io"]);
}
