//! Whether a Prometheus picks a monitor (`pkg/prometheus/resource_selector.go`): by its namespace and labels, and then
//! whether the operator accepts what the monitor says.

mod labels;
mod reference;
mod refused;

use crate::engine::reach::{Hop, Step, Verdict};
use crate::engine::scrape::monitor::Monitor;
use crate::engine::scrape::prometheus::{Selectors, Settings};
use crate::model::finding::Family;
use crate::model::snapshot::{Kept, Snapshot};
use crate::model::{FieldPath, Resource, RuleId, Truth};

/// No selector of a Prometheus is there.
const UNMANAGED: RuleId = RuleId::new(Family::Prometheus, 1);
/// The selector for monitors of this kind is not.
const NO_SELECTOR: RuleId = RuleId::new(Family::Prometheus, 2);
/// The namespace is not selected.
const NAMESPACE: RuleId = RuleId::new(Family::PodMonitor, 2);

/// One Prometheus and one monitor.
#[derive(Clone, Copy, Debug)]
struct Question<'q, 's> {
    settings: &'q Settings<'s>,
    monitor: &'q Monitor<'s>,
    snapshot: &'q Snapshot,
    selectors: Selectors<'q, 's>,
}

/// Whether the Prometheus picks the monitor, and why.
pub(super) fn select(settings: &Settings<'_>, monitor: &Monitor<'_>, snapshot: &Snapshot) -> Step {
    let selectors = settings.selectors(monitor.resource);
    let question = Question { settings, monitor, snapshot, selectors };
    let mut doubt = None;
    let decided = question.steps().find(|step| {
        if step.verdict == Verdict::Unknown {
            doubt.get_or_insert(step.clone());
        }
        step.verdict == Verdict::Blocked
    });
    decided.or(doubt).unwrap_or_else(|| question.open())
}

/// What can be said of a monitor where the Prometheus cannot be read, and why it cannot.
pub(super) fn unreadable(prometheus: &Kept, why: &str) -> Step {
    let reason = format!("{} cannot be read: {why}", prometheus.reference);
    Step::new(Hop::Selection, Verdict::Unknown, reason).by(prometheus.reference.clone(), FieldPath::root())
}

impl Question<'_, '_> {
    /// Everything that keeps the monitor out, or may do so.
    fn steps(&self) -> impl Iterator<Item = Step> {
        let general = [Self::of_prometheus, Self::namespace, Self::labels, Self::form];
        general.into_iter().filter_map(|ask| ask(self)).chain(self.refused())
    }

    fn open(&self) -> Step {
        let reason = format!("{} of {} selects it", self.selectors.field, self.settings.kept.reference);
        self.by_prometheus(Verdict::Open, self.selectors.field, reason)
    }

    /// What a Prometheus does to all monitors of a kind.
    fn of_prometheus(&self) -> Option<Step> {
        let name = &self.settings.kept.reference;
        if self.settings.is_unmanaged() {
            let reason = format!("{name} has no selector for monitors, so that its configuration is not managed");
            return Some(self.by_prometheus(Verdict::Blocked, "", reason).rule(UNMANAGED));
        }
        if self.selectors.monitors.is_none() {
            let field = self.selectors.field;
            let reason = format!("{name} has no {field}, so that it selects nothing of this kind");
            return Some(self.by_prometheus(Verdict::Blocked, field, reason).rule(NO_SELECTOR));
        }
        if self.settings.is_daemon_set() && self.monitor.resource != Resource::PodMonitor {
            let reason = format!("{name} is in mode DaemonSet, which knows PodMonitors only");
            return Some(self.by_prometheus(Verdict::Blocked, "mode", reason));
        }
        let (path, why) = self.settings.refusal()?;
        let reason = format!("the operator makes no configuration for {name}: {why}");
        Some(Step::new(Hop::Selection, Verdict::Blocked, reason).by(name.clone(), path))
    }

    fn namespace(&self) -> Option<Step> {
        let (name, field) = (self.monitor.kept.namespace(), self.selectors.namespace_field);
        let prometheus = &self.settings.kept.reference;
        let Some(selector) = self.selectors.namespaces else {
            let reason = format!("{prometheus} has no {field}, so that it looks in its own namespace only");
            let is_own = name == self.settings.namespace();
            return (!is_own).then(|| self.by_prometheus(Verdict::Blocked, field, reason).rule(NAMESPACE));
        };
        let namespace = self.snapshot.namespaces().get(name);
        match selector.selects(|key| namespace.label(key)) {
            Truth::Yes => None,
            Truth::No => {
                let reason = format!("{field} of {prometheus} does not select namespace {name}");
                Some(self.by_prometheus(Verdict::Blocked, field, reason).rule(NAMESPACE))
            }
            Truth::Unknown => {
                let reason = format!("the labels of namespace {name} are not known, which {field} asks for");
                Some(self.by_prometheus(Verdict::Unknown, field, reason))
            }
        }
    }

    fn form(&self) -> Option<Step> {
        let why = self.monitor.view.as_ref().err()?;
        Some(self.by_monitor(Verdict::Unknown, FieldPath::root(), format!("it cannot be read: {why}")))
    }

    fn by_prometheus(&self, verdict: Verdict, field: &str, reason: String) -> Step {
        let spec = FieldPath::of("spec");
        let path = if field.is_empty() { spec } else { spec.key(field) };
        Step::new(Hop::Selection, verdict, reason).by(self.settings.kept.reference.clone(), path)
    }

    fn by_monitor(&self, verdict: Verdict, path: FieldPath, reason: String) -> Step {
        Step::new(Hop::Selection, verdict, reason).by(self.monitor.kept.reference.clone(), path)
    }
}

#[cfg(test)]
mod tests;
