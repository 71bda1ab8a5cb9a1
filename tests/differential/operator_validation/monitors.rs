//! Random monitors of all kinds: mostly right, with a mistake here and there.

use anyhow::{Result, anyhow};
use proptest::collection::{btree_map, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::steps::config;
use crate::{client, discovery};

/// A field of a JSON object, which may be absent.
pub(crate) type Field = BoxedStrategy<(&'static str, Option<Value>)>;
/// The fields of a JSON object.
pub(crate) type Fields = Vec<Field>;

/// As many PodMonitors, the same ones every time.
pub(crate) fn pod_monitors(number: usize) -> Result<Vec<Value>> {
    let port = vec![
        field("port", 0.8, one_of(&["web", "http-metrics"], &["", "9090"], 10)),
        field("portNumber", 0.1, (1..65_535_u16).prop_map(Value::from)),
        field("targetPort", 0.05, select(vec![json!(9090), json!("web")])),
        field("filterRunning", 0.1, any::<bool>().prop_map(Value::from)),
    ];
    let spec = vec![always("podMetricsEndpoints", list(endpoint(port, client::tls(false)), 2))];
    sample("v1", "PodMonitor", [spec, selection(), target_labels(), limits()].concat(), number)
}

/// As many ServiceMonitors, the same ones every time.
pub(crate) fn service_monitors(number: usize) -> Result<Vec<Value>> {
    let port = vec![
        field("port", 0.8, one_of(&["web", "http-metrics"], &["", "9090"], 10)),
        field("targetPort", 0.1, select(vec![json!(9090), json!("web")])),
        field("filterRunning", 0.1, any::<bool>().prop_map(Value::from)),
        field("bearerTokenFile", 0.02, Just(json!("/var/run/secrets/token"))),
    ];
    let spec = vec![
        always("endpoints", list(endpoint(port, client::tls(true)), 2)),
        field("targetLabels", 0.1, list(name(), 2)),
        field("serviceDiscoveryRole", 0.2, select(vec!["EndpointSlice", "Endpoints"]).prop_map(Value::from)),
    ];
    sample("v1", "ServiceMonitor", [spec, selection(), target_labels(), limits()].concat(), number)
}

/// As many Probes, the same ones every time.
pub(crate) fn probes(number: usize) -> Result<Vec<Value>> {
    let prober = vec![
        field("url", 0.98, prober_url()),
        field("scheme", 0.1, Just(json!("https"))),
        field("path", 0.2, select(vec!["/probe", "/p", ""]).prop_map(Value::from)),
    ];
    let listed = vec![
        field("static", 0.95, list(select(vec!["https://example.com", "a"]).prop_map(Value::from), 3)),
        field("labels", 0.4, labels()),
        relabelings("relabelingConfigs"),
    ];
    let found = vec![
        field("selector", 0.5, selector()),
        field("namespaceSelector", 0.3, namespaces()),
        relabelings("relabelingConfigs"),
    ];
    let targets =
        vec![field("staticConfig", 0.8, listed.prop_map(fields)), field("ingress", 0.7, found.prop_map(fields))];
    let spec = vec![
        field("prober", 0.99, [prober, client::proxy()].concat().prop_map(fields)),
        field("targets", 0.99, targets.prop_map(fields)),
        field("module", 0.5, Just(json!("http_2xx"))),
        field("jobName", 0.3, Just(json!("jobs"))),
        field("params", 0.2, Just(json!([{"name": "module", "values": ["a"]}, {"name": "x", "values": ["b", "c"]}]))),
        relabelings("metricRelabelings"),
        client::tls(false),
    ];
    let spec = [spec, timing("interval"), client::credentials(), client::proxy(), limits()].concat();
    sample("v1", "Probe", spec, number)
}

/// As many ScrapeConfigs, the same ones every time.
pub(crate) fn scrape_configs(number: usize) -> Result<Vec<Value>> {
    let listed = vec![
        always("targets", list(select(vec!["10.0.0.1:9090", "web:80"]).prop_map(Value::from), 2)),
        field("labels", 0.5, labels()),
    ];
    let spec = vec![
        field("staticConfigs", 0.5, list(listed.prop_map(fields), 2)),
        field("scheme", 0.2, select(vec!["HTTP", "HTTPS", "http"]).prop_map(Value::from)),
        field("metricsPath", 0.2, select(vec!["/metrics", "/m"]).prop_map(Value::from)),
        field("jobName", 0.3, Just(json!("jobs"))),
        field("params", 0.2, params()),
        field("nameValidationScheme", 0.1, select(vec!["Legacy", "UTF8"]).prop_map(Value::from)),
        relabelings("relabelings"),
        relabelings("metricRelabelings"),
        client::tls(false),
    ];
    let spec =
        [spec, timing("scrapeInterval"), client::credentials(), client::proxy(), discovery::sections(), limits()];
    sample("v1alpha1", "ScrapeConfig", spec.concat(), number)
}

fn sample(version: &str, kind: &str, spec: Fields, number: usize) -> Result<Vec<Value>> {
    let spec = [spec, vec![field("scrapeClass", 0.05, Just(json!("mesh")))]].concat();
    let object = spec.prop_map(|spec| {
        json!({
            "apiVersion": format!("monitoring.coreos.com/{version}"),
            "kind": kind,
            "metadata": {"name": "monitor", "namespace": "monitoring"},
            "spec": fields(spec),
        })
    });
    let mut runner = TestRunner::deterministic();
    (0..number)
        .map(|_| object.new_tree(&mut runner).map(|tree| tree.current()).map_err(|reason| anyhow!("{reason}")))
        .collect()
}

fn endpoint(port: Fields, tls: Field) -> BoxedStrategy<Value> {
    let own = vec![
        field("path", 0.2, select(vec!["/metrics", "/m", ""]).prop_map(Value::from)),
        field("params", 0.1, params()),
        field("scheme", 0.3, select(vec!["http", "https", "HTTPS"]).prop_map(Value::from)),
        field("honorLabels", 0.1, any::<bool>().prop_map(Value::from)),
        field("enableHttp2", 0.1, any::<bool>().prop_map(Value::from)),
        relabelings("relabelings"),
        relabelings("metricRelabelings"),
        tls,
    ];
    [port, own, timing("interval"), client::credentials(), client::proxy()].concat().prop_map(fields).boxed()
}

fn selection() -> Fields {
    vec![
        always("selector", selector()),
        field("namespaceSelector", 0.3, namespaces()),
        field("selectorMechanism", 0.15, select(vec!["RoleSelector", "RelabelConfig"]).prop_map(Value::from)),
    ]
}

fn target_labels() -> Fields {
    vec![
        field("jobLabel", 0.2, name()),
        field("podTargetLabels", 0.1, list(name(), 2)),
        field("attachMetadata", 0.2, select(vec![json!({"node": true}), json!({"node": false}), json!({})])),
    ]
}

fn params() -> impl Strategy<Value = Value> {
    select(vec![json!({"b": ["x"], "a": ["y", "z"]}), json!({"match[]": []}), json!({})])
}

fn limits() -> Fields {
    ["sampleLimit", "targetLimit", "labelLimit"]
        .map(|name| field(name, 0.1, select(vec![0, 1, 100_000]).prop_map(Value::from)))
        .to_vec()
}

fn namespaces() -> impl Strategy<Value = Value> {
    select(vec![json!({}), json!({"any": true}), json!({"matchNames": ["a", "b"]})])
}

fn timing(interval: &'static str) -> Fields {
    vec![field(interval, 0.4, duration()), field("scrapeTimeout", 0.15, duration())]
}

/// What the schema takes for a duration, and that is more than Prometheus does.
fn duration() -> impl Strategy<Value = Value> {
    one_of(
        &["30s", "1m", "15s", "1m30s", "10s", "1h", "90s"],
        &["0", "0s", "1d", "1w", "1y", "500ms", "", "300y", "99999999999h", "99999999999999999999s", "292y", "0001s"],
        4,
    )
}

fn relabelings(name: &'static str) -> Field {
    let step = config().prop_map(|config| config.as_written_in_monitors());
    let written_defaults = (step, weighted(0.03, select(vec![json!({"regex": ""}), json!({"regex": "(.*)"})])));
    let step = written_defaults.prop_map(|(mut step, defaults)| {
        if let (Some(step), Some(Value::Object(defaults))) = (step.as_object_mut(), defaults) {
            step.extend(defaults);
        }
        step
    });
    field(name, 0.3, list(step, 2))
}

/// Names and addresses of every form, and what looks like one.
fn prober_url() -> BoxedStrategy<Value> {
    let label = select(vec!["blackbox", "exporter", "svc", "a", "12-x", "B_x", "x-", "_x", "-x", "é", "a b", "", "a*"]);
    let likely = prop_oneof![60 => select(vec!["blackbox", "exporter", "12-x"]), 1 => label];
    let domain = vec(likely, 1..4).prop_map(|labels| labels.join("."));
    let address = select(vec![
        "10.0.0.1",
        "::1",
        "2001:db8::1",
        "[::1]",
        "[2001:db8::1]",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "fe80::1%eth0",
        "[fe80::1%eth0]",
        "::ffff:10.0.0.1",
        "[blackbox]",
        "1::2::3",
        "a:b",
    ]);
    let long = "x".repeat(64);
    let host = prop_oneof![
        20 => domain,
        4 => address.prop_map(str::to_owned),
        1 => select(vec!["blackbox.".to_owned(), "blackbox_".to_owned(), ".".to_owned(), long[1..].to_owned(), long]),
    ];
    let port = prop_oneof![
        6 => Just(""),
        24 => select(vec![":9115", ":80", ":65535", ":1"]),
        1 => select(vec![":0", ":65536", ":", ":http", ":09115", ":+80", ":-1", ": 80", ":99999999999999999999"]),
    ];
    let around = prop_oneof![40 => Just(("", "")), 1 => select(vec![
        ("http://", ""), ("https://", "/probe"), ("", "/probe"), ("//", ""), (" ", ""), ("", "?a"), ("user@", ""),
    ])];
    (around, host, port).prop_map(|((before, after), host, port)| json!(format!("{before}{host}{port}{after}"))).boxed()
}

/// Labels of targets; only the empty name is none for the newest Prometheus.
fn labels() -> impl Strategy<Value = Value> {
    let name = prop_oneof![30 => select(vec!["team", "cluster-id", "größe", "1st"]), 1 => Just("")];
    btree_map(name, select(vec!["x", ""]), 0..3).prop_map(|labels| json!(labels))
}

fn name() -> impl Strategy<Value = Value> {
    select(vec!["app", "team", "app.kubernetes.io/name"]).prop_map(Value::from)
}

const LONGEST: &str = "a23456789012345678901234567890123456789012345678901234567890123";

/// A selector with keys, operators and values of which each is seldom wrong.
pub(crate) fn selector() -> BoxedStrategy<Value> {
    let longer = format!("{LONGEST}4");
    let key = one_of(
        &["app", "app.kubernetes.io/name", "A_b.c-d", LONGEST, "example.com/x", "0"],
        &["", "/", "a/", "/a", "a/b/c", "-a", "a b", "Example.com/x", "ex_ample/x", "-x/a", "é", &longer],
        30,
    );
    let value = one_of(&["web", "v1.2", "A_b", "", LONGEST, "0"], &["-a", "a b", "a/b", "a.", "é", &longer], 30);
    let key = key.prop_map(|key| key.as_str().unwrap_or_default().to_owned()).boxed();
    let expression = prop_oneof![
        8 => (key.clone(), select(vec!["In", "NotIn"]), vec(value.clone(), 1..3)),
        8 => (key.clone(), select(vec!["Exists", "DoesNotExist"]), Just(Vec::new())),
        1 => (key.clone(), select(vec!["In", "Exists", "Gt", "in", "", "="]), vec(value.clone(), 0..2)),
    ];
    let expression =
        expression.prop_map(|(key, operator, values)| json!({"key": key, "operator": operator, "values": values}));
    let parts = vec![
        field("matchLabels", 0.8, btree_map(key, value, 0..3).prop_map(|labels| json!(labels))),
        field("matchExpressions", 0.3, vec(expression, 0..3).prop_map(Value::from)),
    ];
    parts.prop_map(fields).boxed()
}

/// A field that is there with this probability, and seldom null.
pub(crate) fn field(name: &'static str, share: f64, value: impl Strategy<Value = Value> + 'static) -> Field {
    let value = prop_oneof![200 => value, 1 => Just(Value::Null)];
    weighted(share, value).prop_map(move |value| (name, value)).boxed()
}

/// A field that is always there.
pub(crate) fn always(name: &'static str, value: impl Strategy<Value = Value> + 'static) -> Field {
    value.prop_map(move |value| (name, Some(value))).boxed()
}

/// The fields that are there; of two of one name, the last.
pub(crate) fn fields(entries: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let present = entries.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

/// A right text, or one that is wrong or strange, this many times as seldom.
pub(crate) fn one_of(right: &[&str], strange: &[&str], times: u32) -> BoxedStrategy<Value> {
    let text = |pool: &[&str]| select(pool.iter().map(|text| Value::from(*text)).collect::<Vec<_>>());
    prop_oneof![times => text(right), 1 => text(strange)].boxed()
}

/// A list that is not empty.
pub(crate) fn list(item: impl Strategy<Value = Value> + 'static, most: usize) -> BoxedStrategy<Value> {
    vec(item, 1..=most).prop_map(Value::from).boxed()
}
