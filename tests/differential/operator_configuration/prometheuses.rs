//! Random Prometheus resources, and the places and labels of the monitors beside them.

use anyhow::{Result, anyhow};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::defaults::without_defaults;
use crate::monitors::{Fields, field, fields, list, one_of};
use crate::steps::config;

/// Each of these monitors beside a Prometheus, the same ones every time.
pub(crate) fn with_prometheus(monitors: Vec<Value>) -> Result<Vec<Value>> {
    let mut runner = TestRunner::deterministic();
    let around = (prometheus().prop_map(fields), marks());
    monitors
        .into_iter()
        .map(|monitor| {
            let mut monitor = without_defaults(&monitor);
            let tree = around.new_tree(&mut runner).map_err(|reason| anyhow!("{reason}"))?;
            let (spec, (namespace, labels, class)) = tree.current();
            let prometheus = json!({
                "apiVersion": "monitoring.coreos.com/v1",
                "kind": "Prometheus",
                "metadata": {"name": "k8s", "namespace": "monitoring"},
                "spec": with_certificates(spec),
            });
            monitor["metadata"] = json!({"name": "monitor", "namespace": namespace, "labels": labels});
            if let Some(class) = class {
                monitor["spec"]["scrapeClass"] = class.into();
            }
            Ok(json!({"prometheus": prometheus, "monitor": monitor}))
        })
        .collect()
}

/// Where Istio's sidecar writes the certificates of the mesh.
fn with_certificates(mut spec: Value) -> Value {
    spec["podMetadata"] = json!({"annotations": {
        "proxy.istio.io/config": "{proxyMetadata: {OUTPUT_CERTS: /etc/istio-output-certs}}",
        "sidecar.istio.io/userVolumeMount": r#"[{"name": "certs", "mountPath": "/etc/istio-output-certs"}]"#,
    }});
    spec["volumeMounts"] = json!([{"name": "certs", "mountPath": "/etc/prom-certs/"}]);
    spec
}

/// Namespace, labels and scrape class of a monitor.
fn marks() -> impl Strategy<Value = (&'static str, Value, Option<&'static str>)> {
    let labels = select(vec![json!({"release": "a"}), json!({"release": "a"}), json!({"release": "b"}), json!({})]);
    let class = select(vec![None, None, None, None, Some("mesh"), Some("mesh"), Some("plain"), Some(""), Some("none")]);
    (prop_oneof![3 => Just("monitoring"), 1 => Just("shop")], labels, class)
}

fn prometheus() -> Fields {
    let versions = [
        "v3.5.0",
        "3.0.0",
        "v3.0.0-rc.0",
        "v2.54.1",
        "2.40.0",
        "v2.39.1",
        "v2.36",
        "2.20.1",
        "v2.16.0",
        "v2.30.0-rc.1",
    ];
    let excluded = select(vec![
        json!([{"resource": "podmonitors", "namespace": "monitoring"}]),
        json!([{"resource": "probes", "namespace": "monitoring", "name": "monitor"}]),
        json!([{"resource": "scrapeconfigs", "namespace": "monitoring", "name": "other"}]),
        json!([{"group": "monitoring.coreos.com", "resource": "servicemonitors", "namespace": "shop"}]),
    ]);
    let others = vec![
        field("version", 0.4, select(versions.to_vec()).prop_map(Value::from)),
        field("scrapeInterval", 0.4, select(vec!["30s", "1m", "15s", "2m30s"]).prop_map(Value::from)),
        field("scrapeTimeout", 0.2, one_of(&["10s", "15s", "5s"], &["3m", ""], 20)),
        field("podTargetLabels", 0.2, Just(json!(["app", "tier/x"]))),
        field("enforcedNamespaceLabel", 0.3, Just(json!("tenant"))),
        field("excludedFromEnforcement", 0.3, excluded),
        field("ignoreNamespaceSelectors", 0.2, any::<bool>().prop_map(Value::from)),
        field("overrideHonorLabels", 0.1, any::<bool>().prop_map(Value::from)),
        field("serviceDiscoveryRole", 0.4, select(vec!["EndpointSlice", "Endpoints"]).prop_map(Value::from)),
        field("nameValidationScheme", 0.2, select(vec!["Legacy", "UTF8"]).prop_map(Value::from)),
        field("arbitraryFSAccessThroughSMs", 0.3, any::<bool>().prop_map(|deny| json!({"deny": deny}))),
        field("apiserverConfig", 0.05, Just(json!({"host": "https://kubernetes"}))),
        field("scrapeClasses", 0.8, classes()),
        field("externalLabels", 0.1, Just(json!({"cluster": "a"}))),
        field("sampleLimit", 0.1, Just(json!(1000))),
    ];
    let selectors = [
        ("podMonitorSelector", "podMonitorNamespaceSelector"),
        ("serviceMonitorSelector", "serviceMonitorNamespaceSelector"),
        ("probeSelector", "probeNamespaceSelector"),
        ("scrapeConfigSelector", "scrapeConfigNamespaceSelector"),
    ];
    let selectors = selectors.into_iter().flat_map(|(monitors, namespaces)| {
        [field(monitors, 0.98, of_monitors()), field(namespaces, 0.8, of_namespaces())]
    });
    others.into_iter().chain(selectors).collect()
}

fn of_monitors() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({}),
        json!({"matchLabels": {"release": "a"}}),
        json!({"matchExpressions": [{"key": "release", "operator": "In", "values": ["a", "b"]}]}),
        json!({"matchExpressions": [{"key": "release", "operator": "NotIn", "values": ["b"]}]}),
        json!({"matchExpressions": [{"key": "release", "operator": "Exists"}]}),
        json!({"matchExpressions": [{"key": "canary", "operator": "DoesNotExist"}]}),
    ])
}

fn of_namespaces() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({}),
        json!({"matchLabels": {"team": "a"}}),
        json!({"matchExpressions": [{"key": "team", "operator": "In", "values": ["b"]}]}),
    ])
}

/// The classes that monitors name, now and then with a mistake, which is one of all monitors.
fn classes() -> BoxedStrategy<Value> {
    let certificates = json!({"caFile": "/etc/prom-certs/root.pem", "certFile": "/etc/prom-certs/cert.pem", "keyFile": "/etc/prom-certs/key.pem"});
    let tls = select(vec![
        certificates.clone(),
        certificates,
        json!({"caFile": "/etc/tls/ca"}),
        json!({"insecureSkipVerify": true}),
        json!({"certFile": "/etc/other/cert", "keyFile": "/etc/prom-certs/key.pem"}),
        json!({"ca": {"secret": {"name": "credentials", "key": "certificate"}}}),
    ]);
    let mesh = vec![
        field("tlsConfig", 0.8, tls),
        field("relabelings", 0.3, list(config().prop_map(|config| config.as_written_in_monitors()), 2)),
        field("attachMetadata", 0.3, any::<bool>().prop_map(|node| json!({"node": node}))),
    ];
    let named = |name: &'static str, default: Option<bool>, own: Value| {
        let mut class = own.as_object().cloned().unwrap_or_else(Map::new);
        class.insert("name".to_owned(), name.into());
        class.extend(default.map(|default| ("default".to_owned(), default.into())));
        Value::Object(class)
    };
    let default = prop_oneof![6 => Just(None), 4 => any::<bool>().prop_map(Some)];
    (mesh.prop_map(fields), default, prop_oneof![30 => Just(None), 1 => Just(Some(true))])
        .prop_map(move |(mesh, first, second)| json!([named("mesh", first, mesh), named("plain", second, json!({}))]))
        .boxed()
}
