//! Lists tests and runs them on one control plane, which the first test to need it starts.
//!
//! Rust's own test harness cannot report a test as ignored once it runs. Here a test is ignored, with the reason, when
//! the control plane's programs can neither be found nor built; with `CI` set it fails instead.

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::{Result, anyhow};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use super::control_plane::{ControlPlane, Programs};

/// One test: its name and what it does with the control plane.
pub(crate) struct Case {
    /// The path of the function, as `cargo test` shows it.
    pub(crate) name: &'static str,
    /// The test itself.
    pub(crate) run: fn(&ControlPlane) -> Result<()>,
}

/// Lists functions of a module as test cases, named after their path.
macro_rules! cases {
    ($($function:ident),+ $(,)?) => {
        &[$($crate::support::suite::Case { name: concat!(module_path!(), "::", stringify!($function)), run: $function }),+]
    };
}
pub(crate) use cases;

/// Why there is no control plane.
#[derive(Clone)]
enum Absence {
    /// Its programs cannot be had on this machine.
    NoPrograms(String),
    /// It did not start.
    NoStart(String),
}

type Shared = Arc<OnceLock<Result<ControlPlane, Absence>>>;

/// Runs all tests that the command line asks for, each on a control plane of its own.
pub(crate) fn run_alone(modules: &[&'static [Case]]) -> ExitCode {
    let trials = modules.iter().copied().flatten().map(lone_trial).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn lone_trial(case: &'static Case) -> Trial {
    Trial::ignorable_test(short(case.name), move || match start(|| Ok(())) {
        Ok(control_plane) => (case.run)(&control_plane).map(|()| Completion::Completed).map_err(|error| {
            let logs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("live-logs").join(short(case.name));
            let kept = control_plane.keep_logs(&logs).map_or_else(|error| format!("{error:#}"), |()| "kept".to_owned());
            Failed::from(format!("{error:#}\nlogs in {}: {kept}", logs.display()))
        }),
        Err(absence) => absent(absence),
    })
}

/// Runs all tests that the command line asks for.
pub(crate) fn run(modules: &[&'static [Case]]) -> ExitCode {
    run_if(|| Ok(()), modules)
}

/// The same where the tests need more of this machine than a control plane: `needed` says what is missing.
pub(crate) fn run_if(needed: fn() -> Result<()>, modules: &[&'static [Case]]) -> ExitCode {
    let shared = Shared::default();
    let trials = modules.iter().copied().flatten().map(|case| trial(case, needed, &shared)).collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    if conclusion.has_failed()
        && let Some(Ok(control_plane)) = shared.get()
    {
        report(control_plane);
    }
    conclusion.exit_code()
}

fn trial(case: &'static Case, needed: fn() -> Result<()>, shared: &Shared) -> Trial {
    let shared = Arc::clone(shared);
    Trial::ignorable_test(short(case.name), move || match shared.get_or_init(|| start(needed)) {
        Ok(control_plane) => (case.run)(control_plane).map(|()| Completion::Completed).map_err(|error| failed(&error)),
        Err(absence) => absent(absence.clone()),
    })
}

/// Without the name of the test target.
fn short(name: &'static str) -> &'static str {
    name.split_once("::").map_or(name, |(_, name)| name)
}

fn absent(absence: Absence) -> Result<Completion, Failed> {
    match absence {
        Absence::NoPrograms(reason) if env::var_os("CI").is_none() => Ok(Completion::ignored_with(reason)),
        Absence::NoPrograms(reason) | Absence::NoStart(reason) => Err(Failed::from(reason)),
    }
}

fn start(needed: fn() -> Result<()>) -> Result<ControlPlane, Absence> {
    needed().map_err(|error| Absence::NoPrograms(format!("{error:#}")))?;
    let programs = Programs::locate().map_err(|error| Absence::NoPrograms(format!("no control plane: {error:#}")))?;
    let started = match ControlPlane::start(&programs) {
        // Somebody took a port between our choosing it and a program's binding to it.
        Err(error) if format!("{error:#}").contains("address already in use") => ControlPlane::start(&programs),
        other => other,
    };
    started.map_err(|error| Absence::NoStart(format!("{error:#}")))
}

fn failed(error: &anyhow::Error) -> Failed {
    Failed::from(format!("{error:#}"))
}

/// Shows the ends of the logs and keeps the whole of them where `cargo clean` finds them.
fn report(control_plane: &ControlPlane) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("control-plane-logs");
    let kept = control_plane.keep_logs(&target).map_err(|error| anyhow!("keep the logs: {error}"));
    eprintln!("the ends of the control plane's logs:\n{}", control_plane.log_tails());
    match kept {
        Ok(()) => eprintln!("all logs are in {}", target.display()),
        Err(error) => eprintln!("{error:#}"),
    }
}
