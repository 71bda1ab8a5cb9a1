//! Relabeling: how Prometheus rewrites, keeps and drops targets by their labels.

use serde::Deserialize;

use crate::model::Text;
use crate::model::resource::null_as_default;

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
    /// The expression that must match the whole of the joined values; `(.*)` if absent.
    #[serde(borrow)]
    pub regex: Option<Text<'a>>,
    /// The label that is written.
    #[serde(borrow)]
    pub target_label: Option<Text<'a>>,
    /// What is written; `$1` if absent.
    #[serde(borrow)]
    pub replacement: Option<Text<'a>>,
}

impl RelabelConfig<'_> {
    /// Whether the step does this.
    pub fn is(&self, action: &str) -> bool {
        self.action.as_deref().unwrap_or("replace").eq_ignore_ascii_case(action)
    }

    /// The expression, with its default.
    pub fn expression(&self) -> &str {
        self.regex.as_deref().unwrap_or("(.*)")
    }

    /// The target label; empty if there is none.
    pub fn target(&self) -> &str {
        self.target_label.as_deref().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_prometheus() {
        let step = RelabelConfig::default();
        assert!(step.is("replace") && step.expression() == "(.*)");
        assert!(RelabelConfig { action: Some("LabelDrop".into()), ..step }.is("labeldrop"));
    }
}
