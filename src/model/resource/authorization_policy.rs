//! AuthorizationPolicy (`security.istio.io/v1` and `v1beta1`, istio.io/api `security/v1beta1/authorization_policy.proto`).

mod operation;
mod others;
mod source;

pub use operation::{Operation, WrittenPort};
pub use others::Others;
pub use source::Source;

use serde::{Deserialize, Deserializer};

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
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    pub spec: AuthorizationPolicySpec<'a>,
}

/// What an AuthorizationPolicy selects and decides.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorizationPolicySpec<'a> {
    /// The workloads of the policy's namespace that it holds for; all of them if absent.
    #[serde(borrow)]
    pub selector: Option<LabelSelector<'a>>,
    /// The gateway or Service that it holds for instead.
    #[serde(borrow)]
    pub target_ref: Option<TargetReference<'a>>,
    /// The gateways and Services that it holds for instead.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub target_refs: Vec<TargetReference<'a>>,
    /// `ALLOW` (also if absent), `DENY`, `AUDIT` or `CUSTOM`.
    #[serde(borrow)]
    pub action: Option<Text<'a>>,
    /// Who decides where the action is `CUSTOM`.
    #[serde(borrow)]
    pub provider: Option<Provider<'a>>,
    /// The rules; one that matches is enough.
    #[serde(borrow, deserialize_with = "items")]
    pub rules: Vec<Rule<'a>>,
    /// Fields that are not modelled here, by name.
    #[serde(borrow, flatten)]
    pub others: Others<'a>,
}

/// A gateway or Service that a policy holds for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TargetReference<'a> {
    /// Its name.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub name: Text<'a>,
    /// Its namespace, which must not be given.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub namespace: Text<'a>,
}

/// An authorizer that the mesh is configured with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Provider<'a> {
    /// Its name in the configuration of the mesh.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub name: Text<'a>,
}

/// One element of `rules`: some source, some operation and every condition must match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rule<'a> {
    /// Sources; any if absent. Istio takes an empty list for an absent one.
    #[serde(borrow, deserialize_with = "optional_items")]
    pub from: Option<Vec<From<'a>>>,
    /// Operations; any if absent. Istio takes an empty list for an absent one.
    #[serde(borrow, deserialize_with = "optional_items")]
    pub to: Option<Vec<To<'a>>>,
    /// Conditions.
    #[serde(borrow, deserialize_with = "items")]
    pub when: Vec<Condition<'a>>,
    /// Fields that are not modelled here, by name.
    #[serde(borrow, flatten)]
    pub others: Others<'a>,
}

/// One element of `from`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct From<'a> {
    /// The source, which Istio demands.
    #[serde(borrow)]
    pub source: Option<Source<'a>>,
}

/// One element of `to`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct To<'a> {
    /// The operation, which Istio demands.
    #[serde(borrow)]
    pub operation: Option<Operation<'a>>,
}

/// One element of `when`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition<'a> {
    /// The attribute that is looked at, such as `source.ip` or `request.headers[x]`.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub key: Text<'a>,
    /// Values of which one must match.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub values: Vec<Text<'a>>,
    /// Values of which none may match.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_values: Vec<Text<'a>>,
}

/// Reads a list; `null` is the empty list, and a `null` in the list is an empty item, as Istio reads them.
fn items<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    optional_items(deserializer).map(Option::unwrap_or_default)
}

fn optional_items<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let items = Option::<Vec<Option<T>>>::deserialize(deserializer)?;
    Ok(items.map(|items| items.into_iter().map(Option::unwrap_or_default).collect()))
}

impl AuthorizationPolicySpec<'_> {
    /// Whether the policy admits what its rules match, and thereby refuses everything else.
    pub fn allows(&self) -> bool {
        self.has_action("ALLOW")
    }

    /// Whether the policy has this action. `ALLOW` is the action of a policy that names none.
    pub fn has_action(&self, name: &str) -> bool {
        self.action.as_ref().map_or("ALLOW", Text::as_str) == name
    }

    /// Whether the policy holds for gateways or Services, not for workloads.
    pub fn has_targets(&self) -> bool {
        self.target_ref.is_some() || !self.target_refs.is_empty()
    }

    /// Whether the policy holds for every workload of its namespace.
    pub fn holds_for_whole_namespace(&self) -> bool {
        !self.has_targets() && self.selector.as_ref().is_none_or(LabelSelector::is_empty)
    }
}

impl Rule<'_> {
    /// Whether the rule matches every request because nothing at all stands in it.
    pub fn is_unconditional(&self) -> bool {
        self.from.is_none() && self.to.is_none() && self.when.is_empty()
    }
}

impl<'a> Condition<'a> {
    /// Both lists of values with the names of their fields.
    pub fn lists(&self) -> [(&'static str, &[Text<'a>]); 2] {
        [("values", &self.values), ("notValues", &self.not_values)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::absent("{}", None)]
    #[case::null(r#"{"from": null}"#, None)]
    #[case::empty(r#"{"from": []}"#, Some(0))]
    #[case::null_item(r#"{"from": [null]}"#, Some(1))]
    fn absent_and_empty_are_told_apart(#[case] rule: &str, #[case] sources: Option<usize>) {
        let rule: Rule<'_> = serde_json::from_str(rule).unwrap();
        assert_eq!(rule.from.map(|from| from.len()), sources);
    }
}
