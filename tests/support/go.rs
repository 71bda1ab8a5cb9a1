//! Programs from pinned Go modules, built once into a cache outside the checkout.

use std::env;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use anyhow::{Context, Result, bail};

/// Has `make` fill a directory in the cache, unless somebody did. The directory's name holds a hash of all that goes
/// into it: go.mod and go.sum of the module, and `inputs`. It appears at once when it is complete, and a lock keeps
/// test processes from doing the same work twice.
pub(crate) fn once(module: &Path, inputs: &[&str], make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let stem = module.file_name().context("a module has no name")?.to_string_lossy();
    let name = format!("{stem}-{:016x}", fingerprint(module, inputs)?);
    let cache = cache_directory()?;
    let target = cache.join(&name);
    if target.is_dir() {
        return Ok(target);
    }
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let lock = File::create(cache.join(format!("{name}.lock")))?;
    lock.lock().context("lock the cache of built programs")?;
    if !target.is_dir() {
        let unfinished = cache.join(format!("{name}.{}", process::id()));
        fs::create_dir_all(&unfinished)?;
        make(&unfinished).inspect_err(|_| drop(fs::remove_dir_all(&unfinished)))?;
        fs::rename(&unfinished, &target)?;
    }
    Ok(target)
}

/// `go` in the directory of one of our modules, free of settings for other modules.
pub(crate) fn command(module: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(module).env("CGO_ENABLED", "0").env("GOWORK", "off");
    command
}

/// A different standard library may hash differently: that costs one build and nothing else.
fn fingerprint(module: &Path, inputs: &[&str]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for file in ["go.mod", "go.sum"] {
        let path = module.join(file);
        fs::read(&path).with_context(|| format!("read {}", path.display()))?.hash(&mut hasher);
    }
    (inputs, env::consts::OS, env::consts::ARCH).hash(&mut hasher);
    Ok(hasher.finish())
}

fn cache_directory() -> Result<PathBuf> {
    let base = match (env::var_os("XDG_CACHE_HOME"), env::home_dir()) {
        (Some(cache), _) if !cache.is_empty() => PathBuf::from(cache),
        (_, Some(home)) => home.join(".cache"),
        _ => bail!("neither XDG_CACHE_HOME nor a home directory is set, so there is no place for built programs"),
    };
    Ok(base.join("scrapeguard").join("control-plane"))
}
