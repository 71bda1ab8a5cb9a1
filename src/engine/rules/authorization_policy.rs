//! Rules for Istio AuthorizationPolicies. The tables are split by number, so that all of them together stay in order.

mod admittance;
mod callers;
mod identities;
mod namespaces;
mod parts;
mod ports;
mod principals;
mod refused;
mod scope;
mod shape;
mod trust;
mod validity;

use crate::engine::rules::Rule;

/// The family's rules, in three tables.
pub const RULES: [&[Rule]; 3] = [identities::RULES, admittance::RULES, validity::RULES];
