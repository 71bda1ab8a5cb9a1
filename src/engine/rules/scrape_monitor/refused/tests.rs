//! What the operator says of each setting, one by one. That it says so is held against the real operator by
//! `cargo test --test operator_validation`.

use rstest::rstest;

use crate::engine::admission::{Circumstances, Request, validate};
use crate::model::guard::Guards;

/// Paths of what SG-SM-016 finds in a monitor of the namespace `monitoring`.
fn found(kind: &str, spec: &str) -> Vec<String> {
    let spec: serde_json::Value = serde_saphyr::from_str(spec).unwrap();
    let object = serde_json::json!({"metadata": {"name": "x", "namespace": "monitoring"}, "spec": spec});
    let object = object.to_string();
    let request = Request::create("monitoring.coreos.com", kind, "monitoring", &object);
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    let outcome = validate(&request, &Guards::built_in(), &circumstances);
    assert_eq!(outcome.unknowns, Vec::new());
    let findings = outcome.judgements.into_iter().map(|judgement| judgement.finding);
    let refused = findings.filter(|found| found.rule.to_string() == "SG-SM-016");
    refused
        .inspect(|found| assert!(found.message.chars().count() <= 60 && found.fix.chars().count() <= 200, "{found:?}"))
        .map(|found| found.path.to_string())
        .collect()
}

const KEY: &str = "{name: a, key: b}";

/// With `KEY` in the place of `@`.
fn filled(settings: &str) -> String {
    settings.replace('@', KEY)
}

#[rstest]
#[case("basicAuth: {username: @, password: @}", &[])]
#[case("basicAuth: {username: @}", &["basicAuth.password.name"])]
#[case("basicAuth: {username: @, password: {name: a, key: ''}}", &["basicAuth.password.key"])]
#[case("basicAuth: {username: @, password: @}, authorization: {credentials: @}", &["basicAuth"])]
#[case("bearerTokenSecret: @, oauth2: {clientId: {secret: @}, clientSecret: @, tokenUrl: u}", &["bearerTokenSecret"])]
#[case("bearerTokenSecret: {key: ''}", &[])]
#[case("bearerTokenSecret: {name: a, key: ''}", &[])]
#[case("authorization: {credentials: @, type: Bearer}", &[])]
#[case("authorization: {credentials: @, type: ' basic'}", &["authorization.type"])]
#[case("authorization: {type: Bearer}", &["authorization.credentials"])]
#[case("authorization: {credentials: {key: ''}}", &[])]
#[case("authorization: {credentials: {name: a, key: ''}}", &["authorization.credentials.key"])]
#[case("oauth2: {clientId: {configMap: @}, clientSecret: @, tokenUrl: u}", &[])]
#[case("oauth2: {clientId: {secret: @, configMap: @}, clientSecret: @, tokenUrl: u}", &["oauth2.clientId.configMap"])]
#[case("oauth2: {clientId: {}, clientSecret: {key: a}, tokenUrl: ''}", &["oauth2.tokenUrl", "oauth2.clientId", "oauth2.clientSecret.name"])]
#[case("oauth2: {clientId: {secret: @}, clientSecret: @, tokenUrl: u, tlsConfig: {keySecret: @}}", &["oauth2.tlsConfig"])]
#[case("oauth2: {clientId: {secret: @}, clientSecret: @, tokenUrl: u, noProxy: a}", &["oauth2.noProxy"])]
#[case("tlsConfig: {ca: {configMap: @}, cert: {secret: @}, keySecret: @}", &[])]
#[case("tlsConfig: {ca: {}, cert: {}}", &[])]
#[case("tlsConfig: {ca: {secret: {key: b}}}", &["tlsConfig.ca.secret.name"])]
#[case("tlsConfig: {cert: {secret: @}}", &["tlsConfig"])]
#[case("tlsConfig: {keySecret: @}", &["tlsConfig"])]
#[case("tlsConfig: {minVersion: TLS12, maxVersion: TLS13}", &[])]
#[case("tlsConfig: {minVersion: TLS12, maxVersion: TLS11}", &["tlsConfig.maxVersion"])]
#[case("proxyUrl: 'http://proxy:3128', noProxy: a, proxyConnectHeader: {x: [@]}", &[])]
#[case("proxyUrl: 'http://${proxy}'", &["proxyUrl"])]
#[case("proxyUrl: 'http://proxy', proxyFromEnvironment: true", &["proxyUrl"])]
#[case("noProxy: a", &["noProxy"])]
#[case("noProxy: a, proxyFromEnvironment: true", &["noProxy"])]
#[case("noProxy: '', proxyUrl: '', proxyFromEnvironment: false", &[])]
#[case("proxyConnectHeader: {x: [@]}", &["proxyConnectHeader"])]
#[case("proxyFromEnvironment: true, proxyConnectHeader: {x: [], y: [{key: a}]}", &["proxyConnectHeader.x", "proxyConnectHeader.y[0].name"])]
#[case("scrapeTimeout: 293y", &["scrapeTimeout"])]
#[case("scrapeTimeout: 1s, interval: 293y", &["interval"])]
#[case("interval: 293y", &[])]
#[case("scrapeTimeout: '', interval: 293y", &[])]
fn endpoints(#[case] settings: &str, #[case] expected: &[&str]) {
    let spec = filled(&format!("{{selector: {{}}, podMetricsEndpoints: [{{port: web, {settings}}}]}}"));
    let expected: Vec<String> = expected.iter().map(|path| format!("spec.podMetricsEndpoints[0].{path}")).collect();
    assert_eq!(found("PodMonitor", &spec), expected);
}

#[rstest]
#[case("tlsConfig: {caFile: a, certFile: b, keyFile: c}", &[])]
#[case("tlsConfig: {caFile: a, ca: {secret: @}}", &["tlsConfig.caFile"])]
#[case("tlsConfig: {certFile: a, keySecret: @}", &[])]
#[case("tlsConfig: {certFile: a, cert: {secret: @}, keyFile: c, keySecret: @}", &["tlsConfig.certFile", "tlsConfig.keyFile"])]
#[case("tlsConfig: {certFile: a}", &["tlsConfig"])]
#[case("tlsConfig: {keyFile: ''}", &[])]
#[case("bearerTokenSecret: {key: ''}", &[])]
#[case("bearerTokenSecret: {name: a, key: ''}", &["bearerTokenSecret.key"])]
fn endpoints_of_services(#[case] settings: &str, #[case] expected: &[&str]) {
    let spec = filled(&format!("{{selector: {{}}, endpoints: [{{port: web, {settings}}}]}}"));
    let expected: Vec<String> = expected.iter().map(|path| format!("spec.endpoints[0].{path}")).collect();
    assert_eq!(found("ServiceMonitor", &spec), expected);
}

#[rstest]
#[case("matchLabels: {app.kubernetes.io/name: ''}, matchExpressions: [{key: a, operator: Exists}]", &[])]
#[case("matchLabels: {a/b/c: ''}", &["matchLabels[a/b/c]"])]
#[case("matchLabels: {a: 'b c'}", &["matchLabels.a"])]
#[case("matchExpressions: [{key: '', operator: In, values: [a, '-']}]", &["matchExpressions[0].key", "matchExpressions[0].values[1]"])]
#[case("matchExpressions: [{key: a, operator: NotIn}]", &["matchExpressions[0].values"])]
#[case("matchExpressions: [{key: a, operator: Exists, values: [b]}]", &["matchExpressions[0].values"])]
#[case("matchExpressions: [{key: a, operator: Gt, values: ['1']}]", &["matchExpressions[0].operator"])]
fn selectors(#[case] selector: &str, #[case] expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|path| format!("spec.selector.{path}")).collect();
    assert_eq!(found("PodMonitor", &format!("{{selector: {{{selector}}}}}")), expected);
    assert_eq!(found("ServiceMonitor", &format!("{{selector: {{{selector}}}}}")), expected);
}

#[rstest]
#[case("basicAuth: {username: @, password: @}, bearerTokenSecret: @", &[])]
#[case("bearerTokenSecret: {key: a}", &["bearerTokenSecret.name"])]
#[case("authorization: {type: Basic}", &[])]
#[case("authorization: {type: Basic, credentials: @}", &["authorization.type"])]
#[case("tlsConfig: {certFile: a, keySecret: @}", &["tlsConfig"])]
#[case("prober: {url: a, noProxy: a, basicAuth: {}}", &["prober.noProxy"])]
#[case("noProxy: a", &[])]
#[case("targets: {staticConfig: {labels: {'': a}}}", &["targets.staticConfig.labels"])]
fn probes(#[case] settings: &str, #[case] expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|path| format!("spec.{path}")).collect();
    assert_eq!(found("Probe", &filled(&format!("{{{settings}}}"))), expected);
}

#[rstest]
#[case("bearerTokenSecret: {key: a}", &[])]
#[case("scrapeInterval: x, scrapeTimeout: 1s", &["scrapeInterval"])]
#[case("staticConfigs: [{targets: [a]}, {targets: [a], labels: {'': ''}}]", &["staticConfigs[1].labels"])]
#[case("kubernetesSDConfigs: [{role: pod, selectors: [{role: Pod}]}, {role: New, selectors: [{role: Pod}]}]", &[])]
#[case("kubernetesSDConfigs: [{role: Endpoints, selectors: [{role: Pod}, {role: Node}]}]", &["kubernetesSDConfigs[0].selectors[1].role"])]
#[case("kubernetesSDConfigs: [{role: Pod, apiServer: a, namespaces: {ownNamespace: true}}]", &["kubernetesSDConfigs[0].namespaces.ownNamespace"])]
#[case("kubernetesSDConfigs: [{role: Pod, namespaces: {ownNamespace: true}}]", &[])]
#[case("httpSDConfigs: [{url: 'http://a b'}]", &["httpSDConfigs[0].url"])]
#[case("httpSDConfigs: [{url: 'http://a', tlsConfig: {cert: {secret: @}}}]", &["httpSDConfigs[0].tlsConfig"])]
#[case("consulSDConfigs: [{server: a, tokenRef: {key: b}, noProxy: c}]", &["consulSDConfigs[0].noProxy", "consulSDConfigs[0].tokenRef.name"])]
#[case("dnsSDConfigs: [{names: [a]}, {names: [a], type: SRV}, {names: [a], type: A, port: 0}]", &[])]
#[case("dnsSDConfigs: [{names: [a], type: A}]", &["dnsSDConfigs[0].port"])]
fn scrape_configs(#[case] settings: &str, #[case] expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|path| format!("spec.{path}")).collect();
    assert_eq!(found("ScrapeConfig", &filled(&format!("{{{settings}}}"))), expected);
}
