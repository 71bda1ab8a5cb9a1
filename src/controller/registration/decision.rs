//! Whether requests may wait for us: a pure function of what the self-test and the replicas' leases tell.

use crate::engine::registration::FailurePolicy;

/// How many self-tests in a row may fail before nothing waits for us any more.
const PATIENCE: u32 = 2;

/// What self-tests of one question have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// There was none yet.
    #[default]
    Untried,
    /// The last one was answered.
    Answered,
    /// So many of the last ones in a row were not.
    Silent(u32),
}

impl Proof {
    /// What is known after one more.
    #[must_use]
    pub fn and(self, is_answered: bool) -> Self {
        match (self, is_answered) {
            (_, true) => Self::Answered,
            (Self::Silent(times), false) => Self::Silent(times.saturating_add(1)),
            (_, false) => Self::Silent(1),
        }
    }
}

/// The policy that follows. `is_served` says whether any replica is known to serve; where that is not known, it is
/// `None`, and what is stays as it is unless the self-test fails.
pub fn policy(current: FailurePolicy, proof: Proof, is_served: Option<bool>) -> FailurePolicy {
    match (is_served, proof) {
        (Some(false), _) => FailurePolicy::Ignore,
        (_, Proof::Silent(times)) if times >= PATIENCE => FailurePolicy::Ignore,
        (Some(true), Proof::Answered) => FailurePolicy::Fail,
        _ => current,
    }
}

#[cfg(test)]
mod tests {
    use FailurePolicy::{Fail, Ignore};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::at_first(Ignore, Proof::Untried, Some(true), Ignore)]
    #[case::proven(Ignore, Proof::Answered, Some(true), Fail)]
    #[case::proven_by_nobody(Ignore, Proof::Answered, Some(false), Ignore)]
    #[case::proven_by_who_knows(Ignore, Proof::Answered, None, Ignore)]
    #[case::a_new_leader_leaves_it(Fail, Proof::Untried, Some(true), Fail)]
    #[case::stays(Fail, Proof::Answered, Some(true), Fail)]
    #[case::one_failure_may_be_chance(Fail, Proof::Silent(1), Some(true), Fail)]
    #[case::two_are_none(Fail, Proof::Silent(2), Some(true), Ignore)]
    #[case::two_are_none_whoever_serves(Fail, Proof::Silent(2), None, Ignore)]
    #[case::everybody_gone(Fail, Proof::Answered, Some(false), Ignore)]
    #[case::leases_unknown(Fail, Proof::Answered, None, Fail)]
    fn requests_wait_only_for_whoever_is_proven_to_answer(
        #[case] current: FailurePolicy,
        #[case] proof: Proof,
        #[case] is_served: Option<bool>,
        #[case] expected: FailurePolicy,
    ) {
        assert_eq!(policy(current, proof, is_served), expected);
    }

    #[test]
    fn failures_are_counted_until_one_is_answered() {
        let twice = Proof::Untried.and(false).and(false);
        assert_eq!(twice, Proof::Silent(2));
        assert_eq!(twice.and(true), Proof::Answered);
        assert_eq!(twice.and(true).and(false), Proof::Silent(1));
    }
}
