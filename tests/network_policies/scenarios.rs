//! The scenarios of Kubernetes' end-to-end tests, pod by pod.

use std::collections::BTreeMap;

use scrapeguard::engine::reach::network_policy::Direction;
use scrapeguard::engine::reach::{Connection, End, Verdict};
use scrapeguard::model::Protocol;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cluster::Cluster;

#[derive(Deserialize)]
struct Scenario {
    scenario: String,
    steps: Vec<Situation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Situation {
    port: u16,
    protocol: String,
    #[serde(default)]
    namespace_labels: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pod_labels: BTreeMap<String, BTreeMap<String, String>>,
    policies: Vec<Value>,
    reaches: String,
}

impl Situation {
    /// The pods, as `namespace/name`.
    fn pods(&self) -> Vec<&str> {
        self.reaches.lines().next().unwrap().split_whitespace().skip(1).collect()
    }

    fn cluster(&self) -> Value {
        let namespaces = ["x", "y", "z"].map(|name| {
            let labels = self.namespace_labels.get(name).cloned().unwrap_or_default();
            (name.to_owned(), json!(labels))
        });
        let pods: Vec<Value> = self.pods().into_iter().map(|pod| self.pod(pod)).collect();
        json!({"namespaces": Value::Object(namespaces.into_iter().collect()), "pods": pods, "policies": self.policies})
    }

    fn pod(&self, pod: &str) -> Value {
        let (namespace, name) = pod.split_once('/').unwrap();
        let mut labels = self.pod_labels.get(pod).cloned().unwrap_or_default();
        labels.insert("pod".to_owned(), name.to_owned());
        let place = |letters: &str, letter: &str| letters.find(letter).unwrap() + 1;
        let address = format!("10.{}.0.{}", place("xyz", namespace), place("abc", name));
        json!({
            "namespace": namespace, "name": name, "labels": labels, "addresses": [address], "hostNetwork": false,
            "ports": ports(),
        })
    }
}

fn ports() -> Vec<Value> {
    let port = |number: u16, protocol: &str| {
        let name = format!("serve-{number}-{}", protocol.to_lowercase());
        json!({"name": name, "number": number, "protocol": protocol})
    };
    ["TCP", "UDP", "SCTP"].into_iter().flat_map(|protocol| [80, 81].map(|number| port(number, protocol))).collect()
}

/// Both hops have to let it through.
fn reaches(cluster: &Cluster, connection: &Connection<'_>) -> char {
    let verdicts = Direction::ALL.map(|direction| cluster.verdict(direction, connection));
    match verdicts {
        [Verdict::Open, Verdict::Open] => '+',
        verdicts if verdicts.contains(&Verdict::Blocked) => '-',
        _ => '?',
    }
}

/// Written as in the file.
fn matrix(situation: &Situation) -> String {
    let cluster = Cluster::new(&situation.cluster());
    let mut rows = vec![format!("from {}", situation.pods().join(" "))];
    for (caller, name) in cluster.pods.iter().zip(situation.pods()) {
        let cell = |called| {
            let protocol = Protocol::parse(&situation.protocol).unwrap();
            let connection =
                Connection { from: End::Pod(caller), to: End::Pod(called), port: situation.port, protocol };
            let is_itself = std::ptr::eq(caller, called);
            let answer = reaches(&cluster, &connection);
            assert!(!is_itself || answer == '+', "a pod reaches itself");
            if is_itself { '=' } else { answer }
        };
        let cells: Vec<String> = cluster.pods.iter().map(|called| format!(" {} ", cell(called))).collect();
        rows.push(format!("{name}  {}", cells.join(" ")).trim_end().to_owned());
    }
    rows.join("\n") + "\n"
}

#[test]
fn the_scenarios_of_kubernetes_end_as_they_do_there() {
    let scenarios: Vec<Scenario> = serde_saphyr::from_str(include_str!("scenarios.yaml")).unwrap();
    assert_eq!(scenarios.len(), 49);
    for scenario in scenarios {
        for (index, situation) in scenario.steps.iter().enumerate() {
            assert_eq!(matrix(situation), situation.reaches, "{}, step {}", scenario.scenario, index + 1);
        }
    }
}
