//! Which ports an endpoint means.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::guard::Guard;
use crate::model::relabeling::{Action, RelabelConfig};
use crate::model::resource::PodMonitor;
use crate::model::resource::endpoint::{Endpoint, ScrapedEndpoint};
use crate::model::resource::network_policy::PortReference;

pub(super) fn number_as_name(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    let field = if matches!(monitor, Monitor::Service(_)) { "targetPort" } else { "portNumber" };
    for (path, endpoint) in monitor.endpoints() {
        if let Some(number) = endpoint.port.as_ref().and_then(number) {
            findings.report(
                path.key("port"),
                format!("{number} is no name of a port, there are no targets"),
                format!("write the name of the port, or {field}: {number} instead of port"),
            );
        }
    }
}

/// The number that a name consists of.
fn number(port: &PortReference<'_>) -> Option<u16> {
    match port {
        PortReference::Number(number) => Some(*number),
        PortReference::Name(name) if name.bytes().all(|byte| byte.is_ascii_digit()) => name.parse().ok(),
        PortReference::Name(_) | PortReference::Impossible(_) => None,
    }
}

pub(super) fn no_port(monitor: &PodMonitor<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, _) in endpoints(monitor).filter(|(_, endpoint)| !names_port(endpoint)) {
        findings.report(path, "scrapes every port of every selected pod", "add port: <name of the container port>");
    }
}

/// Whether an endpoint says which port it means: by a field, or by keeping only targets whose port matches.
fn names_port(endpoint: &Endpoint<'_>) -> bool {
    let keeps_port = |step: &RelabelConfig<'_>| step.is(Action::Keep) && step.reads_port();
    endpoint.has_port() || endpoint.relabelings.iter().any(keeps_port)
}

pub(super) fn deprecated(monitor: &PodMonitor<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, endpoint) in endpoints(monitor) {
        let fix = match &endpoint.target_port {
            Some(PortReference::Number(number)) => format!("write portNumber: {number} instead of targetPort"),
            Some(PortReference::Name(name)) => format!("write port: {} instead of targetPort", name.as_str()),
            Some(PortReference::Impossible(_)) | None => continue,
        };
        findings.report(path.key("targetPort"), "targetPort is deprecated in PodMonitors", fix);
    }
}

pub(super) fn two_ports(monitor: &PodMonitor<'_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, endpoint) in endpoints(monitor) {
        if endpoint.port.is_some() && endpoint.port_number.is_some() {
            findings.report(path.key("portNumber"), "portNumber is not looked at beside port", "remove portNumber");
        }
    }
}

fn endpoints<'m, 'a>(monitor: &'m PodMonitor<'a>) -> impl Iterator<Item = (FieldPath, &'m ScrapedEndpoint<'a>)> {
    Monitor::Pod(monitor).endpoints()
}
