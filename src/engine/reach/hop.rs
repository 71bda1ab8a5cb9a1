//! Hops of a path, and what was decided at each.

use crate::model::{FieldPath, ObjectReference, RuleId, Truth};

/// A place at which a path can end, in the order in which a scrape comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hop {
    /// Prometheus selects the monitor.
    Selection,
    /// The monitor yields the target.
    Discovery,
    /// Relabeling keeps it.
    Relabeling,
    /// NetworkPolicies of the caller let it out.
    Egress,
    /// NetworkPolicies of the called pod let it in.
    Ingress,
    /// Both sides agree on mutual TLS or on none.
    Mtls,
    /// AuthorizationPolicies of the called pod admit the caller.
    Authorization,
}

impl Hop {
    /// Whether it is of the connection itself, and not of how its target was found.
    pub fn is_of_the_way(self) -> bool {
        self >= Self::Egress
    }

    /// One word for tables and JSON.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Selection => "selection",
            Self::Discovery => "discovery",
            Self::Relabeling => "relabeling",
            Self::Egress => "egress",
            Self::Ingress => "ingress",
            Self::Mtls => "mtls",
            Self::Authorization => "authorization",
        }
    }
}

/// What can be said of a path, or of one of its hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The connection gets through.
    Open,
    /// Something needed to decide is missing, or not modelled.
    Unknown,
    /// The connection ends here.
    Blocked,
}

impl Verdict {
    /// One word for tables and JSON.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unknown => "unknown",
            Self::Blocked => "blocked",
        }
    }
}

impl From<Truth> for Verdict {
    /// Whether it is open.
    fn from(is_open: Truth) -> Self {
        match is_open {
            Truth::Yes => Self::Open,
            Truth::No => Self::Blocked,
            Truth::Unknown => Self::Unknown,
        }
    }
}

/// What was decided at one hop, by what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The hop.
    pub hop: Hop,
    /// What was decided.
    pub verdict: Verdict,
    /// The object that decides, if it is one: the policy that lets the caller through, or one of those that isolate the
    /// pod and do not.
    pub object: Option<ObjectReference>,
    /// The field of it that decides; the root where it is the object as a whole.
    pub path: FieldPath,
    /// The rule that a block amounts to, if there is one.
    pub rule: Option<RuleId>,
    /// Why, in one sentence without a full stop.
    pub reason: String,
}

impl Step {
    /// A step that no object decides.
    pub fn new(hop: Hop, verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { hop, verdict, object: None, path: FieldPath::root(), rule: None, reason: reason.into() }
    }

    /// The same, which amounts to what this rule finds.
    #[must_use]
    pub fn rule(self, rule: RuleId) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// The same, decided by this field of this object.
    #[must_use]
    pub fn by(self, object: ObjectReference, path: FieldPath) -> Self {
        Self { object: Some(object), path, ..self }
    }
}
