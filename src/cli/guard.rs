//! The guards that `--guard` names.

use std::path::Path;

use anyhow::{Context, bail};

use crate::engine::reach::MeshSettings;
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

/// The mesh that the guards describe: there is one, whatever number of guards.
///
/// # Errors
/// When they describe several.
pub fn mesh(guards: &Guards) -> anyhow::Result<MeshSettings> {
    let mut all = guards.iter().map(|guard| MeshSettings::from(&guard.mesh));
    let first = all.next().unwrap_or_default();
    if all.any(|other| other != first) {
        bail!("the guards describe different meshes");
    }
    Ok(first)
}
