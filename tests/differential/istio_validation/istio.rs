//! Istio's own validation as a program.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::go;

const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/istio");
const SOURCE: &str = include_str!("../istio/main.go");

/// The program that asks Istio's validation.
pub(crate) struct Istio {
    program: PathBuf,
}

/// What Istio says of one policy.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) valid: bool,
    pub(crate) error: String,
    pub(crate) warnings: Vec<String>,
}

impl Istio {
    /// Finds the program in the cache, or builds it.
    ///
    /// # Errors
    /// `go` or the modules cannot be had.
    pub(crate) fn build() -> Result<Self> {
        let module = Path::new(MODULE);
        let directory = go::once(module, &[SOURCE], |target| {
            eprintln!("building Istio's validation into {}: once, about a minute on two cores", target.display());
            let mut command = go::command(module);
            let status = command.args(["build", "-trimpath", "-o"]).arg(target.join("istio")).arg(".").status();
            let status = status.context("run go, which is needed to build Istio's validation")?;
            ensure!(status.success(), "go build failed with {status}");
            Ok(())
        })?;
        Ok(Self { program: directory.join("istio") })
    }

    /// Asks about all of these policies at once; the answers come in the same order.
    pub(crate) fn judge(&self, objects: &[Value]) -> Result<Vec<Answer>> {
        let mut program = Command::new(&self.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start Istio's validation")?;
        let mut input = program.stdin.take().context("the program has no input")?;
        let questions: Vec<String> = objects.iter().map(|object| question(object).to_string()).collect();
        let writer = thread::spawn(move || input.write_all(questions.join("\n").as_bytes()));
        let output = program.wait_with_output()?;
        ensure!(output.status.success(), "Istio's validation ended with {}", output.status);
        writer.join().ok().context("write to Istio's validation")??;
        let answers: Vec<Answer> =
            serde_json::Deserializer::from_slice(&output.stdout).into_iter().collect::<Result<_, _>>()?;
        ensure!(answers.len() == objects.len(), "{} answers to {} questions", answers.len(), objects.len());
        Ok(answers)
    }
}

fn question(object: &Value) -> Value {
    let part = |pointer| object.pointer(pointer);
    json!({"kind": part("/kind"), "annotations": part("/metadata/annotations"), "spec": part("/spec")})
}
