//! Random questions: mostly right, with a mistake here and there.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use proptest::collection::{btree_map, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::pattern::pattern;
use crate::steps::{Config, NAMES, config, template};

/// What both sides are asked.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Relabeling(Relabeling),
    Search(Search),
}

/// What steps make of labels.
#[derive(Clone, Debug)]
pub(crate) struct Relabeling {
    pub(crate) configs: Vec<Config>,
    pub(crate) labels: BTreeMap<String, String>,
    /// Whether names are bound to the rules before Prometheus 3.
    pub(crate) legacy: bool,
}

/// What a template makes of the match of an anchored pattern.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub(crate) pattern: String,
    pub(crate) text: String,
    pub(crate) template: String,
}

impl Question {
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Relabeling(Relabeling { configs, labels, legacy }) => {
                let configs: Vec<Value> = configs.iter().map(as_written_in_prometheus).collect();
                json!({"configs": configs, "labels": labels, "legacy": legacy})
            }
            Self::Search(Search { pattern, text, template }) => {
                json!({"pattern": pattern, "text": text, "template": template})
            }
        }
    }
}

fn as_written_in_prometheus(config: &Config) -> Value {
    config.0.iter().map(|(_, name, value)| ((*name).to_owned(), value.clone())).collect::<Map<_, _>>().into()
}

/// As many relabelings, the same ones every time.
pub(crate) fn relabelings(number: usize) -> Result<Vec<Question>> {
    let labels = btree_map(select(NAMES.to_vec()).prop_map(str::to_owned), text(), 0..6);
    let question = (vec(config(), 1..4), labels, weighted(0.3, Just(())))
        .prop_map(|(configs, labels, legacy)| Relabeling { configs, labels, legacy: legacy.is_some() });
    sample(&question.prop_map(Question::Relabeling), number)
}

/// As many patterns, the same ones every time.
pub(crate) fn patterns(number: usize) -> Result<Vec<Question>> {
    let question =
        (pattern(), text(), template()).prop_map(|(pattern, text, template)| Search { pattern, text, template });
    sample(&question.prop_map(Question::Search), number)
}

fn sample(strategy: &impl Strategy<Value = Question>, number: usize) -> Result<Vec<Question>> {
    let mut runner = TestRunner::deterministic();
    (0..number)
        .map(|_| strategy.new_tree(&mut runner).map(|tree| tree.current()).map_err(|reason| anyhow!("{reason}")))
        .collect()
}

fn text() -> impl Strategy<Value = String> {
    let pieces = [
        "a", "b", "A", "ab", "x", "1", "9", "_", "-", ".", ":", ";", "{", "\n", "é", "α", "ſ", "\u{212a}", "k", "İ",
        "ß", "ᾳ", "٣", " ",
    ];
    vec(select(pieces.to_vec()), 0..7).prop_map(|pieces| pieces.concat())
}
