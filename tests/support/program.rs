//! The real program, as people run it on the command line.

#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute only, and helpers have none

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs the program in the directory of the package, so that paths in reports are the same everywhere.
pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_scrapeguard"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that complains of its arguments does not wait for input.
    let _closed_early = program.stdin.take().unwrap().write_all(input.as_bytes());
    program.wait_with_output().unwrap()
}

/// All that the program said, in one text.
pub(crate) fn transcript(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    format!(
        "$ scrapeguard {}\n{out}--- standard error\n{err}--- exit code {}\n",
        arguments.join(" "),
        output.status.code().unwrap()
    )
}
