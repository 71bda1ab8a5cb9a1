//! Consequences agree with the difference of two whole audits.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::fixture::{CIRCUMSTANCES, snapshot};
use crate::engine::admission::{Operation, Request};
use crate::engine::analysis::{Analysis, Effect, Kind, Subject, comparison};
use crate::engine::audit::Difference;
use crate::model::guard::{Guards, User};
use crate::model::snapshot::{Change, Snapshot};
use crate::model::{ObjectReference, Resource};

const NAMESPACES: [&str; 4] = ["monitoring", "shop", "dev", "mesh"];

fn labels() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"app": "web"}),
        json!({"app": "cart"}),
        json!({"app.kubernetes.io/name": "prometheus"}),
        json!({"app.kubernetes.io/name": "grafana"}),
    ])
}

fn network_policy() -> impl Strategy<Value = Value> {
    let peer = prop_oneof![
        labels().prop_map(|labels| json!({"podSelector": {"matchLabels": labels}})),
        labels().prop_map(|labels| json!({"namespaceSelector": {}, "podSelector": {"matchLabels": labels}})),
        Just(json!({"namespaceSelector": {"matchLabels": {"purpose": "observability"}}})),
        Just(json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}})),
        Just(json!({"ipBlock": {"cidr": "10.0.0.0/24"}})),
        Just(json!({"podSelector": {"matchExpressions": [{"key": "app", "operator": "Like"}]}})),
    ];
    let rule = (vec(peer, 0..3), select(vec![json!([]), json!([{"port": 8080}]), json!([{"port": "http"}])]));
    let types = select(vec![json!(["Ingress"]), json!(["Egress"]), json!(["Ingress", "Egress"])]);
    (labels(), types, vec(rule, 0..2)).prop_map(|(pods, types, rules)| {
        let field = |name: &str| -> Vec<Value> {
            rules.iter().map(|(peers, ports)| json!({name: peers, "ports": ports})).collect()
        };
        json!({"podSelector": {"matchLabels": pods}, "policyTypes": types, "ingress": field("from"), "egress": field("to")})
    })
}

fn authorization_policy() -> impl Strategy<Value = Value> {
    let source = select(vec![
        json!({"namespaces": ["shop"]}),
        json!({"principals": ["cluster.local/ns/monitoring/sa/k8s"]}),
        json!({"ipBlocks": ["10.0.0.0/24"]}),
    ]);
    let action = select(vec!["ALLOW", "DENY"]);
    (labels(), action, vec(source, 0..2)).prop_map(|(pods, action, sources)| {
        let rules: Vec<Value> = sources.iter().map(|source| json!({"from": [{"source": source}]})).collect();
        json!({"selector": {"matchLabels": pods}, "action": action, "rules": rules})
    })
}

fn peer_authentication() -> impl Strategy<Value = Value> {
    let mode = select(vec!["STRICT", "PERMISSIVE", "DISABLE", "WHAT"]);
    mode.prop_map(|mode| json!({"mtls": {"mode": mode}}))
}

fn pod_monitor() -> impl Strategy<Value = Value> {
    let endpoint =
        select(vec![json!({"port": "http"}), json!({"port": "other"}), json!({"port": "http", "path": "/x"})]);
    (labels(), vec(endpoint, 1..3), any::<bool>()).prop_map(|(pods, endpoints, everywhere)| {
        json!({"namespaceSelector": {"any": everywhere}, "selector": {"matchLabels": pods},
            "podMetricsEndpoints": endpoints})
    })
}

fn prometheus() -> impl Strategy<Value = Value> {
    let selector = select(vec![json!({}), json!({"matchLabels": {"release": "prometheus-operator"}}), Value::Null]);
    selector.prop_map(|it| json!({"podMonitorSelector": it, "podMonitorNamespaceSelector": {}}))
}

/// An object of one of a few names, and its kind.
fn object() -> impl Strategy<Value = (Resource, Value)> {
    let of = |resource: Resource, names: &'static [&'static str], spec: BoxedStrategy<Value>| {
        let labels = select(vec![json!({}), json!({"release": "prometheus-operator"})]);
        let namespaces = match resource {
            Resource::Prometheus => &NAMESPACES[..1],
            _ => &NAMESPACES[..],
        };
        let named = (select(namespaces.to_vec()), select(names.to_vec()), labels, spec);
        named.prop_map(move |(namespace, name, labels, spec)| {
            let metadata = json!({"name": name, "namespace": namespace, "labels": labels});
            (resource, json!({"metadata": metadata, "spec": spec}))
        })
    };
    let namespace =
        (select(NAMESPACES.to_vec()), select(vec!["observability", "other"])).prop_map(|(name, purpose)| {
            let labels = json!({"kubernetes.io/metadata.name": name, "purpose": purpose});
            (Resource::Namespace, json!({"metadata": {"name": name, "labels": labels}}))
        });
    prop_oneof![
        4 => of(Resource::NetworkPolicy, &["a", "job", "grafana"], network_policy().boxed()),
        3 => of(Resource::AuthorizationPolicy, &["a", "b"], authorization_policy().boxed()),
        2 => of(Resource::PeerAuthentication, &["default"], peer_authentication().boxed()),
        3 => of(Resource::PodMonitor, &["web", "others"], pod_monitor().boxed()),
        1 => of(Resource::Prometheus, &["k8s"], prometheus().boxed()),
        1 => namespace,
    ]
}

fn reference(resource: Resource, object: &Value) -> ObjectReference {
    let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
    let kind = resource.kind().to_owned();
    ObjectReference { kind, namespace: text("namespace"), name: text("name").unwrap() }
}

fn audited(snapshot: &Snapshot) -> Analysis {
    Analysis::of(Arc::new(snapshot.clone()), Arc::new(Guards::built_in()), &CIRCUMSTANCES)
}

/// Without what decides, which may be said in other words.
fn told(effects: &[Effect]) -> BTreeSet<(Subject, Kind, &str)> {
    let told = effects.iter().filter(|it| it.subject != Subject::Exposure);
    told.map(|it| (it.subject, it.kind, it.name.as_str())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn consequences_are_the_difference_of_two_audits(
        known in vec(object(), 0..4),
        (resource, object) in object(),
        is_deletion in proptest::bool::weighted(0.25),
    ) {
        let put = |(resource, json): &(Resource, Value)| Change::Put { resource: *resource, json: json.to_string() };
        let before = snapshot().with(&known.iter().map(put).collect::<Vec<_>>());
        let is_deletion = is_deletion && resource != Resource::Namespace;
        let (reference, text) = (reference(resource, &object), object.to_string());
        let change = if is_deletion { Change::Delete(reference.clone()) } else { put(&(resource, object)) };
        let namespace = reference.namespace.clone().unwrap_or_else(|| reference.name.clone());
        let request = Request {
            operation: if is_deletion { Operation::Delete } else { Operation::Update },
            group: resource.group(),
            kind: resource.kind(),
            subresource: "",
            namespace: &namespace,
            name: &reference.name,
            object: (!is_deletion).then_some(text.as_str()),
            old_object: Some("{}"),
        };
        let (before, after) = (audited(&before), audited(&before.with(&[change])));
        let found = before.consequences(&request, &User::default(), &CIRCUMSTANCES);

        let difference = Difference::between(before.audit(), after.audit());
        let mut expected = comparison::scrapes(&difference);
        expected.extend(comparison::connections(&difference, true));
        prop_assert_eq!(told(&found.effects), told(&expected));

        let opened: BTreeSet<&str> = found.effects.iter().filter(|it| it.subject == Subject::Exposure)
            .map(|it| it.name.as_str()).collect();
        let port = |name: &str| name.split(' ').next().unwrap_or_default().to_owned();
        let of = |audit: &Analysis| -> BTreeSet<String> {
            audit.exposures().iter().map(|it| format!("{}:{}", it.target.full_name(), it.port)).collect()
        };
        let (closed_before, open_after) = (of(&before), of(&after));
        let opened: BTreeSet<String> = opened.into_iter().map(port).collect();
        prop_assert!(opened.is_subset(&open_after), "{opened:?} {open_after:?}");
        let new: BTreeSet<String> = open_after.difference(&closed_before).cloned().collect();
        prop_assert!(new.is_subset(&opened), "{new:?} {opened:?}");
        // What is judged is what there is to tell.
        let is_worse = found.effects.iter().any(|it| it.kind != Kind::Gained);
        prop_assert_eq!(is_worse, !found.judgements.is_empty());
    }
}
