//! The ports that must be reached by nobody else, and by whom they are meant to be.

use crate::engine::reach::guarded::pods_of;
use crate::model::Protocol;
use crate::model::guard::component::pairs;
use crate::model::guard::connection::{Caller, Source};
use crate::model::guard::{Component, Guard, Guards};
use crate::model::snapshot::{Pod, Snapshot};

/// The service account that pods have which name none: it is nobody's own.
const DEFAULT_ACCOUNT: &str = "default";

/// A port of a pod that connections of a guard lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::audit) struct GuardedPort<'s> {
    /// Whose port it is. Of pods that no policy can tell apart, the first.
    pub(in crate::engine::audit) target: &'s Pod,
    pub(in crate::engine::audit) port: u16,
    pub(in crate::engine::audit) protocol: Protocol,
    /// Who may call.
    pub(in crate::engine::audit) allowed: Vec<Peer>,
    /// Whether the kube-apiserver has to get in, which is no pod that a policy could mean.
    pub(in crate::engine::audit) is_for_api_server: bool,
}

/// Pods that a guard knows: by their labels, or by the service account that they have for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::audit) struct Peer {
    pub(in crate::engine::audit) namespace: String,
    pub(in crate::engine::audit) labels: Vec<(String, String)>,
    pub(in crate::engine::audit) service_account: Option<String>,
}

impl Peer {
    /// The pods of a component.
    pub(in crate::engine::audit) fn component(guard: &Guard, component: &Component) -> Self {
        Self {
            namespace: guard.namespace.clone(),
            labels: component.selector_labels.clone(),
            service_account: component.service_account.clone().filter(|account| account != DEFAULT_ACCOUNT),
        }
    }

    /// The pods of a caller.
    pub(in crate::engine::audit) fn caller(caller: &Caller) -> Self {
        let labels = caller.pod_labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        Self {
            namespace: caller.namespace.clone(),
            labels: labels.collect(),
            service_account: caller.service_account.clone().filter(|account| account != DEFAULT_ACCOUNT),
        }
    }

    fn of(guard: &Guard, source: &Source) -> Option<Self> {
        match source {
            Source::Component(name) => Some(Self::component(guard, guard.component(name)?)),
            Source::Caller(caller) => Some(Self::caller(caller)),
            Source::ApiServer => None,
        }
    }

    /// Whether this pod is one of them by its labels.
    pub(in crate::engine::audit) fn is_by_labels(&self, pod: &Pod) -> bool {
        pod.namespace == self.namespace && pod.labels.contains_all(pairs(&self.labels))
    }

    /// `pods with label app=web of namespace shop`.
    pub(in crate::engine::audit) fn in_words(&self) -> String {
        let labels: Vec<String> = self.labels.iter().map(|(key, value)| format!("with label {key}={value}")).collect();
        format!("pods {} of namespace {}", labels.join(" and "), self.namespace)
    }

    /// Whether this pod is one of them.
    pub(in crate::engine::audit) fn is(&self, pod: &Pod) -> bool {
        let has_account = self.service_account.as_ref() == Some(&pod.service_account);
        (has_account && pod.namespace == self.namespace) || self.is_by_labels(pod)
    }
}

impl GuardedPort<'_> {
    /// Whether this pod may call.
    pub(in crate::engine::audit) fn allows(&self, pod: &Pod) -> bool {
        pod.object == self.target.object || self.allowed.iter().any(|peer| peer.is(pod))
    }
}

/// All of them: every port of every connection of every guard, of all pods that a snapshot has for it, in the order of
/// the pods.
pub(in crate::engine::audit) fn guarded_ports<'s>(guards: &Guards, snapshot: &'s Snapshot) -> Vec<GuardedPort<'s>> {
    let mut ports: Vec<GuardedPort<'s>> = Vec::new();
    for guard in guards.iter() {
        for component in &guard.components {
            for target in pods_of(guard, &component.name, snapshot) {
                add(guard, component, target, &mut ports);
            }
        }
    }
    ports.sort_by(|one, other| key(one).cmp(&key(other)));
    ports
}

fn add<'s>(guard: &Guard, component: &Component, target: &'s Pod, ports: &mut Vec<GuardedPort<'s>>) {
    let itself = Peer::component(guard, component);
    for connection in guard.connections_to(component) {
        for (port, protocol) in connection.ports.iter().copied() {
            let new = GuardedPort { target, port, protocol, allowed: vec![itself.clone()], is_for_api_server: false };
            let position = ports.iter().position(|known| key(known) == key(&new)).unwrap_or_else(|| {
                ports.push(new);
                ports.len() - 1
            });
            let Some(known) = ports.get_mut(position) else { continue };
            known.allowed.extend(Peer::of(guard, &connection.from));
            known.is_for_api_server |= connection.from == Source::ApiServer;
        }
    }
}

fn key<'p>(port: &GuardedPort<'p>) -> (&'p str, &'p str, &'p str, u16, Protocol) {
    let target = port.target;
    (&target.namespace, &target.object.name, &target.object.kind, port.port, port.protocol)
}
