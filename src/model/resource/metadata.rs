//! The part of `metadata` that decisions need.

use serde::Deserialize;

use crate::model::labels::Labels;
use crate::model::resource::null_as_default;
use crate::model::{ObjectReference, Text};

/// Name, labels, annotations and owners of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata<'a> {
    /// Name; absent while the API server has still to make one.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    /// Prefix from which the API server makes a name.
    #[serde(borrow)]
    pub generate_name: Option<Text<'a>>,
    /// Namespace; absent where the request alone tells it.
    #[serde(borrow)]
    pub namespace: Option<Text<'a>>,
    /// Labels.
    #[serde(borrow)]
    pub labels: Labels<'a>,
    /// Annotations.
    #[serde(borrow)]
    pub annotations: Labels<'a>,
    /// When the API server stored it, as RFC 3339 writes it in UTC; absent in a manifest.
    #[serde(borrow)]
    pub creation_timestamp: Option<Text<'a>>,
    /// Its unique identifier; absent in a manifest.
    #[serde(borrow)]
    pub uid: Option<Text<'a>>,
    /// Since when it is being deleted.
    #[serde(borrow)]
    pub deletion_timestamp: Option<Text<'a>>,
    /// Owners.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub owner_references: Vec<OwnerReference<'a>>,
}

/// One owner of an object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference<'a> {
    /// API group and version of the owner.
    #[serde(borrow)]
    pub api_version: Text<'a>,
    /// Kind of the owner.
    #[serde(borrow)]
    pub kind: Text<'a>,
    /// Name of the owner.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Whether the owner manages the object.
    #[serde(default)]
    pub controller: Option<bool>,
}

impl Metadata<'_> {
    /// The metadata of an object that has none.
    pub const fn none() -> Self {
        Self {
            name: None,
            generate_name: None,
            namespace: None,
            labels: Labels::none(),
            annotations: Labels::none(),
            creation_timestamp: None,
            uid: None,
            deletion_timestamp: None,
            owner_references: Vec::new(),
        }
    }

    /// The owner that manages this object, if one does.
    pub fn controller(&self) -> Option<&OwnerReference<'_>> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }

    /// How people refer to this object. `namespace` and `name` are what the request says; the object itself fills in
    /// for an empty name, with `generateName` and a star when it has none yet.
    pub fn reference(&self, kind: &str, namespace: &str, name: &str) -> ObjectReference {
        let generated = || self.generate_name.as_ref().map(|prefix| format!("{prefix}*"));
        let own = || self.name.as_ref().map(ToString::to_string);
        let name = if name.is_empty() { own().or_else(generated).unwrap_or_default() } else { name.to_owned() };
        let namespace = (!namespace.is_empty()).then(|| namespace.to_owned());
        ObjectReference { kind: kind.to_owned(), namespace, name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_without_a_name_is_called_by_its_prefix() {
        let metadata: Metadata<'_> = serde_json::from_str(r#"{"generateName": "web-"}"#).unwrap();
        assert_eq!(metadata.reference("Pod", "monitoring", "").to_string(), "Pod monitoring/web-*");
    }

    #[test]
    fn only_the_managing_owner_is_the_controller() {
        let owners = r#"{"ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "1"},
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "b", "uid": "2", "controller": true}]}"#;
        let metadata: Metadata<'_> = serde_json::from_str(owners).unwrap();
        assert_eq!(metadata.controller().unwrap().name, "b");
    }
}
