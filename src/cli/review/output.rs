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

/// Where a report goes. It is written as it comes up.
pub(super) enum Output {
    Text(text::Writer),
    Json(json::Writer),
}

impl Output {
    /// Begins a report.
    pub(super) fn begin(format: Format) -> anyhow::Result<Self> {
        if format == Format::Text {
            return Ok(Self::Text(text::Writer::new(usize::from(screen::width()))));
        }
        let writer = json::Writer::default();
        screen::print(&writer.begin())?;
        Ok(Self::Json(writer))
    }

    pub(super) fn object(&mut self, file: File<'_>, reviewed: &Reviewed<'_>) -> anyhow::Result<()> {
        match self {
            Self::Text(writer) => screen::print(&writer.object(file, reviewed)),
            Self::Json(writer) => screen::print(&writer.object(file, reviewed)?),
        }
    }

    pub(super) fn together(&mut self, judgements: &[Judgement]) -> anyhow::Result<()> {
        match self {
            Self::Text(writer) => screen::print(&writer.together(judgements)),
            Self::Json(writer) => {
                writer.add_together(judgements);
                Ok(())
            }
        }
    }

    /// Errors of the input go to standard error whatever the form of the report.
    pub(super) fn broken_document(&mut self, file: File<'_>, error: &DocumentError) {
        if let Self::Json(writer) = self {
            writer.add_broken_document(file.name, error);
        }
        let writer = text::Writer::new(usize::from(screen::width()));
        anstream::eprintln!("{}\n", writer.broken_document(file, error));
    }

    pub(super) fn unreadable_file(&mut self, name: &str, message: &str) {
        if let Self::Json(writer) = self {
            writer.add_unreadable_file(name, message);
        }
        anstream::eprintln!("error: {name}: {message}\n");
    }

    pub(super) fn finish(self, summary: Summary) -> anyhow::Result<()> {
        match self {
            Self::Text(_) => screen::print(&format!("{}\n", text::summary(&summary))),
            Self::Json(writer) => screen::print(&writer.end(summary)?),
        }
    }
}
