//! One object through admission as the API server would send it: mutated first, validated then.

use std::cmp::Reverse;

use anyhow::Context;
use jiff::Timestamp;

use super::beforehand::Beforehand;
use super::together::Together;
use crate::engine::admission::{self, Circumstances, Judgement, Outcome, Request};
use crate::engine::inject::patch::Patch;
use crate::engine::message;
use crate::model::guard::Guards;
use crate::model::{Document, ObjectReference, Resource};
use crate::report::Reviewed;

/// What all objects of a review are held against.
#[derive(Debug)]
pub(in crate::cli) struct Reviewer<'a> {
    pub(in crate::cli) guards: &'a Guards,
    pub(in crate::cli) now: Timestamp,
    pub(in crate::cli) default_namespace: &'a str,
    pub(in crate::cli) beforehand: Beforehand,
    pub(in crate::cli) together: Together,
}

impl Reviewer<'_> {
    /// What admission says to an object; `None` for kinds that scrapeguard does not read.
    pub(in crate::cli) fn review<'a>(&mut self, document: Document<'a>) -> anyhow::Result<Option<Reviewed<'a>>> {
        let resource = Resource::of(document.group(), document.kind()).filter(|resource| resource.is_reviewed());
        let Some(resource) = resource else { return Ok(None) };
        let object = self.reference(resource, &document);
        let namespace = object.namespace.clone().unwrap_or_default();
        let json = document.json().with_context(|| object.to_string())?;
        let request = request(&document, &namespace, &json);
        let circumstances = self.circumstances(&namespace);

        self.together.keep(resource, &request);
        let mutated = admission::mutate(&request, self.guards, &circumstances);
        let patched = patched(&json, &mutated.patch).with_context(|| object.to_string())?;
        let request = Request { object: Some(patched.as_deref().unwrap_or(&json)), ..request };
        let validated = admission::validate(&request, self.guards, &circumstances);
        Ok(Some(reviewed(document, object, mutated, validated)))
    }

    /// What admission cannot say to any single object, but to all that were reviewed.
    pub(in crate::cli) fn review_together(&self) -> Vec<Judgement> {
        self.together.judgements(self.guards, |namespace| self.circumstances(namespace))
    }

    fn circumstances(&self, namespace: &str) -> Circumstances {
        Circumstances { now: self.now, namespace_mode: self.beforehand.mode(namespace) }
    }

    fn reference(&self, resource: Resource, document: &Document<'_>) -> ObjectReference {
        let namespace = document.namespace().unwrap_or(self.default_namespace).to_owned();
        let namespace = resource.is_namespaced().then_some(namespace);
        let name = match document.name() {
            "" => format!("{}*", document.generate_name()),
            name => name.to_owned(),
        };
        ObjectReference { kind: document.kind().to_owned(), namespace, name }
    }
}

fn request<'a>(document: &'a Document<'_>, namespace: &'a str, object: &'a str) -> Request<'a> {
    Request::create(document.group(), document.kind(), namespace, object)
}

/// The object with the patch applied; `None` when there is nothing to apply.
fn patched(json: &str, patch: &Patch) -> anyhow::Result<Option<String>> {
    if patch.is_empty() {
        return Ok(None);
    }
    let mut object: serde_json::Value = serde_json::from_str(json)?;
    let patch: json_patch::Patch = serde_json::from_value(serde_json::to_value(patch)?)?;
    json_patch::patch(&mut object, &patch).context("the patch does not apply")?;
    Ok(Some(serde_json::to_string(&object)?))
}

fn reviewed(document: Document<'_>, object: ObjectReference, mutated: Outcome, validated: Outcome) -> Reviewed<'_> {
    let warnings = unique(message::warnings(&mutated), message::warnings(&validated));
    let mut judgements = unique(validated.judgements, mutated.judgements);
    judgements.sort_by_key(|judgement| {
        let finding = &judgement.finding;
        (Reverse((judgement.action, finding.severity)), finding.rule)
    });
    let unknowns = unique(validated.unknowns, mutated.unknowns);
    Reviewed { document, object, patch: mutated.patch, judgements, unknowns, warnings }
}

/// Both lists, without what the second repeats of the first.
fn unique<T: PartialEq>(mut first: Vec<T>, second: Vec<T>) -> Vec<T> {
    let new: Vec<T> = second.into_iter().filter(|item| !first.contains(item)).collect();
    first.extend(new);
    first
}
