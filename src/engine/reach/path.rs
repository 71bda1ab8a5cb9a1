//! A path: all hops of one connection, and what comes of them together.

use crate::engine::reach::{Step, Verdict};

/// What was decided at each hop of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The hops, in the order in which a connection comes to them.
    pub steps: Vec<Step>,
}

impl Path {
    /// What can be said of the connection: blocked if it is blocked anywhere, open if every hop is.
    pub fn verdict(&self) -> Verdict {
        self.steps.iter().map(|step| step.verdict).max().unwrap_or(Verdict::Open)
    }

    /// The hop that decides: the first that is blocked, else the first that is unknown, else the last.
    pub fn decisive(&self) -> Option<&Step> {
        let verdict = self.verdict();
        match verdict {
            Verdict::Open => self.steps.last(),
            Verdict::Unknown | Verdict::Blocked => self.steps.iter().find(|step| step.verdict == verdict),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::engine::reach::Hop;
    use Verdict::{Blocked, Open, Unknown};

    #[rstest]
    #[case(&[], Open, None)]
    #[case(&[Open, Open], Open, Some(1))]
    #[case(&[Open, Unknown, Open, Unknown], Unknown, Some(1))]
    #[case(&[Unknown, Blocked, Open, Blocked], Blocked, Some(1))]
    fn a_block_outweighs_what_is_unknown(
        #[case] verdicts: &[Verdict],
        #[case] expected: Verdict,
        #[case] decisive: Option<usize>,
    ) {
        let hops = [Hop::Egress, Hop::Ingress, Hop::Mtls, Hop::Authorization];
        let steps = hops.into_iter().zip(verdicts).map(|(hop, verdict)| Step::new(hop, *verdict, "")).collect();
        let path = Path { steps };
        assert_eq!(path.verdict(), expected);
        assert_eq!(path.decisive(), decisive.and_then(|index| path.steps.get(index)));
    }
}
