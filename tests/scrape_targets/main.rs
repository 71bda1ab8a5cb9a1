//! The targets that we predict beside those of the real Prometheus.
//!
//! The real prometheus-operator makes a configuration from monitors on a real API server, the real Prometheus discovers
//! with it what there is, and its `/api/v1/targets` are what we predict from the same objects.

#![expect(clippy::indexing_slicing, reason = "what JSON lacks reads as null, and clippy takes this target for no test")]

#[expect(dead_code, reason = "every test target uses a part of it")]
#[path = "../support/support.rs"]
mod support;

mod comparison;
mod difference;
mod isolation;
mod objects;
mod operator;
mod prediction;
mod prometheus;
mod random;
mod random_sets;
mod targets;
mod world;

use std::env;
use std::process::ExitCode;

use anyhow::Result;

use support::control_plane::{Programs, programs};

fn main() -> ExitCode {
    if !env::args().any(|argument| argument == "--list") {
        // What has to be built needs a network. Whatever cannot be had, the tests say by themselves.
        let _ = Programs::locate().and_then(|_| programs::prometheus());
        isolation::enter();
    }
    support::suite::run_if(needed, &[comparison::CASES])
}

/// What there must be besides a control plane.
fn needed() -> Result<()> {
    programs::prometheus()?;
    isolation::required()
}
