//! The real program, run in the directory of the package.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::NamedTempFile;

const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// Runs the program with these arguments and this standard input.
pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_scrapeguard"))
        .args(arguments)
        .current_dir(PACKAGE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input closes it early.
    let _closed_early = program.stdin.take().unwrap().write_all(input.as_bytes());
    program.wait_with_output().unwrap()
}

/// What the program printed, whatever it thought of its input.
pub(crate) fn stdout(arguments: &[&str], input: &str) -> String {
    String::from_utf8(run(arguments, input).stdout).unwrap()
}

/// A file with a guard of this specification.
pub(crate) fn guard(spec: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    let head = "apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {name: test}\nspec: ";
    file.write_all(format!("{head}{spec}\n").as_bytes()).unwrap();
    file
}

/// A file of the package.
pub(crate) fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(PACKAGE).join(name)).unwrap()
}
