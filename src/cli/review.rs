//! `scrapeguard review`: what admission would say to manifests, offline.

pub(super) mod admission;
pub(super) mod beforehand;
mod output;
mod progress;
pub(super) mod together;

use std::path::PathBuf;

use anyhow::bail;
use jiff::Timestamp;

use super::fail_on::FailOn;
use super::input::{self, Input};
use super::{Ending, guard};
use crate::model::{Document, Source};
use crate::report::{File, Summary};
use admission::Reviewer;
use beforehand::Beforehand;
use output::{Format, Output};
use progress::Progress;
use together::Together;

/// Tell what admission would say to manifests: patch, warnings and refusals
///
/// Works without a cluster. Exits with 0 when there is nothing to complain about, with 1 when an object would be denied
/// or there are findings at or above --fail-on, and with 2 when something could not be read.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// YAML or JSON file, directory to search for *.yaml, *.yml and *.json, or - for standard input; all may be gzip;
    /// may be repeated
    #[arg(short = 'f', long = "filename", value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// File with the ScrapeGuard to hold the manifests against [default: built-in guard for kube-prometheus-stack]
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    /// Form of the report
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
    /// Severity from which findings make the exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Error, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Namespace of objects that do not name one
    #[arg(short, long, default_value = "default")]
    namespace: String,
}

/// Whether the findings are worth a failure. A denied object always is, unless nothing is.
fn is_reached(fail_on: FailOn, summary: &Summary) -> bool {
    let Summary { denied, errors, warnings, infos, .. } = *summary;
    fail_on.is_reached(denied + errors, warnings, infos)
}

/// Reviews all objects and prints the report.
///
/// # Errors
/// When an argument is unusable, or, after all the rest has been reviewed, when some files or documents could not be
/// read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let mut guards = guard::guards(arguments.guard.as_deref())?;
    let inputs = input::inputs(&arguments.paths)?;
    let beforehand = Beforehand::of(&inputs, &arguments.namespace);
    beforehand.teach(&mut guards);
    let reviewer = Reviewer {
        guards: &guards,
        now: Timestamp::now(),
        default_namespace: &arguments.namespace,
        beforehand,
        together: Together::default(),
    };
    let progress = Progress::start(inputs.iter().map(Input::size).sum());
    let output = Output::begin(arguments.output)?;
    let mut review = Review { reviewer, output, progress, summary: Summary::default() };
    for input in &inputs {
        review.input(input)?;
    }
    review.progress.finish();
    review.together()?;
    let summary = review.summary;
    review.output.finish(summary)?;
    if summary.unreadable > 0 {
        bail!("{} could not be read", unreadable(summary.unreadable));
    }
    Ok(if is_reached(arguments.fail_on, &summary) { Ending::Findings } else { Ending::Clean })
}

fn unreadable(number: usize) -> String {
    if number == 1 { "1 file or document".to_owned() } else { format!("{number} files or documents") }
}

/// A review under way. Files are read one after the other, so that memory is bounded by the largest.
struct Review<'a> {
    reviewer: Reviewer<'a>,
    output: Output,
    progress: Progress,
    summary: Summary,
}

impl Review<'_> {
    fn input(&mut self, input: &Input) -> anyhow::Result<()> {
        let name = input.name();
        self.progress.begin(&name, input.size());
        match input.read() {
            Ok(text) => self.documents(&name, &Source::new(&text)),
            Err(error) => {
                self.summary.unreadable += 1;
                let _hidden = self.progress.hide();
                self.output.unreadable_file(&name, &format!("{error:#}"));
                Ok(())
            }
        }
    }

    fn documents(&mut self, name: &str, source: &Source<'_>) -> anyhow::Result<()> {
        let file = File { name, source };
        for document in Document::read_all(source) {
            match document {
                Ok(document) => self.document(file, document)?,
                Err(error) => {
                    self.summary.unreadable += 1;
                    let _hidden = self.progress.hide();
                    self.output.broken_document(file, &error);
                }
            }
        }
        Ok(())
    }

    fn document(&mut self, file: File<'_>, document: Document<'_>) -> anyhow::Result<()> {
        self.progress.reach(document.start().start as u64);
        let Some(reviewed) = self.reviewer.review(document)? else {
            self.summary.skipped += 1;
            return Ok(());
        };
        self.summary.add(&reviewed);
        let _hidden = self.progress.hide();
        self.output.object(file, &reviewed)
    }

    fn together(&mut self) -> anyhow::Result<()> {
        let judgements = self.reviewer.review_together();
        self.summary.add_judgements(&judgements);
        self.output.together(&judgements)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(FailOn::Error, Summary { warnings: 1, ..Summary::default() }, false)]
    #[case(FailOn::Error, Summary { errors: 1, ..Summary::default() }, true)]
    #[case(FailOn::Error, Summary { denied: 1, warnings: 1, ..Summary::default() }, true)]
    #[case(FailOn::Warning, Summary { warnings: 1, ..Summary::default() }, true)]
    #[case(FailOn::Warning, Summary { infos: 1, ..Summary::default() }, false)]
    #[case(FailOn::Info, Summary { infos: 1, ..Summary::default() }, true)]
    #[case(FailOn::Info, Summary { exempted: 1, ..Summary::default() }, false)]
    #[case(FailOn::Never, Summary { denied: 1, errors: 1, ..Summary::default() }, false)]
    fn a_review_fails_from_the_severity_that_was_asked_for(
        #[case] fail_on: FailOn,
        #[case] summary: Summary,
        #[case] fails: bool,
    ) {
        assert_eq!(is_reached(fail_on, &summary), fails);
    }
}
