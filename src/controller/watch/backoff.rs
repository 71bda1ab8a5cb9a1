//! How long to wait before the next try.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// The first wait is about this long; then it doubles.
const FIRST: Duration = Duration::from_millis(100);
/// No wait is much longer than this.
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that double, each with some chance in it, so that replicas do not come all at once.
#[derive(Debug)]
pub(super) struct Backoff {
    waits: ExponentialBackoff,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        let waits = ExponentialBuilder::new().with_min_delay(FIRST).with_max_delay(LONGEST).with_factor(2.0);
        Self { waits: waits.with_jitter().without_max_times().build(), failures: 0 }
    }
}

impl Backoff {
    /// How often in a row it did not work.
    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    /// It did not work: how long to wait.
    pub(super) fn next(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.waits.next().unwrap_or(LONGEST)
    }

    /// It works.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_begin_anew() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = std::iter::repeat_with(|| backoff.next()).take(20).collect();
        assert!((FIRST..=2 * FIRST).contains(&waits[0]), "{waits:?}");
        assert!(waits[19] >= LONGEST && waits.iter().all(|wait| *wait <= 2 * LONGEST), "{waits:?}");
        assert_eq!(backoff.failures(), 20);
        backoff.reset();
        assert!(backoff.next() <= 2 * FIRST);
    }
}
