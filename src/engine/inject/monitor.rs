//! Monitors of all kinds: the labels that the guarded Prometheus wants.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::engine::inject::patch::Patch;
use crate::engine::inject::place::Place;
use crate::engine::inject::{Injection, Obstacle};
use crate::engine::rules::injection::MONITOR_CONFLICT;
use crate::model::Truth;
use crate::model::resource::{Metadata, object};
use crate::model::selector::LabelSelector;

/// An object of which only the metadata is read.
#[derive(Clone, Debug, Deserialize)]
pub struct Labelled<'a> {
    /// Name and labels.
    #[serde(borrow, default, deserialize_with = "object")]
    pub metadata: Option<Metadata<'a>>,
}

/// The labels that a monitor lacks to be selected, as far as the selector leaves no choice; nothing where even then it
/// would not be selected for certain.
pub fn monitor(monitor: &Labelled<'_>, selector: &LabelSelector<'_>) -> Injection {
    let mut injection = Injection::default();
    let place = Place::of_object(monitor.metadata.as_ref());
    injection.concern(add(&place, selector));
    injection
}

fn add(place: &Place<'_, '_>, selector: &LabelSelector<'_>) -> Result<Patch, Obstacle> {
    let mut patch = Patch::default();
    let wanted: Vec<(&str, &str)> = certain_labels(selector).collect();
    for (key, value) in &wanted {
        match place.labels.get(key) {
            Some(found) if found != *value => return Err(conflict(place, key, value, found)),
            Some(_) => {}
            None => place.add_label(&mut patch, key, value),
        }
    }
    let added = |key: &str| wanted.iter().find(|(wanted, _)| *wanted == key).map(|(_, value)| *value);
    let selected = selector.selects(|key| Some(place.labels.get(key).or_else(|| added(key))));
    Ok(if selected == Truth::Yes { patch } else { Patch::default() })
}

/// The labels and values that a selector leaves no choice about: of all values that it names for a key, one is possible.
pub fn certain_labels<'s>(selector: &'s LabelSelector<'_>) -> impl Iterator<Item = (&'s str, &'s str)> {
    let mut possible: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (key, value) in named(selector) {
        let holds = selector.selects(|known| (known == key).then_some(Some(value)));
        if holds != Truth::No {
            possible.entry(key).or_default().insert(value);
        }
    }
    possible
        .into_iter()
        .filter(|(_, values)| values.len() == 1)
        .flat_map(|(key, values)| values.into_iter().map(move |value| (key, value)))
}

/// The values that a selector wants a key to have, or one of which it wants it to have.
fn named<'s>(selector: &'s LabelSelector<'_>) -> impl Iterator<Item = (&'s str, &'s str)> {
    let choices = selector.match_expressions.iter().filter(|requirement| requirement.operator == "In");
    let choices = choices.flat_map(|it| it.values.iter().map(|value| (it.key.as_str(), value.as_str())));
    selector.match_labels.iter().chain(choices)
}

fn conflict(place: &Place<'_, '_>, key: &str, wanted: &str, found: &str) -> Obstacle {
    Obstacle {
        rule: MONITOR_CONFLICT,
        path: place.labels_path().key(key),
        message: format!("the guarded Prometheus does not select {found:?}"),
        fix: format!("set {key}: {wanted}, or exempt this monitor if it is meant for another Prometheus"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn injected(selector: &str, metadata: &str) -> String {
        let selector: LabelSelector<'_> = serde_json::from_str(selector).unwrap();
        let json = format!(r#"{{"metadata": {metadata}}}"#);
        let injection = monitor(&serde_json::from_str(&json).unwrap(), &selector);
        match injection.obstacles.as_slice() {
            [] => serde_json::to_string(&injection.patch).unwrap(),
            obstacles => format!("{} obstacle: {}", obstacles.len(), obstacles[0].message),
        }
    }

    const LABEL: &str = r#"[{"op":"add","path":"/metadata/labels","value":{"release":"kps"}}]"#;

    #[rstest]
    #[case::label(r#"{"matchLabels": {"release": "kps"}}"#, LABEL)]
    #[case::one_value(r#"{"matchExpressions": [{"key": "release", "operator": "In", "values": ["kps"]}]}"#, LABEL)]
    #[case::a_choice(r#"{"matchExpressions": [{"key": "release", "operator": "In", "values": ["kps", "x"]}]}"#, "[]")]
    #[case::said_twice(
        r#"{"matchLabels": {"release": "kps"}, "matchExpressions": [{"key": "release", "operator": "In", "values": ["x", "kps"]}]}"#,
        LABEL
    )]
    #[case::one_is_left(
        r#"{"matchExpressions": [{"key": "release", "operator": "In", "values": ["kps", "x"]},
            {"key": "release", "operator": "NotIn", "values": ["x"]}]}"#,
        LABEL
    )]
    #[case::never_both(
        r#"{"matchLabels": {"release": "kps"}, "matchExpressions": [{"key": "release", "operator": "NotIn", "values": ["kps"]}]}"#,
        "[]"
    )]
    #[case::all_or_nothing(
        r#"{"matchLabels": {"release": "kps"}, "matchExpressions": [{"key": "team", "operator": "Exists"}]}"#,
        "[]"
    )]
    #[case::absent_as_wanted(
        r#"{"matchLabels": {"release": "kps"}, "matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}"#,
        LABEL
    )]
    #[case::everything("{}", "[]")]
    #[case::unknown_operator(
        r#"{"matchExpressions": [{"key": "release", "operator": "Like", "values": ["k"]}]}"#,
        "[]"
    )]
    fn what_a_selector_leaves_no_choice_about_is_added(#[case] selector: &str, #[case] expected: &str) {
        assert_eq!(injected(selector, r#"{"name": "m"}"#), expected);
    }

    #[test]
    fn a_value_that_somebody_wrote_is_kept() {
        let said = injected(r#"{"matchLabels": {"release": "kps"}}"#, r#"{"labels": {"release": "istio"}}"#);
        assert_eq!(said, "1 obstacle: the guarded Prometheus does not select \"istio\"");
    }

    #[test]
    fn an_object_without_metadata_gets_some() {
        let selector = LabelSelector { match_labels: [("a", "b")].into_iter().collect(), ..LabelSelector::default() };
        let patch = monitor(&Labelled { metadata: None }, &selector).patch;
        let expected = r#"[{"op":"add","path":"/metadata","value":{"labels":{"a":"b"}}}]"#;
        assert_eq!(serde_json::to_string(&patch).unwrap(), expected);
    }
}
