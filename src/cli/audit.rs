//! `scrapeguard audit`: all that is wrong in a cluster, from its manifests.

mod inspection;

use std::path::PathBuf;

use clap::ValueEnum;
use jiff::Timestamp;

use super::fail_on::FailOn;
use super::{Ending, guard, input, screen};
use crate::report::audit::{Report, Summary, gather, json, text};
pub(super) use inspection::{Inspection, Standards};

/// Tell all that is wrong in a cluster: findings, scrape paths, connections and exposures
///
/// Every scrape is followed from its Prometheus through the monitor to the target, and every connection that the guard
/// wants between the pods of the input. Works without a cluster. Exits with 0 when there is nothing to complain about,
/// with 1 when there are findings at or above --fail-on, and with 2 when something could not be read. What is blocked
/// counts as an error, an exposure as a warning.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// YAML or JSON file, also compressed by gzip, directory to search for them, or - for standard input; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// File with the ScrapeGuard that says what must be true [default: built-in guard for kube-prometheus-stack]
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    /// Form of the report
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    /// Severity from which findings make the exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Namespace of objects that do not name one
    #[arg(short, long, default_value = "default")]
    namespace: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For machines: one object, see "version"
    Json,
}

/// Audits everything and prints the report.
///
/// # Errors
/// When an argument is unusable, or, after the report, when some of the input could not be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    input::only_once(&arguments.paths)?;
    let guards = guard::guards(arguments.guard.as_deref())?;
    let mesh = guard::mesh(&guards)?;
    let inputs = input::inputs(&arguments.paths)?;
    let standards = Standards { guards: &guards, now: Timestamp::now(), default_namespace: &arguments.namespace };
    let inspection = Inspection::of(&inputs, standards)?;
    let snapshot = &inspection.snapshot;
    let audit = inspection.audit(&mesh, standards.now);
    let found = gather(inspection.found(), &audit, snapshot);
    let lacking = inspection.lacking();
    let summary = Summary::of(snapshot, &audit, &found, inspection.objects, lacking.len());
    let report = Report { snapshot, audit: &audit, found: &found, lacking: &lacking, summary };
    match arguments.output {
        Format::Table => screen::print(&text::text(&report, usize::from(screen::width())))?,
        Format::Json => screen::write(|writer| json::write(&report, writer))?,
    }
    super::snapshot::complete(snapshot)?;
    Ok(if is_reached(arguments.fail_on, &summary) { Ending::Findings } else { Ending::Clean })
}

/// What is blocked is as bad as an error, whoever reaches a port without being meant to as a warning.
fn is_reached(fail_on: FailOn, summary: &Summary) -> bool {
    let blocked = summary.scrape_paths.blocked + summary.connections.blocked;
    let Summary { errors, warnings, infos, exposures, .. } = *summary;
    fail_on.is_reached(errors + blocked, warnings + exposures, infos)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::report::audit::Verdicts;

    const BLOCKED: Verdicts = Verdicts { open: 3, blocked: 1, unknown: 0 };
    const UNKNOWN: Verdicts = Verdicts { open: 3, blocked: 0, unknown: 1 };

    #[rstest]
    #[case(FailOn::Error, Summary { warnings: 1, exposures: 1, infos: 1, ..Summary::default() }, false)]
    #[case(FailOn::Error, Summary { errors: 1, ..Summary::default() }, true)]
    #[case(FailOn::Error, Summary { scrape_paths: BLOCKED, ..Summary::default() }, true)]
    #[case(FailOn::Error, Summary { connections: BLOCKED, ..Summary::default() }, true)]
    #[case(FailOn::Warning, Summary { exposures: 1, ..Summary::default() }, true)]
    #[case(FailOn::Info, Summary { scrape_paths: UNKNOWN, connections: UNKNOWN, exempted: 1, ..Summary::default() }, false)]
    #[case(FailOn::Never, Summary { errors: 1, scrape_paths: BLOCKED, ..Summary::default() }, false)]
    fn an_audit_fails_from_the_severity_that_was_asked_for(
        #[case] fail_on: FailOn,
        #[case] summary: Summary,
        #[case] fails: bool,
    ) {
        assert_eq!(is_reached(fail_on, &summary), fails);
    }
}
