//! scrapeguard under the load of an API server, beside a floor server that answers a constant over the same stack.
//!
//! Both servers are programs of their own, so that the CPU time of a server is its own. One client drives them in
//! turn, in many short slices, so that what else happens on the machine meets both. See `benches/README.md`.

mod arguments;
mod budget;
mod client;
mod floor;
mod load;
mod machine;
mod rounds;
mod scenario;
mod servers;
mod statistics;
mod table;

#[path = "../support/reviews.rs"]
mod reviews;

use std::process::ExitCode;

use anyhow::bail;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use arguments::Arguments;
use rounds::{Comparison, Plan};

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(directory) = &arguments.floor {
        floor::serve(directory)?;
        return Ok(ExitCode::SUCCESS);
    }
    // One thread, so that the servers have the other processors.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let plan = arguments.plan();
    let comparisons = runtime.block_on(run_until_stopped(&plan))?;
    if !arguments.bench {
        println!("every load works; the numbers are in: cargo bench --bench load");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", table::markdown(&comparisons));
    let broken = budget::report(&comparisons);
    Ok(if broken && arguments.check { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The servers end with the future that owns them, so a signal must not end the program before.
async fn run_until_stopped(plan: &Plan) -> anyhow::Result<Vec<Comparison<'_>>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        comparisons = rounds::run(plan) => comparisons,
        _ = interrupt.recv() => bail!("interrupted"),
        _ = terminate.recv() => bail!("terminated"),
    }
}
