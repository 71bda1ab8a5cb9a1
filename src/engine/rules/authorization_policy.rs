//! Rules for Istio AuthorizationPolicies. The tables are split by number, so that all of them together stay in order.

mod admittance;
mod callers;
mod identities;
pub(in crate::engine::rules) mod in_cluster;
mod namespaces;
pub(in crate::engine::rules) mod parts;
mod ports;
mod principals;
mod refused;
pub(in crate::engine::rules) mod scope;
mod shape;
mod trust;
mod validity;

use crate::engine::rules::Rule;

/// The family's rules: those that a policy alone decides in three tables, and those that take the cluster.
pub const RULES: [&[Rule]; 4] = [identities::RULES, admittance::RULES, validity::RULES, in_cluster::RULES];
