//! Random policies and connections, of so few words that they often meet.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value as Json, json};

pub(super) const IDENTITIES: [Option<&str>; 5] = [
    None,
    Some("spiffe://td/ns/m/sa/x"),
    Some("spiffe://td/ns/b/sa/x"),
    Some("spiffe://td/ns/b/sa/y"),
    Some("spiffe://old/ns/m/sa/y"),
];
const PRINCIPALS: [&str; 9] = [
    "*",
    "td/ns/m/sa/x",
    "td/ns/m/*",
    "*/sa/x",
    "cluster.local/ns/b/sa/y",
    "old/ns/b/sa/x",
    "*d/ns/m/sa/y",
    "*/ns/m/sa/y",
    "other/ns/m/sa/x",
];
const NAMESPACES: [&str; 6] = ["m", "b", "*", "m*", "*b", "shop"];
const ACCOUNTS: [&str; 4] = ["m/x", "b/y", "x", "m/y"];
const DOMAINS: [&str; 6] = ["td", "old", "*", "t*", "*d", "other"];
const RANGES: [&str; 4] = ["10.0.0.1", "10.0.0.0/24", "10.0.0.0/8", "fd00::/8"];
const PORTS: [&str; 3] = ["80", "9090", "15090"];
const METHODS: [&str; 3] = ["GET", "P*", "*"];
const PATHS: [&str; 4] = ["/metrics", "/m*", "*s", "/admin"];
const HOSTS: [&str; 4] = ["web.shop", "*.SHOP", "web*", "db"];

/// A connection of which everything is known.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) identity: Option<&'static str>,
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) port: u16,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) host: &'static str,
}

pub(super) fn connections() -> impl Strategy<Value = Known> {
    let addresses = || select(vec!["10.0.0.1", "10.0.0.2", "10.1.0.1", "fd00::1"]).prop_map(|it| it.parse().unwrap());
    let request =
        (select(vec!["GET", "PUT"]), select(vec!["/metrics", "/admin"]), select(vec!["web.shop", "db", "Web.Shop"]));
    (select(IDENTITIES.to_vec()), addresses(), addresses(), select(vec![80, 9090]), request).prop_map(
        |(identity, from, to, port, (method, path, host))| Known { identity, from, to, port, method, path, host },
    )
}

pub(super) fn policies() -> impl Strategy<Value = Vec<Json>> {
    vec(policy(), 0..4)
}

pub(super) fn policy() -> impl Strategy<Value = Json> {
    (select(vec!["ALLOW", "ALLOW", "DENY"]), vec(rule(), 0..4))
        .prop_map(|(action, rules)| json!({"action": action, "rules": rules}))
}

pub(super) fn rule() -> impl Strategy<Value = Json> {
    let from = vec(source().prop_map(|source| json!({"source": source})), 0..3);
    let to = vec(operation().prop_map(|operation| json!({"operation": operation})), 0..3);
    (from, to, vec(condition(), 0..2)).prop_map(|(from, to, when)| json!({"from": from, "to": to, "when": when}))
}

fn source() -> impl Strategy<Value = Json> {
    fields(&[
        ("principals", "notPrincipals", &PRINCIPALS),
        ("namespaces", "notNamespaces", &NAMESPACES),
        ("serviceAccounts", "notServiceAccounts", &ACCOUNTS),
        ("trustDomains", "notTrustDomains", &DOMAINS),
        ("ipBlocks", "notIpBlocks", &RANGES),
    ])
}

fn operation() -> impl Strategy<Value = Json> {
    fields(&[
        ("ports", "notPorts", &PORTS),
        ("methods", "notMethods", &METHODS),
        ("paths", "notPaths", &PATHS),
        ("hosts", "notHosts", &HOSTS),
    ])
}

fn condition() -> impl Strategy<Value = Json> {
    let keys: Vec<(&str, &'static [&'static str])> = vec![
        ("source.principal", &PRINCIPALS),
        ("source.namespace", &NAMESPACES),
        ("source.serviceAccount", &ACCOUNTS),
        ("source.trustDomain", &DOMAINS),
        ("source.ip", &RANGES),
        ("destination.ip", &RANGES),
        ("destination.port", &PORTS),
    ];
    select(keys).prop_flat_map(|(key, words)| {
        (some_of(words), some_of(words))
            .prop_map(move |(values, not_values)| json!({"key": key, "values": values, "notValues": not_values}))
    })
}

/// None, one or two of the fields, each with a few of its words.
fn fields(known: &[(&'static str, &'static str, &'static [&'static str])]) -> impl Strategy<Value = Json> + use<> {
    let one = select(known.to_vec()).prop_flat_map(|(name, negation, words)| {
        (any::<bool>(), some_of(words))
            .prop_map(move |(is_negated, values)| (if is_negated { negation } else { name }, values))
    });
    vec(one, 0..3).prop_map(|fields| {
        let fields: Map<_, _> = fields.into_iter().map(|(name, values)| (name.to_owned(), json!(values))).collect();
        Json::Object(fields)
    })
}

fn some_of(words: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(words, 0..3)
}
