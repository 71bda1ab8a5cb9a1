//! The guards that `--guard` names.

use std::path::Path;

use anyhow::Context;

use crate::model::guard::Guards;

/// The guards of a file; the built-in one where no file is named.
///
/// # Errors
/// When the file cannot be read, or is no guard.
pub fn guards(file: Option<&Path>) -> anyhow::Result<Guards> {
    let Some(path) = file else { return Ok(Guards::built_in()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("--guard {}", path.display()))?;
    Guards::parse(&text).with_context(|| format!("--guard {}", path.display()))
}
