//! Prometheus' own relabeling as a program.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::cases::Question;
use crate::go;

const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/relabel");
const SOURCE: &str = include_str!("../relabel/main.go");

/// The program that asks Prometheus' relabeling.
pub(crate) struct Prometheus {
    program: PathBuf,
}

/// An answer, to either kind of question.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    /// Index of the first step that is not accepted.
    pub(crate) refused: Option<usize>,
    /// Whether the target is kept.
    pub(crate) kept: bool,
    /// Its labels, if it is.
    pub(crate) labels: BTreeMap<String, String>,
    /// Whether the pattern is not accepted.
    pub(crate) invalid: bool,
    /// The groups of the first match; none if there is no match.
    pub(crate) groups: Vec<Option<String>>,
    /// What the template makes of the match.
    pub(crate) expanded: String,
}

impl Prometheus {
    /// Finds the program in the cache, or builds it.
    ///
    /// # Errors
    /// `go` or the modules cannot be had.
    pub(crate) fn build() -> Result<Self> {
        let module = Path::new(MODULE);
        let directory = go::once(module, &[SOURCE], |target| {
            eprintln!("building Prometheus' relabeling into {}: once, about a minute on two cores", target.display());
            let mut command = go::command(module);
            let status = command.args(["build", "-trimpath", "-o"]).arg(target.join("relabel")).arg(".").status();
            let status = status.context("run go, which is needed to build Prometheus' relabeling")?;
            ensure!(status.success(), "go build failed with {status}");
            Ok(())
        })?;
        Ok(Self { program: directory.join("relabel") })
    }

    /// Asks all of these questions at once; the answers come in the same order.
    pub(crate) fn answer(&self, questions: &[Question]) -> Result<Vec<Answer>> {
        let mut program = Command::new(&self.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start Prometheus' relabeling")?;
        let mut input = program.stdin.take().context("the program has no input")?;
        let lines = questions.iter().map(|question| question.to_json().to_string()).collect::<Vec<_>>().join("\n");
        let writer = thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = program.wait_with_output()?;
        ensure!(output.status.success(), "Prometheus' relabeling ended with {}", output.status);
        writer.join().ok().context("write to Prometheus' relabeling")??;
        let answers: Vec<Answer> =
            serde_json::Deserializer::from_slice(&output.stdout).into_iter().collect::<Result<_, _>>()?;
        ensure!(answers.len() == questions.len(), "{} answers to {} questions", answers.len(), questions.len());
        Ok(answers)
    }
}
