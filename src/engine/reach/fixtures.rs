//! Pods and connections for tests.

use crate::engine::reach::{Connection, End};
use crate::model::ObjectReference;
use crate::model::Protocol;
use crate::model::labels::Labels;
use crate::model::snapshot::{Container, ContainerRole, Namespace, Pod};

/// Labels or annotations.
pub(super) type Pairs<'a> = &'a [(&'a str, &'a str)];

pub(super) fn owned(pairs: Pairs<'_>) -> Labels<'static> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn namespace(name: &str, labels: Pairs<'_>) -> Namespace {
    Namespace::new(name.to_owned(), owned(labels))
}

/// The pods of a workload, with a service account of the same name.
pub(super) fn template(namespace: &str, name: &str) -> Pod {
    Pod {
        object: ObjectReference {
            kind: "StatefulSet".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        },
        namespace: namespace.to_owned(),
        labels: owned(&[("app", name)]),
        annotations: Labels::none(),
        service_account: name.to_owned(),
        host_network: false,
        addresses: Box::default(),
        phase: None,
        containers: [container(name)].into(),
    }
}

/// A pod that runs, at this address.
pub(super) fn running(namespace: &str, name: &str, address: &str) -> Pod {
    let template = template(namespace, name);
    let object = ObjectReference { kind: "Pod".to_owned(), ..template.object };
    Pod { object, addresses: [address.parse().unwrap()].into(), phase: Some("Running".into()), ..template }
}

pub(super) fn container(name: &str) -> Container {
    Container { name: name.to_owned(), role: ContainerRole::Regular, ports: Vec::new() }
}

pub(super) fn with_sidecar(pod: Pod) -> Pod {
    let containers = pod.containers.iter().cloned().chain([container("istio-proxy")]).collect();
    Pod { containers, ..pod }
}

pub(super) fn with_annotations(pod: Pod, annotations: Pairs<'_>) -> Pod {
    Pod { annotations: owned(annotations), ..pod }
}

pub(super) fn with_labels(pod: Pod, labels: Pairs<'_>) -> Pod {
    Pod { labels: owned(labels), ..pod }
}

pub(super) fn call<'p>(from: &'p Pod, to: &'p Pod, port: u16) -> Connection<'p> {
    Connection { from: End::Pod(from), to: End::Pod(to), port, protocol: Protocol::Tcp }
}
