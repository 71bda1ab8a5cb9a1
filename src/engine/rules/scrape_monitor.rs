//! Rules for how targets are scraped: TLS, intervals, limits.

use crate::engine::rules::Rule;

/// The family's rules.
pub const RULES: &[Rule] = &[];
