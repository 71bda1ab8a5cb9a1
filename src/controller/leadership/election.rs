//! The rules of the election, without a clock of their own.
//!
//! They are those of client-go (`tools/leaderelection`): a Lease has run out when it has not changed for as long as it
//! says, seen from here; and whoever could not renew it for a shorter time gives up by itself. Times are durations since
//! any moment that stays the same.

use std::time::Duration;

/// How long things take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a Lease holds after it was renewed.
    pub duration: Duration,
    /// For how long a leader leads that cannot renew.
    pub deadline: Duration,
    /// How often a leader renews.
    pub renewal: Duration,
    /// How often all others look.
    pub look: Duration,
}

impl Default for Terms {
    /// After a leader was killed, another leads within eight seconds: six of the Lease, one until its last renewal was
    /// noticed, one until it is looked at again.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { duration: seconds(6), deadline: seconds(4), renewal: seconds(2), look: seconds(1) }
    }
}

/// What a Lease says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who holds it; `None` where it was given up.
    pub holder: Option<String>,
    /// Its resource version, which changes with every renewal.
    pub version: String,
    /// How long it holds after a renewal.
    pub duration: Duration,
}

/// What to do about a Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: somebody else has it.
    Wait,
    /// Take it: nobody has it, or whoever had it is gone.
    Take,
    /// Renew it: it is ours.
    Renew,
}

/// One replica in the election.
#[derive(Clone, Debug)]
pub struct Candidate {
    identity: String,
    terms: Terms,
    /// The version that was seen last, and since when.
    seen: Option<(String, Duration)>,
    /// When the last renewal that succeeded was begun.
    renewed: Option<Duration>,
}

impl Candidate {
    /// A replica that has seen nothing yet.
    pub fn new(identity: &str, terms: Terms) -> Self {
        Self { identity: identity.to_owned(), terms, seen: None, renewed: None }
    }

    /// Its name.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// How long things take.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What to do about the Lease, which is this one now; `None` where there is none.
    ///
    /// Whoever takes a Lease that says it is theirs may have held it before a restart: it is renewed like any other of
    /// theirs, for names of replicas are never used twice at a time.
    pub fn step(&mut self, lease: Option<&Record>, now: Duration) -> Step {
        let Some(lease) = lease else { return Step::Take };
        let is_new = self.seen.as_ref().is_none_or(|(version, _)| *version != lease.version);
        if is_new {
            self.seen = Some((lease.version.clone(), now));
        }
        let since = self.seen.as_ref().map_or(now, |(_, since)| *since);
        match &lease.holder {
            Some(holder) if *holder == self.identity => Step::Renew,
            None => Step::Take,
            Some(_) if now.saturating_sub(since) >= lease.duration => Step::Take,
            Some(_) => Step::Wait,
        }
    }

    /// The Lease was written, by a request that was `begun` at this time, and is this one now.
    pub fn won(&mut self, lease: &Record, begun: Duration) {
        self.seen = Some((lease.version.clone(), begun));
        self.renewed = Some(begun);
    }

    /// It leads no more, whatever the Lease says.
    pub fn give_up(&mut self) {
        self.renewed = None;
    }

    /// Whether it leads: it has renewed the Lease, and not too long ago.
    pub fn leads(&self, now: Duration) -> bool {
        self.renewed.is_some_and(|renewed| now.saturating_sub(renewed) < self.terms.deadline)
    }

    /// How long to wait until the next look: a leader that cannot renew notices at once that it leads no more.
    pub fn pause(&self, now: Duration) -> Duration {
        match self.renewed.filter(|_| self.leads(now)) {
            Some(renewed) => {
                let since = now.saturating_sub(renewed);
                let due = self.terms.renewal.saturating_sub(since);
                // A renewal has failed: try again soon.
                if due.is_zero() { self.terms.look.min(self.terms.deadline.saturating_sub(since)) } else { due }
            }
            None => self.terms.look,
        }
    }

    /// How long a request may take: not longer than it leads, for an answer after that is worth nothing.
    pub fn patience(&self, now: Duration) -> Duration {
        let led = self.renewed.filter(|_| self.leads(now)).map(|renewed| now.saturating_sub(renewed));
        led.map_or(self.terms.deadline, |since| self.terms.deadline.saturating_sub(since))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn lease(holder: &str, version: &str) -> Record {
        let holder = (!holder.is_empty()).then(|| holder.to_owned());
        Record { holder, version: version.to_owned(), duration: at(6000) }
    }

    #[rstest]
    #[case::nobody_had_it(None, Step::Take)]
    #[case::given_up(Some(lease("", "1")), Step::Take)]
    #[case::held(Some(lease("b", "1")), Step::Wait)]
    #[case::ours(Some(lease("a", "1")), Step::Renew)]
    fn at_first_sight(#[case] lease: Option<Record>, #[case] expected: Step) {
        assert_eq!(Candidate::new("a", Terms::default()).step(lease.as_ref(), at(100_000)), expected);
    }

    #[test]
    fn a_lease_runs_out_when_it_has_stood_still_for_long_enough_since_it_was_first_seen() {
        let mut candidate = Candidate::new("a", Terms::default());
        let looks = [(0, "1"), (5999, "1"), (6000, "2"), (11_999, "2"), (12_000, "2")];
        let steps = looks.map(|(now, version)| candidate.step(Some(&lease("b", version)), at(now)));
        assert_eq!(steps, [Step::Wait, Step::Wait, Step::Wait, Step::Wait, Step::Take]);
    }

    #[test]
    fn a_leader_that_cannot_renew_gives_up_before_its_lease_runs_out() {
        let mut candidate = Candidate::new("a", Terms::default());
        assert!(!candidate.leads(at(0)));
        candidate.won(&lease("a", "1"), at(0));
        assert_eq!(candidate.pause(at(100)), at(1900));
        assert!(candidate.leads(at(3999)) && !candidate.leads(at(4000)));
        assert_eq!((candidate.pause(at(2500)), candidate.pause(at(3500))), (at(1000), at(500)));
        assert_eq!((candidate.patience(at(3500)), candidate.patience(at(4000))), (at(500), at(4000)));
    }

    /// What a replica does when it is its turn.
    #[derive(Clone, Debug)]
    struct Turn {
        replica: usize,
        /// How long after the turn before.
        after: u64,
        /// Whether its requests get through.
        gets_through: bool,
        /// How long its write takes, if it writes.
        takes: u64,
    }

    fn turn() -> impl Strategy<Value = Turn> {
        (0..3_usize, 0..4000_u64, prop::bool::weighted(0.7), 0..3000_u64)
            .prop_map(|(replica, after, gets_through, takes)| Turn { replica, after, gets_through, takes })
    }

    proptest! {
        /// Whatever gets lost and however slow the API server is: at no moment do two lead, since a write only counts if
        /// nobody else has written since the look before.
        #[test]
        fn there_are_never_two_leaders(turns in prop::collection::vec(turn(), 1..60)) {
            let mut replicas = ["a", "b", "c"].map(|name| Candidate::new(name, Terms::default()));
            let mut stored: Option<Record> = None;
            let mut version = 0;
            let mut now = 0;
            for turn in turns {
                now += turn.after;
                let begun = at(now);
                let Some(replica) = replicas.get_mut(turn.replica).filter(|_| turn.gets_through) else { continue };
                let seen = stored.clone();
                let step = replica.step(seen.as_ref(), begun);
                now += turn.takes;
                if step != Step::Wait {
                    version += 1;
                    let written = lease(replica.identity(), &version.to_string());
                    replica.won(&written, begun);
                    stored = Some(written);
                }
                let leaders: Vec<&str> = replicas.iter().filter(|it| it.leads(at(now))).map(Candidate::identity).collect();
                prop_assert!(leaders.len() <= 1, "{leaders:?} lead at {now}");
            }
        }
    }
}
