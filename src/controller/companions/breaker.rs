//! The loop breaker: whoever fights for an object is left alone for a while, which grows.

use std::collections::VecDeque;
use std::time::Duration;

/// How often an object may be written within [`WINDOW`].
const MOST: usize = 10;
/// The time in which writes are counted.
const WINDOW: Duration = Duration::from_mins(1);
/// The first time without writes; each further one is twice as long.
const FIRST: Duration = Duration::from_mins(1);
/// The longest time without writes.
const LONGEST: Duration = Duration::from_mins(32);

/// The writes of one object. Times are durations since any moment that stays the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Breaker {
    writes: VecDeque<Duration>,
    open_until: Option<Duration>,
    /// How often it opened since there was peace.
    times: u32,
}

impl Breaker {
    /// Until when the object is not to be written; `None` where it may be.
    pub(super) fn withheld_until(&self, now: Duration) -> Option<Duration> {
        self.open_until.filter(|until| now < *until)
    }

    /// The object is written. Returns whether that was too often.
    pub(super) fn written(&mut self, now: Duration) -> bool {
        if self.writes.back().is_some_and(|last| now.saturating_sub(*last) > 2 * LONGEST) {
            self.times = 0;
        }
        self.writes.retain(|write| now.saturating_sub(*write) < WINDOW);
        self.writes.push_back(now);
        if self.writes.len() < MOST {
            return false;
        }
        let pause = FIRST.saturating_mul(2_u32.saturating_pow(self.times)).min(LONGEST);
        self.open_until = Some(now.saturating_add(pause));
        self.times = self.times.saturating_add(1);
        self.writes.clear();
        self.writes.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Writes once a second whenever that is allowed; returns the seconds at which it broke.
    fn fight(breaker: &mut Breaker, seconds: std::ops::Range<u64>) -> Vec<u64> {
        seconds.filter(|now| breaker.withheld_until(at(*now)).is_none() && breaker.written(at(*now))).collect()
    }

    #[test]
    fn a_fight_is_given_up_for_longer_and_longer() {
        // Ten writes, a minute of peace, nine writes within the next minute and the one before, two minutes of peace.
        assert_eq!(fight(&mut Breaker::default(), 0..600), [9, 78, 207, 456]);
    }

    #[test]
    fn repairs_now_and_then_are_no_fight() {
        let mut breaker = Breaker::default();
        let broken = (0..1000).map(|minute| at(minute * 7)).filter(|now| breaker.written(*now)).count();
        assert_eq!(broken, 0);
    }

    #[test]
    fn after_peace_it_begins_anew() {
        let mut breaker = Breaker::default();
        fight(&mut breaker, 0..600);
        let later = 600 + 3 * LONGEST.as_secs();
        assert_eq!(fight(&mut breaker, later..later + 20), [later + 9]);
        assert_eq!(breaker.withheld_until(at(later + 10)), Some(at(later + 69)));
    }
}
