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

use clap::Parser;

use arguments::Arguments;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(directory) = &arguments.floor {
        floor::serve(directory)?;
        return Ok(ExitCode::SUCCESS);
    }
    // One thread, like a single API server's share of a small machine; the servers have the other processors.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let plan = arguments.plan();
    let comparisons = runtime.block_on(rounds::run(&plan))?;
    println!("{}", table::markdown(&comparisons));
    let broken = budget::report(&comparisons);
    Ok(if broken && arguments.check { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
