//! Relabeling steps, compiled and run as `prometheus/model/relabel` runs them.

use std::borrow::Cow;

use super::label_name::NameScheme;
use super::validity::{InvalidRelabeling, PrometheusVersion, check_to_run};
use super::{Action, LabelAccess, LabelSet, RelabelConfig, label_case};
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
    /// What Prometheus refuses, what we cannot read, and expressions that are too large.
    pub fn new(config: &RelabelConfig<'_>, version: PrometheusVersion) -> Result<Self, InvalidRelabeling> {
        let (action, pattern) = check_to_run(config, version)?;
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
    pub fn run<L: LabelAccess>(&self, labels: &mut L) -> bool {
        let value = self.value(labels);
        match self.action {
            Action::Keep => self.expression.is_match(&value),
            Action::Drop => !self.expression.is_match(&value),
            Action::KeepEqual => labels.get(self.config.target()) == value,
            Action::DropEqual => labels.get(self.config.target()) != value,
            _ => {
                let value = value.into_owned();
                self.rewrite(labels, &value);
                true
            }
        }
    }

    /// The name under which a label is copied, if it is copied to another one.
    pub fn mapped(&self, name: &str) -> Option<String> {
        let maps = self.action == Action::LabelMap && self.expression.is_match(name);
        maps.then(|| self.expression.replace_all(name, &self.replacement))
    }

    /// The values of its sources, joined.
    fn value<'l, L: LabelAccess>(&self, labels: &'l L) -> Cow<'l, str> {
        let mut values = self.config.source_labels.iter().map(|name| labels.get(name));
        let Some(first) = values.next() else { return Cow::Borrowed("") };
        values.fold(first, |joined, value| Cow::Owned([&*joined, self.config.separator(), &value].concat()))
    }

    fn rewrite<L: LabelAccess>(&self, labels: &mut L, value: &str) {
        match self.action {
            Action::Replace => self.replace(labels, value),
            Action::Lowercase => labels.set(self.config.target(), &label_case::lower(value)),
            Action::Uppercase => labels.set(self.config.target(), &label_case::upper(value)),
            Action::HashMod => labels.set(self.config.target(), &self.hash(value)),
            Action::LabelMap => self.map(labels.all()),
            Action::LabelDrop => labels.all().retain(|name| !self.expression.is_match(name)),
            Action::LabelKeep => labels.all().retain(|name| self.expression.is_match(name)),
            Action::Keep | Action::Drop | Action::KeepEqual | Action::DropEqual => {}
        }
    }

    fn replace<L: LabelAccess>(&self, labels: &mut L, value: &str) {
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
        let copy = |(name, value): (&str, &str)| Some((self.mapped(name)?, value.to_owned()));
        let copies: Vec<(String, String)> = labels.iter().filter_map(copy).collect();
        for (name, value) in copies {
            labels.set(&name, &value);
        }
    }
}
