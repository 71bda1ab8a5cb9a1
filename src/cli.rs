//! The command line: one file per subcommand, each of which turns its arguments into an exit code.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod audit;
pub mod certs;
pub mod completions;
pub mod crd;
pub mod diff;
pub mod fail_on;
pub mod guard;
pub mod input;
pub mod render;
pub mod review;
pub mod rules;
pub mod screen;
pub mod serve;
pub mod snapshot;
pub mod trace;
pub mod uninstall;
pub mod webhooks;

/// Keeps every metrics port reachable by Prometheus, and by nothing else.
#[derive(Debug, Parser)]
#[command(name = "scrapeguard", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Arguments>),
    Review(review::Arguments),
    Audit(audit::Arguments),
    Diff(diff::Arguments),
    Render(render::Arguments),
    Trace(trace::Arguments),
    Rules(rules::Arguments),
    Crd(crd::Arguments),
    Webhooks(webhooks::Arguments),
    Uninstall(uninstall::Arguments),
    Certs(certs::Arguments),
    Completions(completions::Arguments),
}

/// How a subcommand ended when it could do its work at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// There is nothing to complain about: exit code 0.
    Clean,
    /// There are findings that the caller asked to fail on: exit code 1.
    Findings,
}

/// Runs the program with the arguments of the process.
///
/// Usage and input errors are told on standard error and end with exit code 2.
pub fn run() -> ExitCode {
    match dispatch(Arguments::parse()) {
        Ok(Ending::Clean) => ExitCode::SUCCESS,
        Ok(Ending::Findings) => ExitCode::from(1),
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(arguments: Arguments) -> anyhow::Result<Ending> {
    match arguments.command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Review(arguments) => review::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Render(arguments) => render::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Crd(arguments) => crd::run(&arguments),
        Command::Webhooks(arguments) => webhooks::run(&arguments),
        Command::Uninstall(arguments) => uninstall::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::Certs(arguments) => certs::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
