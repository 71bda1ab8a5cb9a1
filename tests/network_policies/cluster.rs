//! A cluster as JSON, which the reference evaluator reads as it is, and the same as the engine has it.
//!
//! `namespaces` maps names to labels, or to null where they are not known. `pods` have `namespace`, `name`, `labels`,
//! `addresses`, `ports` and `hostNetwork`. `policies` are NetworkPolicies.

use std::net::IpAddr;
use std::sync::Arc;

use scrapeguard::engine::reach::network_policy::{Direction, HostNetwork, NetworkPolicies, Policy};
use scrapeguard::engine::reach::{Connection, End, Verdict};
use scrapeguard::model::ObjectReference;
use scrapeguard::model::Protocol;
use scrapeguard::model::labels::Labels;
use scrapeguard::model::resource::NetworkPolicy;
use scrapeguard::model::snapshot::{Container, ContainerPort, ContainerRole, Namespace, Namespaces, Pod, PodTemplate};
use serde_json::Value;

/// A cluster as the engine has it.
pub(crate) struct Cluster {
    pub(crate) namespaces: Namespaces,
    pub(crate) pods: Vec<Pod>,
    pub(crate) policies: NetworkPolicies,
}

impl Cluster {
    pub(crate) fn new(cluster: &Value) -> Self {
        let namespaces = cluster["namespaces"].as_object().unwrap();
        let policies = cluster["policies"].as_array().unwrap().iter().map(policy);
        Self {
            namespaces: namespaces.iter().map(|(name, labels)| namespace(name, labels)).collect(),
            pods: cluster["pods"].as_array().unwrap().iter().map(pod).collect(),
            policies: NetworkPolicies::new(policies, HostNetwork::NotSelected),
        }
    }

    /// An end: the number of a pod or an address.
    pub(crate) fn end(&self, end: &Value) -> End<'_> {
        match end.as_str() {
            Some(address) => End::Address(address.parse().unwrap()),
            None => End::Pod(&self.pods[usize::try_from(end.as_u64().unwrap()).unwrap()]),
        }
    }

    /// The verdict on a question, which is the same with its reason and without.
    pub(crate) fn verdict(&self, direction: Direction, connection: &Connection<'_>) -> Verdict {
        let verdict = self.policies.verdict(direction, connection, &self.namespaces);
        let step = match direction {
            Direction::Egress => self.policies.egress(connection, &self.namespaces),
            Direction::Ingress => self.policies.ingress(connection, &self.namespaces),
        };
        assert_eq!(step.verdict, verdict, "{step:?}");
        assert!(verdict == Verdict::Open || step.object.is_some(), "{step:?}");
        assert!(!step.reason.is_empty() && !step.reason.ends_with('.'), "{step:?}");
        verdict
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn labels(value: &Value) -> Labels<'static> {
    value.as_object().unwrap().iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

fn namespace(name: &str, known: &Value) -> Namespace {
    if known.is_null() { Namespace::named(name.to_owned()) } else { Namespace::new(name.to_owned(), labels(known)) }
}

fn policy(object: &Value) -> Policy {
    let (json, metadata) = (object.to_string(), &object["metadata"]);
    let namespace = metadata["namespace"].as_str().unwrap();
    match serde_json::from_str::<NetworkPolicy<'_>>(&json) {
        Ok(policy) => Policy::new(&policy, namespace),
        Err(error) => Policy::unreadable(namespace, metadata["name"].as_str().unwrap(), error.to_string()),
    }
}

fn pod(pod: &Value) -> Pod {
    let port = |port: &Value| ContainerPort {
        name: port["name"].as_str().map(str::to_owned),
        number: u16::try_from(port["number"].as_u64().unwrap()).unwrap(),
        protocol: Protocol::parse(port["protocol"].as_str().unwrap()).unwrap(),
    };
    let address = |address: &Value| address.as_str().unwrap().parse::<IpAddr>().unwrap();
    Pod {
        object: Arc::new(ObjectReference {
            kind: "Pod".to_owned(),
            namespace: Some(text(&pod["namespace"])),
            name: text(&pod["name"]),
        }),
        template: Arc::new(PodTemplate {
            namespace: text(&pod["namespace"]),
            labels: labels(&pod["labels"]),
            annotations: Labels::default(),
            service_account: "default".to_owned(),
            host_network: pod["hostNetwork"] == true,
            containers: [Container {
                name: "only".to_owned(),
                role: ContainerRole::Regular,
                ports: pod["ports"].as_array().unwrap().iter().map(port).collect(),
            }]
            .into(),
        }),
        addresses: pod["addresses"].as_array().unwrap().iter().map(address).collect(),
        phase: Some("Running".into()),
    }
}
