//! The name of Prometheus' own port, which monitors, policies and Services have to use.

use super::given::{Given, given};
use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::{Looking, Selectable, each_monitor, shortened};

use crate::model::resource::NetworkPolicy;
use crate::model::resource::network_policy::PortReference;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::{Pod, TargetPort};
use crate::model::{FieldPath, ObjectReference, Resource, Truth};

/// Names of further ports of the pods: of the reloader, and of Thanos beside Prometheus.
const OTHER_PORTS: [&str; 4] = ["reloader-web", "reloader-init", "http", "grpc"];
/// The Service that the operator makes.
const OPERATED: (&str, &str) = ("operated-prometheus", "true");

/// Somebody who names a port of Prometheus.
struct Use {
    by: ObjectReference,
    name: String,
}

pub(super) fn differs(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let all = given(cluster);
    if all.is_empty() {
        return;
    }
    let selectable = Selectable::new(cluster.snapshot);
    for prometheus in
        all.iter().filter(|it| it.resource.spec.as_ref().is_none_or(|spec| spec.listen_local != Some(true)))
    {
        let port_name = prometheus.port_name();
        let mut uses = of_monitors(cluster, prometheus, &selectable);
        uses.extend(of_policies(cluster, prometheus));
        uses.extend(of_services(cluster, prometheus));
        for Use { by, name } in uses.into_iter().filter(|it| !is_declared(prometheus, &port_name, &it.name)) {
            let full_name = format!("{}/{}", by.namespace.as_deref().unwrap_or_default(), by.name);
            findings.report(
                &prometheus.kept.reference,
                FieldPath::of("spec.portName"),
                format!("a {} wants port {:?} of Prometheus", by.kind, shortened(&name, 15)),
                format!("write {port_name} in {} {}, or set portName: {name}", by.kind, shortened(&full_name, 100)),
            );
        }
    }
}

fn is_declared(prometheus: &Given<'_>, port_name: &str, name: &str) -> bool {
    let containers = prometheus.resource.spec.iter().flat_map(|spec| &spec.containers);
    let mut others = containers.flat_map(|container| &container.ports).filter_map(|port| port.name.as_deref());
    name == port_name || OTHER_PORTS.contains(&name) || others.any(|other| other == name)
}

fn of_monitors(cluster: &Cluster<'_, '_>, prometheus: &Given<'_>, selectable: &Selectable<'_>) -> Vec<Use> {
    let mut uses = Vec::new();
    each_monitor(cluster, |kept, monitor| {
        let Some(looking) = Looking::of(kept, monitor).filter(|it| it.looks_in(prometheus.namespace())) else { return };
        let means_it = match monitor {
            Monitor::Service(_) => means_operated_service(looking.selector),
            _ => prometheus.is_selected_by(looking.selector) == Truth::Yes && !looking.selector.is_empty(),
        };
        let ports = monitor.endpoints().filter_map(|(_, endpoint)| endpoint.port.as_ref()).filter_map(name);
        let strangers = |wanted: &str| {
            let is_service = matches!(monitor, Monitor::Service(_));
            !is_service && selectable.selected_pods(&looking).any(|pod| declares(pod, wanted))
        };
        if means_it {
            let unknown = ports.filter(|wanted| !strangers(wanted));
            uses.extend(unknown.map(|name| Use { by: kept.reference.clone(), name: name.to_owned() }));
        }
    });
    uses
}

/// Whether a ServiceMonitor means the Service that the operator makes, as far as its labels are known.
fn means_operated_service(selector: &LabelSelector<'_>) -> bool {
    let label = |key: &str| match key {
        key if key == OPERATED.0 => Some(Some(OPERATED.1)),
        "managed-by" => Some(Some("prometheus-operator")),
        _ => None,
    };
    selector.selects(label) == Truth::Yes && !selector.is_empty()
}

fn name<'m>(port: &'m PortReference<'_>) -> Option<&'m str> {
    match port {
        PortReference::Name(name) => Some(name.as_str()).filter(|name| is_plain(name)),
        PortReference::Number(_) | PortReference::Impossible(_) => None,
    }
}

fn is_plain(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn declares(pod: &Pod, name: &str) -> bool {
    let mut ports = pod.containers.iter().flat_map(|container| &container.ports);
    ports.any(|port| port.name.as_deref() == Some(name))
}

fn of_policies(cluster: &Cluster<'_, '_>, prometheus: &Given<'_>) -> Vec<Use> {
    let policies = cluster.read::<NetworkPolicy<'_>>(Resource::NetworkPolicy);
    let policies = policies.filter(|(kept, policy)| {
        let selector = &policy.spec.pod_selector;
        kept.namespace() == prometheus.namespace()
            && !selector.is_empty()
            && prometheus.is_selected_by(selector) == Truth::Yes
    });
    let mut uses = Vec::new();
    for (kept, policy) in policies {
        let selected = || {
            let pods = cluster.snapshot.pods_in(kept.namespace()).iter();
            pods.filter(|pod| policy.spec.pod_selector.matches(&pod.labels) != Truth::No)
        };
        let ports = policy.spec.ingress.iter().flat_map(|rule| &rule.ports).filter_map(|port| port.port.as_ref());
        let names = ports.filter_map(name).filter(|wanted| !selected().any(|pod| declares(pod, wanted)));
        uses.extend(names.map(|name| Use { by: kept.reference.clone(), name: name.to_owned() }));
    }
    uses
}

fn of_services(cluster: &Cluster<'_, '_>, prometheus: &Given<'_>) -> Vec<Use> {
    let services = cluster.snapshot.services_in(prometheus.namespace()).iter();
    let services = services.filter(|service| {
        let selector = LabelSelector { match_labels: service.selector.to_static(), ..LabelSelector::default() };
        !service.selector.is_empty() && prometheus.is_selected_by(&selector) == Truth::Yes
    });
    let named = services.flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    let named = named.filter_map(|(service, port)| match &port.target {
        TargetPort::Name(name) => Some(Use { by: service.object.clone(), name: name.clone() }),
        TargetPort::Number(_) => None,
    });
    named.collect()
}
