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
