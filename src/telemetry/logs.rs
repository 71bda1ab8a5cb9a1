//! Logs on standard error: structured fields, as text for people or JSON for machines.
//!
//! The contents of objects are never logged.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter does not parse.
    #[error("the log level is not understood; use error, warn, info, debug, trace or target=level pairs")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// There is a subscriber already.
    #[error("logging is set up already")]
    Twice(#[from] TryInitError),
}

/// Sends the logs of the whole process to standard error.
///
/// `filter` is a level, or a list such as `info,scrapeguard=debug`.
///
/// # Errors
/// When the filter does not parse or logging is set up already.
pub fn init(format: Format, filter: &str) -> Result<(), LogError> {
    let colours = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(filter)?).with_writer(stderr);
    match format {
        Format::Text => builder.with_ansi(colours).finish().try_init()?,
        Format::Json => builder.json().flatten_event(true).finish().try_init()?,
    }
    Ok(())
}
