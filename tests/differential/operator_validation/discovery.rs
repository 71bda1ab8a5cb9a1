//! Random service discovery of ScrapeConfigs, of the kinds that have rules.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::client;
use crate::monitors::{Field, Fields, always, field, fields, list, one_of};

/// The lists that a ScrapeConfig may have, each of them rarely.
pub(crate) fn sections() -> Fields {
    vec![
        section("kubernetesSDConfigs", 0.2, kubernetes()),
        section("httpSDConfigs", 0.15, http().prop_map(fields)),
        section("consulSDConfigs", 0.1, consul().prop_map(fields)),
        section("dnsSDConfigs", 0.15, dns().prop_map(fields)),
    ]
}

fn section(name: &'static str, share: f64, item: impl Strategy<Value = Value> + 'static) -> Field {
    field(name, share, list(item, 2))
}

/// Without what discovery has not.
fn with_client(own: Fields) -> Fields {
    let credentials = client::credentials().into_iter().take(3).collect();
    [own, credentials, client::proxy(), vec![client::tls(false)]].concat()
}

const ROLES: [&str; 8] = ["Pod", "Service", "Endpoints", "EndpointSlice", "Node", "Ingress", "pod", "node"];

/// The role of most selectors is that of the section, which is always allowed.
fn kubernetes() -> impl Strategy<Value = Value> {
    let namespaces = select(vec![
        json!({}),
        json!({"ownNamespace": true}),
        json!({"ownNamespace": false, "names": ["a"]}),
        json!({"names": ["a"]}),
    ]);
    select(ROLES.to_vec()).prop_flat_map(move |role| {
        let own = vec![
            always("role", Just(json!(role))),
            field("selectors", 0.3, list(selector(role), 1)),
            field("apiServer", 0.2, Just(json!("https://kubernetes:6443"))),
            field("namespaces", 0.4, namespaces.clone()),
            field("attachMetadata", 0.2, Just(json!({"node": true}))),
        ];
        with_client(own).prop_map(fields)
    })
}

fn selector(role: &'static str) -> impl Strategy<Value = Value> {
    let parts = vec![
        always("role", prop_oneof![8 => Just(role), 2 => select(ROLES.to_vec())].prop_map(Value::from)),
        field("label", 0.6, select(vec!["app=web", "a in (b,c)", "!a"]).prop_map(Value::from)),
        field("field", 0.3, Just(json!("metadata.name=web"))),
    ];
    parts.prop_map(fields)
}

fn http() -> Fields {
    let url = one_of(
        &["http://discovery/targets", "https://[fd00::1]:8443/a%20b?q=%zz#x", "http://10.0.0.1:80"],
        &["http://{discovery}/", "http://discovery:web/", "http://discovery/%zz", "http://discovery/#%", "http://a b/"],
        12,
    );
    with_client(vec![always("url", url)])
}

fn consul() -> Fields {
    let own = vec![
        always("server", Just(json!("consul:8500"))),
        field("tokenRef", 0.3, client::secret("token")),
        field("datacenter", 0.2, Just(json!("here"))),
    ];
    with_client(own)
}

fn dns() -> Fields {
    vec![
        always("names", Just(json!(["web.example.com"]))),
        field("type", 0.8, select(vec!["SRV", "A", "AAAA", "MX", "NS"]).prop_map(Value::from)),
        field("port", 0.9, select(vec![0, 80, 65_535]).prop_map(Value::from)),
    ]
}
