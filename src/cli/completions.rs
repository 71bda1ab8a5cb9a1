//! `scrapeguard completions`: what a shell needs to complete our arguments.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Ending;

/// Print the completion script of a shell
///
/// For bash: `source <(scrapeguard completions bash)`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints the script on standard output.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let mut command = super::Arguments::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "scrapeguard", &mut script);
    super::screen::print(&String::from_utf8_lossy(&script))?;
    Ok(Ending::Clean)
}
