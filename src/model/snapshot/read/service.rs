//! Services.

use serde::Deserialize;

use super::{NumberOrName, protocol, said};
use crate::model::Protocol;
use crate::model::labels::Labels;
use crate::model::resource::{Metadata, null_as_default, tolerant};
use crate::model::snapshot::{Origin, Service, ServicePort, TargetPort};
use crate::model::{ObjectReference, Text};

/// What `spec.clusterIP` says for no address at all (`k8s.io/api/core/v1.ClusterIPNone`).
const NO_ADDRESS: &str = "None";

/// A Service.
#[derive(Debug, Deserialize)]
pub(in crate::model::snapshot) struct ServiceView<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    spec: SpecView<'a>,
    #[serde(borrow, default, deserialize_with = "tolerant")]
    status: StatusView<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SpecView<'a> {
    #[serde(borrow)]
    selector: Labels<'a>,
    #[serde(borrow, rename = "type")]
    service_type: Option<Text<'a>>,
    #[serde(borrow, rename = "clusterIP")]
    cluster_ip: Option<Text<'a>>,
    #[serde(borrow, rename = "clusterIPs", deserialize_with = "null_as_default")]
    cluster_ips: Vec<Text<'a>>,
    #[serde(borrow)]
    external_name: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    ports: Vec<PortView<'a>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    ip_families: Vec<Text<'a>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    ip_family_policy: Option<Text<'a>>,
    #[serde(deserialize_with = "tolerant")]
    publish_not_ready_addresses: Option<bool>,
    #[serde(borrow, rename = "loadBalancerIP", deserialize_with = "tolerant")]
    load_balancer_ip: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StatusView<'a> {
    #[serde(borrow, deserialize_with = "null_as_default")]
    load_balancer: LoadBalancerView<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LoadBalancerView<'a> {
    #[serde(borrow, deserialize_with = "null_as_default")]
    ingress: Vec<IngressView<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct IngressView<'a> {
    #[serde(borrow)]
    ip: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PortView<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    port: u16,
    #[serde(default, deserialize_with = "protocol")]
    protocol: Protocol,
    #[serde(borrow, default)]
    target_port: Option<NumberOrName<'a>>,
    #[serde(borrow, default)]
    app_protocol: Option<Text<'a>>,
}

impl ServiceView<'_> {
    /// The Service.
    pub(in crate::model::snapshot) fn service(&self, reference: ObjectReference, origin: Option<Origin>) -> Service {
        let spec = &self.spec;
        let mut addresses: Vec<&str> = spec.cluster_ip.iter().chain(&spec.cluster_ips).map(Text::as_str).collect();
        addresses.dedup();
        let mut cluster_addresses: Vec<_> = addresses.iter().filter_map(|text| text.parse().ok()).collect();
        cluster_addresses.dedup();
        Service {
            object: reference,
            origin,
            labels: self.metadata.labels.to_static(),
            annotations: self.metadata.annotations.to_static(),
            selector: spec.selector.to_static(),
            service_type: said(spec.service_type.as_ref()).unwrap_or_else(|| "ClusterIP".to_owned()),
            is_headless: addresses.contains(&NO_ADDRESS),
            cluster_addresses,
            external_name: said(spec.external_name.as_ref()),
            ip_families: spec.ip_families.iter().map(ToString::to_string).collect(),
            ip_family_policy: said(spec.ip_family_policy.as_ref()),
            publishes_not_ready: spec.publish_not_ready_addresses.unwrap_or_default(),
            load_balancer_addresses: self.load_balancer_addresses(),
            ports: spec.ports.iter().map(PortView::port).collect(),
        }
    }

    fn load_balancer_addresses(&self) -> Vec<String> {
        let given: Vec<_> = self.status.load_balancer.ingress.iter().filter_map(|it| said(it.ip.as_ref())).collect();
        if given.is_empty() { said(self.spec.load_balancer_ip.as_ref()).into_iter().collect() } else { given }
    }
}

impl PortView<'_> {
    /// The port, with the defaults of `SetDefaults_Service`: a target of nothing, zero or `""` is the port itself.
    fn port(&self) -> ServicePort {
        let target = match &self.target_port {
            Some(NumberOrName::Number(number)) if *number > 0 => TargetPort::Number(*number),
            Some(NumberOrName::Name(name)) if !name.is_empty() => TargetPort::Name(name.to_string()),
            _ => TargetPort::Number(self.port),
        };
        ServicePort {
            name: said(self.name.as_ref()).unwrap_or_default(),
            number: self.port,
            protocol: self.protocol,
            target,
            app_protocol: said(self.app_protocol.as_ref()),
        }
    }
}
