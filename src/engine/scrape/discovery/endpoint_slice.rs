//! Endpoints of Services: one target for each port of each address, and one for each further port of the pods behind
//! them (`prometheus/discovery/kubernetes/endpointslice.go`, `endpoints.go`).

use std::borrow::Cow;
use std::collections::HashSet;

use super::attached::{Attached, AttachedNode};
use super::meta::{self, Listed, PREFIX};
use super::pod::{ContainerFacts, PodFacts};
use super::stand_in::{self, is_template};
use super::{ADDRESS, Discovered, Role, Scope, Thing, endpoints};
use crate::model::Resource;
use crate::model::snapshot::{Endpoint, EndpointPort, EndpointSlice, Service, Snapshot};

/// What all targets of a slice have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'s> {
    /// In whose words targets are told: [`Role::EndpointSlice`] or [`Role::Endpoints`].
    pub(super) role: Role,
    pub(super) slice: &'s EndpointSlice,
    /// The Service of the slice.
    pub(super) owner: Option<&'s Service>,
    /// The same, if Prometheus knows of it.
    service: Option<&'s Service>,
    pub(super) attached: Attached<'s>,
}

/// A target that is an endpoint, or a further port of the pod behind one.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndpointTarget<'s> {
    pub(super) group: Group<'s>,
    /// `None` for a further port.
    pub(super) at: Option<At<'s>>,
    pub(super) pod: Option<PodFacts<'s>>,
    pub(super) container: Option<ContainerFacts<'s>>,
}

/// An endpoint, one of its addresses and a port of its slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'s> {
    pub(super) endpoint: &'s Endpoint,
    pub(super) port: &'s EndpointPort,
    /// `None` for what stands for the address of a pod that is still to be made.
    address: Option<&'s str>,
}

/// All targets that are endpoints.
pub(super) fn discover<'s>(role: Role, scope: &Scope, snapshot: &'s Snapshot, found: &mut Vec<Discovered<'s>>) {
    for namespace in scope.namespaces() {
        for slice in snapshot.all_endpoint_slices(namespace) {
            let owner = slice.service_name().and_then(|name| snapshot.service(slice.namespace(), name));
            let service = owner.filter(|service| scope.tells_of_service(&service.labels));
            let is_selected = match role {
                Role::Endpoints => owner.is_some_and(|service| endpoints::is_selected(service, slice, scope)),
                _ => scope.selects(&slice.labels),
            };
            if is_selected && !service.is_some_and(|service| is_of_second_family(service, slice)) {
                let namespace = Attached::namespace(slice.namespace(), scope, snapshot);
                let attached = Attached { namespace, ..Attached::default() };
                of_group(Group { role, slice, owner, service, attached }, scope, snapshot, found);
            }
        }
    }
}

/// Whether a slice has the other addresses of a Service with two families, which are not scraped a second time.
fn is_of_second_family(service: &Service, slice: &EndpointSlice) -> bool {
    let has_two = matches!(service.ip_family_policy.as_deref(), Some("PreferDualStack" | "RequireDualStack"));
    has_two && service.ip_families.first().is_some_and(|first| *first != slice.address_type)
}

fn of_group<'s>(group: Group<'s>, scope: &Scope, snapshot: &'s Snapshot, found: &mut Vec<Discovered<'s>>) {
    let mut pods: Vec<PodFacts<'s>> = Vec::new();
    let mut seen = HashSet::new();
    for endpoint in &group.slice.endpoints {
        if group.role == Role::Endpoints && endpoints::is_left_out(endpoint) {
            continue;
        }
        let pod = pod_of(group, endpoint, scope, snapshot);
        let node = if scope.attach_node { node_of(group, endpoint, pod, snapshot) } else { AttachedNode::Nothing };
        let group = Group { attached: Attached { node, ..group.attached }, ..group };
        let before = found.len();
        for port in &group.slice.ports {
            let targets = addresses(endpoint, pod).map(|address| target(group, At { endpoint, port, address }, pod));
            found.extend(targets.map(|target| Discovered(Thing::Endpoint(target))));
        }
        pods.extend(pod.filter(|pod| found.len() > before && seen.insert(std::ptr::from_ref(pod.pod))));
    }
    let further = pods.into_iter().flat_map(|pod| further_ports(group, pod));
    found.extend(further.map(|target| Discovered(Thing::Endpoint(target))));
}

/// The pod that an endpoint stands for, if Prometheus knows of it.
fn pod_of<'s>(group: Group<'s>, endpoint: &Endpoint, scope: &Scope, snapshot: &'s Snapshot) -> Option<PodFacts<'s>> {
    let target = endpoint.target.as_ref()?;
    let namespace = target.namespace.as_deref().unwrap_or_default();
    let is_watched = scope.namespaces.is_none() || namespace == group.slice.namespace();
    let may_be_pod = is_watched && (target.kind == Resource::Pod.kind() || group.slice.is_made());
    let (pod, status) = if may_be_pod { snapshot.pod_referred_to(target)? } else { return None };
    Some(PodFacts { pod, status })
}

fn node_of<'s>(
    group: Group<'s>,
    endpoint: &'s Endpoint,
    pod: Option<PodFacts<'s>>,
    snapshot: &'s Snapshot,
) -> AttachedNode<'s> {
    let target = endpoint.target.as_ref().filter(|target| target.kind == "Node").map(|target| target.name.as_str());
    let own = endpoint.node_name();
    let name = if group.role == Role::Endpoints { own.or(target) } else { target.or(own) };
    match name {
        Some(name) => AttachedNode::named(name, snapshot),
        None if pod.is_some_and(|pod| is_template(pod.pod)) => AttachedNode::Unknown,
        None => AttachedNode::Nothing,
    }
}

fn addresses<'s>(endpoint: &'s Endpoint, pod: Option<PodFacts<'s>>) -> impl Iterator<Item = Option<&'s str>> {
    let stand_in = pod.is_some_and(|pod| is_template(pod.pod)) && endpoint.addresses.is_empty();
    endpoint.addresses.iter().map(|address| Some(&**address)).chain(stand_in.then_some(None))
}

/// The last container that declares the port is told of, with its first port of that number.
fn target<'s>(group: Group<'s>, at: At<'s>, pod: Option<PodFacts<'s>>) -> EndpointTarget<'s> {
    let declares = |container: ContainerFacts<'s>| {
        container.ports().find(|it| it.port.is_some_and(|port| at.port.number == Some(port.number)))
    };
    let container = pod.and_then(|pod| pod.containers().rev().find_map(declares));
    EndpointTarget { group, at: Some(at), pod, container }
}

/// The ports of a pod that the slice does not have.
fn further_ports<'s>(group: Group<'s>, pod: PodFacts<'s>) -> impl Iterator<Item = EndpointTarget<'s>> {
    let has_address = is_template(pod.pod) || !pod.pod.addresses.is_empty();
    let is_further = move |number: u16| group.slice.ports.iter().all(|port| port.number != Some(number));
    let ports = pod.containers().filter(move |_| has_address).flat_map(ContainerFacts::ports);
    let further = ports.filter(move |it| it.port.is_some_and(|port| is_further(port.number)));
    further.map(move |container| EndpointTarget { group, at: None, pod: Some(pod), container: Some(container) })
}

impl<'s> At<'s> {
    const NAMES: [&'static str; 12] = [
        "port_name",
        "port_protocol",
        "port",
        "port_app_protocol",
        "endpoint_conditions_ready",
        "endpoint_conditions_serving",
        "endpoint_conditions_terminating",
        "endpoint_hostname",
        "endpoint_node_name",
        "endpoint_zone",
        "address_target_kind",
        "address_target_name",
    ];

    fn value(&self, name: &str, pod: Option<PodFacts<'s>>) -> Option<Cow<'s, str>> {
        let Self { endpoint, port, .. } = *self;
        let word = |value: Option<bool>| value.map(|value| Cow::Borrowed(if value { "true" } else { "false" }));
        match name {
            "port_name" => Some(Cow::Borrowed(port.name.as_str())),
            "port_protocol" => Some(Cow::Owned(port.protocol.to_string())),
            "port" => port.number.map(|number| Cow::Owned(number.to_string())),
            "port_app_protocol" => port.app_protocol.as_deref().map(Cow::Borrowed),
            "endpoint_conditions_ready" => word(endpoint.ready),
            "endpoint_conditions_serving" => word(endpoint.serving),
            "endpoint_conditions_terminating" => word(endpoint.terminating),
            "endpoint_hostname" => endpoint.hostname.as_deref().map(Cow::Borrowed),
            "endpoint_node_name" => endpoint.node_name().map(Cow::Borrowed),
            "endpoint_zone" => endpoint.zone().map(Cow::Borrowed),
            "address_target_kind" => pod.map(|_| Cow::Borrowed("Pod")).or_else(|| self.target(|it| &it.kind)),
            "address_target_name" => {
                pod.map(|pod| stand_in::name_of(pod.pod)).or_else(|| self.target(|target| &target.name))
            }
            _ => self.topology(name.strip_prefix("endpoint_topology_")?).map(Cow::Borrowed),
        }
    }

    pub(super) fn target(&self, of: impl Fn(&'s crate::model::ObjectReference) -> &'s str) -> Option<Cow<'s, str>> {
        self.endpoint.target.as_ref().map(|target| Cow::Borrowed(of(target)))
    }

    fn topology(&self, name: &str) -> Option<&'s str> {
        let named = |name: &str| {
            self.endpoint.topology.iter().flat_map(|it| it.iter()).filter(|(key, _)| meta::becomes(key, name)).last()
        };
        let present = || named(name.strip_prefix("present_")?).map(|_| "true");
        named(name).map(|(_, value)| value).or_else(present)
    }

    fn list(&self, listed: &mut Listed, pod: Option<PodFacts<'s>>) {
        for name in Self::NAMES {
            let value = self.value(name, pod);
            listed.extend(value.map(|value| ([PREFIX, "endpointslice_", name].concat(), value.into_owned())));
        }
        for (key, _) in self.endpoint.topology.iter().flat_map(|it| it.iter()) {
            for name in ["", "present_"].map(|kind| format!("endpoint_topology_{kind}{}", meta::sanitised(key))) {
                let value = self.value(&name, pod).unwrap_or_default();
                meta::list(listed, &["endpointslice_", &name].concat(), value);
            }
        }
    }

    /// Of a pod that is still to be made, nobody knows these.
    fn is_open(name: &str) -> bool {
        let open = ["conditions_ready", "conditions_serving", "node_name", "zone", "target_name", "endpoint_ready"];
        open.iter().any(|end| name.ends_with(end))
    }
}

impl<'s> Group<'s> {
    fn value(&self, name: &str) -> Option<&'s str> {
        if let (Some(rest), Some(service)) = (name.strip_prefix("service_"), self.service) {
            return match rest {
                "name" => Some(service.name()),
                _ => meta::of_object(rest, &service.labels, &service.annotations),
            };
        }
        match name {
            "namespace" => Some(self.slice.namespace()),
            "endpointslice_address_type" => Some(&self.slice.address_type),
            "endpointslice_name" => Some(&self.slice.object.name),
            _ => match name.strip_prefix("endpointslice_") {
                Some(rest) => meta::of_object(rest, &self.slice.labels, &self.slice.annotations),
                None => self.attached.value(name),
            },
        }
    }

    fn list(&self, listed: &mut Listed) {
        if let Some(service) = self.service {
            meta::list(listed, "service_name", service.name());
            meta::list_object(listed, "service", &service.labels, &service.annotations);
        }
        if self.role == Role::Endpoints {
            endpoints::list_group(*self, listed);
        } else {
            meta::list(listed, "endpointslice_address_type", self.slice.address_type.as_str());
            meta::list(listed, "endpointslice_name", self.slice.object.name.as_str());
            meta::list_object(listed, "endpointslice", &self.slice.labels, &self.slice.annotations);
        }
        meta::list(listed, "namespace", self.slice.namespace());
    }
}

impl<'s> EndpointTarget<'s> {
    pub(super) fn address(&self) -> String {
        let of_pod = || self.pod.and_then(|pod| stand_in::host_of(pod.pod)).unwrap_or_default();
        let Some(at) = self.at else {
            let port = self.container.and_then(|container| container.port).map_or(0, |port| port.number);
            return stand_in::join(&of_pod(), port);
        };
        let host = at.address.map_or_else(of_pod, str::to_owned);
        at.port.number.map_or_else(|| host.clone(), |number| stand_in::join(&host, number))
    }

    pub(super) fn value(&self, name: &str) -> Cow<'s, str> {
        let Some(name) = name.strip_prefix(PREFIX) else {
            return Cow::Owned(if name == ADDRESS { self.address() } else { String::new() });
        };
        if let Some(rest) = name.strip_prefix("pod_") {
            return self.of_pod(rest).unwrap_or_default();
        }
        let own = match self.group.role {
            Role::Endpoints => return endpoints::value(self, name).unwrap_or_else(|| self.of_group(name)),
            _ => name.strip_prefix("endpointslice_").and_then(|rest| self.at?.value(rest, self.pod)),
        };
        own.unwrap_or_else(|| self.of_group(name))
    }

    fn of_group(&self, name: &str) -> Cow<'s, str> {
        let is_foreign = self.group.role == Role::Endpoints && name.starts_with("endpointslice_");
        Cow::Borrowed(self.group.value(name).filter(|_| !is_foreign).unwrap_or_default())
    }

    fn of_pod(&self, name: &str) -> Option<Cow<'s, str>> {
        match name.strip_prefix("container_") {
            // The container that runs is only told of where pods themselves are discovered.
            Some("id") => None,
            Some("port_protocol") if self.group.role == Role::Endpoints && self.at.is_some() => {
                self.container.and(self.at).map(|at| Cow::Owned(at.port.protocol.to_string()))
            }
            Some(rest) => self.container.map(|container| container.value(rest)),
            None => self.pod.map(|pod| pod.value(name)),
        }
    }

    /// Whether it is known what a label says.
    pub(super) fn knows(&self, name: &str) -> bool {
        let is_template = self.pod.is_some_and(|pod| is_template(pod.pod));
        let Some(name) = name.strip_prefix(PREFIX) else { return name != ADDRESS || !is_template };
        if let Some(rest) = name.strip_prefix("pod_") {
            return self.pod.is_none_or(|pod| pod.knows(rest));
        }
        let is_unnamed = name == "endpointslice_name" && self.group.slice.is_made();
        let is_open = is_template && name.starts_with("endpoint") && At::is_open(name);
        !is_unnamed && !is_open && self.group.attached.knows(name)
    }

    pub(super) fn knows_all(&self) -> bool {
        let is_template = self.pod.is_some_and(|pod| is_template(pod.pod));
        !is_template && !self.group.slice.is_made() && self.group.attached.knows_all()
    }

    pub(super) fn list(&self, listed: &mut Listed) {
        listed.push((ADDRESS.to_owned(), self.address()));
        self.group.list(listed);
        if let Some(pod) = self.pod {
            pod.list(listed);
        }
        for name in ContainerFacts::NAMES {
            let name = ["container_", name].concat();
            meta::list(listed, &["pod_", &name].concat(), self.of_pod(&name).unwrap_or_default());
        }
        self.group.attached.list(listed);
        let Some(at) = &self.at else { return };
        if self.group.role == Role::Endpoints {
            endpoints::list_own(self, listed);
        } else {
            at.list(listed, self.pod);
        }
    }
}
