//! The EndpointSlices that the control plane would make (`k8s.io/endpointslice`), for Services of which none is given:
//! manifests that are still to be applied have none.

use std::sync::Arc;

use crate::model::labels::Labels;
use crate::model::snapshot::endpoint_slice::SERVICE_NAME_LABEL;
use crate::model::snapshot::table::{Entry, Key, Named, Row};
use crate::model::snapshot::{
    Endpoint, EndpointPort, EndpointSlice, Location, Pod, PodStatus, Readiness, Service, Snapshot,
};
use crate::model::{ObjectReference, Resource};

/// The label that says who made a slice, and what the controller writes there.
const MANAGED_BY: (&str, &str) = ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");

/// The label of slices of headless Services.
const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";

/// What is made for a Service that has no slices.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) service: Arc<Service>,
    pub(super) slices: Vec<EndpointSlice>,
}

impl Named for Made {
    fn names(&self) -> [&str; 4] {
        self.service.names()
    }
}

/// A slice that is given, among those of its Service.
#[derive(Clone, Debug)]
pub(super) struct OfService(pub(super) Entry<EndpointSlice>);

impl Row for OfService {
    type Value = EndpointSlice;

    fn key(&self) -> Key<'_> {
        let slice = &self.0.value;
        let service = slice.service_name().unwrap_or_default();
        Key { names: [slice.namespace(), service, &slice.object.name, ""], number: self.0.number }
    }

    fn value(&self) -> &EndpointSlice {
        &self.0.value
    }
}

/// The slices of a Service that has none.
pub(super) fn made_slices(service: &Service, snapshot: &Snapshot) -> Vec<EndpointSlice> {
    of_service(service, &selected(service, snapshot), snapshot)
}

/// The pods that a Service selects, in order: all pods of a class, or none.
fn selected<'s>(service: &Service, snapshot: &'s Snapshot) -> Vec<&'s Pod> {
    let classes = snapshot.population.classes.in_order().within(&[service.namespace()]);
    let members = classes.iter().map(|class| snapshot.members(*class));
    let selected = members.filter(|members| members.clone().next().is_some_and(|pod| service.selects(pod)));
    let mut pods: Vec<&Pod> = selected.flatten().collect();
    pods.sort_by(|a, b| a.object.name.cmp(&b.object.name));
    pods
}

/// One slice for each family of addresses and each set of ports. A slice of the controller has no more than a hundred
/// endpoints; nothing hangs on that.
fn of_service(service: &Service, pods: &[&Pod], snapshot: &Snapshot) -> Vec<EndpointSlice> {
    let mut slices: Vec<EndpointSlice> = Vec::new();
    for (pod, status) in pods.iter().filter_map(|pod| Some((*pod, snapshot.pod_status(pod)?))) {
        if pod.has_ended() || is_on_missing_node(pod, status, service, snapshot) {
            continue;
        }
        let ports: Vec<EndpointPort> = service.ports.iter().filter_map(|port| EndpointPort::of(port, pod)).collect();
        for (family, addresses) in addresses(pod, service) {
            let endpoint = endpoint(pod, status, service, addresses, snapshot);
            match slices.iter_mut().find(|slice| slice.address_type == family && slice.ports == ports) {
                Some(slice) => slice.endpoints.push(endpoint),
                None => slices.push(EndpointSlice { endpoints: vec![endpoint], ..bare(service, family, &ports) }),
            }
        }
    }
    slices
}

fn is_template(pod: &Pod) -> bool {
    pod.object.kind != Resource::Pod.kind()
}

/// Whether its node has gone, as far as nodes are known.
fn is_on_missing_node(pod: &Pod, status: &PodStatus, service: &Service, snapshot: &Snapshot) -> bool {
    let is_missing = !snapshot.nodes.is_empty() && snapshot.node(&status.node_name).is_none();
    is_missing && !is_template(pod) && !service.publishes_not_ready
}

type Addresses = Box<[Box<str>]>;

/// The addresses of a pod by family. Where a Service does not say which families it has, it is that of the pod.
fn addresses(pod: &Pod, service: &Service) -> Vec<(&'static str, Addresses)> {
    if is_template(pod) {
        let family = service.ip_families.first().is_some_and(|family| family == "IPv6");
        return vec![(if family { "IPv6" } else { "IPv4" }, Addresses::default())];
    }
    let cluster = service.cluster_addresses.first().or_else(|| pod.addresses.first());
    let is_listed = |name: &str| service.ip_families.iter().any(|family| family == name);
    let has = |is_v6: bool, name: &str| {
        let chosen = cluster.filter(|_| service.ip_families.is_empty());
        chosen.map_or_else(|| is_listed(name), |address| address.is_ipv6() == is_v6)
    };
    let families = [(false, "IPv4"), (true, "IPv6")].into_iter().filter(|(is_v6, name)| has(*is_v6, name));
    let of = |is_v6: bool| pod.addresses.iter().filter(move |it| it.is_ipv6() == is_v6).map(|it| it.to_string().into());
    families.map(|(is_v6, name)| (name, of(is_v6).collect::<Addresses>())).filter(|(_, all)| !all.is_empty()).collect()
}

fn endpoint(pod: &Pod, status: &PodStatus, service: &Service, addresses: Addresses, snapshot: &Snapshot) -> Endpoint {
    let node = Some(&*status.node_name).filter(|name| !name.is_empty());
    let zone = node.and_then(|name| snapshot.node(name)?.labels.get("topology.kubernetes.io/zone"));
    let own_name = status.host_name.as_deref().filter(|name| *name.subdomain == *service.name());
    let is_ready = status.ready == Some(Readiness::Ready);
    let known = |value: bool| (!is_template(pod)).then_some(value);
    Endpoint {
        addresses,
        ready: known(service.publishes_not_ready || (is_ready && !status.is_terminating)),
        serving: known(is_ready),
        terminating: Some(status.is_terminating),
        hostname: own_name.map(|name| name.host.clone()),
        location: Location::of(node.map(Box::from), zone.filter(|zone| !zone.is_empty()).map(Box::from)),
        target: Some(Arc::clone(&pod.object)),
        topology: None,
    }
}

impl EndpointPort {
    /// What a port of a Service becomes at a pod; nothing if the pod has no such port.
    fn of(port: &crate::model::snapshot::ServicePort, pod: &Pod) -> Option<Self> {
        Some(Self {
            name: port.name.clone(),
            number: Some(port.at(pod)?),
            protocol: port.protocol,
            app_protocol: port.app_protocol.clone(),
        })
    }
}

/// A slice without endpoints.
fn bare(service: &Service, family: &str, ports: &[EndpointPort]) -> EndpointSlice {
    let reserved = [SERVICE_NAME_LABEL, MANAGED_BY.0, HEADLESS_LABEL];
    let own = service.labels.iter().filter(|(key, _)| !reserved.contains(key));
    let headless = service.is_headless.then_some((HEADLESS_LABEL, ""));
    let labels = own.chain(headless).chain([(SERVICE_NAME_LABEL, service.name()), MANAGED_BY]);
    EndpointSlice {
        object: ObjectReference {
            kind: Resource::EndpointSlice.kind().to_owned(),
            namespace: Some(service.namespace().to_owned()),
            name: format!("{}-*", service.name()),
        },
        origin: service.origin,
        labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        annotations: Labels::none(),
        address_type: family.to_owned(),
        ports: ports.to_vec(),
        endpoints: Vec::new(),
    }
}
