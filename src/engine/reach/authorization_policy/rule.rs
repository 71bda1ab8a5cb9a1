//! One rule, compiled: clauses that must all hold, each of alternatives of which one must.

mod compile;

use crate::engine::reach::authorization_policy::asked::{Asked, Enforcer};
use crate::engine::reach::authorization_policy::value::Value;
use crate::model::Truth;

pub(super) use compile::Compiler;

/// What a field is about, as far as proxies treat fields differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Every proxy knows of it.
    Connection,
    /// Sidecars know of it; a ztunnel takes it for a matter of HTTP.
    Sidecar,
    /// Sidecars know of it; a ztunnel reads over it.
    SidecarOnly,
    /// It is a matter of HTTP, and at a sidecar only of ports of HTTP.
    Http,
}

/// A field: its name, its values and those of its negation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) layer: Layer,
    pub(super) any_of: Vec<Value>,
    pub(super) none_of: Vec<Value>,
}

/// Fields that must all match.
pub(super) type Alternative = Vec<Field>;

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rule {
    clauses: Vec<Vec<Alternative>>,
}

/// What becomes of fields that a proxy does not know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leniency {
    /// The rule never matches: fewer are admitted (ALLOW).
    Void,
    /// The field is left out: more are refused (DENY and CUSTOM).
    Wider,
}

impl Rule {
    /// Whether the rule is about the connection.
    pub(super) fn matches(&self, asked: &Asked<'_>, leniency: Leniency) -> Truth {
        if leniency == Leniency::Void && self.fields().any(|field| field.is_void(asked.enforcer)) {
            return Truth::No;
        }
        let clause_holds = |clause: &Vec<Alternative>| Truth::any(clause.iter().map(|it| alternative_holds(it, asked)));
        Truth::all(self.clauses.iter().map(clause_holds))
    }

    /// The name of the first field of which it cannot be told whether it matches.
    pub(super) fn undecided(&self, asked: &Asked<'_>) -> Option<&str> {
        let mut known = self.fields().filter(|field| field.is_known(asked.enforcer));
        known.find(|field| field.matches(asked) == Truth::Unknown).map(|field| field.name.as_str())
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.clauses.iter().flatten().flatten()
    }
}

/// A sidecar takes an alternative of which no field is left for one that always holds, a ztunnel for one that never
/// does (`Authorization::matches` of `istio/ztunnel`).
fn alternative_holds(alternative: &Alternative, asked: &Asked<'_>) -> Truth {
    let mut known = alternative.iter().filter(|field| field.is_known(asked.enforcer)).peekable();
    if asked.enforcer == Enforcer::Ztunnel && known.peek().is_none() {
        return Truth::No;
    }
    Truth::all(known.map(|field| field.matches(asked)))
}

impl Field {
    /// Whether the proxy looks at it.
    fn is_known(&self, enforcer: Enforcer<'_>) -> bool {
        match enforcer {
            Enforcer::Http(_) => true,
            Enforcer::Tcp => self.layer != Layer::Http,
            Enforcer::Ztunnel => self.layer == Layer::Connection && !self.is_empty(),
        }
    }

    /// Whether an ALLOW rule is left out for it.
    fn is_void(&self, enforcer: Enforcer<'_>) -> bool {
        match enforcer {
            Enforcer::Http(_) => false,
            Enforcer::Tcp => self.layer == Layer::Http && !self.is_empty(),
            Enforcer::Ztunnel => matches!(self.layer, Layer::Http | Layer::Sidecar),
        }
    }

    fn is_empty(&self) -> bool {
        self.any_of.is_empty() && self.none_of.is_empty()
    }

    fn matches(&self, asked: &Asked<'_>) -> Truth {
        let any = |values: &[Value]| Truth::any(values.iter().map(|value| value.matches(asked)));
        let is_among = if self.any_of.is_empty() { Truth::Yes } else { any(&self.any_of) };
        is_among.and(!any(&self.none_of))
    }
}
