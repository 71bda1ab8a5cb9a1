//! What is remembered of one companion: what came of the last look at it, and when it may be looked at again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use serde_json::Value;

use crate::controller::companions::attempt::Outcome;
use crate::controller::companions::breaker::Breaker;
use crate::engine::companion::comparison::essence;
use crate::engine::companion::plan::Wanted;

/// The least time between two looks. The state needs some time to show what was written.
const LOOK: Duration = Duration::from_millis(250);
/// The time between two looks while the state does not show what every look does.
const LONGEST_LOOK: Duration = Duration::from_secs(4);
/// How long the first failure is waited out; each further one takes twice as long.
const FIRST: Duration = Duration::from_millis(500);
/// How long a failure is waited out at most.
const LONGEST: Duration = Duration::from_mins(1);

/// Times are durations since any moment that stays the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// What came of the last look.
    pub(super) outcome: Option<Outcome>,
    looked: Duration,
    pause: Duration,
    /// How many attempts in a row have failed.
    failures: u32,
    /// How many looks in a row have led to no write.
    fruitless: u32,
    breaker: Breaker,
    /// What was wanted and what was there in essence when that was found to be all that can be had.
    judged: Option<(Value, Value)>,
}

impl Memory {
    /// Takes over what came of a look. `wanted` is what the object should be, `stored` what the state showed of it.
    /// Returns whether the object has now been written too often.
    pub(super) fn learn(
        &mut self,
        outcome: Outcome,
        wanted: Option<&Value>,
        stored: Option<&Value>,
        now: Duration,
    ) -> bool {
        self.looked = now;
        self.failures = if matches!(outcome, Outcome::Failed(_)) { self.failures.saturating_add(1) } else { 0 };
        self.fruitless = if outcome.is_write() { 0 } else { self.fruitless.saturating_add(1) };
        self.pause = match &outcome {
            Outcome::Failed(_) => jittered(doubled(FIRST, self.failures).min(LONGEST)),
            // It is not wanted and says that it is ours, and is not.
            Outcome::Foreign(_) if wanted.is_none() => LONGEST,
            _ => doubled(LOOK, self.fruitless).min(LONGEST_LOOK),
        };
        self.judged = match (&outcome, wanted, stored) {
            (Outcome::Foreign(_), Some(wanted), Some(stored)) => Some((wanted.clone(), essence(stored, wanted))),
            (Outcome::Altered(essence), Some(wanted), _) => Some((wanted.clone(), essence.clone())),
            _ => None,
        };
        let is_write = outcome.is_write();
        self.outcome = Some(outcome);
        is_write && self.breaker.written(now)
    }

    /// The state shows it as it should be.
    pub(super) fn settle(&mut self) {
        self.fruitless = 0;
        self.pause = self.pause.min(LOOK);
    }

    /// Whether this very difference has been looked at before, and nothing can be done about it.
    pub(super) fn has_judged(&self, wanted: &Wanted, stored: &Value) -> bool {
        let known = self.judged.as_ref();
        known.is_some_and(|(object, seen)| *object == wanted.object && *seen == essence(stored, object))
    }

    /// When it may be looked at again.
    pub(super) fn due(&self, now: Duration) -> Duration {
        self.withheld_until(now).unwrap_or_default().max(self.looked.saturating_add(self.pause))
    }

    /// Until when it is left alone because somebody fights for it.
    pub(super) fn withheld_until(&self, now: Duration) -> Option<Duration> {
        self.breaker.withheld_until(now)
    }
}

/// A pause that is twice as long after each further time, of which there has been at least one.
fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times.saturating_sub(1)))
}

/// Up to a quarter longer, so that not everything is tried again at the same moment.
fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 256;
    pause.saturating_add(pause.saturating_mul(u32::try_from(random).unwrap_or_default()) / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn what_fails_is_tried_again_later_and_later() {
        let mut memory = Memory::default();
        let mut pauses = Vec::new();
        for _ in 0..10 {
            memory.learn(Outcome::Failed("no".to_owned()), None, None, at(0));
            pauses.push(memory.due(at(0)));
        }
        for (pause, expected) in pauses.iter().zip([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
            assert!((at(expected)..=at(expected * 5 / 4)).contains(pause), "{pauses:?}");
        }
    }

    #[test]
    fn a_state_that_is_behind_is_not_asked_about_at_every_moment() {
        let mut memory = Memory::default();
        let mut due = || {
            memory.learn(Outcome::Settled, None, None, at(0));
            memory.due(at(0))
        };
        assert_eq!([due(), due(), due(), due(), due(), due()], [250, 500, 1000, 2000, 4000, 4000].map(at));
        memory.settle();
        assert_eq!(memory.due(at(0)), at(250));
    }
}
