//! The report on its way to standard output, in the form that was asked for.

use clap::ValueEnum;

use crate::cli::screen;
use crate::engine::admission::Judgement;
use crate::model::DocumentError;
use crate::report::{File, Reviewed, Summary, json, text};

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people, with source excerpts
    Text,
    /// For machines: one object, see "version"
    Json,
}

/// Where a report goes. Text is written as it comes up; JSON at the end, because it is one value.
pub(super) enum Output {
    Text(text::Writer),
    Json(Box<json::Report>),
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Text => Self::Text(text::Writer::new(usize::from(screen::width()))),
            Format::Json => Self::Json(Box::default()),
        }
    }

    pub(super) fn object(&mut self, file: File<'_>, reviewed: &Reviewed<'_>) -> anyhow::Result<()> {
        match self {
            Self::Text(writer) => screen::print(&writer.object(file, reviewed)),
            Self::Json(report) => {
                report.add(file, reviewed);
                Ok(())
            }
        }
    }

    pub(super) fn together(&mut self, judgements: &[Judgement]) -> anyhow::Result<()> {
        match self {
            Self::Text(writer) => screen::print(&writer.together(judgements)),
            Self::Json(report) => {
                report.add_together(judgements);
                Ok(())
            }
        }
    }

    /// Errors of the input go to standard error whatever the form of the report.
    pub(super) fn broken_document(&mut self, file: File<'_>, error: &DocumentError) {
        if let Self::Json(report) = self {
            report.add_broken_document(file.name, error);
        }
        let writer = text::Writer::new(usize::from(screen::width()));
        anstream::eprintln!("{}\n", writer.broken_document(file, error));
    }

    pub(super) fn unreadable_file(&mut self, name: &str, message: &str) {
        if let Self::Json(report) = self {
            report.add_unreadable_file(name, message);
        }
        anstream::eprintln!("error: {name}: {message}\n");
    }

    pub(super) fn finish(self, summary: Summary) -> anyhow::Result<()> {
        match self {
            Self::Text(_) => screen::print(&format!("{}\n", text::summary(&summary))),
            Self::Json(report) => {
                screen::print(&format!("{}\n", serde_json::to_string_pretty(&report.with_summary(summary))?))
            }
        }
    }
}
