//! Network policies: what Kubernetes' own end-to-end tests expect, a second evaluator on random clusters, and laws.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that panics has failed")]

mod classes;
mod cluster;
mod laws;
mod random;
mod reference;
mod scenarios;
