//! Relabeling steps, compiled and run as `prometheus/model/relabel` runs them.

use super::label_name::NameScheme;
use super::validity::{InvalidRelabeling, PrometheusVersion, check};
use super::{Action, LabelSet, RelabelConfig, label_case};
use crate::model::regular_expression::RegularExpression;
use crate::model::regular_expression::template::Template;

/// A relabeling step that can be run.
#[derive(Clone, Debug)]
pub struct Step {
    config: RelabelConfig<'static>,
    action: Action,
    expression: RegularExpression,
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
            config: config.to_static(),
            action,
            expression: pattern.compile()?,
            target_template: Template::parse(config.target()),
            replacement: Template::parse(config.replacement()),
            names: version.names(),
        })
    }

    /// The step as it was written.
    pub const fn config(&self) -> &RelabelConfig<'static> {
        &self.config
    }

    /// What it does.
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Runs the step, and tells whether the target is kept.
    pub fn run(&self, labels: &mut LabelSet) -> bool {
        let values: Vec<&str> = self.config.source_labels.iter().map(|name| labels.get(name)).collect();
        let value = values.join(self.config.separator());
        match self.action {
            Action::Keep => return self.expression.is_match(&value),
            Action::Drop => return !self.expression.is_match(&value),
            Action::KeepEqual => return labels.get(self.config.target()) == value,
            Action::DropEqual => return labels.get(self.config.target()) != value,
            Action::Replace => self.replace(labels, &value),
            Action::Lowercase => labels.set(self.config.target(), &label_case::lower(&value)),
            Action::Uppercase => labels.set(self.config.target(), &label_case::upper(&value)),
            Action::HashMod => labels.set(self.config.target(), &self.hash(&value)),
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
        hash.checked_rem(u128::from(self.config.modulus.unwrap_or(0))).unwrap_or_default().to_string()
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
