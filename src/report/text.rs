//! The report for people: each object with its patch and its findings, as a good compiler shows them.
//!
//! Everything here is styled for a terminal; whoever prints it strips the styles where there is none.

mod excerpt;

use annotate_snippets::{Element, Group, Level, Renderer, Title};
use anstyle::{AnsiColor, Style};

use super::{File, Reviewed, Summary, diff};
use crate::engine::admission::{Action, Judgement, Unknown};
use crate::model::{DocumentError, FieldPath, Severity};

const HEADER: Style = Style::new().bold();
const PLACE: Style = Style::new().dimmed();
const DENIED: Style = AnsiColor::Red.on_default().bold();
const WARNED: Style = AnsiColor::Yellow.on_default().bold();
const CLEAN: Style = AnsiColor::Green.on_default().bold();

/// Writes a report for a terminal of a certain width.
#[derive(Clone, Debug)]
pub struct Writer {
    renderer: Renderer,
}

impl Writer {
    /// A writer for lines of this many columns.
    pub const fn new(width: usize) -> Self {
        Self { renderer: Renderer::styled().term_width(width) }
    }

    /// All there is to say about one object, as a paragraph that ends with an empty line; nothing when it is clean.
    pub fn object(&self, file: File<'_>, reviewed: &Reviewed<'_>) -> String {
        if !reviewed.is_remarkable() {
            return String::new();
        }
        let mut parts = vec![header(file, reviewed)];
        parts.extend(patch(reviewed));
        for alike in alike(&reviewed.judgements) {
            parts.push(self.judgements(file, reviewed, alike));
        }
        parts.extend(reviewed.unknowns.iter().map(|unknown| self.unknown(unknown)));
        paragraphs(parts)
    }

    /// What there is to say about all objects together, which stands at no single place.
    pub fn together(&self, judgements: &[Judgement]) -> String {
        paragraphs(judgements.iter().map(|judgement| self.judgement_without_place(judgement)))
    }

    fn judgement_without_place(&self, judgement: &Judgement) -> String {
        let title = title(judgement, format!("{}: {}", judgement.finding.object, judgement.finding.message));
        self.renderer.render(&[Group::with_title(title).elements(notes(judgement))])
    }

    /// A document that could not be read.
    pub fn broken_document(&self, file: File<'_>, error: &DocumentError) -> String {
        let excerpt = excerpt::single(file, error.span);
        self.renderer.render(&[Level::ERROR.primary_title(error.problem.to_string()).element(excerpt)])
    }

    /// Findings that differ only in their place, shown as one.
    fn judgements(&self, file: File<'_>, reviewed: &Reviewed<'_>, alike: &[Judgement]) -> String {
        let Some(first) = alike.first() else { return String::new() };
        let places = alike.iter().map(|judgement| excerpt::Place {
            span: reviewed.document.place_of(&judgement.finding.path),
            label: label(reviewed, &judgement.finding.path),
        });
        let excerpt = excerpt::of(file, &places.collect::<Vec<_>>());
        let title = title(first, first.finding.message.clone());
        self.renderer.render(&[title.element(excerpt).elements(notes(first))])
    }

    fn unknown(&self, unknown: &Unknown) -> String {
        let title = format!("{} could not be judged: {}", unknown.object, unknown.reason);
        self.renderer.render(&[Group::with_title(Level::NOTE.with_name("unknown").primary_title(title))])
    }
}

/// The last line of a report.
pub fn summary(summary: &Summary) -> String {
    let (style, verdict) = match summary {
        Summary { denied: 1.., .. } => (DENIED, format!("{} would be denied", summary.denied)),
        Summary { errors: 0, warnings: 0, .. } => (CLEAN, "all would be admitted".to_owned()),
        _ => (WARNED, "all would be admitted".to_owned()),
    };
    let verdict = if summary.objects == 0 { String::new() } else { format!(": {style}{verdict}{style:#}") };
    let details = [
        (summary.patched, "patched", "patched"),
        (summary.errors, "error", "errors"),
        (summary.warnings, "warning", "warnings"),
        (summary.infos, "info", "infos"),
        (summary.exempted, "exempted", "exempted"),
        (summary.unknowns, "unknown", "unknown"),
        (summary.skipped, "object of another kind passed over", "objects of other kinds passed over"),
        (summary.unreadable, "unreadable", "unreadable"),
    ];
    let details = details.into_iter().filter(|(number, ..)| *number > 0);
    let objects = count(summary.objects, "object reviewed", "objects reviewed") + &verdict;
    let parts = std::iter::once(objects).chain(details.map(|(number, one, many)| count(number, one, many)));
    parts.collect::<Vec<_>>().join(", ")
}

fn header(file: File<'_>, reviewed: &Reviewed<'_>) -> String {
    let denials = reviewed.count(Action::Deny);
    let warnings = reviewed.count(Action::Warn);
    let (style, verdict) = match (denials, warnings) {
        (0, 0) => (CLEAN, "admitted".to_owned()),
        (0, _) => (WARNED, format!("admitted with {}", count(warnings, "warning", "warnings"))),
        _ => (DENIED, "denied".to_owned()),
    };
    let patched = if reviewed.patch.is_empty() { "" } else { " and patched" };
    let patched = if denials == 0 { patched } else { "" };
    let line = file.source.position(reviewed.document.start().start).line;
    let place = format!("{PLACE}({}:{line}){PLACE:#}", file.name);
    format!("{HEADER}{}:{HEADER:#} {style}{verdict}{patched}{style:#} {place}", reviewed.object)
}

fn patch(reviewed: &Reviewed<'_>) -> Option<String> {
    if reviewed.patch.is_empty() {
        return None;
    }
    let additions = count(reviewed.patch.additions().len(), "addition", "additions");
    let lines = diff::lines(reviewed.document.root(), &reviewed.patch);
    let title = format!("{CLEAN}patch{CLEAN:#}{HEADER}: {additions}{HEADER:#}");
    Some(std::iter::once(title).chain(lines).collect::<Vec<_>>().join("\n    "))
}

/// Runs of findings that say the same about different places.
fn alike(judgements: &[Judgement]) -> impl Iterator<Item = &[Judgement]> {
    judgements.chunk_by(|left, right| {
        let (one, other) = (&left.finding, &right.finding);
        one.rule == other.rule
            && one.severity == other.severity
            && one.message == other.message
            && one.fix == other.fix
            && left.action == right.action
            && left.exempted == right.exempted
    })
}

fn title(judgement: &Judgement, text: String) -> Title<'static> {
    level(judgement.finding.severity).primary_title(text).id(judgement.finding.rule.to_string())
}

/// What stands below the excerpt: how to mend it, and what happens where the severity does not tell.
fn notes(judgement: &Judgement) -> Vec<Element<'_>> {
    let Judgement { finding, action, exempted } = judgement;
    let fix = (!finding.fix.is_empty()).then(|| note("fix", &finding.fix));
    let consequence = match exempted {
        Some(reason) => Some(note("exempted", reason)),
        None => consequence(finding.severity, *action).map(|text| note("note", text)),
    };
    fix.into_iter().chain(consequence).collect()
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    }
}

/// What the severity alone does not tell about what happens.
const fn consequence(severity: Severity, action: Action) -> Option<&'static str> {
    match (severity, action) {
        (Severity::Error, Action::Warn) => Some("admission warns of this and lets it pass"),
        (Severity::Error | Severity::Warning, Action::Record) => Some("admission records this and lets it pass"),
        (Severity::Warning | Severity::Info, Action::Deny) => Some("admission refuses this"),
        _ => None,
    }
}

fn label(reviewed: &Reviewed<'_>, path: &FieldPath) -> String {
    match reviewed.document.root().find(path) {
        Some(_) => path.to_string(),
        None => format!("{path} is not set"),
    }
}

fn paragraphs(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().flat_map(|part| [part, "\n\n".to_owned()]).collect()
}

fn note<'a>(name: &'a str, text: &'a str) -> Element<'a> {
    Level::NOTE.with_name(name).message(text).into()
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
