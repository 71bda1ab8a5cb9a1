//! Label selectors, as `k8s.io/apimachinery/pkg/apis/meta/v1.LabelSelector` defines them.

mod text;

pub use text::parse;

use serde::Deserialize;

use crate::model::labels::Labels;
use crate::model::resource::null_as_default;
use crate::model::{Text, Truth};

/// A label selector: all labels and all expressions must hold. The empty selector selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector<'a> {
    /// Labels that must be there with these values.
    #[serde(borrow)]
    pub match_labels: Labels<'a>,
    /// Further requirements.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub match_expressions: Vec<Requirement<'a>>,
}

/// One element of `matchExpressions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Requirement<'a> {
    /// The label key.
    #[serde(borrow)]
    pub key: Text<'a>,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`; anything else is undecidable here and refused by the API server.
    #[serde(borrow)]
    pub operator: Text<'a>,
    /// The values of `In` and `NotIn`.
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    pub values: Vec<Text<'a>>,
}

impl LabelSelector<'_> {
    /// Whether the selector has no requirement and so selects everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether an object is selected of which `value_of` tells the labels: `Some(Some(value))` for a label that is
    /// known to be there, `Some(None)` for one that is known to be absent, `None` where it is not known.
    pub fn selects<'b>(&self, value_of: impl Fn(&str) -> Option<Option<&'b str>>) -> Truth {
        let labels = self.match_labels.iter().map(|(key, value)| match value_of(key) {
            Some(found) => Truth::from(found == Some(value)),
            None => Truth::Unknown,
        });
        let expressions = self
            .match_expressions
            .iter()
            .map(|requirement| value_of(&requirement.key).map_or(Truth::Unknown, |found| requirement.holds_for(found)));
        Truth::all(labels.chain(expressions))
    }

    /// Whether an object with exactly these labels is selected.
    pub fn matches(&self, labels: &Labels<'_>) -> Truth {
        self.selects(|key| Some(labels.get(key)))
    }

    /// The same selector, which borrows from nothing.
    pub fn to_static(&self) -> LabelSelector<'static> {
        LabelSelector {
            match_labels: self.match_labels.to_static(),
            match_expressions: self.match_expressions.iter().map(Requirement::to_static).collect(),
        }
    }
}

impl Requirement<'_> {
    fn holds_for(&self, found: Option<&str>) -> Truth {
        let among = |value: &str| self.values.iter().any(|listed| listed == value);
        match self.operator.as_str() {
            "In" => Truth::from(found.is_some_and(among)),
            "NotIn" => Truth::from(!found.is_some_and(among)),
            "Exists" => Truth::from(found.is_some()),
            "DoesNotExist" => Truth::from(found.is_none()),
            _ => Truth::Unknown,
        }
    }

    fn to_static(&self) -> Requirement<'static> {
        let text = |text: &Text<'_>| Text::from(text.to_string());
        Requirement {
            key: text(&self.key),
            operator: text(&self.operator),
            values: self.values.iter().map(text).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("{}", Truth::Yes)]
    #[case(r#"{"matchLabels": {"app": "web"}}"#, Truth::Yes)]
    #[case(r#"{"matchLabels": {"app": "db"}}"#, Truth::No)]
    #[case(r#"{"matchLabels": null, "matchExpressions": null}"#, Truth::Yes)]
    #[case(r#"{"matchExpressions": [{"key": "app", "operator": "In", "values": ["db", "web"]}]}"#, Truth::Yes)]
    #[case(r#"{"matchExpressions": [{"key": "none", "operator": "In", "values": ["x"]}]}"#, Truth::No)]
    #[case(r#"{"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}"#, Truth::No)]
    #[case(r#"{"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["x"]}]}"#, Truth::Yes)]
    #[case(r#"{"matchExpressions": [{"key": "app", "operator": "Exists"}]}"#, Truth::Yes)]
    #[case(r#"{"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}"#, Truth::No)]
    #[case(r#"{"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}"#, Truth::Unknown)]
    fn decides_as_kubernetes_does(#[case] selector: &str, #[case] expected: Truth) {
        let selector: LabelSelector<'_> = serde_json::from_str(selector).unwrap();
        assert_eq!(selector.matches(&Labels::from_iter([("app", "web")])), expected);
    }

    #[test]
    fn a_label_that_may_or_may_not_be_there_leaves_it_open() {
        let selector = LabelSelector { match_labels: Labels::from_iter([("app", "web")]), ..LabelSelector::default() };
        assert_eq!(selector.selects(|_| None), Truth::Unknown);
    }
}
