//! Mutation: what injection adds to the object under review.

#[cfg(test)]
mod tests;

use crate::engine::admission::{Circumstances, Judgement, Operation, Outcome, Request, Unknown, judge};
use crate::engine::inject::patch::Patch;
use crate::engine::inject::{self, Injection, Labelled, Obstacle};
use crate::engine::rules;
use crate::engine::rules::findings::{Findings, Scope};
use crate::model::guard::{Guard, Guards, Mode};
use crate::model::labels::Labels;
use crate::model::resource::{Metadata, Prometheus, Workload};
use crate::model::{ObjectReference, Resource, Truth};

/// What injection adds to the object under review, and what it could not do.
///
/// Where the mode is audit, nothing is added.
///
/// Workloads and Prometheus resources are only touched in a guarded namespace. A pod is only touched when it is
/// created: whoever takes a label off a running pod means it. The others are only touched when they are created or
/// their pod template or spec changes, so that no pod is restarted that would not be restarted anyway. Monitors are
/// touched wherever a guard wants its labels on them.
pub fn mutate(request: &Request<'_>, guards: &Guards, circumstances: &Circumstances) -> Outcome {
    let Some((resource, json)) = under_review(request) else { return Outcome::default() };
    let Some(guard) = responsible(guards, resource, request.namespace) else { return Outcome::default() };
    match injection(request, resource, json, guard) {
        Some(Ok(subject)) => answer(subject, resource, request, guard, circumstances),
        Some(Err(error)) => unreadable(request, &error),
        None => Outcome::default(),
    }
}

fn under_review<'a>(request: &Request<'a>) -> Option<(Resource, &'a str)> {
    if !request.subresource.is_empty() {
        return None;
    }
    let resource = Resource::of(request.group, request.kind)?;
    let json = request.object.filter(|json| json.starts_with('{'))?;
    let wanted = match request.operation {
        Operation::Create => true,
        Operation::Update => is_monitor(resource) || pods_change(resource, json, request.old_object?),
        Operation::Delete | Operation::Connect => false,
    };
    wanted.then_some((resource, json))
}

fn is_monitor(resource: Resource) -> bool {
    use Resource::{PodMonitor, Probe, ScrapeConfig, ServiceMonitor};
    matches!(resource, PodMonitor | ServiceMonitor | Probe | ScrapeConfig)
}

/// Whether what makes pods changes anyway.
fn pods_change(resource: Resource, new: &str, old: &str) -> bool {
    let makes_pods = |json| match resource {
        Resource::Prometheus | Resource::PrometheusAgent => Prometheus::spec_text(json),
        _ => Workload::template_text(resource, json),
    };
    makes_pods(new).is_some_and(|text| makes_pods(old) != Some(text))
}

/// The guard of the namespace; for a monitor elsewhere, the first that certainly wants its labels there.
fn responsible<'g>(guards: &'g Guards, resource: Resource, namespace: &str) -> Option<&'g Guard> {
    if !is_monitor(resource) {
        return guards.of_namespace(namespace);
    }
    let wants = |guard: &&Guard| guard.monitors.injects_in(resource, namespace, &guard.namespace) == Truth::Yes;
    guards.of_namespace(namespace).map_or_else(|| guards.iter().find(wants), |own| Some(own).filter(wants))
}

fn injection<'a>(
    request: &Request<'_>,
    resource: Resource,
    json: &'a str,
    guard: &Guard,
) -> Option<serde_json::Result<Injected<'a>>> {
    let injected = |injection, metadata: &Metadata<'a>| Injected::new(injection, metadata, request);
    if let Some(selector) = guard.monitors.selector(resource) {
        let monitor = serde_json::from_str::<Labelled<'_>>(json);
        return Some(monitor.map(|it| {
            let injection = inject::monitor(&it, selector);
            injected(injection, it.metadata.as_ref().unwrap_or(&Metadata::none()))
        }));
    }
    match resource {
        Resource::Prometheus | Resource::PrometheusAgent => {
            let prometheus = serde_json::from_str::<Prometheus<'_>>(json);
            Some(prometheus.map(|it| injected(inject::prometheus(&it, resource, guard), &it.metadata)))
        }
        _ => {
            let workload = Workload::read(resource, json)?;
            Some(workload.map(|it| injected(inject::workload(&it, resource, guard), it.metadata())))
        }
    }
}

/// What injection found out about an object.
struct Injected<'a> {
    injection: Injection,
    /// The object, if there is something to say about it.
    object: ObjectReference,
    /// Its annotations, likewise.
    annotations: Labels<'a>,
}

impl<'a> Injected<'a> {
    fn new(injection: Injection, metadata: &Metadata<'a>, request: &Request<'_>) -> Self {
        if injection.obstacles.is_empty() {
            return Self { injection, object: ObjectReference::default(), annotations: Labels::none() };
        }
        let object = request.reference(metadata);
        Self { injection, object, annotations: metadata.annotations.clone() }
    }
}

fn answer(
    Injected { injection, object, annotations }: Injected<'_>,
    resource: Resource,
    request: &Request<'_>,
    guard: &Guard,
    circumstances: &Circumstances,
) -> Outcome {
    let mode = circumstances.namespace_mode.unwrap_or(guard.enforcement.mode);
    let (patch, withheld) = match mode {
        Mode::Audit => (Patch::default(), injection.patch),
        Mode::Enforce | Mode::Warn => (injection.patch, Patch::default()),
    };
    // A monitor in another namespace may well be meant for another Prometheus.
    let is_ours = guard.namespace == request.namespace || !is_monitor(resource);
    let obstacles = injection.obstacles.into_iter().filter(|_| is_ours);
    let judgements = obstacles.flat_map(|obstacle| judge_obstacle(obstacle, &object, guard, circumstances)).collect();
    let judgements = judge::excuse(judgements, &annotations, circumstances.now);
    Outcome { patch, withheld, judgements, ..Outcome::default() }
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
