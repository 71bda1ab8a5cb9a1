//! Waiting for something to become true, bounded in time.

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const PAUSE: Duration = Duration::from_millis(40);

/// What one look at the world found.
pub(crate) enum Look<T> {
    /// What was waited for is there.
    Ready(T),
    /// It is not there yet, and what was seen instead.
    NotYet(String),
}

impl<T> Look<T> {
    /// Not there yet, for this reason.
    pub(crate) fn not_yet(seen: impl Display) -> Self {
        Self::NotYet(seen.to_string())
    }
}

/// Looks again and again until `look` finds what it wants.
///
/// # Errors
/// `look` fails for good, or `limit` has passed: the message then names what was waited for and what was last seen.
pub(crate) fn until<T>(awaited: &str, limit: Duration, mut look: impl FnMut() -> Result<Look<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        match look()? {
            Look::Ready(value) => return Ok(value),
            Look::NotYet(seen) if Instant::now() > deadline => {
                bail!("waited {} s for {awaited}; last seen: {seen}", limit.as_secs())
            }
            Look::NotYet(_) => thread::sleep(PAUSE),
        }
    }
}
