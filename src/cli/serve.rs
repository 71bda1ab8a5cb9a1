//! `scrapeguard serve`: the admission server.

use super::Ending;

/// Answer admission reviews over TLS.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Serves until it is told to stop.
///
/// # Errors
/// What kept the server from starting.
pub fn run(_arguments: Arguments) -> anyhow::Result<Ending> {
    Ok(Ending::Clean)
}
