//! The report for machines: an interface that people build on, so fields are added and never changed.

use serde::Serialize;

use super::{File, Reviewed, Summary};
use crate::engine::admission::{Action, Judgement, Unknown};
use crate::engine::inject::patch::Patch;
use crate::model::{DocumentError, FieldPath, ObjectReference, Position};

/// The version of the form of the report.
pub const VERSION: &str = "v1";

/// Writes a report piece by piece, so that only one object of it is held at a time; together the pieces are one JSON
/// value.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    has_objects: bool,
    rest: Rest,
}

/// What stands after the objects.
#[derive(Clone, Debug, Default, Serialize)]
struct Rest {
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

impl Writer {
    /// The piece before all objects.
    pub fn begin(&self) -> String {
        format!("{{\n  \"version\": \"{VERSION}\",\n  \"objects\": [")
    }

    /// The piece for what admission says to an object.
    ///
    /// # Errors
    /// None that is known of; the serializer's signature has one.
    pub fn object(&mut self, file: File<'_>, reviewed: &Reviewed<'_>) -> serde_json::Result<String> {
        let separator = if std::mem::replace(&mut self.has_objects, true) { "," } else { "" };
        Ok(format!("{separator}\n    {}", pretty(&object(file, reviewed), "    ")?))
    }

    /// Adds what there is to say about all objects together.
    pub fn add_together(&mut self, judgements: &[Judgement]) {
        let found = judgements.iter().map(|it| finding(Place::unknown(&it.finding.object), None, it));
        self.rest.findings.extend(found);
    }

    /// Adds a document that could not be read.
    pub fn add_broken_document(&mut self, file: &str, error: &DocumentError) {
        self.rest.unreadable.push(Unreadable {
            file: file.to_owned(),
            line: Some(error.position.line),
            column: Some(error.position.column),
            message: error.problem.to_string(),
        });
    }

    /// Adds a file that could not be read at all.
    pub fn add_unreadable_file(&mut self, file: &str, message: &str) {
        let message = message.to_owned();
        self.rest.unreadable.push(Unreadable { file: file.to_owned(), line: None, column: None, message });
    }

    /// The piece after all objects.
    ///
    /// # Errors
    /// None that is known of; the serializer's signature has one.
    pub fn end(mut self, summary: Summary) -> serde_json::Result<String> {
        self.rest.summary = summary;
        let margin = if self.has_objects { "\n  " } else { "" };
        let rest = pretty(&self.rest, "")?;
        Ok(format!("{margin}],{}\n", rest.trim_start_matches('{')))
    }
}

/// JSON for people, whose further lines are indented by this much. No string in it has a line break of its own.
fn pretty(value: &impl Serialize, margin: &str) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(value)?.replace('\n', &format!("\n{margin}")))
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
        let mut writer = Writer::default();
        let mut report = writer.begin();
        let mut summary = Summary::default();
        samples::with_policy(|file, reviewed| {
            report += &writer.object(file, reviewed).unwrap();
            summary.add(reviewed);
        });
        writer.add_together(&samples::together());
        writer.add_broken_document("b.yaml", &samples::broken_document());
        writer.add_unreadable_file("c.yaml", "permission denied");
        report += &writer.end(summary).unwrap();
        insta::assert_snapshot!(report);
    }

    /// As if it had been written in one go.
    #[test]
    fn the_pieces_are_one_value() {
        for objects in 0..3 {
            let mut writer = Writer::default();
            let mut report = writer.begin();
            for _ in 0..objects {
                samples::with_policy(|file, reviewed| report += &writer.object(file, reviewed).unwrap());
            }
            report += &writer.end(Summary::default()).unwrap();
            let value: serde_json::Value = serde_json::from_str(&report).unwrap();
            assert_eq!(value["objects"].as_array().unwrap().len(), objects);
            assert_eq!(report.lines().count(), serde_json::to_string_pretty(&value).unwrap().lines().count());
        }
    }
}
