//! AuthorizationPolicy (`security.istio.io/v1` and `v1beta1`, istio.io/api `security/v1beta1/authorization_policy.proto`).

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::Text;
use crate::model::resource::{Metadata, null_as_default};
use crate::model::selector::LabelSelector;

/// An AuthorizationPolicy.
#[derive(Clone, Debug, Deserialize)]
pub struct AuthorizationPolicy<'a> {
    /// Name and annotations.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// What it selects and decides.
    #[serde(borrow, default)]
    pub spec: AuthorizationPolicySpec<'a>,
}

/// What an AuthorizationPolicy selects and decides.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AuthorizationPolicySpec<'a> {
    /// The workloads of the policy's namespace that it holds for; all of them if absent.
    #[serde(borrow)]
    pub selector: Option<LabelSelector<'a>>,
    /// `ALLOW` (also if absent), `DENY`, `AUDIT` or `CUSTOM`.
    #[serde(borrow)]
    pub action: Option<Text<'a>>,
    /// The rules; one that matches is enough.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub rules: Vec<Rule<'a>>,
}

/// One element of `rules`: some source, some operation and every condition must match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rule<'a> {
    /// Sources; any if absent.
    #[serde(borrow)]
    pub from: Option<Vec<From<'a>>>,
    /// Operations; any if absent.
    #[serde(borrow)]
    pub to: Option<Vec<To<'a>>>,
    /// Conditions.
    #[serde(borrow)]
    pub when: Option<Vec<&'a RawValue>>,
}

/// One element of `from`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct From<'a> {
    /// The source.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub source: Source<'a>,
}

/// Who calls: all fields that are given must match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Source<'a> {
    /// `<trust domain>/ns/<namespace>/sa/<service account>`.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub principals: Vec<Text<'a>>,
    /// Principals that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_principals: Vec<Text<'a>>,
    /// Namespaces of the caller's identity.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub namespaces: Vec<Text<'a>>,
    /// Namespaces that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_namespaces: Vec<Text<'a>>,
    /// `<service account>` or `<namespace>/<service account>`.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub service_accounts: Vec<Text<'a>>,
    /// Addresses of the caller.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub ip_blocks: Vec<Text<'a>>,
    /// Fields that are not modelled here, by name.
    #[serde(borrow, flatten)]
    pub others: Others<'a>,
}

/// One element of `to`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct To<'a> {
    /// The operation.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub operation: Operation<'a>,
}

/// What is called: all fields that are given must match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Operation<'a> {
    /// Container ports, as decimal strings.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub ports: Vec<Text<'a>>,
    /// Container ports that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_ports: Vec<Text<'a>>,
    /// Fields that are not modelled here, by name: hosts, methods, paths and their opposites.
    #[serde(borrow, flatten)]
    pub others: Others<'a>,
}

/// The names of the fields of a source or operation that are not modelled. Their presence makes a match undecidable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others<'a>(Vec<Text<'a>>);

impl Others<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Others<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Others<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("further fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Others(names))
            }
        }

        deserializer.deserialize_map(Names)
    }
}

impl AuthorizationPolicySpec<'_> {
    /// Whether the policy admits what its rules match, and thereby refuses everything else.
    pub fn allows(&self) -> bool {
        self.action.as_ref().is_none_or(|action| action == "ALLOW")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_modelled_is_still_noticed() {
        let json = r#"{"ports": ["9090"], "methods": ["GET"]}"#;
        let operation: Operation<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(operation.ports, [Text::from("9090")]);
        assert_eq!(operation.others, Others(vec!["methods".into()]));
    }
}
