//! Services: one target for each port (`prometheus/discovery/kubernetes/service.go`).

use super::attached::Attached;
use super::meta::{self, Listed};
use super::{ADDRESS, Discovered, Scope};
use crate::model::snapshot::{Service, ServicePort, Snapshot};

/// All targets that are Services.
pub(super) fn discover<'s>(scope: &Scope, snapshot: &'s Snapshot, found: &mut Vec<Discovered<'s>>) {
    for namespace in scope.namespaces() {
        let services = namespace.map_or_else(|| snapshot.services(), |namespace| snapshot.services_in(namespace));
        for service in services.iter().filter(|service| scope.selects(&service.labels)) {
            let namespace = Attached::namespace(service.namespace(), scope, snapshot);
            let attached = Attached { namespace, ..Attached::default() };
            let unknown = if cluster_address(service).is_none() { vec!["service_cluster_ip"] } else { Vec::new() };
            let target = |port| Discovered::listed(labels(service, port), attached, unknown.clone());
            found.extend(service.ports.iter().map(target));
        }
    }
}

fn labels(service: &Service, port: &ServicePort) -> Listed {
    let address = format!("{}.{}.svc:{}", service.name(), service.namespace(), port.number);
    let mut listed = vec![(ADDRESS.to_owned(), address)];
    meta::list(&mut listed, "namespace", service.namespace());
    meta::list(&mut listed, "service_name", service.name());
    meta::list_object(&mut listed, "service", &service.labels, &service.annotations);
    meta::list(&mut listed, "service_port_name", port.name.as_str());
    meta::list(&mut listed, "service_port_number", port.number.to_string());
    meta::list(&mut listed, "service_port_protocol", port.protocol.to_string());
    meta::list(&mut listed, "service_type", service.service_type.as_str());
    if service.service_type == "ExternalName" {
        meta::list(&mut listed, "service_external_name", service.external_name.as_deref().unwrap_or_default());
    } else {
        meta::list(&mut listed, "service_cluster_ip", cluster_address(service).unwrap_or_default());
    }
    if service.service_type == "LoadBalancer" {
        meta::list(&mut listed, "service_loadbalancer_ip", service.load_balancer_addresses.join(","));
    }
    listed
}

/// The address as `spec.clusterIP` has it; `None` where the API server has still to choose one.
fn cluster_address(service: &Service) -> Option<String> {
    let headless = service.is_headless.then(|| "None".to_owned());
    let needs_none = (service.service_type == "ExternalName").then(String::new);
    headless.or_else(|| service.cluster_addresses.first().map(ToString::to_string)).or(needs_none)
}
