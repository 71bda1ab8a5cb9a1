//! What stands behind an Ingress, and how one gets there.

use crate::engine::rules::findings::Findings;
use crate::model::guard::component::pairs;
use crate::model::guard::document::IstioMode;
use crate::model::guard::{Component, Guard, Purpose, Source};
use crate::model::resource::Ingress;
use crate::model::resource::ingress::ServiceBackend;
use crate::model::{FieldPath, Severity};

const NGINX: &str = "nginx.ingress.kubernetes.io/";
/// The Service of the chart `prometheus`, which many examples are written for.
const OTHER_CHART: &str = "prometheus-server";

pub(super) fn without_identity(ingress: &Ingress<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    if !is_nginx(ingress) || !matches!(guard.mesh.istio, IstioMode::Auto | IstioMode::Sidecar) {
        return;
    }
    let annotation = |name: &str| ingress.metadata.annotations.get(&format!("{NGINX}{name}"));
    if annotation("service-upstream") == Some("true") && annotation("upstream-vhost").is_some() {
        return;
    }
    let component = interfaces(ingress, guard).find(|(_, component)| asks_for_identity(component, guard));
    if let Some((_, component)) = component {
        findings.report(
            FieldPath::of("metadata.annotations"),
            format!("{} will see no identity of the ingress controller", component.name),
            format!(
                "add {NGINX}service-upstream: \"true\" and upstream-vhost: \
                 \"${{service_name}}.${{namespace}}.svc.cluster.local\" beside it"
            ),
        );
    }
}

/// Whether the guard has the component in the mesh, and the one who calls its web interface known by identity.
fn asks_for_identity(component: &Component, guard: &Guard) -> bool {
    let by_identity = |source: &Source| matches!(source, Source::Caller(caller) if caller.service_account.is_some());
    let mut callers = guard.connections_to(component).filter(|connection| connection.purpose == Purpose::Ui);
    component.in_mesh == Some(true) && callers.any(|connection| by_identity(&connection.from))
}

pub(super) fn public(ingress: &Ingress<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    if !(is_nginx(ingress) || class(ingress).is_none()) || authenticates(ingress) {
        return;
    }
    let mut reported: Vec<&str> = Vec::new();
    for (path, component) in interfaces(ingress, guard) {
        if reported.contains(&component.name.as_str()) {
            continue;
        }
        reported.push(&component.name);
        let severity = if component.name == "grafana" { Severity::Info } else { Severity::Error };
        findings.report_as(
            severity,
            path,
            format!("{} is public: nothing asks who comes in", component.name),
            format!("add {NGINX}auth-url and auth-signin of an authenticating proxy, or auth-type and auth-secret"),
        );
    }
}

/// Whether something may ask who comes in. What a middleware, policy or snippet does cannot be seen from here.
fn authenticates(ingress: &Ingress<'_>) -> bool {
    ingress.metadata.annotations.iter().any(|(key, _)| {
        let name = key.rsplit('/').next().unwrap_or_default();
        ["auth", "middleware", "polic", "snippet"].iter().any(|word| name.contains(word))
    })
}

pub(super) fn wrong_backend(ingress: &Ingress<'_>, guard: &Guard, findings: &mut Findings<'_>) {
    for (path, service) in ingress.spec.services() {
        match component_behind(service, guard) {
            Some(component) => wrong_port(&path, service, component, findings),
            None if service.name == OTHER_CHART => other_chart(&path, guard, findings),
            None => {}
        }
    }
}

fn wrong_port(path: &FieldPath, service: &ServiceBackend<'_>, component: &Component, findings: &mut Findings<'_>) {
    let Some(number) = service.port.number else { return };
    let mut ports = component.ports.iter().flat_map(|port| &port.service_ports);
    let Some(first) = ports.clone().next().filter(|_| !ports.any(|known| i64::from(*known) == number)) else { return };
    findings.report(
        path.key("port").key("number"),
        format!("the Service of {} has no port {number}", component.name),
        format!("use port {first}"),
    );
}

fn other_chart(path: &FieldPath, guard: &Guard, findings: &mut Findings<'_>) {
    let prometheus = guard.component("prometheus");
    let Some(name) = prometheus.and_then(|component| component.service_account.as_deref()) else { return };
    findings.report(
        path.key("name"),
        format!("{OTHER_CHART} is a Service of another chart"),
        format!("use Service {name}, port 9090"),
    );
}

/// The backends that are web interfaces for people.
fn interfaces<'i>(ingress: &'i Ingress<'_>, guard: &'i Guard) -> impl Iterator<Item = (FieldPath, &'i Component)> {
    ingress.spec.services().filter_map(|(path, service)| {
        let component = component_behind(service, guard)?;
        ["prometheus", "alertmanager", "grafana"].contains(&component.name.as_str()).then_some((path, component))
    })
}

/// The component that a Service leads to. The charts name it as the service account and, where the operator makes the
/// pods, as its resource; the operator adds a headless one.
fn component_behind<'g>(service: &ServiceBackend<'_>, guard: &'g Guard) -> Option<&'g Component> {
    let name = service.name.as_str();
    guard.components.iter().find(|component| {
        component.service_account.as_deref() == Some(name)
            || pairs(&component.pod_labels).any(|(key, value)| key == component.name && value == name)
            || name.strip_suffix("-operated") == Some(&component.name)
    })
}

fn is_nginx(ingress: &Ingress<'_>) -> bool {
    match class(ingress) {
        Some(class) => class.contains("nginx"),
        None => ingress.metadata.annotations.iter().any(|(key, _)| key.starts_with(NGINX)),
    }
}

pub(super) fn class<'i>(ingress: &'i Ingress<'_>) -> Option<&'i str> {
    let annotation = || ingress.metadata.annotations.get("kubernetes.io/ingress.class");
    ingress.spec.ingress_class_name.as_deref().or_else(annotation)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use crate::engine::rules::examples::rules_of;

    fn fires(rule: &str, class: &str, annotation: &str, service: &str, port: u16) -> bool {
        let ingress = json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "ui", "namespace": "monitoring", "annotations": {annotation: "true"}},
            "spec": {
                "ingressClassName": class,
                "defaultBackend": {"service": {"name": service, "port": {"number": port}}},
            },
        });
        rules_of(&ingress.to_string()).contains(&rule.parse().unwrap())
    }

    const PROMETHEUS: &str = "prometheus-operator-kube-p-prometheus";

    #[rstest]
    #[case("nginx", "a", PROMETHEUS, true)]
    #[case("nginx", "a", "prometheus-operated", true)]
    #[case("nginx", "a", "prometheus-operator-grafana", true)]
    #[case("nginx", "nginx.ingress.kubernetes.io/auth-url", PROMETHEUS, false)]
    #[case("nginx", "nginx.ingress.kubernetes.io/auth-tls-secret", PROMETHEUS, false)]
    #[case("nginx", "nginx.org/policies", PROMETHEUS, false)]
    #[case("nginx", "a", "oauth2-proxy", false)]
    #[case("traefik", "a", PROMETHEUS, false)]
    fn an_interface_is_public_when_nothing_may_ask_who_comes(
        #[case] class: &str,
        #[case] annotation: &str,
        #[case] service: &str,
        #[case] public: bool,
    ) {
        assert_eq!(fires("SG-IN-002", class, annotation, service, 9090), public);
    }

    #[rstest]
    #[case("prometheus-server", 80, true)]
    #[case(PROMETHEUS, 80, true)]
    #[case(PROMETHEUS, 9090, false)]
    #[case("prometheus-operator-grafana", 80, false)]
    #[case("prometheus-operator-grafana", 3000, true)]
    #[case("oauth2-proxy", 4180, false)]
    fn a_backend_is_held_against_the_services_of_the_stack(
        #[case] service: &str,
        #[case] port: u16,
        #[case] wrong: bool,
    ) {
        assert_eq!(fires("SG-IN-003", "nginx", "a", service, port), wrong);
    }
}
