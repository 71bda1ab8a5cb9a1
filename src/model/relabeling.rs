//! Relabeling: how Prometheus rewrites, keeps and drops targets by their labels.
//!
//! A step is read as the operator's resources write it ([`RelabelConfig`]), checked ([`validity`]), compiled and run
//! ([`Step`]) on a [`LabelSet`]. What is true of all that is said by `prometheus/model/relabel` and, for what may be
//! written, by `prometheus-operator/pkg/prometheus/validation`.

pub mod action;
mod label_case;
pub mod label_name;
pub mod label_set;
pub mod step;
#[cfg(test)]
mod tests;
pub mod validity;

pub use action::Action;
pub use label_set::{LabelAccess, LabelSet};
pub use step::{Step, relabel};
pub use validity::{InvalidRelabeling, PrometheusVersion};

use serde::Deserialize;

use crate::model::Text;
use crate::model::resource::{null_as_default, tolerant};

/// The separator where none is written.
pub const SEPARATOR: &str = ";";
/// The expression where none is written.
pub const EXPRESSION: &str = "(.*)";
/// The replacement where none is written.
pub const REPLACEMENT: &str = "$1";

/// One relabeling step as the operator's resources write it (`RelabelConfig`, `monitoring.coreos.com/v1`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RelabelConfig<'a> {
    /// What is done; `replace` if absent. Upper and lower case are the same.
    #[serde(borrow)]
    pub action: Option<Text<'a>>,
    /// Labels whose values are joined and matched.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub source_labels: Vec<Text<'a>>,
    /// What stands between the joined values; `;` if absent.
    #[serde(borrow)]
    pub separator: Option<Text<'a>>,
    /// The expression that must match the whole of the joined values; `(.*)` if absent.
    #[serde(borrow)]
    pub regex: Option<Text<'a>>,
    /// What a hash is divided by.
    #[serde(deserialize_with = "tolerant")]
    pub modulus: Option<u64>,
    /// The label that is written.
    #[serde(borrow)]
    pub target_label: Option<Text<'a>>,
    /// What is written; `$1` if absent.
    #[serde(borrow)]
    pub replacement: Option<Text<'a>>,
}

impl RelabelConfig<'_> {
    /// The action, unless it is one that is not known here.
    pub fn action(&self) -> Option<Action> {
        self.action.as_deref().filter(|name| !name.is_empty()).map_or(Some(Action::Replace), Action::of)
    }

    /// The same step, which borrows from nothing.
    pub fn to_static(&self) -> RelabelConfig<'static> {
        let text = |text: &Option<Text<'_>>| text.as_ref().map(|text| Text::from(text.to_string()));
        RelabelConfig {
            action: text(&self.action),
            source_labels: self.source_labels.iter().map(|label| Text::from(label.to_string())).collect(),
            separator: text(&self.separator),
            regex: text(&self.regex),
            modulus: self.modulus,
            target_label: text(&self.target_label),
            replacement: text(&self.replacement),
        }
    }

    /// Whether the step does this.
    pub fn is(&self, action: Action) -> bool {
        self.action() == Some(action)
    }

    /// The separator, with its default.
    pub fn separator(&self) -> &str {
        self.separator.as_deref().unwrap_or(SEPARATOR)
    }

    /// The expression, with its default, which the operator also takes for an empty one.
    pub fn expression(&self) -> &str {
        self.regex.as_deref().filter(|regex| !regex.is_empty()).unwrap_or(EXPRESSION)
    }

    /// The replacement, with its default.
    pub fn replacement(&self) -> &str {
        self.replacement.as_deref().unwrap_or(REPLACEMENT)
    }

    /// The target label; empty if there is none.
    pub fn target(&self) -> &str {
        self.target_label.as_deref().unwrap_or_default()
    }

    /// Whether the value of this label is matched.
    pub fn reads(&self, label: &str) -> bool {
        self.source_labels.iter().any(|source| source == label)
    }

    /// Whether the values of exactly these labels are matched.
    pub fn reads_only(&self, labels: &[&str]) -> bool {
        self.source_labels.iter().map(Text::as_str).eq(labels.iter().copied())
    }

    /// Whether a label that tells the port of a target is matched.
    pub fn reads_port(&self) -> bool {
        self.source_labels.iter().any(|label| {
            label == "__address__"
                || label == "__meta_kubernetes_pod_container_name"
                || label.starts_with("__meta_kubernetes_pod_container_port_")
        })
    }
}
