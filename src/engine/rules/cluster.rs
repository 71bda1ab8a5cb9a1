//! Rules over a whole cluster: what they may look at, and where they put what they find.

pub mod clues;
mod shapes;
#[cfg(test)]
mod tests;
mod written;

pub use shapes::Shapes;
pub use written::{Policy, Written};

use serde::Deserialize;

use crate::engine::audit::ScrapePath;
use crate::engine::reach::guarded::Guarded;
use crate::engine::reach::{Evaluator, Path};
use crate::engine::rules::findings::{Findings, Scope};
use crate::engine::rules::{Check, Rule, catalogue};
use crate::engine::scrape::Scraping;
use crate::model::guard::{Guards, RuleSetting};
use crate::model::snapshot::{Kept, Namespace, Snapshot, UnreadKind};
use crate::model::{FieldPath, Finding, ObjectReference, Resource, RuleId, Severity};

/// A cluster, and what the evaluator has found out about it.
#[derive(Clone, Copy, Debug)]
pub struct Cluster<'c, 's> {
    /// All objects.
    pub snapshot: &'s Snapshot,
    /// What must be true.
    pub guards: &'c Guards,
    /// All policies as they were written.
    pub written: &'c Written<'s>,
    /// Who reaches whom.
    pub evaluator: &'c Evaluator<'s>,
    /// What is scraped.
    pub scraping: &'c Scraping<'s>,
    /// The way of every scrape.
    pub scrape_paths: &'c [ScrapePath<'s>],
    /// The connections that the guards want.
    pub connections: &'c [(Guarded<'s>, Path)],
}

impl<'s> Cluster<'_, 's> {
    /// Whether all namespaces are known with their labels: a `Namespace` is given for each that anything is in, and one
    /// more than this. Who gives none beside their own says nothing of others.
    pub fn knows_namespaces_beside(&self, own: &str) -> bool {
        let namespaces = || self.snapshot.namespaces().iter();
        namespaces().all(Namespace::is_given) && namespaces().any(|it| it.name() != own)
    }

    /// Whether a pod is in this namespace. Where there is none, the workloads of it were probably not given.
    pub fn has_pods(&self, namespace: &str) -> bool {
        !self.written.shapes.of(namespace).is_empty()
    }

    /// The objects of a kind that can be read.
    pub fn read<T: Deserialize<'s>>(&self, resource: Resource) -> impl Iterator<Item = (&'s Kept, T)> + use<'s, T> {
        let readable = self.snapshot.objects(resource).filter(|kept| kept.unreadable.is_none());
        readable.filter_map(|kept| Some((kept, serde_json::from_str(&kept.json).ok()?)))
    }

    /// Whether objects of these kinds may be missing because a part of the input could not be read.
    pub fn may_lack(&self, resources: &[Resource]) -> bool {
        let is_of = |object: &ObjectReference| resources.iter().any(|resource| resource.kind() == object.kind);
        let is_unread =
            |kind: &UnreadKind| resources.iter().any(|resource| kind.is_of(resource.group(), &[resource.kind()]));
        let mut lost = self.snapshot.problems().iter().filter(|problem| problem.is_loss());
        lost.any(|problem| problem.object.as_ref().is_none_or(is_of)) || self.snapshot.unread().iter().any(is_unread)
    }
}

/// Takes the findings of one rule about any objects.
#[derive(Debug)]
pub struct ClusterFindings<'a> {
    rule: &'static Rule,
    guards: &'a Guards,
    found: &'a mut Vec<Finding>,
}

impl<'a> ClusterFindings<'a> {
    /// Findings of this rule are appended to `found`.
    pub const fn new(rule: &'static Rule, guards: &'a Guards, found: &'a mut Vec<Finding>) -> Self {
        Self { rule, guards, found }
    }

    /// The rule that looks.
    pub fn rule(&self) -> RuleId {
        self.rule.id
    }

    /// Reports that something is wrong at a field of an object. See [`Findings::report`].
    pub fn report(
        &mut self,
        object: &ObjectReference,
        path: FieldPath,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.report_as(self.rule.severity, object, path, message, fix);
    }

    /// Reports something that is better or worse than what the rule usually finds.
    pub fn report_as(
        &mut self,
        severity: Severity,
        object: &ObjectReference,
        path: FieldPath,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let namespace = object.namespace.as_deref().unwrap_or(&object.name);
        let guard = self.guards.governing(namespace);
        if guard.is_some_and(|guard| guard.enforcement.rules.get(&self.rule.id) == Some(&RuleSetting::Ignore)) {
            return;
        }
        let is_guarded = guard.is_some_and(|guard| guard.namespace == namespace);
        let scope = if is_guarded { Scope::Guarded } else { Scope::Elsewhere };
        Findings::new(self.rule, object, scope, self.found).report_as(severity, path, message, fix);
    }
}

/// What all rules over a cluster find in this one, in the order of the catalogue.
pub fn findings(cluster: &Cluster<'_, '_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in catalogue() {
        if let Check::Cluster(check) | Check::Both(_, check) = rule.check {
            check(cluster, &mut ClusterFindings::new(rule, cluster.guards, &mut found));
        }
    }
    found
}
