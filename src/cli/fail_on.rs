//! From which severity on findings make a command fail.

use clap::ValueEnum;

/// The severity that `--fail-on` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors
    Error,
    /// Warnings and errors
    Warning,
    /// Everything
    Info,
    /// Nothing
    Never,
}

impl FailOn {
    /// Whether findings of these numbers are worth a failure.
    pub const fn is_reached(self, errors: usize, warnings: usize, infos: usize) -> bool {
        let reached = match self {
            Self::Never => 0,
            Self::Error => errors,
            Self::Warning => errors + warnings,
            Self::Info => errors + warnings + infos,
        };
        reached > 0
    }
}
