//! What a changed NetworkPolicy opens is found by asking only those whom it may let through.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::laws::snapshot_of;
use super::random::{Cluster, cluster, network_policy};
use super::*;
use crate::engine::audit::exposure::crowd::{Admitted, Crowd};
use crate::engine::audit::exposure::existing::verdict_of;
use crate::engine::audit::exposure::opened::{Scope, Side, newcomers, opened};
use crate::model::Resource;
use crate::model::snapshot::Change;

/// A policy of a cluster, or a new one, and what becomes of it: another one, nothing, or something that nobody can read.
#[derive(Clone, Debug)]
struct Alteration {
    /// Which of the policies, if there are so many.
    number: usize,
    spec: Option<Value>,
    namespace: String,
}

impl Alteration {
    fn of(&self, cluster: &Cluster) -> (ObjectReference, Change) {
        let mut policies = cluster.0.iter().filter(|(resource, _)| *resource == Resource::NetworkPolicy);
        let text = |policy: &Value, field: &str| policy["metadata"][field].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = policies.nth(self.number).map_or_else(
            || (self.namespace.clone(), "new".to_owned()),
            |(_, policy)| (text(policy, "namespace"), text(policy, "name")),
        );
        let resource = Resource::NetworkPolicy;
        let metadata = json!({"namespace": namespace, "name": name});
        let object = ObjectReference { kind: resource.kind().to_owned(), namespace: Some(namespace), name };
        let put =
            |spec: &Value| Change::Put { resource, json: json!({"metadata": metadata, "spec": spec}).to_string() };
        (object.clone(), self.spec.as_ref().map_or(Change::Delete(object), put))
    }
}

fn alteration() -> impl Strategy<Value = Alteration> {
    let spec = prop_oneof![
        4 => network_policy().prop_map(|mut policy| Some(policy["spec"].take())),
        2 => Just(None),
        1 => Just(Some(json!({"podSelector": 7}))),
    ];
    (0_usize..5, spec, network_policy()).prop_map(|(number, spec, other)| Alteration {
        number,
        spec,
        namespace: other["metadata"]["namespace"].as_str().unwrap_or_default().to_owned(),
    })
}

/// Pods that exist and get better through to a port afterwards, and those who are asked because they may.
fn newly_through(before: Side<'_, '_>, after: Side<'_, '_>, policy: &ObjectReference) -> Vec<(String, bool)> {
    let crowd = Crowd::of(after.snapshot);
    let mut admitted = Admitted::new();
    let mut found = Vec::new();
    for port in &guarded_ports(&Guards::built_in(), after.snapshot) {
        let trials = [before, after].map(|side| Trial::new(side.evaluator, side.snapshot.namespaces(), port));
        let [earlier, later] = &trials;
        let newcomers = newcomers(before, policy, later);
        let coming = crowd.coming(&newcomers, later, &mut admitted);
        let others = after.snapshot.first_of_classes().filter(|(pod, _)| !port.allows(pod));
        for (pod, _) in others.filter(|(pod, _)| verdict_of(later, pod) < verdict_of(earlier, pod)) {
            let is_asked = !newcomers.are_none() && coming.iter().any(|(asked, _)| asked.object == pod.object);
            found.push((format!("{} to {}", pod.full_name(), port.port), is_asked));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn nobody_else_comes_in(cluster in cluster(), alteration in alteration()) {
        let (object, change) = alteration.of(&cluster);
        let before = snapshot_of(&cluster);
        let after = before.with(&[change]);
        let evaluator = |snapshot| Evaluator::new(snapshot, MeshSettings::default(), HostNetwork::default());
        let (known, changed) = (evaluator(&before), evaluator(&after));
        let guards = Guards::built_in();
        let opened_within = |scope| {
            let sides = [(&before, &known), (&after, &changed)].map(|(snapshot, evaluator)| Side { snapshot, evaluator });
            opened(sides[0], sides[1], &guards, None, scope)
        };
        let told = |scope| opened_within(scope).iter().map(told).collect::<Vec<_>>();
        prop_assert_eq!(told(Scope::NetworkPolicy(&object)), told(Scope::Whole));
    }

    #[test]
    fn whoever_newly_gets_through_is_asked(cluster in cluster(), alteration in alteration()) {
        let (object, change) = alteration.of(&cluster);
        let before = snapshot_of(&cluster);
        let after = before.with(&[change]);
        let evaluator = |snapshot| Evaluator::new(snapshot, MeshSettings::default(), HostNetwork::default());
        let (known, changed) = (evaluator(&before), evaluator(&after));
        let sides = [(&before, &known), (&after, &changed)].map(|(snapshot, evaluator)| Side { snapshot, evaluator });
        for (who, is_asked) in newly_through(sides[0], sides[1], &object) {
            prop_assert!(is_asked, "{who}");
        }
    }
}
