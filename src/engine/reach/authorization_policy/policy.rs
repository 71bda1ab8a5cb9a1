//! One AuthorizationPolicy, owned and compiled.

use crate::engine::reach::authorization_policy::asked::Asked;
use crate::engine::reach::authorization_policy::rule::{Compiler, Leniency, Rule};
use crate::engine::reach::mesh::MeshSettings;
use crate::model::labels::Labels;
use crate::model::resource::AuthorizationPolicy;
use crate::model::snapshot::Pod;
use crate::model::{ObjectReference, Truth};

const DRY_RUN: &str = "istio.io/dry-run";

/// What a policy does with the connections that its rules match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Admits them, and no others.
    Allow,
    /// Refuses them.
    Deny,
    /// Leaves them to somebody else.
    Custom,
    /// Something that is not understood.
    Unreadable,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) object: ObjectReference,
    pub(super) action: Action,
    pub(super) rules: Vec<Rule>,
    /// Labels of the pods that it holds for.
    selector: Labels<'static>,
    has_targets: bool,
}

impl Policy {
    /// The policy; `None` if it decides nothing.
    pub(super) fn new(namespace: &str, policy: &AuthorizationPolicy<'_>, settings: &MeshSettings) -> Option<Self> {
        let spec = &policy.spec;
        let action = match spec.action.as_deref() {
            _ if is_dry_run(policy) => return None,
            _ if !spec.others.is_empty() => Action::Unreadable,
            Some("AUDIT") => return None,
            None | Some("ALLOW") => Action::Allow,
            Some("DENY") => Action::Deny,
            Some("CUSTOM") => Action::Custom,
            Some(_) => Action::Unreadable,
        };
        let compiler = Compiler { namespace, settings };
        let selector = spec.selector.as_ref().map(|selector| selector.to_static().match_labels);
        Some(Self {
            object: policy.metadata.reference("AuthorizationPolicy", namespace, ""),
            action,
            rules: spec.rules.iter().map(|rule| compiler.rule(rule)).collect(),
            selector: selector.unwrap_or_default(),
            has_targets: spec.has_targets(),
        })
    }

    pub(super) fn unreadable(object: ObjectReference) -> Self {
        let (rules, selector) = (Vec::new(), Labels::none());
        Self { object, action: Action::Unreadable, rules, selector, has_targets: false }
    }

    /// Whether it names gateways or Services, and so holds for no sidecar and no ztunnel.
    pub(super) const fn has_targets(&self) -> bool {
        self.has_targets
    }

    /// Whether it holds for this pod. The schema of the selector has labels only: the API server prunes anything else.
    pub(super) fn selects(&self, pod: &Pod) -> bool {
        !self.has_targets && pod.labels.contains_all(self.selector.iter())
    }

    /// Whether one of its rules is about the connection.
    pub(super) fn answer(&self, rule: &Rule, asked: &Asked<'_>) -> Truth {
        rule.matches(asked, if self.action == Action::Allow { Leniency::Void } else { Leniency::Wider })
    }
}

/// As Go's `strconv.ParseBool` reads it.
fn is_dry_run(policy: &AuthorizationPolicy<'_>) -> bool {
    let value = policy.metadata.annotations.get(DRY_RUN);
    matches!(value, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
}
