//! The report for machines: an interface that people build on, so fields are added and never changed.

use serde::Serialize;

use super::{File, Reviewed, Summary};
use crate::engine::admission::{Action, Judgement, Unknown};
use crate::engine::inject::patch::Patch;
use crate::model::{DocumentError, ObjectReference};

/// The version of the form of the report.
pub const VERSION: &str = "v1";

/// A whole report: what `review -o json` prints.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    version: &'static str,
    objects: Vec<Object>,
    unreadable: Vec<Unreadable>,
    summary: Summary,
}

/// What admission says to one object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    #[serde(flatten)]
    place: Place,
    allowed: bool,
    patch: Patch,
    warnings: Vec<String>,
    findings: Vec<Finding>,
    unknowns: Vec<UnknownThing>,
}

/// An object by name, and where it begins.
#[derive(Clone, Debug, Serialize)]
struct Place {
    kind: String,
    namespace: Option<String>,
    name: String,
    file: String,
    line: usize,
}

/// One thing that is wrong with one object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule: String,
    severity: String,
    object: Place,
    path: String,
    line: usize,
    column: usize,
    message: String,
    fix: String,
    /// `deny`, `warn` or `record`.
    action: &'static str,
    /// The reason of the exemption that accepts the finding.
    exempted: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct UnknownThing {
    object: String,
    reason: String,
}

/// A file or document that could not be read.
#[derive(Clone, Debug, Serialize)]
struct Unreadable {
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
}

impl Default for Report {
    fn default() -> Self {
        Self { version: VERSION, objects: Vec::new(), unreadable: Vec::new(), summary: Summary::default() }
    }
}

impl Report {
    /// Adds what admission says to an object.
    pub fn add(&mut self, file: File<'_>, reviewed: &Reviewed<'_>) {
        self.objects.push(object(file, reviewed));
    }

    /// Adds a document that could not be read.
    pub fn add_broken_document(&mut self, file: &str, error: &DocumentError) {
        self.unreadable.push(Unreadable {
            file: file.to_owned(),
            line: Some(error.position.line),
            column: Some(error.position.column),
            message: error.problem.to_string(),
        });
    }

    /// Adds a file that could not be read at all.
    pub fn add_unreadable_file(&mut self, file: &str, message: &str) {
        let message = message.to_owned();
        self.unreadable.push(Unreadable { file: file.to_owned(), line: None, column: None, message });
    }

    /// Completes the report with the counts.
    #[must_use]
    pub fn with_summary(mut self, summary: Summary) -> Self {
        self.summary = summary;
        self
    }
}

fn object(file: File<'_>, reviewed: &Reviewed<'_>) -> Object {
    let place = place(file, reviewed);
    Object {
        allowed: reviewed.is_allowed(),
        patch: reviewed.patch.clone(),
        warnings: reviewed.judgements.iter().filter(|it| it.action == Action::Warn).map(warning).collect(),
        findings: reviewed.judgements.iter().map(|judgement| finding(file, reviewed, &place, judgement)).collect(),
        unknowns: reviewed.unknowns.iter().map(unknown).collect(),
        place,
    }
}

fn place(file: File<'_>, reviewed: &Reviewed<'_>) -> Place {
    let ObjectReference { kind, namespace, name } = reviewed.object.clone();
    let line = file.source.position(reviewed.document.start().start).line;
    Place { kind, namespace, name, file: file.name.to_owned(), line }
}

fn finding(file: File<'_>, reviewed: &Reviewed<'_>, object: &Place, judgement: &Judgement) -> Finding {
    let found = &judgement.finding;
    let position = file.source.position(reviewed.document.place_of(&found.path).start);
    Finding {
        rule: found.rule.to_string(),
        severity: found.severity.to_string(),
        object: object.clone(),
        path: found.path.to_string(),
        line: position.line,
        column: position.column,
        message: found.message.clone(),
        fix: found.fix.clone(),
        action: action(judgement.action),
        exempted: judgement.exempted.clone(),
    }
}

fn warning(judgement: &Judgement) -> String {
    let finding = &judgement.finding;
    format!("{}: {}; fix: {}", finding.rule, finding.message, finding.fix)
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::Deny => "deny",
        Action::Warn => "warn",
        Action::Record => "record",
    }
}

fn unknown(unknown: &Unknown) -> UnknownThing {
    UnknownThing { object: unknown.object.to_string(), reason: unknown.reason.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn the_report_has_the_documented_form() {
        let mut report = Report::default();
        let mut summary = Summary::default();
        samples::with_policy(|file, reviewed| {
            report.add(file, reviewed);
            summary.add(reviewed);
        });
        report.add_broken_document("b.yaml", &samples::broken_document());
        report.add_unreadable_file("c.yaml", "permission denied");
        insta::assert_snapshot!(serde_json::to_string_pretty(&report.with_summary(summary)).unwrap());
    }
}
