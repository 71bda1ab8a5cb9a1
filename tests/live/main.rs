//! scrapeguard at work in a real cluster: what it watches, writes and survives. Each test has a control plane of its
//! own, for guards and webhook configurations concern a whole cluster.

#![expect(clippy::indexing_slicing, reason = "what JSON lacks reads as null, and clippy takes this target for no test")]

#[expect(dead_code, reason = "every test target uses a part of it")]
#[path = "../support/support.rs"]
mod support;

mod burst;
mod certificates;
mod companions;
mod consequences;
mod outages;
mod registration;
mod start;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::suite::run_alone(&[
        burst::CASES,
        certificates::CASES,
        certificates::clock::CASES,
        companions::CASES,
        consequences::CASES,
        outages::CASES,
        registration::CASES,
        start::CASES,
        watch::CASES,
    ])
}
