//! The report for machines: an interface that people build on, so fields are added and never changed.

use serde::Serialize;

use super::{File, Reviewed, Summary};
use crate::engine::admission::{Action, Judgement, Unknown};
use crate::engine::inject::patch::Patch;
use crate::model::{DocumentError, FieldPath, ObjectReference, Position};

/// The version of the form of the report.
pub const VERSION: &str = "v1";

/// A whole report: what `review -o json` prints.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    version: &'static str,
    objects: Vec<Object>,
    /// What there is to say about all objects together.
    findings: Vec<Finding>,
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

/// An object by name, and where it begins if it is among those under review.
#[derive(Clone, Debug, Serialize)]
struct Place {
    kind: String,
    namespace: Option<String>,
    name: String,
    file: Option<String>,
    line: Option<usize>,
}

/// One thing that is wrong with one object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule: String,
    severity: String,
    object: Place,
    path: String,
    line: Option<usize>,
    column: Option<usize>,
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
        Self {
            version: VERSION,
            objects: Vec::new(),
            findings: Vec::new(),
            unreadable: Vec::new(),
            summary: Summary::default(),
        }
    }
}

impl Report {
    /// Adds what admission says to an object.
    pub fn add(&mut self, file: File<'_>, reviewed: &Reviewed<'_>) {
        self.objects.push(object(file, reviewed));
    }

    /// Adds what there is to say about all objects together.
    pub fn add_together(&mut self, judgements: &[Judgement]) {
        let found = judgements.iter().map(|it| finding(Place::unknown(&it.finding.object), None, it));
        self.findings.extend(found);
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

impl Place {
    fn unknown(object: &ObjectReference) -> Self {
        let ObjectReference { kind, namespace, name } = object.clone();
        Self { kind, namespace, name, file: None, line: None }
    }

    fn of(file: File<'_>, reviewed: &Reviewed<'_>) -> Self {
        let line = file.source.position(reviewed.document.start().start).line;
        Self { file: Some(file.name.to_owned()), line: Some(line), ..Self::unknown(&reviewed.object) }
    }
}

fn object(file: File<'_>, reviewed: &Reviewed<'_>) -> Object {
    let place = Place::of(file, reviewed);
    let position = |path: &FieldPath| file.source.position(reviewed.document.place_of(path).start);
    let found = |it: &Judgement| finding(place.clone(), Some(position(&it.finding.path)), it);
    Object {
        allowed: reviewed.is_allowed(),
        patch: reviewed.patch.clone(),
        warnings: reviewed.warnings.clone(),
        findings: reviewed.judgements.iter().map(found).collect(),
        unknowns: reviewed.unknowns.iter().map(unknown).collect(),
        place,
    }
}

fn finding(object: Place, position: Option<Position>, judgement: &Judgement) -> Finding {
    let found = &judgement.finding;
    Finding {
        rule: found.rule.to_string(),
        severity: found.severity.to_string(),
        object,
        path: found.path.to_string(),
        line: position.map(|position| position.line),
        column: position.map(|position| position.column),
        message: found.message.clone(),
        fix: found.fix.clone(),
        action: action(judgement.action),
        exempted: judgement.exempted.clone(),
    }
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
        report.add_together(&samples::together());
        report.add_broken_document("b.yaml", &samples::broken_document());
        report.add_unreadable_file("c.yaml", "permission denied");
        insta::assert_snapshot!(serde_json::to_string_pretty(&report.with_summary(summary)).unwrap());
    }
}
