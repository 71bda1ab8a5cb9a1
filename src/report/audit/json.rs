//! The audit for machines: an interface that people build on, so fields are added and never changed.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Found, Place, Report, Summary};
use crate::engine::audit::exposure::Intruder;
use crate::engine::audit::{Exposure, Fix, ScrapePath};
use crate::engine::reach::{Path, Verdict};
use crate::model::snapshot::{Change, Snapshot};
use crate::model::{ObjectReference, Protocol};
use crate::report::json::VERSION;
use crate::report::trace::{Decided, as_guarded_line, decided};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a, F, S, C, E, I> {
    version: &'static str,
    findings: F,
    scrape_paths: S,
    connections: C,
    exposures: E,
    injections: I,
    not_considered: &'a [String],
    summary: Summary,
}

/// A list that is made while it is written: there may be a hundred thousand scrapes.
struct Lazy<F>(F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for Lazy<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// An object by name, and where it begins.
#[derive(Serialize)]
struct Object<'a> {
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
}

/// One thing that is wrong with one object.
#[derive(Serialize)]
pub(in crate::report) struct FoundLine<'a> {
    rule: String,
    severity: String,
    object: Object<'a>,
    path: String,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    fix: &'a str,
    exempted: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct ScrapeLine<'a> {
    prometheus: String,
    monitor: String,
    endpoint: String,
    scrape_pool: &'a str,
    scrape_url: Option<&'a str>,
    labels: BTreeMap<&'a str, &'a str>,
    target: Option<TargetLine<'a>>,
    verdict: &'static str,
    hops: Vec<Decided<'a>>,
    reason: &'a str,
    fix: Option<FixLine<'a>>,
}

#[derive(Serialize)]
struct TargetLine<'a> {
    /// `Pod`, or the kind of the workload whose template stands for its pods.
    kind: &'a str,
    namespace: &'a str,
    pod: &'a str,
    container: Option<&'a str>,
    port: Option<u16>,
}

#[derive(Serialize)]
struct FixLine<'a> {
    summary: &'a str,
    change: Vec<ChangeLine<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum ChangeLine<'a> {
    Put(Box<RawValue>),
    #[serde(rename = "put")]
    PutText(&'a str),
    Delete(String),
}

#[derive(Serialize)]
pub(in crate::report) struct ExposureLine<'a> {
    target: ExposedLine<'a>,
    from: String,
    verdict: &'static str,
    object: Option<String>,
    reason: &'a str,
}

#[derive(Serialize)]
struct ExposedLine<'a> {
    kind: &'a str,
    namespace: &'a str,
    pod: &'a str,
    port: u16,
    protocol: Protocol,
}

/// Writes the report as one JSON value, and a line end.
///
/// # Errors
/// What the writer says.
pub fn write(report: &Report<'_>, writer: &mut impl std::io::Write) -> std::io::Result<()> {
    let Report { snapshot, audit, found, lacking, summary } = *report;
    let document = Document {
        version: VERSION,
        findings: Lazy(|| found.iter().map(found_line)),
        scrape_paths: Lazy(|| audit.scrape_paths.iter().map(|path| scrape_line(path, snapshot))),
        connections: Lazy(|| audit.connections.iter().map(|(guarded, path)| as_guarded_line(guarded, path, snapshot))),
        exposures: Lazy(|| audit.exposures.iter().map(exposure_line)),
        injections: Lazy(|| lacking.iter().map(|lacking| object_line(&lacking.object, lacking.place.as_ref()))),
        not_considered: &audit.not_considered,
        summary,
    };
    serde_json::to_writer_pretty(&mut *writer, &document)?;
    writeln!(writer)
}

pub(in crate::report) fn found_line(found: &Found) -> FoundLine<'_> {
    let Found { finding, exempted, place } = found;
    let field = place.as_ref().and_then(|place| place.field.or(place.object));
    FoundLine {
        rule: finding.rule.to_string(),
        severity: finding.severity.to_string(),
        object: object_line(&finding.object, place.as_ref()),
        path: finding.path.to_string(),
        line: field.map(|position| position.line),
        column: field.map(|position| position.column),
        message: &finding.message,
        fix: &finding.fix,
        exempted: exempted.as_deref(),
    }
}

fn object_line<'a>(object: &'a ObjectReference, place: Option<&'a Place>) -> Object<'a> {
    Object {
        kind: &object.kind,
        namespace: object.namespace.as_deref(),
        name: &object.name,
        file: place.map(|place| place.file.as_str()),
        line: place.and_then(|place| place.object).map(|position| position.line),
    }
}

pub(in crate::report) fn scrape_line<'a>(scrape: &'a ScrapePath<'_>, snapshot: &'a Snapshot) -> ScrapeLine<'a> {
    let target = scrape.target.as_ref();
    let pod = target.and_then(|target| Some((target.pod?, target.container)));
    let Path { steps } = &*scrape.path;
    ScrapeLine {
        prometheus: full_name(&scrape.prometheus),
        monitor: scrape.monitor.to_string(),
        endpoint: scrape.endpoint.to_string(),
        scrape_pool: &scrape.scrape_pool,
        scrape_url: target.map(|target| target.scrape_url.as_str()),
        labels: target
            .into_iter()
            .flat_map(|target| &target.labels)
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        target: pod.map(|(pod, container)| TargetLine {
            kind: &pod.object.kind,
            namespace: &pod.namespace,
            pod: &pod.object.name,
            container,
            port: scrape.port,
        }),
        verdict: scrape.path.verdict().label(),
        hops: steps.iter().map(|step| decided(step, snapshot)).collect(),
        reason: scrape.path.decisive().filter(|step| step.verdict != Verdict::Open).map_or("", |step| &step.reason),
        fix: scrape.fix.as_ref().map(fix_line),
    }
}

fn full_name(object: &ObjectReference) -> String {
    format!("{}/{}", object.namespace.as_deref().unwrap_or_default(), object.name)
}

fn fix_line(fix: &Fix) -> FixLine<'_> {
    let change = fix.change.iter().map(|change| match change {
        Change::Put { json, .. } | Change::PutUnmodelled { json, .. } => match serde_json::from_str(json) {
            Ok(object) => ChangeLine::Put(object),
            Err(_) => ChangeLine::PutText(json),
        },
        Change::Delete(object) | Change::DeleteUnmodelled { object, .. } => ChangeLine::Delete(object.to_string()),
    });
    FixLine { summary: &fix.summary, change: change.collect() }
}

pub(in crate::report) fn exposure_line<'a>(exposure: &'a Exposure<'_>) -> ExposureLine<'a> {
    ExposureLine {
        target: ExposedLine {
            kind: &exposure.target.object.kind,
            namespace: &exposure.target.namespace,
            pod: &exposure.target.object.name,
            port: exposure.port,
            protocol: exposure.protocol,
        },
        from: intruder(&exposure.from),
        verdict: exposure.verdict.label(),
        object: exposure.object.as_ref().map(ToString::to_string),
        reason: &exposure.reason,
    }
}

/// Who it is, in words.
pub(in crate::report) fn intruder(intruder: &Intruder<'_>) -> String {
    intruder.in_words()
}
