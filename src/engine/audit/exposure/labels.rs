//! Labels that fulfil several selectors, and fail others: the search for a pod or a namespace that nobody has made yet.
//!
//! The search is complete. Labels that no selector speaks of change nothing, and of the values that none speaks of one
//! is as good as any other, so each key has finitely many values to try: none, those that are written, and one more.

use std::collections::BTreeMap;

use crate::model::Text;
use crate::model::selector::{LabelSelector, Requirement};

/// So many steps are taken before a search is given up. Selectors that people write take a handful.
const PATIENCE: usize = 10_000;

/// What is demanded of one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal<'a> {
    key: &'a str,
    is: Is<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Is<'a> {
    OneOf(Vec<&'a str>),
    /// Absent, too.
    NoneOf(Vec<&'a str>),
    There,
    Absent,
}

/// Demands of which one has to be fulfilled.
pub(super) type Clause<'a> = Vec<Literal<'a>>;

/// Labels that were found.
pub(super) type Found = BTreeMap<String, String>;

impl<'a> Literal<'a> {
    pub(super) fn one_of(key: &'a str, values: Vec<&'a str>) -> Self {
        Self { key, is: Is::OneOf(values) }
    }

    pub(super) const fn there(key: &'a str) -> Self {
        Self { key, is: Is::There }
    }

    pub(super) const fn key(&self) -> &'a str {
        self.key
    }

    /// Values of which one is demanded.
    pub(super) fn demanded(&self) -> &[&'a str] {
        if let Is::OneOf(values) = &self.is { values } else { &[] }
    }

    /// The opposite.
    pub(super) fn negated(self) -> Self {
        let is = match self.is {
            Is::OneOf(values) => Is::NoneOf(values),
            Is::NoneOf(values) => Is::OneOf(values),
            Is::There => Is::Absent,
            Is::Absent => Is::There,
        };
        Self { is, ..self }
    }

    fn of_requirement(requirement: &'a Requirement<'_>) -> Option<Self> {
        let values = requirement.values.iter().map(Text::as_str).collect();
        let is = match requirement.operator.as_str() {
            "In" => Is::OneOf(values),
            "NotIn" => Is::NoneOf(values),
            "Exists" => Is::There,
            "DoesNotExist" => Is::Absent,
            _ => return None,
        };
        Some(Self { key: &requirement.key, is })
    }

    fn holds(&self, value: Option<&str>) -> bool {
        match &self.is {
            Is::OneOf(values) => value.is_some_and(|value| values.contains(&value)),
            Is::NoneOf(values) => value.is_none_or(|value| !values.contains(&value)),
            Is::There => value.is_some(),
            Is::Absent => value.is_none(),
        }
    }
}

/// What a selector demands, all of it. An operator that is not known demands nothing here: whoever evaluates the
/// selector says that it is not known.
pub(super) fn demands<'a>(selector: &'a LabelSelector<'_>) -> Vec<Literal<'a>> {
    let labels = selector.match_labels.iter().map(|(key, value)| Literal::one_of(key, vec![value]));
    labels.chain(selector.match_expressions.iter().filter_map(Literal::of_requirement)).collect()
}

/// That a selector does not select: one of its demands fails.
pub(super) fn refusal<'a>(selector: &'a LabelSelector<'_>) -> Clause<'a> {
    demands(selector).into_iter().map(Literal::negated).collect()
}

/// The search was given up: nobody knows whether there are such labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GivenUp;

/// The fewest labels that fulfil all clauses, or nearly; `None` where there are none.
///
/// # Errors
/// Selectors are so entangled that the search takes too long.
pub(super) fn labels(clauses: &[Clause<'_>]) -> Result<Option<Found>, GivenUp> {
    let mut patience = PATIENCE;
    search(clauses, &mut BTreeMap::new(), &mut patience)
}

/// Labels that are not chosen are absent. A clause that fails has to be mended by a label that is not chosen yet.
fn search<'a>(
    clauses: &[Clause<'a>],
    chosen: &mut BTreeMap<&'a str, Option<String>>,
    patience: &mut usize,
) -> Result<Option<Found>, GivenUp> {
    *patience = patience.checked_sub(1).ok_or(GivenUp)?;
    let value = |chosen: &BTreeMap<&'a str, Option<String>>, key: &str| chosen.get(key).cloned().flatten();
    let fails = |clause: &&Clause<'a>| !clause.iter().any(|it| it.holds(value(chosen, it.key).as_deref()));
    let Some(failing) = clauses.iter().find(fails) else {
        let found = chosen.iter().filter_map(|(key, value)| Some(((*key).to_owned(), value.clone()?)));
        return Ok(Some(found.collect()));
    };
    for literal in failing {
        if chosen.contains_key(literal.key) {
            continue;
        }
        for value in values(literal.key, clauses).into_iter().filter(|value| literal.holds(value.as_deref())) {
            chosen.insert(literal.key, value);
            if let Some(found) = search(clauses, chosen, patience)? {
                return Ok(Some(found));
            }
        }
        chosen.remove(literal.key);
    }
    Ok(None)
}

/// The values of a key that can make a difference.
fn values(key: &str, clauses: &[Clause<'_>]) -> Vec<Option<String>> {
    let mut written = Vec::new();
    for literal in clauses.iter().flatten().filter(|literal| literal.key == key) {
        if let Is::OneOf(values) | Is::NoneOf(values) = &literal.is {
            written.extend(values.iter().map(ToString::to_string));
        }
    }
    let mut another = "any".to_owned();
    while written.contains(&another) {
        another.push('x');
    }
    [None, Some(another)].into_iter().chain(written.into_iter().map(Some)).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::Truth;
    use crate::model::labels::Labels;

    fn read(selectors: &[&str]) -> Vec<LabelSelector<'static>> {
        selectors.iter().map(|text| serde_json::from_str::<LabelSelector<'_>>(text).unwrap().to_static()).collect()
    }

    #[rstest]
    #[case::nothing(&[], &[], Some(0))]
    #[case::labels(&[r#"{"matchLabels": {"a": "x", "b": "y"}}"#], &[], Some(2))]
    #[case::contradiction(&[r#"{"matchLabels": {"a": "x"}}"#, r#"{"matchLabels": {"a": "y"}}"#], &[], None)]
    #[case::everything_is_refused(&[], &["{}"], None)]
    #[case::absent(&[r#"{"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}"#], &[], Some(0))]
    #[case::another_value(
        &[r#"{"matchExpressions": [{"key": "a", "operator": "Exists"}]}"#],
        &[r#"{"matchLabels": {"a": "any"}}"#],
        Some(1)
    )]
    #[case::the_other_choice(
        &[r#"{"matchExpressions": [{"key": "a", "operator": "In", "values": ["x", "y"]}]}"#],
        &[r#"{"matchLabels": {"a": "x"}}"#],
        Some(1)
    )]
    #[case::a_label_more(
        &[r#"{"matchLabels": {"a": "x"}}"#],
        &[r#"{"matchLabels": {"a": "x"}, "matchExpressions": [{"key": "b", "operator": "DoesNotExist"}]}"#],
        Some(1 + 1)
    )]
    #[case::step_back(
        &[r#"{"matchExpressions": [{"key": "a", "operator": "Exists"}]}"#],
        &[r#"{"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}"#],
        Some(1)
    )]
    fn finds_labels_that_fulfil_and_fail(
        #[case] fulfilled: &[&str],
        #[case] failed: &[&str],
        #[case] number: Option<usize>,
    ) {
        let (fulfilled, failed) = (read(fulfilled), read(failed));
        let units = fulfilled.iter().flat_map(demands).map(|literal| vec![literal]);
        let clauses: Vec<Clause<'_>> = units.chain(failed.iter().map(refusal)).collect();
        let found = labels(&clauses).unwrap();
        assert_eq!(found.as_ref().map(BTreeMap::len), number, "{found:?}");
        let found: Labels<'_> = found.into_iter().flatten().collect();
        if number.is_some() {
            assert!(fulfilled.iter().all(|selector| selector.matches(&found) == Truth::Yes), "{found:?}");
            assert!(failed.iter().all(|selector| selector.matches(&found) == Truth::No), "{found:?}");
        }
    }

    #[test]
    fn a_search_without_end_is_given_up() {
        let keys: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
        let choice = |key| Literal::one_of(key, vec!["a", "b", "c"]);
        let mut clauses: Vec<Clause<'_>> = keys.iter().map(|key| vec![choice(key)]).collect();
        clauses.push(vec![]);
        assert_eq!(labels(&clauses), Err(GivenUp));
    }
}
