//! What all companions have in common: type, metadata and selectors, with their fields in the order in which people
//! write them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::guard::Guard;

/// The label by which companions are told from what people wrote.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "scrapeguard");

/// An object of some kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest<Spec> {
    /// Group and version.
    pub api_version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Name, namespace and labels.
    pub metadata: Metadata,
    /// What it asks for.
    pub spec: Spec,
}

/// Name, namespace and labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// Name; it stays the same as long as the component does.
    pub name: String,
    /// The guarded namespace.
    pub namespace: String,
    /// [`MANAGED_BY`], and what the kind needs besides.
    pub labels: BTreeMap<String, String>,
}

/// A label selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels that must be there with these values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Further requirements.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<Requirement>,
}

/// A requirement on one label that takes no values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// The label.
    pub key: &'static str,
    /// `Exists` or `DoesNotExist`.
    pub operator: &'static str,
}

impl Metadata {
    /// The metadata of a companion of this guard.
    pub(super) fn of(guard: &Guard, name: String) -> Self {
        let (key, value) = MANAGED_BY;
        let labels = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        Self { name, namespace: guard.namespace.clone(), labels }
    }
}

impl LabelSelector {
    /// Selects what has these labels.
    pub(super) fn of(labels: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { match_labels: labels.into_iter().collect(), match_expressions: Vec::new() }
    }
}
