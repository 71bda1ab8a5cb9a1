//! What all policies that hold for a pod say together.

use crate::engine::reach::authorization_policy::asked::{Asked, Enforcer};
use crate::engine::reach::authorization_policy::policy::{Action, Policy};
use crate::engine::reach::hop::Verdict;
use crate::model::Truth;

/// A policy and one of its rules, by position.
pub(super) type Place<'p> = (&'p Policy, usize);

/// What is decided, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision<'p> {
    /// No policy holds for the pod that could refuse anything.
    Unguarded,
    /// There are DENY policies, but none is about the connection.
    NotRefused,
    /// An ALLOW policy admits it.
    Admitted(Place<'p>),
    /// A DENY policy refuses it.
    Refused(Place<'p>),
    /// There are ALLOW policies, so many of them, of which this is the first, but none admits it.
    NotAdmitted(&'p Policy, usize),
    /// Somebody else may refuse it.
    LeftToOthers(Place<'p>),
    /// A policy cannot be read.
    Unreadable(&'p Policy),
    /// Whether this rule is about it is not known, and would decide.
    Undecided(Place<'p>),
}

impl Decision<'_> {
    pub(super) const fn verdict(&self) -> Verdict {
        match self {
            Self::Unguarded | Self::NotRefused | Self::Admitted(_) => Verdict::Open,
            Self::Refused(_) | Self::NotAdmitted(..) => Verdict::Blocked,
            Self::LeftToOthers(_) | Self::Unreadable(_) | Self::Undecided(_) => Verdict::Unknown,
        }
    }
}

/// What was found among the policies of one action.
#[derive(Default)]
struct Found<'p> {
    count: usize,
    first: Option<&'p Policy>,
    yes: Option<Place<'p>>,
    unknown: Option<Place<'p>>,
}

/// What these policies, which hold for the pod, decide: CUSTOM, DENY, ALLOW, in this order; any DENY refuses, and where
/// there is an ALLOW policy, one must admit.
pub(super) fn decide<'p, I>(policies: impl Fn() -> I, asked: &Asked<'_>) -> Decision<'p>
where
    I: Iterator<Item = &'p Policy>,
{
    let found = |action| find(policies().filter(move |policy| policy.action == action), asked);
    let (deny, allow) = (found(Action::Deny), found(Action::Allow));
    // A ztunnel has no CUSTOM policies.
    let custom = if asked.enforcer == Enforcer::Ztunnel { Found::default() } else { found(Action::Custom) };
    let unreadable = policies().find(|policy| policy.action == Action::Unreadable);
    match (deny.yes, unreadable, allow.first, allow.yes.or(allow.unknown)) {
        (Some(place), ..) => Decision::Refused(place),
        (None, Some(policy), ..) => Decision::Unreadable(policy),
        (None, None, Some(policy), None) => Decision::NotAdmitted(policy, allow.count),
        _ => undecided(&deny, &custom, &allow).unwrap_or(match allow.yes {
            Some(place) => Decision::Admitted(place),
            None if deny.count == 0 && custom.count == 0 => Decision::Unguarded,
            None => Decision::NotRefused,
        }),
    }
}

/// What keeps a connection from being let through for sure, where nothing refuses it for sure.
fn undecided<'p>(deny: &Found<'p>, custom: &Found<'p>, allow: &Found<'p>) -> Option<Decision<'p>> {
    let others = custom.yes.or(custom.unknown).map(Decision::LeftToOthers);
    let of_allow = if allow.yes.is_none() { allow.unknown } else { None };
    deny.unknown.map(Decision::Undecided).or(others).or(of_allow.map(Decision::Undecided))
}

fn find<'p>(policies: impl Iterator<Item = &'p Policy>, asked: &Asked<'_>) -> Found<'p> {
    let mut found = Found::default();
    for policy in policies {
        found.count += 1;
        found.first.get_or_insert(policy);
        for (index, rule) in policy.rules.iter().enumerate() {
            let place = match policy.answer(rule, asked) {
                Truth::Yes => &mut found.yes,
                Truth::Unknown => &mut found.unknown,
                Truth::No => continue,
            };
            place.get_or_insert((policy, index));
        }
    }
    found
}
