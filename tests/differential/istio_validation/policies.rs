//! Random policies: mostly right, with a mistake here and there.

use anyhow::{Result, anyhow};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

/// What only Istio refuses, because a newer Istio may know it.
pub(crate) const LEFT_TO_ISTIO: [&str; 4] = ["destination.namespace", "destination.user", "\"colour\"", "\"Door\""];

/// An object in the guarded namespace, where errors are errors.
pub(crate) fn object(kind: &str, annotations: &Value, spec: &Value) -> Value {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": kind,
        "metadata": {"name": "policy", "namespace": "monitoring", "annotations": annotations},
        "spec": spec,
    })
}

/// As many AuthorizationPolicies, the same ones every time.
pub(crate) fn authorization_policies(number: usize) -> Result<Vec<Value>> {
    let dry_run = weighted(0.1, select(vec!["true", "false", "maybe", "1", ""]));
    let annotations = dry_run.prop_map(|value| fields([("istio.io/dry-run", value.map(Value::from))]));
    let policy = (annotations, authorization_spec())
        .prop_map(|(annotations, spec)| object("AuthorizationPolicy", &annotations, &spec));
    sample(&policy, number)
}

/// As many PeerAuthentications, the same ones every time.
pub(crate) fn peer_authentications(number: usize) -> Result<Vec<Value>> {
    let policy = peer_spec().prop_map(|spec| object("PeerAuthentication", &json!({}), &spec));
    sample(&policy, number)
}

fn sample(strategy: &impl Strategy<Value = Value>, number: usize) -> Result<Vec<Value>> {
    let mut runner = TestRunner::deterministic();
    (0..number)
        .map(|_| strategy.new_tree(&mut runner).map(|tree| tree.current()).map_err(|reason| anyhow!("{reason}")))
        .collect()
}

fn authorization_spec() -> impl Strategy<Value = Value> {
    let action = prop_oneof![
        8 => select(vec![None, Some("ALLOW"), Some("DENY")]).prop_map(|action| (action, 0.02)),
        1 => select(vec![Some("AUDIT"), Some("CUSTOM")]).prop_map(|action| (action, 0.5)),
    ];
    let provider = select(vec![json!({"name": "proxy"}), json!({"name": ""}), json!({})]);
    let action_with_provider =
        action.prop_flat_map(move |(action, probability)| (Just(action), weighted(probability, provider.clone())));
    let rules = weighted(0.95, list_of(prop_oneof![30 => rule(), 1 => Just(Value::Null)], 2));
    let scope = (weighted(0.6, selector()), weighted(0.05, target()), weighted(0.05, list_of(target(), 2)));
    (scope, action_with_provider, rules).prop_map(|((selector, target, targets), (action, provider), rules)| {
        fields([
            ("selector", selector),
            ("targetRef", target),
            ("targetRefs", targets),
            ("action", action.map(Value::from)),
            ("provider", provider),
            ("rules", rules),
        ])
    })
}

fn peer_spec() -> impl Strategy<Value = Value> {
    let modes =
        select(vec![json!({}), json!({"mode": "STRICT"}), json!({"mode": "UNSET"}), json!({"mode": "DISABLE"})]);
    let ports = ["9090", "8080", "65535", "1", "0", "65536"].map(|port| (port, weighted(0.12, modes.clone())));
    let ports = ports.into_iter().map(|(port, mode)| mode.prop_map(move |mode| (port, mode))).collect::<Vec<_>>();
    let ports = ports.prop_map(fields);
    (weighted(0.7, selector()), weighted(0.5, modes), weighted(0.6, ports))
        .prop_map(|(selector, mode, ports)| fields([("selector", selector), ("mtls", mode), ("portLevelMtls", ports)]))
}

fn selector() -> impl Strategy<Value = Value> {
    let label = select(vec![("app", "web"), ("app.kubernetes.io/name", "prometheus"), ("tier", "")]);
    let wrong = select(vec![("", "web"), ("app*", "web"), ("app", "we*b")]);
    let labels = vec(prop_oneof![30 => label, 1 => wrong], 0..3);
    labels.prop_map(|labels| json!({"matchLabels": labels.into_iter().collect::<std::collections::BTreeMap<_, _>>()}))
}

fn target() -> impl Strategy<Value = Value> {
    let gateway = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "waypoint"});
    let right = select(vec![
        gateway,
        json!({"kind": "Service", "name": "web"}),
        json!({"group": "", "kind": "Service", "name": "w"}),
    ]);
    let wrong = select(vec![
        json!({"kind": "Service"}),
        json!({"kind": "Service", "name": "web", "namespace": "other"}),
        json!({"kind": "Door", "name": "web"}),
    ]);
    prop_oneof![4 => right, 1 => wrong]
}

fn rule() -> impl Strategy<Value = Value> {
    let from =
        prop_oneof![40 => item("source", source()), 1 => select(vec![json!({}), json!({"source": null}), Value::Null])];
    let to = prop_oneof![40 => item("operation", operation()), 1 => select(vec![json!({}), json!({"operation": {}})])];
    let lists =
        (weighted(0.7, list_of(from, 2)), weighted(0.7, list_of(to, 2)), weighted(0.2, list_of(condition(), 2)));
    lists.prop_map(|(from, to, when)| fields([("from", from), ("to", to), ("when", when)]))
}

fn item(name: &'static str, content: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    content.prop_map(move |content| json!({ name: content }))
}

const PRINCIPALS: [&str; 8] = [
    "cluster.local/ns/a/sa/x",
    "*",
    "cluster.local/ns/a/*",
    "*/sa/x",
    "spiffe://cluster.local/ns/a/sa/x",
    "cluster.local/ns/*/sa/x",
    "x",
    "",
];
const REQUEST_PRINCIPALS: [&str; 3] = ["issuer/subject", "*", ""];
const NAMESPACES: [&str; 5] = ["a", "b", "a*", "team-*-x", ""];
const ACCOUNTS: [&str; 9] = ["x", "a/x", "b/x", "web", "a/", "/x", "a/b/c", "a/*", ""];
const TRUST_DOMAINS: [&str; 7] = ["cluster.local", "*.local", "*", "cluster*", "a*b", "a/b", ""];
const ADDRESSES: [&str; 17] = [
    "10.0.0.1",
    "10.0.0.0/8",
    "fd00::/8",
    "::1",
    "10.0.0.7/8",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "0.0.0.0/0",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "here",
    "10.0.0",
    "010.0.0.1",
    "10.0.0.0/",
    "fe80::1%eth0/64",
    "::/129",
    "",
];
const TEXTS: [&str; 4] = ["x", "x*", "*", ""];
const PATHS: [&str; 12] = [
    "/metrics",
    "/api/*",
    "/{*}/x",
    "/{**}",
    "/{*}/{a-b}",
    "/x/{name}",
    "/{*}/{name}",
    "/{*}/{name=*}",
    "/{*}/*",
    "/{*}x*/",
    "/{*}{}",
    "",
];

fn source() -> impl Strategy<Value = Value> {
    let lists = vec![
        texts("principals", &PRINCIPALS, 0.8),
        texts("notPrincipals", &PRINCIPALS, 0.08),
        texts("requestPrincipals", &REQUEST_PRINCIPALS, 0.1),
        texts("notRequestPrincipals", &REQUEST_PRINCIPALS, 0.05),
        texts("namespaces", &NAMESPACES, 0.2),
        texts("notNamespaces", &NAMESPACES, 0.05),
        texts("serviceAccounts", &ACCOUNTS, 0.04),
        texts("notServiceAccounts", &ACCOUNTS, 0.02),
        texts("trustDomains", &TRUST_DOMAINS, 0.05),
        texts("notTrustDomains", &TRUST_DOMAINS, 0.05),
        texts("ipBlocks", &ADDRESSES, 0.1),
        texts("notIpBlocks", &ADDRESSES, 0.05),
        texts("remoteIpBlocks", &ADDRESSES, 0.05),
        texts("notRemoteIpBlocks", &ADDRESSES, 0.05),
    ];
    lists.prop_map(fields)
}

fn operation() -> impl Strategy<Value = Value> {
    let lists = vec![
        ports("ports", 0.8),
        ports("notPorts", 0.1),
        texts("hosts", &TEXTS, 0.1),
        texts("notHosts", &TEXTS, 0.05),
        texts("methods", &TEXTS, 0.4),
        texts("notMethods", &TEXTS, 0.05),
        texts("paths", &PATHS, 0.15),
        texts("notPaths", &PATHS, 0.05),
    ];
    lists.prop_map(fields)
}

fn condition() -> impl Strategy<Value = Value> {
    let known = [
        ("source.ip", &ADDRESSES[..]),
        ("remote.ip", &ADDRESSES),
        ("destination.ip", &ADDRESSES),
        ("source.namespace", &NAMESPACES),
        ("source.principal", &PRINCIPALS),
        ("source.serviceAccount", &ACCOUNTS),
        ("source.trustDomain", &TRUST_DOMAINS),
        ("destination.port", &["9090", "80", "443", "0", "09090", "65536", "http", ""]),
        ("request.headers[x-name]", &TEXTS),
        ("request.auth.claims[group]", &TEXTS),
        ("request.auth.principal", &REQUEST_PRINCIPALS),
        ("request.auth.audiences", &TEXTS),
        ("experimental.envoy.filters.x[y]", &TEXTS),
        ("connection.sni", &TEXTS),
    ];
    let wrong = ["", "request.headers[]", "request.headers", "request.auth.claims", "experimental.envoy.filters.x"];
    let unknown = ["destination.namespace", "destination.user", "colour"];
    let others: Vec<_> = wrong.into_iter().chain(unknown).map(|key| (key, &TEXTS[..])).collect();
    prop_oneof![20 => select(known.to_vec()), 1 => select(others)].prop_flat_map(|(key, pool)| {
        let lists = vec![texts("values", pool, 0.9), texts("notValues", pool, 0.2)];
        lists.prop_map(move |lists| fields(lists.into_iter().chain([("key", Some(json!(key)))])))
    })
}

type Field = BoxedStrategy<(&'static str, Option<Value>)>;

/// A field that is there with this probability. Its values come from a pool whose first half is likelier.
fn texts(name: &'static str, pool: &'static [&'static str], probability: f64) -> Field {
    let right = pool.get(..pool.len().div_ceil(2)).unwrap_or(pool);
    let text = prop_oneof![40 => select(right), 1 => select(pool)].prop_map(Value::from);
    weighted(probability, list_of(text, 3)).prop_map(move |list| (name, list)).boxed()
}

fn ports(name: &'static str, probability: f64) -> Field {
    let right = select(vec![json!("9090"), json!("80"), json!("65535")]);
    let wrong = ["0", "09090", "65536", "http-web", "+80", "-1", " 80", ""].map(Value::from).into_iter();
    let wrong = select(wrong.chain([json!(9090), json!(true), json!(80.5)]).collect::<Vec<_>>());
    let port = prop_oneof![40 => right, 1 => wrong];
    weighted(probability, list_of(port, 3)).prop_map(move |list| (name, list)).boxed()
}

/// A list that is rarely empty.
fn list_of(item: impl Strategy<Value = Value> + 'static, most: usize) -> impl Strategy<Value = Value> {
    let item = item.boxed();
    prop_oneof![60 => vec(item.clone(), 1..=most), 1 => vec(item, 0..1)].prop_map(Value::from)
}

fn fields(entries: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let present = entries.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}
