//! Ports in AuthorizationPolicies are container ports, written as decimal text.

use super::parts;
use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::guard::document::IstioMode;
use crate::model::guard::{ComponentPort, Guard};
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::WrittenPort;

/// The sidecar's own ports, which it serves without looking at policies (`injection-template.yaml` of Istio).
const SIDECAR_PORTS: [(u16, &str); 3] = [(15020, "merged metrics"), (15021, "health"), (15090, "Envoy metrics")];

pub(super) fn malformed(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    const NO_NUMBER: &str = "not a port number from \"1\" to \"65535\"";
    for (path, port) in all_ports(policy) {
        match port {
            WrittenPort::Number(number) => {
                findings.report(path, format!("port {number} lacks its quotes"), format!("write \"{number}\""));
            }
            WrittenPort::Text(text) if is_decimal(text) => {}
            WrittenPort::Text(text) => findings.report(path, NO_NUMBER, correction(text, policy, guard)),
            WrittenPort::Other(_) => findings.report(path, NO_NUMBER, correction("", policy, guard)),
        }
    }
    for (path, text) in parts::values_of(policy, "destination.port").filter(|(_, text)| !is_decimal(text)) {
        findings.report(path, NO_NUMBER, correction(text, policy, guard));
    }
}

pub(super) fn service_port(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for (path, number, target) in mistaken_ports(policy, guard) {
        findings.report(
            path,
            format!("{number} is the Service port, pods listen on {}", target.number),
            format!("use port \"{}\" ({})", target.number, target.name),
        );
    }
}

/// Whether some port is not what its author meant, so that nothing can be said about whom the policy admits.
pub(super) fn any_wrong(policy: &AuthorizationPolicy<'_>, guard: &Guard) -> bool {
    let is_plain = |port: &WrittenPort<'_>| matches!(port, WrittenPort::Text(text) if is_decimal(text));
    all_ports(policy).any(|(_, port)| !is_plain(port)) || !mistaken_ports(policy, guard).is_empty()
}

fn mistaken_ports<'a>(
    policy: &'a AuthorizationPolicy<'_>,
    guard: &'a Guard,
) -> Vec<(FieldPath, u16, &'a ComponentPort)> {
    let Some(selector) = policy.spec.selector.as_ref().filter(|_| !policy.spec.has_targets()) else {
        return Vec::new();
    };
    let mistaken = |(path, port): (FieldPath, &WrittenPort<'_>)| {
        let number = port.number()?;
        Some((path, number, guard.port_meant_by(selector, number)?))
    };
    wanted_ports(policy).filter_map(mistaken).collect()
}

pub(super) fn beyond_the_sidecar(policy: &AuthorizationPolicy<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    if !matches!(guard.mesh.istio, IstioMode::Auto | IstioMode::Sidecar) || policy.spec.has_targets() {
        return;
    }
    for (path, port) in wanted_ports(policy) {
        let own = SIDECAR_PORTS.into_iter().find(|(number, _)| port.number() == Some(*number));
        if let Some((number, purpose)) = own {
            findings.report(
                path,
                format!("no policy is asked about port {number} ({purpose})"),
                format!("remove {number} here and admit Prometheus to it by a NetworkPolicy"),
            );
        }
    }
}

fn wanted_ports<'a>(policy: &'a AuthorizationPolicy<'a>) -> impl Iterator<Item = (FieldPath, &'a WrittenPort<'a>)> {
    parts::operations(policy).flat_map(|(path, operation)| parts::with_paths(&path.key("ports"), &operation.ports))
}

fn all_ports<'a>(policy: &'a AuthorizationPolicy<'a>) -> impl Iterator<Item = (FieldPath, &'a WrittenPort<'a>)> {
    parts::operations(policy).flat_map(|(path, operation)| {
        operation.port_lists().into_iter().flat_map(move |(field, list)| parts::with_paths(&path.key(field), list))
    })
}

/// Istio also accepts `0` and leading zeros; no port is written so.
fn is_decimal(text: &str) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && !text.starts_with('0') && text.parse::<u16>().is_ok()
}

/// The port with leading zeros taken away, or the number of the port that goes by this name.
fn correction(text: &str, policy: &AuthorizationPolicy<'_>, guard: &Guard) -> String {
    let trimmed = text.trim_start_matches('0');
    if is_decimal(trimmed) {
        return format!("write \"{trimmed}\"");
    }
    let components = parts::components(policy, guard);
    let mut named = components.iter().filter_map(|component| component.port_named(text)).map(|port| port.number);
    match (named.next(), named.next()) {
        (Some(number), None) => format!("write \"{number}\", the container port that is called {text}"),
        _ => "write the number of the container port in quotes, such as \"9090\"".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("1", true)]
    #[case("65535", true)]
    #[case("65536", false)]
    #[case("0", false)]
    #[case("09090", false)]
    #[case("+80", false)]
    #[case("http-web", false)]
    #[case("", false)]
    fn a_port_is_a_plain_decimal(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_decimal(text), expected);
    }
}
