//! Rules for Ingresses to the web interfaces.

use crate::engine::rules::Rule;

/// The family's rules.
pub const RULES: &[Rule] = &[];
