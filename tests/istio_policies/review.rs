//! What the rules say about single objects, through the public interface.

use scrapeguard::engine::admission::{Circumstances, Request, validate};
use scrapeguard::model::guard::Guards;
use scrapeguard::model::{Finding, Severity};
use serde_json::Value;

/// All findings about an object, under these guards.
pub(crate) fn findings(object: &Value, guards: &Guards) -> Vec<Finding> {
    let json = object.to_string();
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let request = Request::create(
        text("/apiVersion").split('/').next().unwrap_or_default(),
        text("/kind"),
        text("/metadata/namespace"),
        &json,
    );
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    let outcome = validate(&request, guards, &circumstances);
    assert_eq!(outcome.unknowns, [], "{object}");
    outcome.judgements.into_iter().map(|judgement| judgement.finding).collect()
}

/// The ids of the findings, sorted.
pub(crate) fn ids<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<String> {
    let mut ids: Vec<String> = findings.into_iter().map(|finding| finding.rule.to_string()).collect();
    ids.sort();
    ids
}

/// The ids of the errors, sorted and each once.
pub(crate) fn errors(findings: &[Finding]) -> Vec<String> {
    let mut ids = ids(findings.iter().filter(|finding| finding.severity == Severity::Error));
    ids.dedup();
    ids
}
