//! Whether requests should come here, and whether they can be answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What is still missing before requests can be answered, and whether the server is on its way out.
///
/// The two differ: a draining server tells load balancers to go elsewhere, but answers whoever comes.
#[derive(Debug, Default)]
pub struct Readiness {
    blocked: AtomicBool,
    draining: AtomicBool,
    reasons: Mutex<BTreeMap<&'static str, String>>,
}

impl Readiness {
    /// Holds back answers for the sake of this part of the program until [`Readiness::clear`] is called for it.
    pub fn block(&self, part: &'static str, reason: impl Into<String>) {
        self.change(|reasons| {
            reasons.insert(part, reason.into());
        });
    }

    /// This part of the program is ready.
    pub fn clear(&self, part: &'static str) {
        self.change(|reasons| {
            reasons.remove(part);
        });
    }

    /// The server is on its way out. There is no way back.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the server is on its way out.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Whether requests can be answered.
    pub fn can_answer(&self) -> bool {
        !self.blocked.load(Ordering::Acquire)
    }

    /// Why requests should not come here; empty when they should.
    pub fn reasons(&self) -> Vec<String> {
        let draining = self.is_draining().then(|| "draining: the server is shutting down".to_owned());
        let reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        draining.into_iter().chain(reasons.iter().map(|(part, reason)| format!("{part}: {reason}"))).collect()
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<&'static str, String>)) {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut reasons);
        self.blocked.store(!reasons.is_empty(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_must_be_ready() {
        let readiness = Readiness::default();
        readiness.block("snapshot", "waiting for namespaces");
        readiness.block("guard", "not loaded");
        readiness.clear("guard");
        assert!(!readiness.can_answer());
        assert_eq!(readiness.reasons(), ["snapshot: waiting for namespaces"]);
        readiness.clear("snapshot");
        assert!(readiness.can_answer());
    }

    #[test]
    fn a_draining_server_still_answers() {
        let readiness = Readiness::default();
        readiness.start_draining();
        assert!(readiness.can_answer());
        assert_eq!(readiness.reasons(), ["draining: the server is shutting down"]);
    }
}
