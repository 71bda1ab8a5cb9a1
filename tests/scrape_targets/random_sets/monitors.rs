//! Random monitors of all kinds: mostly right, with a mistake here and there that the operator takes exception to.

use serde_json::{Value, json};

use super::fields::{self, LABELS, NUMBERS, PORTS, field, labels, object, selector};
use super::{namespaces, relabelings};
use crate::random::Random;

/// Adds the monitors of a set.
pub(super) fn add(random: &mut Random, seed: usize, objects: &mut Vec<Value>) {
    for number in 0..random.between(3, 5) {
        let (version, kind, spec) = match random.below(10) {
            0..=3 => ("v1", "PodMonitor", pod_monitor(random, seed)),
            4..=6 => ("v1", "ServiceMonitor", service_monitor(random, seed)),
            7 => ("v1", "Probe", probe(random, seed)),
            _ => ("v1alpha1", "ScrapeConfig", scrape_config(random, seed)),
        };
        let name = format!("monitor-{number}");
        let metadata = json!({"name": name, "namespace": random.pick(&namespaces(seed)), "labels": labels(random)});
        let version = format!("monitoring.coreos.com/{version}");
        objects.push(json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}));
    }
}

fn pod_monitor(random: &mut Random, seed: usize) -> Value {
    let endpoints = (0..random.between(1, 2)).map(|_| {
        let mut endpoint = endpoint(random, &relabelings::OF_PODS);
        match random.below(8) {
            0 => {}
            1 => endpoint["portNumber"] = json!(random.pick(&NUMBERS)),
            2 => endpoint["targetPort"] = target_port(random),
            _ => endpoint["port"] = port(random),
        }
        endpoint
    });
    let endpoints: Vec<_> = endpoints.collect();
    let mut spec = of_objects(random, seed);
    spec["podMetricsEndpoints"] = json!(endpoints);
    spec
}

fn service_monitor(random: &mut Random, seed: usize) -> Value {
    let endpoints = (0..random.between(1, 2)).map(|_| {
        let mut endpoint = endpoint(random, &relabelings::OF_SERVICES);
        match random.below(8) {
            0 | 1 => {}
            2 => endpoint["targetPort"] = target_port(random),
            _ => endpoint["port"] = port(random),
        }
        endpoint
    });
    let endpoints: Vec<_> = endpoints.collect();
    let mut spec = of_objects(random, seed);
    spec["endpoints"] = json!(endpoints);
    if random.percent(40) {
        spec["targetLabels"] = json!(random.some(&LABELS, 40));
    }
    if random.percent(40) {
        spec["serviceDiscoveryRole"] = json!(random.pick(&["EndpointSlice", "Endpoints"]));
    }
    spec
}

/// What PodMonitors and ServiceMonitors have in common.
fn of_objects(random: &mut Random, seed: usize) -> Value {
    object([
        field(random, 100, "selector", selector),
        field(random, 30, "selectorMechanism", |random| json!(random.pick(&["RoleSelector", "RelabelConfig"]))),
        field(random, 40, "namespaceSelector", |random| json!({"matchNames": fields::some_namespaces(random, seed)})),
        field(random, 30, "jobLabel", |random| json!(random.pick(&LABELS))),
        field(random, 40, "podTargetLabels", |random| json!(random.some(&LABELS, 40))),
        field(random, 20, "attachMetadata", |random| json!({"node": random.percent(70)})),
        scrape_class(random),
    ])
}

fn scrape_class(random: &mut Random) -> Option<(&'static str, Value)> {
    field(random, 15, "scrapeClass", |random| json!(random.pick(&["usual", "secure", "secure", "missing"])))
}

fn endpoint(random: &mut Random, sources: &[&str]) -> Value {
    object([
        field(random, 25, "path", |random| json!(random.pick(&["/custom", "relative", "/with?query=1"]))),
        field(random, 30, "scheme", |random| json!(random.pick(&["http", "https", "HTTPS"]))),
        field(random, 20, "params", |_| json!({"match": ["{a=\"b\"}", "ü"], "module": ["x y"]})),
        field(random, 20, "interval", |random| json!(random.pick(&["45s", "1m30s", "2h", "5s"]))),
        field(random, 10, "scrapeTimeout", |random| json!(random.pick(&["5s", "20s", "1500ms"]))),
        field(random, 15, "filterRunning", |random| json!(random.percent(30))),
        field(random, 10, "tlsConfig", |_| json!({"insecureSkipVerify": true})),
        field(random, 20, "honorLabels", |_| json!(true)),
        field(random, 45, "relabelings", |random| relabelings::list(random, sources)),
    ])
}

fn port(random: &mut Random) -> Value {
    json!(random.pick(&[PORTS[0], PORTS[0], PORTS[1], PORTS[1], PORTS[2], "http.*"]))
}

fn target_port(random: &mut Random) -> Value {
    if random.percent(50) { json!(random.pick(&PORTS)) } else { json!(random.pick(&NUMBERS)) }
}

fn probe(random: &mut Random, seed: usize) -> Value {
    let prober = object([
        field(random, 100, "url", |random| json!(random.pick(&["blackbox:9115", "blackbox"]))),
        field(random, 30, "path", |_| json!("/custom")),
        field(random, 30, "scheme", |random| json!(random.pick(&["http", "https"]))),
    ]);
    let listed = object([
        field(random, 100, "static", |_| json!(["https://example.com/a?b=c", "example.com:80"])),
        field(random, 50, "labels", |random| {
            object([field(random, 60, "team", |_| json!("a")), field(random, 30, "namespace", |_| json!("own"))])
        }),
        field(random, 45, "relabelingConfigs", |random| relabelings::list(random, &relabelings::OF_PROBES)),
    ]);
    let found = object([
        field(random, 100, "selector", selector),
        field(random, 50, "namespaceSelector", |random| json!({"matchNames": fields::some_namespaces(random, seed)})),
        field(random, 45, "relabelingConfigs", |random| relabelings::list(random, &relabelings::OF_PROBES)),
    ]);
    let targets = if random.percent(40) { json!({"staticConfig": listed}) } else { json!({"ingress": found}) };
    object([
        field(random, 100, "prober", |_| prober),
        field(random, 100, "targets", |_| targets),
        field(random, 50, "jobName", |_| json!("probed")),
        field(random, 50, "module", |_| json!("http_2xx")),
        field(
            random,
            30,
            "params",
            |_| json!([{"name": "module", "values": ["other"]}, {"name": "debug", "values": ["true"]}]),
        ),
        field(random, 30, "interval", |_| json!("4m")),
        scrape_class(random),
    ])
}

fn scrape_config(random: &mut Random, seed: usize) -> Value {
    let listed = json!([
        {"targets": ["host:9100", "[fd00::1]:80", "host"], "labels": labels(random)},
        {"targets": ["other:443", "a b", "c/d"]},
    ]);
    let role = random.pick(&["Pod", "Pod", "Service", "Endpoints", "EndpointSlice", "Ingress", "Node"]);
    let mut found = json!({"role": role, "namespaces": {"names": fields::some_namespaces(random, seed)}});
    if role == "Node" {
        found = json!({"role": role});
    } else if random.percent(30) {
        found["selectors"] =
            json!([{"role": role, "label": random.pick(&["app", "!app", "app=web", "app!=web,tier in (front,web)"])}]);
    }
    if ["Pod", "Endpoints", "EndpointSlice"].contains(&role) && random.percent(30) {
        found["attachMetadata"] = json!({"node": true});
    }
    let sources = if ["Pod", "Node"].contains(&role) { &relabelings::OF_PODS[..] } else { &relabelings::OF_SERVICES };
    object([
        field(random, 40, "staticConfigs", |_| listed),
        field(random, 75, "kubernetesSDConfigs", |_| json!([found])),
        field(random, 30, "jobName", |_| json!("a job")),
        field(random, 30, "metricsPath", |_| json!("/custom")),
        field(random, 30, "scheme", |random| json!(random.pick(&["HTTP", "HTTPS", "https"]))),
        field(random, 20, "params", |_| json!({"module": ["a", "b"]})),
        field(random, 20, "scrapeInterval", |_| json!("70s")),
        field(random, 45, "relabelings", |random| relabelings::list(random, sources)),
        scrape_class(random),
    ])
}
