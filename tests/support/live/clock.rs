//! A wall clock that can be set, of one process alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The clock: a library that stands before the C library, and a file that tells it how far it is off.
pub(crate) struct WallClock {
    library: PathBuf,
    offset: PathBuf,
}

impl WallClock {
    /// Builds it with the C compiler that Rust links with. At first it goes right.
    pub(crate) fn build(directory: &Path) -> Result<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/live/clock.c");
        let clock = Self { library: directory.join("clock.so"), offset: directory.join("clock-offset") };
        clock.set(0)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"]).arg(&clock.library).arg(source);
        let output = compiler.output().context("run cc")?;
        ensure!(output.status.success(), "cc failed:\n{}", String::from_utf8_lossy(&output.stderr));
        Ok(clock)
    }

    /// Sets it so many seconds before the real one, or behind it.
    pub(crate) fn set(&self, offset: i32) -> Result<()> {
        // Whoever reads meanwhile finds one or the other.
        let next = self.offset.with_extension("next");
        fs::write(&next, offset.to_string())?;
        Ok(fs::rename(next, &self.offset)?)
    }

    /// What the process needs in its environment.
    pub(crate) fn environment(&self) -> [String; 2] {
        [format!("LD_PRELOAD={}", self.library.display()), format!("WALL_CLOCK_OFFSET={}", self.offset.display())]
    }
}
