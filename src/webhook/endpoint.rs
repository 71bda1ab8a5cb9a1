//! Which question is asked: the path of a request names the step, and the mode that the namespace asks for.

use crate::model::guard::Mode;

/// The step of admission that the API server is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Objects may be changed.
    Mutate,
    /// Objects may be refused for what they are.
    Validate,
    /// Changes may be refused for what they close.
    Consequences,
}

impl Step {
    /// One word for logs and metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Mutate => "mutate",
            Self::Validate => "validate",
            Self::Consequences => "consequences",
        }
    }
}

/// An admission path such as `/validate` or `/validate/warn`.
///
/// The last segment is the mode that the object's namespace asks for by its label `scrapeguard.io/mode`. The webhook
/// configuration selects namespaces by that label and names the path, so the server needs not look up namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The step.
    pub step: Step,
    /// The mode, where the namespace has one.
    pub namespace_mode: Option<Mode>,
}

impl Endpoint {
    /// All endpoints with their paths.
    pub const ALL: [(&'static str, Self); 12] = [
        ("/mutate", Self::new(Step::Mutate, None)),
        ("/mutate/enforce", Self::new(Step::Mutate, Some(Mode::Enforce))),
        ("/mutate/warn", Self::new(Step::Mutate, Some(Mode::Warn))),
        ("/mutate/audit", Self::new(Step::Mutate, Some(Mode::Audit))),
        ("/validate", Self::new(Step::Validate, None)),
        ("/validate/enforce", Self::new(Step::Validate, Some(Mode::Enforce))),
        ("/validate/warn", Self::new(Step::Validate, Some(Mode::Warn))),
        ("/validate/audit", Self::new(Step::Validate, Some(Mode::Audit))),
        ("/consequences", Self::new(Step::Consequences, None)),
        ("/consequences/enforce", Self::new(Step::Consequences, Some(Mode::Enforce))),
        ("/consequences/warn", Self::new(Step::Consequences, Some(Mode::Warn))),
        ("/consequences/audit", Self::new(Step::Consequences, Some(Mode::Audit))),
    ];

    /// The endpoint of this step and mode.
    pub const fn new(step: Step, namespace_mode: Option<Mode>) -> Self {
        Self { step, namespace_mode }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::registration::{Ability, FailurePolicies, Place, Webhook, registration};
    use crate::model::guard::Guards;

    #[test]
    fn every_path_that_is_registered_leads_somewhere() {
        let guards = "{apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {name: m}, \
                      spec: {enforcement: {denyLostTargets: true}}}";
        let name = |name: &str| name.to_owned();
        let place = Place { service: name("s"), namespace: name("n"), port: 443, cert_manager: false };
        let guards = Guards::parse(guards).unwrap();
        let registration = registration(&guards, &place, Ability::Cluster, FailurePolicies::IGNORE);
        let registered = registration.mutating.webhooks.iter().chain(&registration.validating.webhooks);
        let known = Endpoint::ALL.map(|(path, _)| path);
        let mut paths: Vec<_> = registered.map(Webhook::path).collect();
        assert!(paths.iter().all(|path| known.contains(path)), "{paths:?}");
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), known.len(), "nobody calls some of {known:?}, only {paths:?}");
    }
}
