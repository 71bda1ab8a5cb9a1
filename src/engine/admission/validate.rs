//! Validation: what the rules say about the object under review.

use crate::engine::admission::{Circumstances, Judgement, Operation, Outcome, Request, judge, mutate};
use crate::engine::rules::findings::{Findings, Scope};
use crate::engine::rules::{self, Check, Needs, Rule};
use crate::model::guard::{Guard, Guards};
use crate::model::resource::{AuthorizationPolicy, Metadata, NetworkPolicy, PodMonitor};
use crate::model::{ObjectReference, Resource};

/// What the rules say about the object under review.
///
/// A DELETE is never refused: what is broken must be removable.
pub fn validate(request: &Request<'_>, guards: &Guards, circumstances: &Circumstances) -> Outcome {
    let reviewed = matches!(request.operation, Operation::Create | Operation::Update) && request.subresource.is_empty();
    let policy = Resource::of(request.group, request.kind).zip(request.object).filter(|_| reviewed);
    let Some(((resource, object), guard)) = policy.zip(guards.governing(request.namespace)) else {
        return Outcome::default();
    };
    match Policy::read(resource, object.get()) {
        None => Outcome::default(),
        Some(Err(error)) => mutate::unreadable(request, &error),
        Some(Ok(policy)) => {
            let scope = if guard.namespace == request.namespace { Scope::Guarded } else { Scope::Elsewhere };
            let subject = Subject { policy, json: object.get(), guard, scope };
            Outcome { judgements: subject.judge(request, circumstances), ..Outcome::default() }
        }
    }
}

/// What the rules say about all objects of a namespace together, beyond what they say about each of them.
pub fn validate_together(objects: &[Request<'_>], guards: &Guards, circumstances: &Circumstances) -> Vec<Judgement> {
    guards.iter().flat_map(|guard| judge_together(objects, guard, circumstances)).collect()
}

fn judge_together(objects: &[Request<'_>], guard: &Guard, circumstances: &Circumstances) -> Vec<Judgement> {
    let policies: Vec<NetworkPolicy<'_>> = objects
        .iter()
        .filter(|request| request.namespace == guard.namespace)
        .filter(|request| Resource::of(request.group, request.kind) == Some(Resource::NetworkPolicy))
        .filter_map(|request| serde_json::from_str(request.object?.get()).ok())
        .collect();
    let namespace = ObjectReference { kind: "Namespace".to_owned(), namespace: None, name: guard.namespace.clone() };
    let mut found = Vec::new();
    for rule in rules::catalogue().filter(|rule| judge::is_on(rule, guard)) {
        if let Check::NetworkPolicies(check) = rule.check {
            check(&policies, guard, &mut Findings::new(rule, &namespace, Scope::Guarded, &mut found));
        }
    }
    judge::judge(found, guard, Scope::Guarded, circumstances)
}

/// A policy or monitor of a kind that has rules.
enum Policy<'a> {
    Network(NetworkPolicy<'a>),
    Authorization(AuthorizationPolicy<'a>),
    PodMonitor(PodMonitor<'a>),
}

impl<'a> Policy<'a> {
    fn read(resource: Resource, json: &'a str) -> Option<serde_json::Result<Self>> {
        match resource {
            Resource::NetworkPolicy => Some(serde_json::from_str(json).map(Self::Network)),
            Resource::AuthorizationPolicy => Some(serde_json::from_str(json).map(Self::Authorization)),
            Resource::PodMonitor => Some(serde_json::from_str(json).map(Self::PodMonitor)),
            _ => None,
        }
    }

    fn metadata(&self) -> &Metadata<'a> {
        match self {
            Self::Network(policy) => &policy.metadata,
            Self::Authorization(policy) => &policy.metadata,
            Self::PodMonitor(monitor) => &monitor.metadata,
        }
    }
}

/// A policy with everything that the rules need to look at it.
struct Subject<'a> {
    policy: Policy<'a>,
    json: &'a str,
    guard: &'a Guard,
    scope: Scope,
}

impl Subject<'_> {
    fn judge(&self, request: &Request<'_>, circumstances: &Circumstances) -> Vec<Judgement> {
        let object = request.reference(self.policy.metadata());
        let mut found = Vec::new();
        for rule in rules::catalogue().filter(|rule| self.concerns(rule)) {
            self.check(rule.check, &mut Findings::new(rule, &object, self.scope, &mut found));
        }
        judge::judge(found, self.guard, self.scope, circumstances)
    }

    /// The guard knows the components of its own namespace only, so rules that need it are for that namespace.
    fn concerns(&self, rule: &Rule) -> bool {
        judge::is_on(rule, self.guard) && (rule.needs == Needs::Object || self.scope == Scope::Guarded)
    }

    fn check(&self, check: Check, findings: &mut Findings<'_>) {
        match (check, &self.policy) {
            (Check::AnyPolicy(check), _) => check(self.json, findings),
            (Check::NetworkPolicy(check), Policy::Network(policy)) => check(policy, self.guard, findings),
            (Check::AuthorizationPolicy(check), Policy::Authorization(policy)) => check(policy, self.guard, findings),
            (Check::PodMonitor(check), Policy::PodMonitor(monitor)) => check(monitor, findings),
            _ => {}
        }
    }
}
