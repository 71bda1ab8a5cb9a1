//! Whether the certificate in use is good enough to be called with, told to readiness. The wall clock is looked at twice
//! a second, so that a process that was suspended, or whose clock was set, does not go on with what has expired.

use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::webhook::readiness::Readiness;

/// How often the clock is looked at.
const STEP: Duration = Duration::from_millis(500);
/// The name of this part in readiness.
const PART: &str = "certificates";

/// What is known of the certificate in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its last second, since the epoch; `None` while there is no certificate.
    pub expires: Option<i64>,
    /// Whether callers are known not to trust it yet.
    pub untrusted: bool,
}

impl Standing {
    /// Why nobody should call; `None` if they may.
    pub fn obstacle(self, now: Timestamp) -> Option<&'static str> {
        match self.expires {
            None => Some("there is no certificate yet"),
            Some(expires) if expires < now.as_second() => Some("the certificate has expired"),
            Some(_) if self.untrusted => Some("the API server is not told to trust the certificate yet"),
            Some(_) => None,
        }
    }

    /// Blocks or clears this part.
    pub fn tell(self, readiness: &Readiness, now: Timestamp) {
        match self.obstacle(now) {
            Some(obstacle) => readiness.block(PART, obstacle),
            None => readiness.clear(PART),
        }
    }
}

/// Tells readiness for as long as it is polled.
pub async fn watch(mut standing: watch::Receiver<Standing>, readiness: &Readiness) -> Infallible {
    loop {
        let now = *standing.borrow_and_update();
        now.tell(readiness, Timestamp::now());
        // A change, or nothing for a while: either way it is time to look again.
        if let Ok(Err(_closed)) = timeout(STEP, standing.changed()).await {
            return std::future::pending().await;
        }
    }
}
