//! Validation: what the rules say about the object under review.

use jiff::Timestamp;

use crate::engine::admission::{Circumstances, Judgement, Operation, Outcome, Request, judge, mutate, own};
use crate::engine::rules::findings::{Findings, Scope};
use crate::engine::rules::prometheus::pods::Pods;
use crate::engine::rules::{self, Check, Monitor, Needs, Rule};
use crate::model::guard::{Guard, Guards};
use crate::model::resource::{
    AuthorizationPolicy, Ingress, Metadata, NetworkPolicy, PeerAuthentication, PodMonitor, Probe, Prometheus,
    ScrapeConfig, ServiceMonitor, Workload,
};
use crate::model::{ObjectReference, Resource};

/// What the rules say about the object under review.
///
/// A DELETE is never refused: what is broken must be removable. What is ours is judged by itself, see [`own`].
pub fn validate(request: &Request<'_>, guards: &Guards, circumstances: &Circumstances) -> Outcome {
    if let Some(outcome) = own::validate(request) {
        return outcome;
    }
    let reviewed = matches!(request.operation, Operation::Create | Operation::Update) && request.subresource.is_empty();
    let policy = Resource::of(request.group, request.kind).zip(request.object).filter(|_| reviewed);
    let Some(((resource, object), guard)) = policy.zip(guards.governing(request.namespace)) else {
        return Outcome::default();
    };
    match Policy::read(resource, object) {
        None => Outcome::default(),
        Some(Err(error)) => mutate::unreadable(request, &error),
        Some(Ok(policy)) => {
            let scope = if guard.namespace == request.namespace { Scope::Guarded } else { Scope::Elsewhere };
            let in_root_namespace = guard.mesh.root_namespace == request.namespace;
            let now = circumstances.now;
            let subject = Subject { policy, json: object, guard, scope, in_root_namespace, now };
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
        .filter_map(|request| serde_json::from_str(request.object?).ok())
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

/// An object of a kind that has rules.
enum Policy<'a> {
    Network(NetworkPolicy<'a>),
    Authorization(AuthorizationPolicy<'a>),
    PeerAuthentication(PeerAuthentication<'a>),
    PodMonitor(PodMonitor<'a>),
    ServiceMonitor(ServiceMonitor<'a>),
    // By far the largest are boxed.
    Probe(Box<Probe<'a>>),
    ScrapeConfig(Box<ScrapeConfig<'a>>),
    Prometheus(Box<Prometheus<'a>>),
    Ingress(Ingress<'a>),
    Workload(Workload<'a>),
}

impl<'a> Policy<'a> {
    fn read(resource: Resource, json: &'a str) -> Option<serde_json::Result<Self>> {
        match resource {
            Resource::NetworkPolicy => Some(serde_json::from_str(json).map(Self::Network)),
            Resource::AuthorizationPolicy => Some(serde_json::from_str(json).map(Self::Authorization)),
            Resource::PeerAuthentication => Some(serde_json::from_str(json).map(Self::PeerAuthentication)),
            Resource::PodMonitor => Some(serde_json::from_str(json).map(Self::PodMonitor)),
            Resource::ServiceMonitor => Some(serde_json::from_str(json).map(Self::ServiceMonitor)),
            Resource::Probe => Some(serde_json::from_str(json).map(Box::new).map(Self::Probe)),
            Resource::ScrapeConfig => Some(serde_json::from_str(json).map(Box::new).map(Self::ScrapeConfig)),
            Resource::Prometheus | Resource::PrometheusAgent => {
                Some(serde_json::from_str(json).map(Box::new).map(Self::Prometheus))
            }
            Resource::Ingress => Some(serde_json::from_str(json).map(Self::Ingress)),
            Resource::Alertmanager
            | Resource::ThanosRuler
            | Resource::Namespace
            | Resource::Service
            | Resource::EndpointSlice
            | Resource::ServiceAccount
            | Resource::Node
            | Resource::Secret
            | Resource::ConfigMap => None,
            Resource::Pod
            | Resource::Deployment
            | Resource::StatefulSet
            | Resource::DaemonSet
            | Resource::ReplicaSet
            | Resource::Job
            | Resource::CronJob => Some(Workload::read(resource, json)?.map(Self::Workload)),
        }
    }

    fn metadata(&self) -> &Metadata<'a> {
        match self {
            Self::Network(policy) => &policy.metadata,
            Self::Authorization(policy) => &policy.metadata,
            Self::PeerAuthentication(policy) => &policy.metadata,
            Self::PodMonitor(monitor) => &monitor.metadata,
            Self::ServiceMonitor(monitor) => &monitor.metadata,
            Self::Probe(probe) => &probe.metadata,
            Self::ScrapeConfig(config) => &config.metadata,
            Self::Prometheus(prometheus) => &prometheus.metadata,
            Self::Ingress(ingress) => &ingress.metadata,
            Self::Workload(workload) => workload.metadata(),
        }
    }

    fn monitor(&self) -> Option<Monitor<'_, 'a>> {
        match self {
            Self::PodMonitor(monitor) => Some(Monitor::Pod(monitor)),
            Self::ServiceMonitor(monitor) => Some(Monitor::Service(monitor)),
            Self::Probe(probe) => Some(Monitor::Probe(probe)),
            Self::ScrapeConfig(config) => Some(Monitor::Config(config)),
            _ => None,
        }
    }

    fn pods(&self) -> Option<Pods<'_, 'a>> {
        match self {
            Self::Prometheus(prometheus) => Pods::of_prometheus(prometheus),
            Self::Workload(workload) => Some(Pods::of_workload(workload)),
            _ => None,
        }
    }

    /// Whether the object is a policy or a monitor, in which every string means something to somebody. Workloads and
    /// Ingresses hold free text, such as scripts.
    fn is_policy(&self) -> bool {
        !matches!(self, Self::Workload(_) | Self::Ingress(_) | Self::Prometheus(_))
    }
}

/// A policy with everything that the rules need to look at it.
struct Subject<'a> {
    policy: Policy<'a>,
    json: &'a str,
    guard: &'a Guard,
    scope: Scope,
    in_root_namespace: bool,
    now: Timestamp,
}

impl Subject<'_> {
    fn judge(&self, request: &Request<'_>, circumstances: &Circumstances) -> Vec<Judgement> {
        let object = request.reference(self.policy.metadata());
        let mut found = Vec::new();
        for rule in rules::catalogue().filter(|rule| self.concerns(rule)) {
            self.check(rule.check, &mut Findings::new(rule, &object, self.weight(rule), &mut found));
        }
        let judgements = judge::judge(found, self.guard, self.scope, circumstances);
        judge::excuse(judgements, &self.policy.metadata().annotations, self.now)
    }

    /// The guard knows the components of its own namespace only, so rules that need it are for that namespace; all but
    /// those about somebody outside who means somebody inside.
    fn concerns(&self, rule: &Rule) -> bool {
        let here = match rule.check {
            Check::NetworkPolicyElsewhere(_) => self.scope == Scope::Elsewhere,
            _ => rule.needs == Needs::Object || self.scope == Scope::Guarded || self.is_of_the_mesh(),
        };
        here && judge::is_on(rule, self.guard)
    }

    /// Whether this is a policy of Istio in the mesh's root namespace, which may hold for the guarded namespace too.
    fn is_of_the_mesh(&self) -> bool {
        self.in_root_namespace && matches!(self.policy, Policy::Authorization(_) | Policy::PeerAuthentication(_))
    }

    /// The scope by which findings weigh: what breaks the guarded namespace from outside is as bad as from inside. It
    /// is still never refused there.
    fn weight(&self, rule: &Rule) -> Scope {
        match rule.check {
            Check::NetworkPolicyElsewhere(_) => Scope::Guarded,
            _ => self.scope,
        }
    }

    fn check(&self, check: Check, findings: &mut Findings<'_>) {
        match (check, &self.policy) {
            (Check::AnyPolicy(check), policy) if policy.is_policy() => check(self.json, findings),
            (Check::Annotations(check), policy) => check(&policy.metadata().annotations, self.now, findings),
            (Check::NetworkPolicy(check) | Check::NetworkPolicyElsewhere(check), Policy::Network(policy)) => {
                check(policy, self.guard, findings);
            }
            (Check::AuthorizationPolicy(check), Policy::Authorization(policy)) => check(policy, self.guard, findings),
            (Check::PeerAuthentication(check), Policy::PeerAuthentication(policy)) => {
                check(policy, self.guard, findings);
            }
            (Check::PodMonitor(check), Policy::PodMonitor(monitor)) => check(monitor, self.guard, findings),
            (Check::ServiceMonitor(check), Policy::ServiceMonitor(monitor)) => check(monitor, self.guard, findings),
            (Check::Probe(check), Policy::Probe(probe)) => check(probe, self.guard, findings),
            (Check::ScrapeConfig(check), Policy::ScrapeConfig(config)) => check(config, self.guard, findings),
            (Check::Prometheus(check), Policy::Prometheus(prometheus)) => check(prometheus, self.guard, findings),
            (Check::Ingress(check), Policy::Ingress(ingress)) => check(ingress, self.guard, findings),
            (Check::Workload(check), Policy::Workload(workload)) => check(workload, self.guard, findings),
            (Check::Both(check, _), _) => self.check(*check, findings),
            (Check::Pods(check), policy) => {
                if let Some(pods) = policy.pods() {
                    check(&pods, self.guard, findings);
                }
            }
            (Check::Monitor(check), policy) => {
                if let Some(monitor) = policy.monitor() {
                    check(&monitor, self.guard, findings);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_only_read_into_snapshots_are_admitted_as_they_are() {
        let circumstances = Circumstances { now: Timestamp::UNIX_EPOCH, namespace_mode: None };
        for resource in Resource::ALL.into_iter().filter(|resource| !resource.is_reviewed()) {
            let request = Request {
                operation: Operation::Create,
                group: resource.group(),
                kind: resource.kind(),
                subresource: "",
                namespace: "monitoring",
                name: "x",
                object: Some(r#"{"metadata": {"name": "x"}, "spec": "TBD"}"#),
                old_object: None,
            };
            assert_eq!(validate(&request, &Guards::built_in(), &circumstances), Outcome::default(), "{resource:?}");
            let mutated = mutate::mutate(&request, &Guards::built_in(), &circumstances);
            assert_eq!(mutated, Outcome::default(), "{resource:?}");
        }
    }
}
