//! Random settings of the client that scrapes: who it is, whom it trusts, and through which proxy it goes.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::monitors::{Field, Fields, always, field, fields, one_of};

/// Where there is something wrong with about one in so many.
const RARELY: u32 = 60;

/// What every kind of client has in common, without TLS and proxy.
pub(crate) fn credentials() -> Fields {
    vec![
        field("basicAuth", 0.05, basic()),
        field("authorization", 0.05, authorization()),
        field("oauth2", 0.05, oauth2()),
        field("bearerTokenSecret", 0.04, secret("token")),
    ]
}

/// A proxy, as fields of the client.
pub(crate) fn proxy() -> Fields {
    let header = prop_oneof![
        8 => secret("token").prop_map(|secret| json!({"x-proxy": [secret]})),
        1 => select(vec![json!({}), json!({"x-proxy": []})]),
    ];
    // The schema wants a scheme; what Go's URLs are is wider than what may stand in one.
    let url = one_of(
        &["http://proxy:3128", "socks5://[::1]:1080", "https://user:word@proxy/%41?q#f"],
        &["http://${proxy}:80", "http://proxy:port", "http://pro xy", "http://a/%zz", "http://[::1", "http://a\u{7f}"],
        8,
    );
    vec![
        field("proxyUrl", 0.08, url),
        field("noProxy", 0.01, select(vec!["10.0.0.0/8", ""]).prop_map(Value::from)),
        field("proxyFromEnvironment", 0.03, any::<bool>().prop_map(Value::from)),
        field("proxyConnectHeader", 0.01, header),
    ]
}

/// TLS with secrets, and with files where the kind of monitor has them.
pub(crate) fn tls(files: bool) -> Field {
    field("tlsConfig", 0.3, tls_settings(files))
}

fn tls_settings(files: bool) -> BoxedStrategy<Value> {
    let file = move |name: &'static str, share: f64| {
        field(name, if files { share } else { 0.002 }, select(vec!["/etc/tls/file", ""]).prop_map(Value::from))
    };
    let version = || select(vec!["TLS10", "TLS11", "TLS12", "TLS13"]).prop_map(Value::from);
    let pair = weighted(0.3, (source("certificate"), secret("key")));
    let others = vec![
        field("ca", 0.4, source("certificate")),
        field("serverName", 0.3, Just(json!("web"))),
        field("insecureSkipVerify", 0.2, any::<bool>().prop_map(Value::from)),
        field("minVersion", 0.15, version()),
        field("maxVersion", 0.05, version()),
        field("cert", 0.02, source("certificate")),
        field("keySecret", 0.02, secret("key")),
        file("caFile", 0.1),
        file("certFile", 0.04),
        file("keyFile", 0.04),
    ];
    (pair, others)
        .prop_map(|(pair, others)| {
            let (cert, key) = pair.unzip();
            fields(others.into_iter().chain([("cert", cert), ("keySecret", key)]).rev())
        })
        .boxed()
}

fn basic() -> BoxedStrategy<Value> {
    vec![field("username", 0.97, secret("token")), field("password", 0.97, secret("token"))].prop_map(fields).boxed()
}

fn authorization() -> BoxedStrategy<Value> {
    let kind = one_of(&["Bearer", "Custom", ""], &["Basic", " bAsic\t"], 12);
    vec![field("type", 0.5, kind), field("credentials", 0.9, secret("token"))].prop_map(fields).boxed()
}

fn oauth2() -> BoxedStrategy<Value> {
    let own = vec![
        always("clientId", source("token")),
        always("clientSecret", secret("token")),
        always("tokenUrl", one_of(&["http://issuer/token", "https://issuer"], &["issuer", ""], 20)),
        field("tlsConfig", 0.1, tls_settings(false)),
    ];
    own.into_iter().chain(proxy()).collect::<Fields>().prop_map(fields).boxed()
}

/// One key of the Secret that there is.
pub(crate) fn secret(key: &'static str) -> BoxedStrategy<Value> {
    let wrong = select(vec![
        json!({"name": "credentials", "key": ""}),
        json!({"name": "", "key": key}),
        json!({"key": key}),
        json!({"name": "", "key": ""}),
    ]);
    let right = select(vec![
        json!({"name": "credentials", "key": key}),
        json!({"name": "credentials", "key": key, "optional": true}),
    ]);
    prop_oneof![RARELY => right, 1 => wrong].boxed()
}

/// One key of the Secret or of the ConfigMap that there are.
fn source(key: &'static str) -> BoxedStrategy<Value> {
    let map = json!({"configMap": {"name": "credentials", "key": "certificate"}});
    let wrong = select(vec![
        json!({}),
        json!({"configMap": {"key": "certificate"}}),
        json!({"configMap": {"name": "credentials", "key": ""}}),
        json!({
            "secret": {"name": "credentials", "key": key},
            "configMap": {"name": "credentials", "key": "certificate"},
        }),
    ]);
    let right = prop_oneof![3 => secret(key).prop_map(|secret| json!({"secret": secret})), 1 => Just(map)];
    prop_oneof![RARELY => right, 1 => wrong].boxed()
}
