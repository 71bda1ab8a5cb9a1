//! Pods and connections for tests.

use std::sync::Arc;

use crate::engine::reach::{Connection, End};
use crate::model::ObjectReference;
use crate::model::Protocol;
use crate::model::labels::Labels;
use crate::model::snapshot::{Container, ContainerRole, Namespace, Pod, PodTemplate};

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
        object: Arc::new(ObjectReference {
            kind: "StatefulSet".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }),
        template: Arc::new(PodTemplate {
            namespace: namespace.to_owned(),
            labels: owned(&[("app", name)]),
            annotations: Labels::none(),
            service_account: name.to_owned(),
            host_network: false,
            containers: [container(name)].into(),
        }),
        addresses: Box::default(),
        phase: None,
    }
}

/// A pod that runs, at this address.
pub(super) fn running(namespace: &str, name: &str, address: &str) -> Pod {
    let template = template(namespace, name);
    let object = Arc::new(ObjectReference { kind: "Pod".to_owned(), ..(*template.object).clone() });
    Pod { object, addresses: [address.parse().unwrap()].into(), phase: Some("Running".into()), ..template }
}

pub(super) fn container(name: &str) -> Container {
    Container { name: name.to_owned(), role: ContainerRole::Regular, ports: Vec::new() }
}

pub(super) fn with_sidecar(mut pod: Pod) -> Pod {
    pod.template_mut().containers = pod.containers.iter().cloned().chain([container("istio-proxy")]).collect();
    pod
}

pub(super) fn with_annotations(mut pod: Pod, annotations: Pairs<'_>) -> Pod {
    pod.template_mut().annotations = owned(annotations);
    pod
}

pub(super) fn with_labels(mut pod: Pod, labels: Pairs<'_>) -> Pod {
    pod.template_mut().labels = owned(labels);
    pod
}

pub(super) fn on_the_host(mut pod: Pod) -> Pod {
    pod.template_mut().host_network = true;
    pod
}

pub(super) fn call<'p>(from: &'p Pod, to: &'p Pod, port: u16) -> Connection<'p> {
    Connection { from: End::Pod(from), to: End::Pod(to), port, protocol: Protocol::Tcp }
}
