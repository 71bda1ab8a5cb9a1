//! Pods and pod templates.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;

use super::node::ConditionView;
use super::{protocol_if_any, said};
use crate::model::Protocol;
use crate::model::labels::Labels;
use crate::model::resource::{Metadata, null_as_default, object, tolerant};
use crate::model::snapshot::{
    Container, ContainerPort, ContainerRole, ContainerStatus, HostName, Pod, PodStatus, PodTemplate, Readiness,
    RunningId, Uid,
};
use crate::model::{ObjectReference, Text};

/// The service account of pods that name none (the admission plugin `ServiceAccount` of the API server).
pub(super) const DEFAULT_SERVICE_ACCOUNT: &str = "default";

/// A Pod, or what one is made from, which has the same form.
#[derive(Debug, Deserialize)]
pub(in crate::model::snapshot) struct TemplateView<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    spec: SpecView<'a>,
    /// A template has none.
    #[serde(borrow, default, deserialize_with = "tolerant")]
    status: StatusView<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecView<'a> {
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    containers: Vec<ContainerView<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    init_containers: Vec<ContainerView<'a>>,
    #[serde(borrow, default)]
    service_account_name: Option<Text<'a>>,
    /// The old name of the same.
    #[serde(borrow, default)]
    service_account: Option<Text<'a>>,
    #[serde(default)]
    host_network: Option<bool>,
    #[serde(borrow, default)]
    node_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    hostname: Option<Text<'a>>,
    #[serde(borrow, default)]
    subdomain: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerView<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    image: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    pub(super) ports: Vec<PortView<'a>>,
    #[serde(borrow, default)]
    restart_policy: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PortView<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    container_port: u16,
    #[serde(default, deserialize_with = "protocol_if_any")]
    protocol: Option<Protocol>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StatusView<'a> {
    #[serde(borrow)]
    phase: Option<Text<'a>>,
    #[serde(borrow, rename = "podIP")]
    pod_ip: Option<Text<'a>>,
    #[serde(borrow, rename = "podIPs", deserialize_with = "null_as_default")]
    pod_ips: Vec<AddressView<'a>>,
    #[serde(borrow, rename = "hostIP")]
    host_ip: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    conditions: Vec<ConditionView<'a>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    container_statuses: Vec<ContainerStatusView<'a>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    init_container_statuses: Vec<ContainerStatusView<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContainerStatusView<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, rename = "containerID")]
    container_id: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct AddressView<'a> {
    #[serde(borrow, default)]
    ip: Text<'a>,
}

impl TemplateView<'_> {
    /// The pod; of a template, what its pods would be. `reference` is the object that has it.
    pub(in crate::model::snapshot) fn pod(&self, reference: Arc<ObjectReference>) -> Pod {
        let of = |labels: fn(&Metadata<'_>) -> Labels<'static>| self.metadata.as_ref().map(labels).unwrap_or_default();
        let SpecView { containers, init_containers, service_account_name, service_account, host_network, .. } =
            &self.spec;
        let init = init_containers.iter().map(|view| view.container(view.role_among_init_containers()));
        let regular = containers.iter().map(|view| view.container(ContainerRole::Regular));
        let service_account = said(service_account_name.as_ref()).or_else(|| said(service_account.as_ref()));
        let template = PodTemplate {
            namespace: reference.namespace.clone().unwrap_or_default(),
            labels: of(|metadata| metadata.labels.to_static()),
            annotations: of(|metadata| metadata.annotations.to_static()),
            service_account: service_account.unwrap_or_else(|| DEFAULT_SERVICE_ACCOUNT.to_owned()),
            host_network: host_network.unwrap_or_default(),
            containers: init.chain(regular).collect(),
        };
        Pod {
            object: reference,
            template: Arc::new(template),
            addresses: self.status.addresses().into(),
            phase: said(self.status.phase.as_ref()).map(Arc::from),
        }
    }
}

impl TemplateView<'_> {
    /// What only service discovery asks about it.
    pub(in crate::model::snapshot) fn status(&self) -> PodStatus {
        let SpecView { containers, init_containers, node_name, .. } = &self.spec;
        let init = init_containers.iter().map(|view| view.status(&self.status.init_container_statuses));
        let regular = containers.iter().map(|view| view.status(&self.status.container_statuses));
        let metadata = self.metadata.as_ref();
        PodStatus {
            uid: metadata.and_then(|metadata| metadata.uid.as_ref()).map(|uid| Uid::read(uid)).unwrap_or_default(),
            node_name: node_name.as_ref().map(Text::as_str).unwrap_or_default().into(),
            host_address: self.status.host_ip.as_ref().and_then(|text| text.parse().ok()),
            ready: self.status.readiness(),
            is_terminating: metadata.is_some_and(|metadata| metadata.deletion_timestamp.is_some()),
            host_name: self.spec.host_name().map(Box::new),
            controller: metadata.and_then(Metadata::controller).map(|owner| Arc::new(owner.into())),
            containers: init.chain(regular).collect(),
        }
    }
}

impl SpecView<'_> {
    fn host_name(&self) -> Option<HostName> {
        let host = self.hostname.as_ref().filter(|host| !host.is_empty())?.as_str().into();
        Some(HostName { host, subdomain: boxed(self.subdomain.as_ref()) })
    }
}

fn boxed(text: Option<&Text<'_>>) -> Box<str> {
    text.map(Text::as_str).unwrap_or_default().into()
}

impl ContainerView<'_> {
    fn status(&self, statuses: &[ContainerStatusView<'_>]) -> ContainerStatus {
        let own = statuses.iter().find(|status| status.name == self.name);
        ContainerStatus {
            image: self.image.as_ref().map(Text::as_str).unwrap_or_default().into(),
            id: own.and_then(|status| status.container_id.as_ref()).map(|id| RunningId::read(id)).unwrap_or_default(),
        }
    }

    pub(super) fn role_among_init_containers(&self) -> ContainerRole {
        let stays = self.restart_policy.as_ref().is_some_and(|policy| policy == "Always");
        if stays { ContainerRole::Sidecar } else { ContainerRole::Init }
    }

    pub(super) fn container(&self, role: ContainerRole) -> Container {
        Container { name: self.name.to_string(), role, ports: self.ports.iter().map(PortView::port).collect() }
    }
}

impl PortView<'_> {
    pub(super) fn port(&self) -> ContainerPort {
        ContainerPort {
            name: said(self.name.as_ref()),
            number: self.container_port,
            protocol: self.protocol.unwrap_or_default(),
        }
    }

    /// Whether the protocol is said, and not only taken for granted.
    pub(super) const fn names_protocol(&self) -> bool {
        self.protocol.is_some()
    }
}

impl StatusView<'_> {
    fn readiness(&self) -> Option<Readiness> {
        let ready = self.conditions.iter().find(|condition| condition.kind == "Ready");
        ready.map(|condition| Readiness::parse(&condition.status))
    }

    /// All addresses, the one that counts for old clients first. What is none is passed over: the kubelet wrote it.
    fn addresses(&self) -> Vec<IpAddr> {
        let mut addresses: Vec<IpAddr> = Vec::new();
        let texts = self.pod_ip.iter().chain(self.pod_ips.iter().map(|view| &view.ip));
        for address in texts.filter_map(|text| text.parse().ok()) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }
}
