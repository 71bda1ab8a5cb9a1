//! The seed's guard gives the seed's objects, except for the seed's errors. Every difference is listed here with its
//! reason, and told in `examples/README.md`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::meaning::facts;
use super::program::{file, stdout};

const WRITTEN: [&str; 3] = ["network-policies.yaml", "authorization-policy.yaml", "pod-monitor.yaml"];
const PROMETHEUS: &str = "cluster.local/ns/monitoring/sa/prometheus-operator-kube-p-prometheus";
/// What all rendered objects say and the seed's do not.
const MANAGED: &str = "label app.kubernetes.io/managed-by=scrapeguard";

/// A difference that is meant: what the seed says of an object, what the rendered one says instead, and why, in the
/// words of a row of the table in `examples/README.md`.
struct Difference {
    object: &'static str,
    written: &'static [&'static str],
    rendered: &'static [&'static str],
    row: &'static str,
}

const OPERATOR: &str = "NetworkPolicy kube-prometheus-stack-operator";
const POLICY: &str = "AuthorizationPolicy prometheus-authzpol";
const MONITOR: &str = "PodMonitor envoy-stats";

const DIFFERENCES: &[Difference] = &[
    Difference {
        object: OPERATOR,
        written: &["app.kubernetes.io/name=prometheus to 443/TCP"],
        rendered: &["everybody to 10250/TCP"],
        row: "| NetworkPolicy of the operator | port 443 | port 10250 |",
    },
    Difference {
        object: "NetworkPolicy kube-state-metrics",
        written: &[],
        rendered: &["app.kubernetes.io/name=prometheus to 8081/TCP"],
        row: "| NetworkPolicy of kube-state-metrics | port 8080 | ports 8080 and 8081 |",
    },
    Difference {
        object: POLICY,
        written: &[
            "only from TBD FILL THIS IN WITH THE NAMESPACE OF THE AUTHENTICATING PROXY",
            "cluster.local/ns/TBD FILL THIS IN WITH THE SERVICE ACCOUNT OF THE AUTHENTICATING PROXY to 9090",
        ],
        rendered: &["cluster.local/ns/ingress-nginx/sa/ingress-nginx to 9090"],
        row: "| AuthorizationPolicy | the authenticating proxy | the ingress controller |",
    },
    Difference {
        object: POLICY,
        written: &[],
        rendered: &["cluster.local/ns/monitoring/sa/prometheus-operator-grafana to 9090"],
        row: "| AuthorizationPolicy | one caller | Grafana and Prometheus itself as well |",
    },
    Difference {
        object: MONITOR,
        written: &["selector {}"],
        rendered: &[
            "selector.matchExpressions[0].key \"istio-prometheus-ignore\"",
            "selector.matchExpressions[0].operator \"DoesNotExist\"",
        ],
        row: "| PodMonitor | every pod | pods that do not opt out |",
    },
    Difference {
        object: MONITOR,
        written: &["podMetricsEndpoints[0].enableHttp2 false"],
        rendered: &[],
        row: "| PodMonitor | `enableHttp2: false` | left out |",
    },
    Difference {
        object: MONITOR,
        written: &[],
        rendered: &["sampleLimit 100000"],
        row: "| PodMonitor | no limit | `sampleLimit` |",
    },
    Difference {
        object: MONITOR,
        written: &[],
        rendered: &["podMetricsEndpoints[0].port \"http-envoy-prom\""],
        row: "| PodMonitor | six relabelings | `port: http-envoy-prom` |",
    },
];

/// Objects by kind and name.
fn objects(text: &str) -> BTreeMap<String, Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    let key = |object: &Value| {
        format!("{} {}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap())
    };
    documents.into_iter().map(|object| (key(&object), object)).collect()
}

fn seed() -> BTreeMap<String, Value> {
    WRITTEN.iter().flat_map(|name| objects(&file(&format!("examples/seed/as-written/{name}")))).collect()
}

fn rendered() -> BTreeMap<String, Value> {
    objects(&stdout(&["render", "--guard", "examples/seed.yaml"], ""))
}

/// The seed's relabelings go as a whole, and Prometheus' own two ports come together.
fn is_listed(object: &str, fact: &str, side: impl Fn(&Difference) -> &'static [&'static str]) -> bool {
    let listed = DIFFERENCES.iter().filter(|difference| difference.object == object);
    listed.flat_map(side).any(|listed| *listed == fact)
        || object == MONITOR && fact.starts_with("podMetricsEndpoints[0].relabelings[")
        || object == POLICY && [format!("{PROMETHEUS} to 9090"), format!("{PROMETHEUS} to 8080")].contains(&fact.into())
        || fact == MANAGED
}

#[test]
fn the_rendered_objects_mean_what_the_seed_means_except_for_its_errors() {
    let rendered = rendered();
    for (name, object) in seed() {
        if name == "NetworkPolicy node-exporter" {
            assert!(!rendered.contains_key(&name), "a policy for the host network");
            continue;
        }
        let ours = rendered.get(&name).unwrap_or_else(|| panic!("{name} is not rendered"));
        assert_eq!(ours["apiVersion"], object["apiVersion"], "{name}");
        let (written, ours) = (facts(&object), facts(ours));
        for fact in written.difference(&ours) {
            assert!(is_listed(&name, fact, |difference| difference.written), "{name} has lost: {fact}");
        }
        for fact in ours.difference(&written) {
            assert!(is_listed(&name, fact, |difference| difference.rendered), "{name} has gained: {fact}");
        }
    }
}

#[test]
fn every_listed_difference_exists() {
    let (seed, rendered) = (seed(), rendered());
    for difference in DIFFERENCES {
        let [written, ours] = [&seed, &rendered].map(|objects| facts(&objects[difference.object]));
        for fact in difference.written {
            assert!(written.contains(*fact) && !ours.contains(*fact), "{}: {fact}", difference.object);
        }
        for fact in difference.rendered {
            assert!(ours.contains(*fact) && !written.contains(*fact), "{}: {fact}", difference.object);
        }
    }
}

#[test]
fn what_the_seed_left_open_is_there() {
    let rendered = rendered();
    let caller = "app.kubernetes.io/component=controller app.kubernetes.io/name=ingress-nginx of \
                  kubernetes.io/metadata.name=ingress-nginx";
    for (name, port) in [("prometheus", 9090), ("alertmanager", 9093), ("grafana", 3000)] {
        let facts = facts(&rendered[&format!("NetworkPolicy {name}")]);
        assert!(facts.contains(&format!("{caller} to {port}/TCP")), "{name}: {facts:#?}");
    }
    assert!(rendered.contains_key("NetworkPolicy default-deny-ingress"));
}

#[test]
fn the_readme_tells_every_difference_with_its_reason() {
    let readme = file("examples/README.md");
    let rows = DIFFERENCES.iter().map(|difference| difference.row).chain([
        "| NetworkPolicy of node-exporter | port 9100 from Prometheus | none |",
        "| all objects | no such label | `app.kubernetes.io/managed-by: scrapeguard` |",
    ]);
    for row in rows {
        let line = readme.lines().find(|line| line.starts_with(row));
        let reason = line.unwrap_or_else(|| panic!("examples/README.md lacks: {row}")).split('|').nth(4).unwrap();
        assert!(!reason.trim().is_empty(), "no reason: {row}");
    }
}
