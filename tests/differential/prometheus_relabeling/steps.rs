//! Random relabeling steps, mostly right.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

use crate::pattern::pattern;

/// A step: the name of each field in monitors, its name in Prometheus' configuration, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Config(pub(crate) Vec<(&'static str, &'static str, Value)>);

impl Config {
    pub(crate) fn as_written_in_monitors(&self) -> Value {
        self.0.iter().map(|(name, _, value)| ((*name).to_owned(), value.clone())).collect::<Map<_, _>>().into()
    }
}

/// Names of labels.
pub(crate) const NAMES: [&str; 10] = ["a", "b", "ab", "a_b", "B", "job", "__address__", "__meta_a", "__meta_ab", "é.b"];
const ACTIONS: [&str; 14] = [
    "replace",
    "replace",
    "Replace",
    "keep",
    "drop",
    "keepequal",
    "DropEqual",
    "hashmod",
    "labelmap",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
];

/// A step with the fields that its action takes, and seldom one more or one less.
pub(crate) fn config() -> impl Strategy<Value = Config> {
    let action = prop_oneof![100 => select(ACTIONS.to_vec()), 1 => Just("explode")];
    weighted(0.9, action).prop_flat_map(|action| {
        let lower = action.unwrap_or("replace").to_ascii_lowercase();
        let by_name = ["labelmap", "labeldrop", "labelkeep"].contains(&lower.as_str());
        let takes = |yes: bool, share: f64| if yes { share } else { 0.02 };
        let replaces = ["replace", "labelmap"].contains(&lower.as_str());
        let compares = lower.ends_with("equal");
        let needs_target = !by_name && !["keep", "drop"].contains(&lower.as_str());
        let sources = vec(select(NAMES.to_vec()), 1..3);
        (
            weighted(takes(!by_name || lower == "labelmap", 0.9), sources),
            weighted(takes(!by_name && !compares, 0.2), select(vec![";", "", "-", ";;"])),
            weighted(takes(!compares, 0.8), expression()),
            weighted(if lower == "hashmod" { 0.95 } else { 0.02 }, select(vec![0_u64, 1, 2, 1000, 1 << 40])),
            weighted(takes(needs_target, 0.97), target()),
            weighted(takes(replaces, 0.7), template()),
        )
            .prop_map(move |(sources, separator, regex, modulus, target, replacement)| {
                let fields = [
                    ("action", "action", action.map(Value::from)),
                    ("sourceLabels", "source_labels", sources.map(Value::from)),
                    ("separator", "separator", separator.map(Value::from)),
                    ("regex", "regex", regex.map(Value::from)),
                    ("modulus", "modulus", modulus.map(Value::from)),
                    ("targetLabel", "target_label", target.map(Value::from)),
                    ("replacement", "replacement", replacement.map(Value::from)),
                ];
                Config(fields.into_iter().filter_map(|(name, theirs, value)| Some((name, theirs, value?))).collect())
            })
    })
}

fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        10 => select(NAMES.to_vec()).prop_map(str::to_owned),
        2 => template(),
        1 => select(vec!["", "1a", "a-b", "$1", "${1}_x", "x$2"]).prop_map(str::to_owned),
    ]
}

/// Expressions that match often. The operator takes an empty one for the default, Prometheus does not, so there is none.
fn expression() -> impl Strategy<Value = String> {
    let usual = [
        "(.*)",
        ".+",
        "a",
        "a(.*)",
        "(.*);(.*)",
        "([^;]*);?(.*)",
        "(a|b)+",
        "(?P<n>.)(.*)",
        "__meta_(.+)",
        "(?i)a.*",
        "(?<m>[a-z]*).*",
        "(.)|(.)(.)",
        "a)|(?:b",
        "\\w*",
        "__.*",
    ];
    let usual = select(usual.to_vec()).prop_map(str::to_owned);
    prop_oneof![3 => usual, 1 => pattern().prop_filter("the default", |pattern| !pattern.is_empty())]
}

/// A replacement with references to groups that may not exist.
pub(crate) fn template() -> impl Strategy<Value = String> {
    let pieces = [
        "a", "b", "_", "-", "$1", "$1", "${1}", "${2}", "$2", "$0", "$n", "${n}", "$m", "$3", "$", "$$", "${", "}",
        "1", "x", "é", "$10", "$01", "${1", ":15090",
    ];
    vec(select(pieces.to_vec()), 0..4).prop_map(|pieces| pieces.concat())
}
