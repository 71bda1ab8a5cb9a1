//! scrapeguard against a real kube-apiserver, kube-controller-manager and kubectl.
//!
//! `cargo test --test end_to_end` runs all of it. The first run builds the control plane from source.

#![expect(clippy::indexing_slicing, reason = "what JSON lacks reads as null, and clippy takes this target for no test")]

#[expect(dead_code, reason = "every test target uses a part of it")]
#[path = "../support/support.rs"]
mod support;

mod availability;
mod companions;
mod control_plane;
mod custom_resource;
mod expect;
mod injection;
mod istio;
mod kinds;
mod manifests;
mod modes;
mod objects;
mod operated;
mod operator;
mod readme;
mod validation;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::suite::run(&[
        // It mostly waits, beside the others.
        operator::CASES,
        operated::CASES,
        control_plane::CASES,
        manifests::CASES,
        injection::CASES,
        kinds::injected::CASES,
        kinds::judged::CASES,
        validation::CASES,
        modes::CASES,
        custom_resource::CASES,
        companions::CASES,
        istio::CASES,
        availability::CASES,
        readme::CASES,
    ])
}
