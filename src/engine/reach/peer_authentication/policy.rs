//! One PeerAuthentication, owned and with its defaults filled in.

use crate::engine::reach::peer_authentication::Mode;
use crate::model::labels::Labels;
use crate::model::resource::PeerAuthentication;
use crate::model::resource::peer_authentication::MutualTls;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, ObjectReference};

/// What a policy says at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// Nothing: what is above it holds.
    Unset,
    /// This.
    Mode(Mode),
    /// Something that is not understood.
    Unreadable,
}

/// For which pods of its namespace a policy is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    Whole,
    Labels(Labels<'static>),
    Unreadable,
}

/// One PeerAuthentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) object: ObjectReference,
    /// When it was created, so that text order is time order.
    pub(super) created: Option<String>,
    scope: Scope,
    mode: Setting,
    /// Ports in the order in which they were written.
    ports: Vec<(Option<u16>, Setting)>,
}

impl Policy {
    pub(super) fn new(namespace: &str, policy: &PeerAuthentication<'_>) -> Self {
        let ports = policy.spec.port_level_mtls.iter().flatten();
        Self {
            object: policy.metadata.reference("PeerAuthentication", namespace, ""),
            created: policy.metadata.creation_timestamp.as_ref().map(ToString::to_string),
            scope: scope(policy.spec.selector.as_ref()),
            mode: setting(policy.spec.mtls.as_ref()),
            ports: ports.map(|(port, tls)| (port.parse().ok(), setting(tls.as_ref()))).collect(),
        }
    }

    pub(super) const fn unreadable(object: ObjectReference) -> Self {
        Self { object, created: None, scope: Scope::Unreadable, mode: Setting::Unreadable, ports: Vec::new() }
    }

    /// Whether it is, or may be, for its whole namespace.
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self.scope, Scope::Whole | Scope::Unreadable)
    }

    /// Whether it names, or may name, this pod of its namespace.
    pub(super) fn selects(&self, pod: &Pod) -> bool {
        match &self.scope {
            Scope::Whole => false,
            Scope::Labels(labels) => pod.labels.contains_all(labels.iter()),
            Scope::Unreadable => true,
        }
    }

    /// What it says of this port, or of all.
    pub(super) fn setting(&self, port: Option<u16>) -> Setting {
        let Some(port) = port else { return self.mode };
        self.ports.iter().find(|(number, _)| *number == Some(port)).map_or(Setting::Unset, |(_, setting)| *setting)
    }

    /// Whether some port may go without mutual TLS by being `PERMISSIVE`.
    pub(super) fn has_permissive_port(&self) -> bool {
        self.ports.iter().any(|(_, setting)| *setting == Setting::Mode(Mode::Permissive))
    }

    /// Where it says so.
    pub(super) fn path(&self, port: Option<u16>) -> FieldPath {
        match (&self.scope, port) {
            (Scope::Unreadable, _) => FieldPath::root(),
            (_, Some(port)) => FieldPath::of("spec.portLevelMtls").key(&port.to_string()).key("mode"),
            (_, None) => FieldPath::of("spec.mtls.mode"),
        }
    }
}

/// The schema of the selector has labels only: the API server prunes anything else.
fn scope(selector: Option<&LabelSelector<'_>>) -> Scope {
    match selector {
        Some(selector) if !selector.match_labels.is_empty() => Scope::Labels(selector.to_static().match_labels),
        _ => Scope::Whole,
    }
}

fn setting(tls: Option<&MutualTls<'_>>) -> Setting {
    match tls.and_then(|tls| tls.mode.as_deref()) {
        None | Some("UNSET") => Setting::Unset,
        Some("DISABLE") => Setting::Mode(Mode::Disable),
        Some("PERMISSIVE") => Setting::Mode(Mode::Permissive),
        Some("STRICT") => Setting::Mode(Mode::Strict),
        Some(_) => Setting::Unreadable,
    }
}
