//! Who is at the address of a target.

use std::net::IpAddr;

use crate::engine::reach::End;
use crate::engine::scrape::Target;
use crate::model::Protocol;
use crate::model::snapshot::{Pod, Service, Snapshot, TargetPort};

/// What stands before the name of a template in the address of a pod that it would make.
const STAND_IN: char = '<';

/// The host and the port of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address<'t> {
    host: Host<'t>,
    pub(super) port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host<'t> {
    Number(IpAddr),
    Name(&'t str),
}

/// Who is called, and at which port of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Called<'s> {
    /// Each of these, if it is several that one address stands for.
    Ends(Vec<(End<'s>, u16)>),
    /// The Service has no such port.
    NoPort(&'s Service),
    /// Nobody knows, and why.
    Unknown(String),
}

impl<'t> Address<'t> {
    /// The address of a target; without a port, that of its scheme.
    pub(super) fn of(target: &'t Target<'_>) -> Self {
        let by_scheme = if target.scrape_url.starts_with("https:") { 443 } else { 80 };
        let text = target.address.as_str();
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => match text.rsplit_once(':') {
                Some((host, port)) if !host.contains(':') => (host, Some(port)),
                _ => (text, None),
            },
        };
        let host = host.parse().map_or(Host::Name(host), Host::Number);
        Self { host, port: port.and_then(|port| port.parse().ok()).unwrap_or(by_scheme) }
    }

    /// Who is there. `discovered` is the pod that the target was made from, and `namespace` that of who calls.
    pub(super) fn called<'s>(
        &self,
        discovered: Option<&'s Pod>,
        namespace: &str,
        snapshot: &'s Snapshot,
    ) -> Called<'s> {
        match self.host {
            Host::Number(address) => self.at(address, discovered, snapshot),
            Host::Name(name) if name.starts_with(STAND_IN) => match discovered {
                Some(pod) => Called::Ends(vec![(End::Pod(pod), self.port)]),
                None => Called::Unknown(format!("nobody knows who is at {name}")),
            },
            Host::Name(name) => match service_called(name, namespace, snapshot) {
                Some(service) => self.behind(service, snapshot),
                None => Called::Unknown(format!("what the name {name} stands for is not known")),
            },
        }
    }

    fn at<'s>(&self, address: IpAddr, discovered: Option<&'s Pod>, snapshot: &'s Snapshot) -> Called<'s> {
        if let Some(pod) = discovered.filter(|pod| pod.addresses.contains(&address)) {
            return Called::Ends(vec![(End::Pod(pod), self.port)]);
        }
        match (End::at(address, snapshot), snapshot.service_at(address)) {
            (End::Address(_), Some(service)) => self.behind(service, snapshot),
            (end, _) => Called::Ends(vec![(end, self.port)]),
        }
    }

    /// The pods behind a Service. A headless one is only a name for their addresses.
    fn behind<'s>(&self, service: &'s Service, snapshot: &'s Snapshot) -> Called<'s> {
        let mut ports = service.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
        let port = ports.find(|port| port.number == self.port);
        let target = match port {
            _ if service.is_headless => &TargetPort::Number(self.port),
            Some(port) => &port.target,
            None => return Called::NoPort(service),
        };
        let at = |pod: &'s Pod| match target {
            TargetPort::Number(number) => Some((End::Pod(pod), *number)),
            TargetPort::Name(name) => Some((End::Pod(pod), pod.port_named(name, Protocol::Tcp)?)),
        };
        let ends: Vec<_> = snapshot.pods_behind(service).into_iter().filter_map(at).collect();
        if ends.is_empty() {
            return Called::Unknown(format!("who is behind {} is not known", service.object));
        }
        Called::Ends(ends)
    }
}

/// The Service that a name stands for inside the cluster: `web`, `web.shop`, `web.shop.svc` and longer.
fn service_called<'s>(name: &str, namespace: &str, snapshot: &'s Snapshot) -> Option<&'s Service> {
    let mut parts = name.trim_end_matches('.').split('.');
    let (service, namespace) = (parts.next()?, parts.next().unwrap_or(namespace));
    let is_of_the_cluster = parts.next().is_none_or(|part| part == "svc");
    let found = snapshot.service(namespace, service).filter(|_| is_of_the_cluster);
    found.filter(|service| service.external_name.is_none())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::Source;
    use crate::model::snapshot::Builder;

    const CLUSTER: &str = "
{apiVersion: v1, kind: Pod, metadata: {name: web-1, namespace: shop, labels: {app: web}}, \
spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}, status: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, \
spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{port: 80, targetPort: http}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: all, namespace: shop}, \
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, targetPort: http}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: out, namespace: shop}, spec: {type: ExternalName, externalName: example.com}}
---
{apiVersion: v1, kind: Service, metadata: {name: none, namespace: shop}, spec: {selector: {app: db}, ports: [{port: 80}]}}
";

    #[rstest]
    #[case::pod("10.0.0.1:9090", "shop/web-1 9090")]
    #[case::of_the_scheme("10.0.0.1", "shop/web-1 80")]
    #[case::ipv6("[fd00::1]:9090", "shop/web-1 9090")]
    #[case::ipv6_without_port("[fd00::1]", "shop/web-1 80")]
    #[case::service("10.96.0.1:80", "shop/web-1 8080")]
    #[case::port_of_the_pod("10.96.0.1:8080", "no port in Service shop/web")]
    #[case::name("web.shop:80", "shop/web-1 8080")]
    #[case::full_name("web.shop.svc.cluster.local:80", "shop/web-1 8080")]
    #[case::in_the_same_namespace("web:80", "shop/web-1 8080")]
    #[case::headless("all.shop.svc:8080", "shop/web-1 8080")]
    #[case::elsewhere("192.0.2.1:443", "192.0.2.1 443")]
    #[case::outside("web.shop.example:80", "what the name web.shop.example stands for is not known")]
    #[case::external("out.shop.svc:80", "what the name out.shop.svc stands for is not known")]
    #[case::nobody("none.shop.svc:80", "who is behind Service shop/none is not known")]
    #[case::stand_in("<Deployment.web.shop>:80", "nobody knows who is at <Deployment.web.shop>")]
    fn whoever_is_at_the_address_is_called(#[case] address: &str, #[case] expected: &str) {
        let mut builder = Builder::new("default");
        assert_eq!(builder.add_source("input", &Source::new(CLUSTER)), []);
        let snapshot = builder.finish();
        let target = Target {
            address: address.to_owned(),
            scrape_url: format!("http://{address}/metrics"),
            labels: Vec::new(),
            pod: None,
            container: None,
        };
        let said = match Address::of(&target).called(None, "shop", &snapshot) {
            Called::Ends(ends) => ends.iter().map(said).collect::<Vec<_>>().join(", "),
            Called::NoPort(service) => format!("no port in {}", service.object),
            Called::Unknown(why) => why,
        };
        assert_eq!(said, expected);
    }

    fn said((end, port): &(End<'_>, u16)) -> String {
        match end {
            End::Pod(pod) => format!("{} {port}", pod.full_name()),
            End::Address(address) => format!("{address} {port}"),
            End::World => format!("world {port}"),
        }
    }
}
