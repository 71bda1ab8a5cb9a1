//! A network that nothing leaves: a Prometheus under test scrapes whatever addresses the objects of a test name.
//!
//! The test program runs once more in a network namespace of its own, where there is only loopback. Whoever may not make
//! such a namespace gets the tests reported as ignored.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Tells the program that it was started by itself.
const ENTERED: &str = "SCRAPEGUARD_TEST_ISOLATED";
/// Loopback is there, but down. What follows is a program and its arguments.
const START: &str = r#"ip link set lo up && exec "$@""#;

/// Becomes the same program, with the same arguments, where nothing leaves the machine. Returns if that has happened
/// already, or cannot.
pub(crate) fn enter() {
    if env::var_os(ENTERED).is_some() {
        return;
    }
    if let Some((mut unshare, program)) = unshare().zip(env::current_exe().ok()) {
        unshare.args(["sh", "-c", START, "sh"]).arg(program).args(arguments()).env(ENTERED, "yes");
        // Only comes back if it fails, and then the tests will say that they have a network.
        let error = unshare.exec();
        eprintln!("start the tests without a network: {error}");
    }
}

/// Fails unless there is just loopback.
pub(crate) fn required() -> Result<()> {
    let devices = fs::read_to_string("/proc/net/dev").context("read the network devices of this machine")?;
    let others = devices.lines().skip(2).filter(|line| !line.trim_start().starts_with("lo:")).count();
    if others > 0 {
        bail!("no network namespace can be made here (unshare and ip are needed), and packets must not leave");
    }
    Ok(())
}

fn arguments() -> impl Iterator<Item = OsString> {
    env::args_os().skip(1)
}

/// As root of this machine, or of a user namespace.
fn unshare() -> Option<Command> {
    [&["--net", "--mount"][..], &["--user", "--map-root-user", "--net", "--mount"]].into_iter().find_map(|flags| {
        let mut probe = Command::new("unshare");
        probe.args(flags).args(["sh", "-c", START, "sh", "true"]).stderr(Stdio::null());
        probe.status().ok().filter(std::process::ExitStatus::success)?;
        let mut command = Command::new("unshare");
        command.args(flags);
        Some(command)
    })
}
