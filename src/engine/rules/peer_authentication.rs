//! Rules for Istio PeerAuthentications.

use crate::engine::rules::Rule;

/// The family's rules.
pub const RULES: &[Rule] = &[];
