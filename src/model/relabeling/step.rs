//! Relabeling steps, compiled and run as `prometheus/model/relabel` runs them.

use super::label_name::NameScheme;
use super::validity::{InvalidRelabeling, PrometheusVersion, check};
use super::{Action, LabelSet, RelabelConfig, label_case};
use crate::model::regular_expression::RegularExpression;
use crate::model::regular_expression::template::Template;
use crate::model::text::Text;

/// A relabeling step that can be run.
#[derive(Clone, Debug)]
pub struct Step {
    action: Action,
    sources: Vec<String>,
    separator: String,
    expression: RegularExpression,
    modulus: u64,
    target: String,
    target_template: Template,
    replacement: Template,
    names: NameScheme,
}

/// Runs steps in order, and tells whether the target is kept. The labels of a dropped target are those at the step that
/// dropped it.
pub fn relabel(labels: &mut LabelSet, steps: &[Step]) -> bool {
    steps.iter().all(|step| step.run(labels))
}

impl Step {
    /// Compiles a step.
    ///
    /// # Errors
    /// What [`check`] refuses, and expressions that are too large.
    pub fn new(config: &RelabelConfig<'_>, version: PrometheusVersion) -> Result<Self, InvalidRelabeling> {
        let (action, pattern) = check(config, version)?;
        Ok(Self {
            action,
            sources: config.source_labels.iter().map(Text::to_string).collect(),
            separator: config.separator().to_owned(),
            expression: pattern.compile()?,
            modulus: config.modulus.unwrap_or(0),
            target: config.target().to_owned(),
            target_template: Template::parse(config.target()),
            replacement: Template::parse(config.replacement()),
            names: version.names(),
        })
    }

    /// Runs the step, and tells whether the target is kept.
    pub fn run(&self, labels: &mut LabelSet) -> bool {
        let values: Vec<&str> = self.sources.iter().map(|name| labels.get(name)).collect();
        let value = values.join(&self.separator);
        match self.action {
            Action::Keep => return self.expression.is_match(&value),
            Action::Drop => return !self.expression.is_match(&value),
            Action::KeepEqual => return labels.get(&self.target) == value,
            Action::DropEqual => return labels.get(&self.target) != value,
            Action::Replace => self.replace(labels, &value),
            Action::Lowercase => labels.set(&self.target, &label_case::lower(&value)),
            Action::Uppercase => labels.set(&self.target, &label_case::upper(&value)),
            Action::HashMod => labels.set(&self.target, &self.hash(&value)),
            Action::LabelMap => self.map(labels),
            Action::LabelDrop => labels.retain(|name| !self.expression.is_match(name)),
            Action::LabelKeep => labels.retain(|name| self.expression.is_match(name)),
        }
        true
    }

    fn replace(&self, labels: &mut LabelSet, value: &str) {
        let Some(found) = self.expression.captures(value) else { return };
        let target = found.expand(&self.target_template);
        if self.names.allows(&target) {
            labels.set(&target, &found.expand(&self.replacement));
        }
    }

    /// The last eight bytes of the MD5 sum, as a number, modulo.
    fn hash(&self, value: &str) -> String {
        let hash = u128::from_be_bytes(md5::compute(value).0) & u128::from(u64::MAX);
        hash.checked_rem(u128::from(self.modulus)).unwrap_or_default().to_string()
    }

    fn map(&self, labels: &mut LabelSet) {
        let matching = labels.iter().filter(|(name, _)| self.expression.is_match(name));
        let copies: Vec<(String, String)> = matching
            .map(|(name, value)| (self.expression.replace_all(name, &self.replacement), value.to_owned()))
            .collect();
        for (name, value) in copies {
            labels.set(&name, &value);
        }
    }
}
