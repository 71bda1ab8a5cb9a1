//! Whether a monitor has the labels that a Prometheus wants.

use super::Question;
use crate::engine::reach::{Step, Verdict};
use crate::engine::scrape::monitor::View;
use crate::model::finding::Family;
use crate::model::labels::Labels;
use crate::model::selector::{LabelSelector, Requirement};
use crate::model::{FieldPath, RuleId, Truth};

/// A label is missing.
const MISSING: RuleId = RuleId::new(Family::PodMonitor, 1);
/// A label has the value of another Prometheus.
const OTHER: RuleId = RuleId::new(Family::PodMonitor, 3);

impl Question<'_, '_> {
    pub(super) fn labels(&self) -> Option<Step> {
        let (Ok(view), Some(selector)) = (&self.monitor.view, self.selectors.monitors) else { return None };
        let labels = labels(view);
        match selector.matches(labels) {
            Truth::Yes => None,
            Truth::No => Some(self.refused_label(labels, &first_unmet(selector, labels)?)),
            Truth::Unknown => {
                let reason = format!("{} has an operator that is not known", self.selectors.field);
                Some(self.by_prometheus(Verdict::Unknown, self.selectors.field, reason))
            }
        }
    }

    fn refused_label(&self, labels: &Labels<'_>, (key, wanted): &(String, String)) -> Step {
        let found = labels.get(key);
        let is = found.map_or_else(|| "it is missing".to_owned(), |value| format!("it is {value:?}"));
        let (field, prometheus) = (self.selectors.field, &self.settings.kept.reference);
        let reason = format!("{field} of {prometheus} wants label {key} {wanted}, and {is}");
        let rule = if found.is_some() { OTHER } else { MISSING };
        self.by_monitor(Verdict::Blocked, FieldPath::of("metadata.labels").key(key), reason).rule(rule)
    }
}

pub(super) fn labels<'v>(view: &'v View<'_>) -> &'v Labels<'v> {
    match view {
        View::Pod(monitor) => &monitor.metadata.labels,
        View::Service(monitor) => &monitor.metadata.labels,
        View::Probe(probe) => &probe.metadata.labels,
        View::Config(config) => &config.metadata.labels,
    }
}

/// The label of the first requirement that is not met, and what is wanted of it.
fn first_unmet(selector: &LabelSelector<'_>, labels: &Labels<'_>) -> Option<(String, String)> {
    let value = selector.match_labels.iter().find(|(key, value)| labels.get(key) != Some(*value));
    let value = value.map(|(key, value)| (key.to_owned(), format!("with value {value:?}")));
    value.or_else(|| {
        let unmet = |requirement: &&Requirement<'_>| !met(requirement, labels);
        selector.match_expressions.iter().find(unmet).map(|it| (it.key.to_string(), words(it)))
    })
}

fn met(requirement: &Requirement<'_>, labels: &Labels<'_>) -> bool {
    let alone = LabelSelector { match_expressions: vec![requirement.clone()], ..LabelSelector::default() };
    alone.matches(labels) != Truth::No
}

fn words(requirement: &Requirement<'_>) -> String {
    let values = requirement.values.join(", ");
    match requirement.operator.as_str() {
        "In" => format!("with one of the values {values}"),
        "NotIn" => format!("with none of the values {values}"),
        "Exists" => "to be there".to_owned(),
        _ => "not to be there".to_owned(),
    }
}
