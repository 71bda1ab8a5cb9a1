//! The laws of injection, over random objects of every kind, under guards of every sort, and over the examples of the
//! catalogue: it is idempotent, it only adds, it leaves unknown fields alone, and it does what a plain implementation on
//! JSON trees does.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod examples;
mod guards;
mod monitors;
mod prometheus;
mod trees;
mod workloads;

use json_patch::Patch;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use scrapeguard::engine::admission::{Circumstances, Outcome, Request, mutate};
use scrapeguard::model::Resource;
use scrapeguard::model::guard::Guards;
use serde_json::Value;

use crate::guards::{GUARDS, guard};
use crate::trees::is_kept;

/// An object and the guard it is reviewed under, by its position in [`GUARDS`].
#[derive(Clone, Debug)]
struct Subject {
    guard: usize,
    resource: Resource,
    object: Value,
}

impl Subject {
    fn review(&self) -> Outcome {
        review(&GUARDS[self.guard], self.resource, "monitoring", &self.object)
    }

    fn patched(&self) -> Value {
        patched(&self.object, &self.review())
    }

    fn reference(&self) -> Value {
        let guard = guard(self.guard);
        match self.resource {
            Resource::Prometheus | Resource::PrometheusAgent => {
                prometheus::reference(guard, self.resource, &self.object)
            }
            resource if monitors::KINDS.contains(&resource) => monitors::reference(guard, resource, &self.object),
            resource => workloads::reference(guard, resource, &self.object),
        }
    }
}

fn review(guards: &Guards, resource: Resource, namespace: &str, object: &Value) -> Outcome {
    let json = object.to_string();
    let request = Request::create(resource.group(), resource.kind(), namespace, &json);
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    mutate(&request, guards, &circumstances)
}

fn patched(object: &Value, outcome: &Outcome) -> Value {
    let patch = serde_json::to_value(&outcome.patch).unwrap();
    let patch: Patch = serde_json::from_value(patch).unwrap();
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &patch).unwrap();
    patched
}

fn subject() -> impl Strategy<Value = Subject> {
    let object = prop_oneof![2 => workloads::any(), 2 => prometheus::any(), 1 => monitors::any()];
    (0..GUARDS.len(), object).prop_map(|(guard, (resource, object))| Subject { guard, resource, object })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn does_what_the_reference_does(subject in subject()) {
        prop_assert_eq!(subject.patched(), subject.reference());
    }

    #[test]
    fn injecting_twice_is_injecting_once(subject in subject()) {
        let once = Subject { object: subject.patched(), ..subject };
        prop_assert!(once.review().patch.is_empty());
    }

    #[test]
    fn whatever_was_there_is_still_there(subject in subject()) {
        prop_assert!(is_kept(&subject.object, &subject.patched()));
    }
}

#[test]
fn the_generator_reaches_every_outcome() {
    let mut runner = TestRunner::deterministic();
    let subjects: Vec<Subject> = (0..3_000).map(|_| subject().new_tree(&mut runner).unwrap().current()).collect();
    let outcomes: Vec<(Resource, Outcome)> = subjects.iter().map(|it| (it.resource, it.review())).collect();
    for kind in [Resource::Deployment, Resource::Pod, Resource::Prometheus, Resource::PrometheusAgent, Resource::Probe]
    {
        let patches = outcomes.iter().filter(|(resource, it)| *resource == kind && !it.patch.is_empty()).count();
        assert!(patches > 10, "only {patches} patches for {kind:?}");
    }
    let added = |pointer: &str| {
        let touches = |outcome: &Outcome| serde_json::to_string(&outcome.patch).unwrap().contains(pointer);
        outcomes.iter().filter(|(_, outcome)| touches(outcome)).count()
    };
    for pointer in
        ["/spec/volumes/-", "\"/spec/volumes\"", "/spec/volumeMounts/-", "\"/spec/podMetadata\"", "\"/spec\""]
    {
        assert!(added(pointer) > 5, "{pointer} is hardly ever added");
    }
    for rule in ["SG-INJ-001", "SG-INJ-002", "SG-INJ-003", "SG-INJ-004", "SG-INJ-005", "SG-PR-013"] {
        let found = |outcome: &Outcome| outcome.warnings().any(|finding| finding.rule.to_string() == rule);
        assert!(outcomes.iter().filter(|(_, outcome)| found(outcome)).count() > 5, "{rule} is hardly ever reached");
    }
}
