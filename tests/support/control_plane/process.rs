//! A program that runs beside the tests, writes into a log file, and never outlives them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::support::poll::{self, Look};

/// Starts the program and sends it the signals that are written to standard input, one a line. When that input ends,
/// which the kernel sees to however the tests end, the program is killed. The program itself must not hold the input.
const GUARDIAN: &str = r#"
exec 3<&0
"$@" 3<&- &
program=$!
{ while read -r signal; do kill -"$signal" "$program"; done; kill -KILL "$program"; } <&3 2>/dev/null &
exec 3<&-
wait "$program"
"#;

/// Removes a directory when standard input ends.
const JANITOR: &str = r#"while read -r _; do :; done; rm -rf -- "$1""#;

/// A running program. It is killed when the value is dropped, and also when the test process dies without dropping.
pub(crate) struct Process {
    name: String,
    guardian: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program`; standard output and standard error go to `<name>.log` in `logs`.
    pub(crate) fn start<A: AsRef<OsStr>>(
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        logs: &Path,
    ) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("create {}", log.display()))?;
        let guardian = guarded(GUARDIAN)
            .arg(program)
            .args(arguments)
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        Ok(Self { name: name.to_owned(), guardian, log })
    }

    /// Everything the program has written so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The last lines that the program wrote.
    pub(crate) fn log_tail(&self, lines: usize) -> String {
        let log = self.log();
        let skip = log.lines().count().saturating_sub(lines);
        log.lines().skip(skip).collect::<Vec<_>>().join("\n")
    }

    /// Fails with the end of the log when the program has ended by itself.
    pub(crate) fn ensure_running(&mut self) -> Result<()> {
        match self.guardian.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}; the end of its log:\n{}", self.name, self.log_tail(20)),
        }
    }

    /// Waits until the log has a line for which `find` has an answer.
    pub(crate) fn wait_for_line<T>(&mut self, awaited: &str, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        poll::until(awaited, Duration::from_secs(20), || {
            self.ensure_running()?;
            Ok(self.log().lines().find_map(&find).map_or_else(|| Look::NotYet(self.log_tail(5)), Look::Ready))
        })
    }

    /// Sends a signal, such as `STOP` or `CONT`.
    pub(crate) fn signal(&mut self, signal: &str) -> Result<()> {
        let input = self.guardian.stdin.as_mut().context("the process was stopped before")?;
        writeln!(input, "{signal}").context("send a signal")
    }

    /// Sends a signal, such as `TERM`, and waits until the program has ended.
    pub(crate) fn stop(&mut self, signal: &str) -> Result<ExitStatus> {
        self.signal(signal)?;
        self.wait_for_end()
    }

    /// Waits until the program has ended.
    pub(crate) fn wait_for_end(&mut self) -> Result<ExitStatus> {
        poll::until(&format!("the end of {}", self.name), Duration::from_mins(1), || {
            Ok(self.guardian.try_wait()?.map_or_else(|| Look::not_yet("still running"), Look::Ready))
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        // The guardian has the kill to do and nothing to fail at; there is nobody to tell either.
        let _ = self.guardian.wait();
    }
}

/// Sees to it that `directory` goes away when the test process ends without cleaning up, for instance by a kill.
pub(crate) fn remove_at_exit(directory: &Path) -> Result<Child> {
    guarded(JANITOR).arg(directory).stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("start a shell")
}

/// A shell in a process group of its own, so that an interrupt from the terminal reaches only the test process; and
/// without proxies, for everything here is on this machine.
fn guarded(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).env("NO_PROXY", "*").stdin(Stdio::piped()).process_group(0);
    command
}
