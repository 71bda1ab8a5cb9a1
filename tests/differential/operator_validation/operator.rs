//! The operator's own choice of monitors as a program.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::go;

const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/operator");
const SOURCES: [&str; 5] = [
    include_str!("../operator/configuration.go"),
    include_str!("../operator/main.go"),
    include_str!("../operator/definitions.go"),
    include_str!("../operator/selection.go"),
    include_str!("../operator/store.go"),
];
const OPERATOR: &str = "github.com/prometheus-operator/prometheus-operator";
const DEFINITIONS: [&str; 5] = ["podmonitors", "servicemonitors", "probes", "scrapeconfigs", "prometheuses"];

/// The program that asks the operator.
pub(crate) struct Operator {
    directory: PathBuf,
}

impl Operator {
    /// Finds the program in the cache, or builds it.
    ///
    /// # Errors
    /// `go` or the modules cannot be had.
    pub(crate) fn build() -> Result<Self> {
        let module = Path::new(MODULE);
        let directory = go::once(module, &SOURCES, |target| {
            eprintln!("building the operator's validation into {}: once, two minutes on two cores", target.display());
            let mut command = go::command(module);
            let status = command.args(["build", "-trimpath", "-o"]).arg(target.join("operator")).arg(".").status();
            let status = status.context("run go, which is needed to build the operator's validation")?;
            ensure!(status.success(), "go build failed with {status}");
            copy_definitions(module, target)
        })?;
        Ok(Self { directory })
    }

    /// Asks all of these questions at once, in this mode; the answers come in the same order.
    pub(crate) fn ask<A: DeserializeOwned>(&self, mode: &[&str], objects: &[Value]) -> Result<Vec<A>> {
        let mut program = Command::new(self.directory.join("operator"))
            .arg(&self.directory)
            .args(mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the operator's validation")?;
        let mut input = program.stdin.take().context("the program has no input")?;
        let lines = objects.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let writer = thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = program.wait_with_output()?;
        ensure!(output.status.success(), "the operator's validation ended with {}", output.status);
        writer.join().ok().context("write to the operator's validation")??;
        let answers: Vec<A> =
            serde_json::Deserializer::from_slice(&output.stdout).into_iter().collect::<Result<_, _>>()?;
        ensure!(answers.len() == objects.len(), "{} answers to {} questions", answers.len(), objects.len());
        Ok(answers)
    }
}

/// Puts the custom resource definitions of monitors beside the program.
fn copy_definitions(module: &Path, target: &Path) -> Result<()> {
    let listed = go::command(module).args(["list", "-m", "-f", "{{.Dir}}", OPERATOR]).output()?;
    ensure!(listed.status.success(), "go list failed with {}", listed.status);
    let source = PathBuf::from(String::from_utf8(listed.stdout)?.trim()).join("example/prometheus-operator-crd");
    for kind in DEFINITIONS {
        let file = format!("monitoring.coreos.com_{kind}.yaml");
        // Files of the module cache are read-only; a copy of the text is not.
        let text = fs::read(source.join(&file)).with_context(|| format!("read {file} of {}", source.display()))?;
        fs::write(target.join(&file), text)?;
    }
    Ok(())
}
