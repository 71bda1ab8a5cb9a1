//! Ports that nothing of what is selected has.

use std::collections::BTreeSet;

use super::nothing::{POPULATION, list};
use crate::engine::reach::mesh::PROXY_PORTS;
use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::{Looking, Selectable, each_monitor, shortened};
use crate::model::resource::endpoint::Endpoint;
use crate::model::resource::network_policy::PortReference;
use crate::model::snapshot::{ContainerPort, Pod, Service, Snapshot};
use crate::model::{Severity, suggestion};

/// Names that Istio gives to the ports of a sidecar.
const PROXY_PORT_NAMES: [&str; 1] = ["http-envoy-prom"];

/// A container port that is asked for.
#[derive(Clone, Copy)]
enum Wanted<'m> {
    Name(&'m str),
    Number(u16),
}

pub(super) fn no_pod_has_it(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    if cluster.may_lack(&POPULATION) {
        return;
    }
    let all = Selectable::new(cluster.snapshot);
    each_monitor(cluster, |kept, monitor| {
        let (Monitor::Pod(_), Some(looking)) = (monitor, Looking::of(kept, monitor)) else { return };
        for (path, endpoint) in monitor.endpoints() {
            let Some((field, wanted)) = wanted(endpoint) else { continue };
            let selected = || all.selected_pods(&looking);
            if selected().next().is_none() || selected().any(|pod| wanted.may_be_of(pod)) {
                continue;
            }
            let (message, fix) = wanted.words(selected());
            findings.report(&kept.reference, path.key(field), message, fix);
        }
    });
}

/// The container port that an endpoint of a PodMonitor asks for, and the field that says so. The operator takes names
/// for regular expressions, of which only plain names are looked at here.
fn wanted<'m>(endpoint: &'m Endpoint<'_>) -> Option<(&'static str, Wanted<'m>)> {
    match (&endpoint.port, endpoint.port_number, &endpoint.target_port) {
        (Some(PortReference::Name(name)), _, _) if !name.is_empty() => plain(name).map(|it| ("port", Wanted::Name(it))),
        (None, Some(number), _) if number != 0 => Some(("portNumber", Wanted::Number(number))),
        (None, _, Some(PortReference::Name(name))) => plain(name).map(|it| ("targetPort", Wanted::Name(it))),
        (None, _, Some(PortReference::Number(number))) => Some(("targetPort", Wanted::Number(*number))),
        _ => None,
    }
}

/// The name, unless it is an expression, or a number that another rule speaks of.
fn plain(name: &str) -> Option<&str> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    (is_name && !is_number && !name.is_empty()).then_some(name)
}

impl Wanted<'_> {
    /// Whether a pod declares it, or may once the mesh has given it a sidecar.
    fn may_be_of(self, pod: &Pod) -> bool {
        let is_still_to_be_made = pod.phase.is_none() && !pod.host_network;
        declared(pod).any(|port| self.is(port)) || (is_still_to_be_made && self.is_of_a_proxy())
    }

    fn is(self, port: &ContainerPort) -> bool {
        match self {
            Self::Name(name) => port.name.as_deref() == Some(name),
            Self::Number(number) => port.number == number,
        }
    }

    fn is_of_a_proxy(self) -> bool {
        match self {
            Self::Name(name) => PROXY_PORT_NAMES.contains(&name),
            Self::Number(number) => PROXY_PORTS.contains(&number),
        }
    }

    fn words<'p>(self, pods: impl Iterator<Item = &'p Pod>) -> (String, String) {
        let ports: Vec<&ContainerPort> = pods.flat_map(declared).collect();
        match self {
            Self::Name(name) => {
                let names: BTreeSet<&str> = ports.iter().filter_map(|port| port.name.as_deref()).collect();
                let message = format!("no selected pod declares a port {:?}", shortened(name, 20));
                (message, declared_ones(&names, &suggestion::did_you_mean(name, names.iter().copied())))
            }
            Self::Number(number) => {
                let numbers: BTreeSet<u16> = ports.iter().map(|port| port.number).collect();
                let numbers: Vec<String> = numbers.iter().map(u16::to_string).collect();
                let numbers = numbers.iter().map(String::as_str).collect();
                (format!("no selected pod declares port {number}"), declared_ones(&numbers, ""))
            }
        }
    }
}

fn declared(pod: &Pod) -> impl Iterator<Item = &ContainerPort> {
    pod.containers.iter().flat_map(|container| &container.ports)
}

fn declared_ones(words: &BTreeSet<&str>, closest: &str) -> String {
    if words.is_empty() {
        return "declare the port in the container: Prometheus does not discover others".to_owned();
    }
    format!("declared: {}{closest}", list(words.iter().copied()))
}

pub(super) fn no_service_has_it(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    if cluster.may_lack(&POPULATION) {
        return;
    }
    let all = Selectable::new(cluster.snapshot);
    each_monitor(cluster, |kept, monitor| {
        let (Monitor::Service(_), Some(looking)) = (monitor, Looking::of(kept, monitor)) else { return };
        for (path, endpoint) in monitor.endpoints() {
            let Some(PortReference::Name(name)) = &endpoint.port else { continue };
            let Some(name) = plain(name) else { continue };
            let services: Vec<&Service> = all.selected_services(&looking).collect();
            let names: BTreeSet<&str> =
                services.iter().flat_map(|service| port_names(service, cluster.snapshot)).collect();
            if !names.is_empty() && !names.contains(name) {
                let message = format!("no selected Service has a port {:?}", shortened(name, 20));
                let fix = format!("Service ports: {}{}", list(names), leading_to(name, &services, cluster.snapshot));
                findings.report_as(Severity::Warning, &kept.reference, path.key("port"), message, fix);
            }
        }
    });
}

/// The names of the ports of a Service, and of its slices, which somebody else may have written.
fn port_names<'s>(service: &'s Service, snapshot: &'s Snapshot) -> impl Iterator<Item = &'s str> {
    let of_slices = snapshot.endpoint_slices_of(service).flat_map(|slice| &slice.ports);
    let own = service.ports.iter().map(|port| port.name.as_str());
    own.chain(of_slices.map(|port| port.name.as_str())).filter(|name| !name.is_empty())
}

/// Which of the ports leads to the container port of this name.
fn leading_to<'s>(name: &str, services: &[&'s Service], snapshot: &'s Snapshot) -> String {
    let port_of = |service: &'s Service| {
        let pod = snapshot.pods_in(service.namespace()).iter().find(|pod| service.selects(pod))?;
        let number = declared(pod).find(|port| port.name.as_deref() == Some(name))?.number;
        service.ports.iter().find(|port| port.at(pod) == Some(number) && !port.name.is_empty())
    };
    let found = services.iter().find_map(|service| port_of(service));
    found.map_or_else(String::new, |port| format!("; write {}, which leads to the container port {name}", port.name))
}
