//! Pods: one target for each port of each container, and one for a container without ports
//! (`prometheus/discovery/kubernetes/pod.go`).

use std::borrow::Cow;

use super::attached::{Attached, AttachedNode};
use super::meta::{self, Listed, PREFIX};
use super::stand_in::{self, is_template};
use super::{ADDRESS, Discovered, Scope, Thing};
use crate::model::snapshot::class::LABELS_OF_ONE_POD;
use crate::model::snapshot::{Container, ContainerPort, ContainerRole, ContainerStatus, Pod, PodStatus, Snapshot};

/// A pod with all that is told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodFacts<'s> {
    pub(super) pod: &'s Pod,
    pub(super) status: &'s PodStatus,
}

/// A container of a pod and one of its ports.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContainerFacts<'s> {
    pub(super) container: &'s Container,
    pub(super) status: &'s ContainerStatus,
    pub(super) port: Option<&'s ContainerPort>,
}

/// A target that is a port of a container.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodTarget<'s> {
    pub(super) pod: PodFacts<'s>,
    pub(super) container: ContainerFacts<'s>,
    pub(super) attached: Attached<'s>,
}

/// All targets that are pods.
pub(super) fn discover<'s>(scope: &Scope, snapshot: &'s Snapshot, found: &mut Vec<Discovered<'s>>) {
    for namespace in scope.namespaces() {
        for (pod, status) in snapshot.pods_with_status(namespace) {
            if scope.selects(&pod.labels) {
                of_pod(PodFacts { pod, status }, scope, snapshot, found);
            }
        }
    }
}

fn of_pod<'s>(pod: PodFacts<'s>, scope: &Scope, snapshot: &'s Snapshot, found: &mut Vec<Discovered<'s>>) {
    if !is_template(pod.pod) && pod.pod.addresses.is_empty() {
        return;
    }
    let node = match scope.attach_node {
        false => AttachedNode::Nothing,
        true if pod.is_on_unknown_node() => AttachedNode::Unknown,
        true => AttachedNode::named(&pod.status.node_name, snapshot),
    };
    if scope.attach_node && matches!(node, AttachedNode::Nothing) {
        // A node that does not exist is taken for one that was not selected.
        return;
    }
    let attached = Attached { node, namespace: Attached::namespace(&pod.pod.namespace, scope, snapshot) };
    let targets = pod.containers().flat_map(ContainerFacts::targets);
    found.extend(targets.map(|container| Discovered(Thing::Pod(PodTarget { pod, container, attached }))));
}

impl<'s> PodFacts<'s> {
    const NAMES: [&'static str; 9] =
        ["ip", "ready", "phase", "node_name", "host_ip", "uid", "name", "controller_kind", "controller_name"];

    /// Its containers, those that initialise last, as Prometheus goes through them.
    pub(super) fn containers(self) -> impl DoubleEndedIterator<Item = ContainerFacts<'s>> + Clone {
        let all = self.pod.containers.iter().zip(&*self.status.containers);
        let of = |is_init: bool| {
            let some = all.clone().filter(move |(container, _)| (container.role != ContainerRole::Regular) == is_init);
            some.map(|(container, status)| ContainerFacts { container, status, port: None })
        };
        of(false).chain(of(true))
    }

    fn is_on_unknown_node(self) -> bool {
        is_template(self.pod) && self.status.node_name.is_empty()
    }

    /// The value of a meta label, by the end of its name, such as `label_app`.
    pub(super) fn value(self, name: &str) -> Cow<'s, str> {
        let Self { pod, status } = self;
        let controller = status.controller.as_deref();
        match name {
            "ip" => Cow::Owned(stand_in::host_of(pod).unwrap_or_default()),
            "ready" => Cow::Borrowed(status.ready.map_or("unknown", |ready| ready.as_str())),
            // A template stands for its pods while they run.
            "phase" if is_template(pod) => Cow::Borrowed("Running"),
            "phase" => Cow::Borrowed(pod.phase.as_deref().unwrap_or_default()),
            "node_name" => Cow::Borrowed(&status.node_name),
            "host_ip" => Cow::Owned(stand_in::written(status.host_address)),
            "uid" => status.uid.text(),
            "name" => stand_in::name_of(pod),
            "controller_kind" => Cow::Borrowed(controller.map_or("", |controller| &controller.kind)),
            "controller_name" => Cow::Borrowed(controller.map_or("", |controller| &controller.name)),
            _ => Cow::Borrowed(meta::of_object(name, &pod.labels, &pod.annotations).unwrap_or_default()),
        }
    }

    /// Whether it is known what a meta label says. Of pods that are still to be made, much is not.
    pub(super) fn knows(self, name: &str) -> bool {
        if !is_template(self.pod) {
            return true;
        }
        match name {
            "ip" | "ready" | "host_ip" | "uid" | "name" | "container_id" => false,
            "node_name" => !self.is_on_unknown_node(),
            "controller_name" => !self.value(name).ends_with('*'),
            _ => {
                let label = name.strip_prefix("label_").or_else(|| name.strip_prefix("labelpresent_"));
                !label.is_some_and(|part| LABELS_OF_ONE_POD.iter().any(|label| meta::becomes(label, part)))
            }
        }
    }

    pub(super) fn list(self, listed: &mut Listed) {
        for name in Self::NAMES {
            meta::list(listed, &["pod_", name].concat(), self.value(name));
        }
        meta::list_object(listed, "pod", &self.pod.labels, &self.pod.annotations);
    }
}

impl<'s> ContainerFacts<'s> {
    pub(super) const NAMES: [&'static str; 7] =
        ["name", "id", "image", "init", "port_number", "port_name", "port_protocol"];

    /// The container with each of its ports; without one if it declares none.
    fn targets(self) -> impl Iterator<Item = Self> {
        let bare = self.container.ports.is_empty().then_some(self);
        bare.into_iter().chain(self.ports())
    }

    /// The container with each of its ports.
    pub(super) fn ports(self) -> impl Iterator<Item = Self> {
        self.container.ports.iter().map(move |port| Self { port: Some(port), ..self })
    }

    /// The value of a meta label, by the end of its name, such as `port_name`.
    pub(super) fn value(self, name: &str) -> Cow<'s, str> {
        let Self { container, status, port } = self;
        Cow::Borrowed(match name {
            "name" => &container.name,
            "id" => return status.id.text(),
            "image" => &status.image,
            "init" if container.role == ContainerRole::Regular => "false",
            "init" => "true",
            "port_name" => port.and_then(|port| port.name.as_deref()).unwrap_or_default(),
            "port_number" => return Cow::Owned(port.map(|port| port.number.to_string()).unwrap_or_default()),
            "port_protocol" => return Cow::Owned(port.map(|port| port.protocol.to_string()).unwrap_or_default()),
            _ => "",
        })
    }

    pub(super) fn list(self, listed: &mut Listed) {
        for name in Self::NAMES {
            meta::list(listed, &["pod_container_", name].concat(), self.value(name));
        }
    }
}

impl<'s> PodTarget<'s> {
    pub(super) fn address(&self) -> String {
        let host = stand_in::host_of(self.pod.pod).unwrap_or_default();
        match self.container.port {
            Some(port) => stand_in::join(&host, port.number),
            None => host,
        }
    }

    pub(super) fn value(&self, name: &str) -> Cow<'s, str> {
        let Some(name) = name.strip_prefix(PREFIX) else {
            return Cow::Owned(if name == ADDRESS { self.address() } else { String::new() });
        };
        if let Some(rest) = name.strip_prefix("pod_") {
            return match rest.strip_prefix("container_") {
                Some(rest) => self.container.value(rest),
                None => self.pod.value(rest),
            };
        }
        match name {
            "namespace" => Cow::Borrowed(&self.pod.pod.namespace),
            _ => Cow::Borrowed(self.attached.value(name).unwrap_or_default()),
        }
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        match name.strip_prefix(PREFIX) {
            None => name != ADDRESS || !is_template(self.pod.pod),
            Some(name) => name.strip_prefix("pod_").map_or_else(|| self.attached.knows(name), |it| self.pod.knows(it)),
        }
    }

    pub(super) fn knows_all(&self) -> bool {
        !is_template(self.pod.pod) && self.attached.knows_all()
    }

    pub(super) fn list(&self, listed: &mut Listed) {
        listed.push((ADDRESS.to_owned(), self.address()));
        meta::list(listed, "namespace", self.pod.pod.namespace.as_str());
        self.pod.list(listed);
        self.container.list(listed);
        self.attached.list(listed);
    }
}
