//! The `scrapeguard` program: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    scrapeguard::cli::run()
}
