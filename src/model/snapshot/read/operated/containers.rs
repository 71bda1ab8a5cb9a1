//! The containers that the operator makes, and what users change about them by name.

use super::SpecView;
use crate::model::snapshot::read::pod::ContainerView;
use crate::model::snapshot::read::said;
use crate::model::snapshot::{Container, ContainerPort, ContainerRole};
use crate::model::{Protocol, Resource};

const RELOADER_PORT: u16 = 8080;
const INIT_RELOADER_PORT: u16 = 8081;
const MESH_PORT: u16 = 9094;
const GRPC_PORT: u16 = 10901;

/// All containers, those that initialise first. `main` is the one that all is about.
pub(super) fn all(resource: Resource, main: &str, spec: &SpecView<'_>) -> Vec<Container> {
    let init = match resource {
        Resource::ThanosRuler => Vec::new(),
        _ => vec![container("init-config-reloader", ContainerRole::Init, [tcp("reloader-init", INIT_RELOADER_PORT)])],
    };
    let mut regular = vec![
        container(main, ContainerRole::Regular, ports(resource, spec)),
        container("config-reloader", ContainerRole::Regular, reloader_port(resource, spec)),
    ];
    if resource == Resource::Prometheus && spec.thanos.is_some() {
        let ports = [tcp("http", 10902), tcp("grpc", GRPC_PORT)];
        regular.push(container("thanos-sidecar", ContainerRole::Regular, ports));
    }
    let mut all = patched(init, &spec.init_containers, role_among_init_containers);
    all.extend(patched(regular, &spec.containers, |_| ContainerRole::Regular));
    all
}

fn role_among_init_containers(user: &ContainerView<'_>) -> ContainerRole {
    user.role_among_init_containers()
}

fn container(name: &str, role: ContainerRole, ports: impl IntoIterator<Item = ContainerPort>) -> Container {
    Container { name: name.to_owned(), role, ports: ports.into_iter().collect() }
}

fn tcp(name: &str, number: u16) -> ContainerPort {
    ContainerPort { name: Some(name.to_owned()), number, protocol: Protocol::Tcp }
}

/// The ports of the main container. What listens on loopback only is not declared.
fn ports(resource: Resource, spec: &SpecView<'_>) -> Vec<ContainerPort> {
    let name = said(spec.port_name.as_ref()).unwrap_or_else(|| "web".to_owned());
    let web = |number| (spec.listen_local != Some(true)).then(|| tcp(&name, number));
    match resource {
        Resource::Alertmanager => {
            let udp = ContainerPort { protocol: Protocol::Udp, ..tcp("mesh-udp", MESH_PORT) };
            web(9093).into_iter().chain([tcp("mesh-tcp", MESH_PORT), udp]).collect()
        }
        Resource::ThanosRuler => [tcp("grpc", GRPC_PORT)].into_iter().chain(web(10902)).collect(),
        _ => web(9090).into_iter().collect(),
    }
}

/// A reloader that sends signals listens for everybody, whatever Prometheus does.
fn reloader_port(resource: Resource, spec: &SpecView<'_>) -> Option<ContainerPort> {
    let is_prometheus = matches!(resource, Resource::Prometheus | Resource::PrometheusAgent);
    let sends_signals = spec.reload_strategy.as_ref().is_some_and(|strategy| strategy == "ProcessSignal");
    let listens_local = spec.listen_local == Some(true) && !(is_prometheus && sends_signals);
    (!listens_local).then(|| tcp("reloader-web", RELOADER_PORT))
}

/// The operator's containers with what users change about them, and then the containers of users
/// (`pkg/k8s.MergePatchContainers`).
fn patched(
    operators: Vec<Container>,
    users: &[ContainerView<'_>],
    role: fn(&ContainerView<'_>) -> ContainerRole,
) -> Vec<Container> {
    let patch_of = |name: &str| users.iter().rfind(|user| user.name.as_str() == name);
    let mut all: Vec<Container> = Vec::new();
    for mut container in operators {
        if let Some(user) = patch_of(&container.name) {
            if role(user) == ContainerRole::Sidecar {
                container.role = ContainerRole::Sidecar;
            }
            patch_ports(&mut container.ports, user);
        }
        all.push(container);
    }
    let known = all.len();
    for user in users {
        if !all.iter().take(known).any(|container| container.name == user.name.as_str()) {
            all.push(user.container(role(user)));
        }
    }
    all
}

/// A strategic merge patch goes by the number of a port, whatever its protocol.
fn patch_ports(ports: &mut Vec<ContainerPort>, user: &ContainerView<'_>) {
    for patch in &user.ports {
        let port = patch.port();
        match ports.iter_mut().find(|known| known.number == port.number) {
            Some(known) => {
                known.name = port.name.or(known.name.take());
                if patch.names_protocol() {
                    known.protocol = port.protocol;
                }
            }
            None => ports.push(port),
        }
    }
}
