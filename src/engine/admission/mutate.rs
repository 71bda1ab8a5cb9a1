//! Mutation: what injection adds to the object under review.

use crate::engine::admission::{Circumstances, Judgement, Operation, Outcome, Request, Unknown, judge};
use crate::engine::inject::{Obstacle, patch::Patch, selector_labels};
use crate::engine::rules;
use crate::engine::rules::findings::{Findings, Scope};
use crate::model::guard::{Guard, Guards, Mode};
use crate::model::resource::{Metadata, Workload};
use crate::model::{ObjectReference, Resource};

/// What injection adds to the object under review, and what it could not do.
///
/// Only workloads of a guarded namespace are touched. Where the mode is audit, nothing is. A pod is only touched when
/// it is created: whoever takes a label off a running pod means it. A workload is only touched when it is created or
/// its pod template changes, so that no pod is restarted that would not be restarted anyway.
pub fn mutate(request: &Request<'_>, guards: &Guards, circumstances: &Circumstances) -> Outcome {
    let Some(guard) = guards.of_namespace(request.namespace) else { return Outcome::default() };
    let Some((resource, json)) = workload_under_review(request) else { return Outcome::default() };
    match Workload::read(resource, json) {
        None => Outcome::default(),
        Some(Err(error)) => unreadable(request, &error),
        Some(Ok(workload)) => inject(&workload, resource, request, guard, circumstances),
    }
}

fn workload_under_review<'a>(request: &Request<'a>) -> Option<(Resource, &'a str)> {
    if !request.subresource.is_empty() {
        return None;
    }
    let resource = Resource::of(request.group, request.kind)?;
    let json = request.object?.get();
    let wanted = match request.operation {
        Operation::Create => true,
        Operation::Update => template_changes(resource, json, request.old_object?.get()),
        Operation::Delete | Operation::Connect => false,
    };
    wanted.then_some((resource, json))
}

fn template_changes(resource: Resource, new: &str, old: &str) -> bool {
    let template = Workload::template_text(resource, new);
    template.is_some() && template != Workload::template_text(resource, old)
}

fn inject(
    workload: &Workload<'_>,
    resource: Resource,
    request: &Request<'_>,
    guard: &Guard,
    circumstances: &Circumstances,
) -> Outcome {
    match selector_labels(workload, resource, guard) {
        Ok(patch) => {
            let mode = circumstances.namespace_mode.unwrap_or(guard.enforcement.mode);
            Outcome { patch: if mode == Mode::Audit { Patch::default() } else { patch }, ..Outcome::default() }
        }
        Err(obstacle) => {
            let object = request.reference(workload.metadata());
            Outcome { judgements: judge_obstacle(obstacle, &object, guard, circumstances), ..Outcome::default() }
        }
    }
}

fn judge_obstacle(
    obstacle: Obstacle,
    object: &ObjectReference,
    guard: &Guard,
    circumstances: &Circumstances,
) -> Vec<Judgement> {
    let mut found = Vec::new();
    if let Some(rule) = rules::rule(obstacle.rule).filter(|rule| judge::is_on(rule, guard)) {
        let mut findings = Findings::new(rule, object, Scope::Guarded, &mut found);
        findings.report(obstacle.path, obstacle.message, obstacle.fix);
    }
    judge::judge(found, guard, Scope::Guarded, circumstances)
}

/// An object that we cannot read is not ours to refuse: the API server knows better than we do what it may look like.
pub(super) fn unreadable(request: &Request<'_>, error: &serde_json::Error) -> Outcome {
    let object: ObjectReference = request.reference(&Metadata::none());
    Outcome {
        unknowns: vec![Unknown { object, reason: format!("not in the expected form: {error}") }],
        ..Outcome::default()
    }
}
