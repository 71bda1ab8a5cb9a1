//! What Prometheus and its operator do with relabeling steps, as tables of facts.

use std::collections::BTreeMap;

use rstest::rstest;

use super::*;
use crate::model::relabeling::validity::check;

fn steps(json: &str) -> Vec<Step> {
    let configs: Vec<RelabelConfig<'_>> = serde_json::from_str(json).unwrap();
    configs.iter().map(|config| Step::new(config, PrometheusVersion::LATEST).unwrap()).collect()
}

fn labels(json: &str) -> LabelSet {
    serde_json::from_str::<BTreeMap<String, String>>(json).unwrap().into_iter().collect()
}

/// The facts of Prometheus' own `TestRelabel`. `None`: the target is dropped.
#[rstest]
#[case::group_twice(
    r#"{"a": "foo", "b": "bar", "c": "baz"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "f(.*)", "targetLabel": "d", "replacement": "ch${1}-ch${1}"}]"#,
    Some(r#"{"a": "foo", "b": "bar", "c": "baz", "d": "choo-choo"}"#)
)]
#[case::one_after_the_other(
    r#"{"a": "foo", "b": "bar", "c": "baz"}"#,
    r#"[{"sourceLabels": ["a", "b"], "regex": "f(.*);(.*)r", "targetLabel": "a", "replacement": "b${1}${2}m"},
        {"sourceLabels": ["c", "a"], "regex": "(b).*b(.*)ba(.*)", "targetLabel": "d", "replacement": "$1$2$2$3"}]"#,
    Some(r#"{"a": "boobam", "b": "bar", "c": "baz", "d": "boooom"}"#)
)]
#[case::nothing_runs_after_a_drop(
    r#"{"a": "foo"}"#,
    r#"[{"sourceLabels": ["a"], "regex": ".*o.*", "action": "drop"},
        {"sourceLabels": ["a"], "regex": "f(.*)", "targetLabel": "d", "replacement": "ch$1-ch$1"}]"#,
    None
)]
#[case::dropped(
    r#"{"a": "foo", "b": "bar"}"#,
    r#"[{"sourceLabels": ["a"], "regex": ".*o.*", "action": "drop"}]"#,
    None
)]
#[case::inner_group(
    r#"{"a": "abc"}"#,
    r#"[{"sourceLabels": ["a"], "regex": ".*(b).*", "targetLabel": "d"}]"#,
    Some(r#"{"a": "abc", "d": "b"}"#)
)]
#[case::not_dropped(
    r#"{"a": "foo"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "no-match", "action": "drop"}]"#,
    Some(r#"{"a": "foo"}"#)
)]
#[case::anchored_alternatives(
    r#"{"a": "foo"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "f|o", "action": "drop"}]"#,
    Some(r#"{"a": "foo"}"#)
)]
#[case::not_kept(r#"{"a": "foo"}"#, r#"[{"sourceLabels": ["a"], "regex": "no-match", "action": "keep"}]"#, None)]
#[case::kept(
    r#"{"a": "foo"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "f.*", "action": "keep"}]"#,
    Some(r#"{"a": "foo"}"#)
)]
#[case::no_match_no_replacement(
    r#"{"a": "boo"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "f", "targetLabel": "b", "replacement": "bar"}]"#,
    Some(r#"{"a": "boo"}"#)
)]
#[case::an_empty_replacement_removes_the_label(
    r#"{"a": "foo", "f": "baz"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "(f).*", "targetLabel": "$1", "replacement": "$2"}]"#,
    Some(r#"{"a": "foo"}"#)
)]
#[case::hash(
    r#"{"a": "foo", "b": "bar", "c": "baz"}"#,
    r#"[{"sourceLabels": ["c"], "targetLabel": "d", "action": "hashmod", "modulus": 1000}]"#,
    Some(r#"{"a": "foo", "b": "bar", "c": "baz", "d": "976"}"#)
)]
#[case::hash_of_lines(
    r#"{"a": "foo\nbar"}"#,
    r#"[{"sourceLabels": ["a"], "targetLabel": "b", "action": "hashmod", "modulus": 1000}]"#,
    Some(r#"{"a": "foo\nbar", "b": "734"}"#)
)]
#[case::map(
    r#"{"a": "foo", "b1": "bar", "b2": "baz"}"#,
    r#"[{"regex": "(b.*)", "replacement": "bar_${1}", "action": "labelmap"}]"#,
    Some(r#"{"a": "foo", "b1": "bar", "b2": "baz", "bar_b1": "bar", "bar_b2": "baz"}"#)
)]
#[case::map_of_meta_labels(
    r#"{"a": "foo", "__meta_my_bar": "aaa", "__meta_my_baz": "bbb", "__meta_other": "ccc"}"#,
    r#"[{"regex": "__meta_(my.*)", "replacement": "${1}", "action": "labelmap"}]"#,
    Some(
        r#"{"a": "foo", "__meta_my_bar": "aaa", "__meta_my_baz": "bbb", "__meta_other": "ccc", "my_bar": "aaa",
            "my_baz": "bbb"}"#
    )
)]
#[case::target_from_a_group(
    r#"{"a": "some-name-value"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "some-([^-]+)-([^,]+)", "replacement": "${2}", "targetLabel": "${1}"}]"#,
    Some(r#"{"a": "some-name-value", "name": "value"}"#)
)]
#[case::replacement_from_no_group(
    r#"{"a": "some-name-value"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "some-([^-]+)-([^,]+)", "replacement": "${3}", "targetLabel": "${1}"}]"#,
    Some(r#"{"a": "some-name-value"}"#)
)]
#[case::target_from_no_group(
    r#"{"a": "some-name-0"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "some-([^-]+)-([^,]+)", "replacement": "${1}", "targetLabel": "${3}"},
        {"sourceLabels": ["a"], "regex": "some-([^-]+)(-[^,]+)", "replacement": "${1}", "targetLabel": "${3}"}]"#,
    Some(r#"{"a": "some-name-0"}"#)
)]
#[case::real_life(
    r#"{"__meta_sd_tags": "path:/secret,job:some-job,label:foo=bar"}"#,
    r#"[{"sourceLabels": ["__meta_sd_tags"], "regex": "(?:.+,|^)path:(/[^,]+).*", "targetLabel": "__metrics_path__"},
        {"sourceLabels": ["__meta_sd_tags"], "regex": "(?:.+,|^)job:([^,]+).*", "targetLabel": "job"},
        {"sourceLabels": ["__meta_sd_tags"], "regex": "(?:.+,|^)label:([^=]+)=([^,]+).*", "targetLabel": "${1}",
         "replacement": "${2}"}]"#,
    Some(
        r#"{"__meta_sd_tags": "path:/secret,job:some-job,label:foo=bar", "__metrics_path__": "/secret",
            "job": "some-job", "foo": "bar"}"#
    )
)]
#[case::removed_and_written_again(
    r#"{"__meta_port_name": "foo", "__meta_metrics_port": "9091"}"#,
    r#"[{"regex": "^__meta_port_name$", "action": "labeldrop"},
        {"sourceLabels": ["__meta_metrics_port"], "regex": "(.+)", "replacement": "metrics",
         "targetLabel": "__meta_port_name"},
        {"sourceLabels": ["__meta_port_name"], "regex": "^metrics$", "action": "keep"}]"#,
    Some(r#"{"__meta_port_name": "metrics", "__meta_metrics_port": "9091"}"#)
)]
#[case::names_kept(
    r#"{"a": "foo", "b1": "bar", "b2": "baz"}"#,
    r#"[{"regex": "(b.*)", "action": "labelkeep"}]"#,
    Some(r#"{"b1": "bar", "b2": "baz"}"#)
)]
#[case::names_dropped(
    r#"{"a": "foo", "b1": "bar", "b2": "baz"}"#,
    r#"[{"regex": "(b.*)", "action": "labeldrop"}]"#,
    Some(r#"{"a": "foo"}"#)
)]
#[case::upper_and_lower_case(
    r#"{"foo": "bAr123Foo"}"#,
    r#"[{"sourceLabels": ["foo"], "action": "uppercase", "targetLabel": "upper"},
        {"sourceLabels": ["foo"], "action": "Lowercase", "targetLabel": "lower"}]"#,
    Some(r#"{"foo": "bAr123Foo", "lower": "bar123foo", "upper": "BAR123FOO"}"#)
)]
#[case::equal_kept(
    r#"{"port": "1234", "port1": "1234"}"#,
    r#"[{"sourceLabels": ["port"], "action": "keepequal", "targetLabel": "port1"}]"#,
    Some(r#"{"port": "1234", "port1": "1234"}"#)
)]
#[case::equal_dropped(
    r#"{"port": "1234", "port1": "1234"}"#,
    r#"[{"sourceLabels": ["port"], "action": "dropequal", "targetLabel": "port1"}]"#,
    None
)]
#[case::unequal_not_dropped(
    r#"{"port": "1234", "port2": "5678"}"#,
    r#"[{"sourceLabels": ["port"], "action": "dropequal", "targetLabel": "port2"}]"#,
    Some(r#"{"port": "1234", "port2": "5678"}"#)
)]
#[case::unequal_not_kept(
    r#"{"port": "1234", "port2": "5678"}"#,
    r#"[{"sourceLabels": ["port"], "action": "keepequal", "targetLabel": "port2"}]"#,
    None
)]
#[case::dot_takes_line_feeds(
    r#"{"a": "line1\nline2"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "line1.*line2", "targetLabel": "d", "replacement": "match${1}"}]"#,
    Some(r#"{"a": "line1\nline2", "d": "match"}"#)
)]
#[case::source_with_dots(
    r#"{"utf-8.label": "line1"}"#,
    r#"[{"sourceLabels": ["utf-8.label"], "regex": "line1", "targetLabel": "d", "replacement": "match"}]"#,
    Some(r#"{"utf-8.label": "line1", "d": "match"}"#)
)]
#[case::target_with_dots(
    r#"{"a": "line1"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "line1", "targetLabel": "utf-8.label", "replacement": "match${1}"}]"#,
    Some(r#"{"a": "line1", "utf-8.label": "match"}"#)
)]
#[case::template_with_dots(
    r#"{"a": "line1"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "line1", "targetLabel": "utf-8.label${1}", "replacement": "match${1}"}]"#,
    Some(r#"{"a": "line1", "utf-8.label": "match"}"#)
)]
#[case::named_groups(
    r#"{"a": "line1\nline2"}"#,
    r#"[{"sourceLabels": ["a"], "regex": "(line1).*(?<second>line2)", "targetLabel": "one_${1}",
         "replacement": "val_${second}"},
        {"sourceLabels": ["a"], "regex": "(line1).*(?<second>line2)", "targetLabel": "two_$1",
         "replacement": "val_$second"}]"#,
    Some(r#"{"a": "line1\nline2", "one_line1": "val_line2", "two_line1": "val_line2"}"#)
)]
#[case::dollar_in_the_expression(
    r#"{"__name__": "http_requests_total"}"#,
    r#"[{"sourceLabels": ["__name__"], "regex": ".*_total$", "targetLabel": "__type__", "replacement": "counter"}]"#,
    Some(r#"{"__name__": "http_requests_total", "__type__": "counter"}"#)
)]
#[case::constant(
    r#"{"__name__": "disk_usage_bytes"}"#,
    r#"[{"sourceLabels": ["__name__"], "regex": ".*_bytes$", "targetLabel": "__unit__", "replacement": "bytes"}]"#,
    Some(r#"{"__name__": "disk_usage_bytes", "__unit__": "bytes"}"#)
)]
fn relabels_as_prometheus_does(#[case] before: &str, #[case] configs: &str, #[case] after: Option<&str>) {
    let mut set = labels(before);
    let kept = relabel(&mut set, &steps(configs));
    assert_eq!(kept.then_some(set), after.map(labels));
}

#[rstest]
#[case::missing_labels_are_empty(r#"[{"sourceLabels": ["none"], "regex": "", "action": "keep"}]"#, true)]
#[case::and_so_may_not_match(r#"[{"sourceLabels": ["none"], "regex": ".+", "action": "keep"}]"#, false)]
#[case::separator(r#"[{"sourceLabels": ["a", "b"], "separator": "", "regex": "xy", "action": "keep"}]"#, true)]
#[case::no_sources(r#"[{"regex": "x", "action": "keep"}]"#, false)]
fn targets_are_kept(#[case] configs: &str, #[case] kept: bool) {
    assert_eq!(relabel(&mut labels(r#"{"a": "x", "b": "y"}"#), &steps(configs)), kept);
}

#[test]
fn the_last_of_two_names_mapped_to_one_wins() {
    let mut set = labels(r#"{"a_1": "x", "b_1": "y"}"#);
    assert!(relabel(&mut set, &steps(r#"[{"regex": "._(.)", "replacement": "n$1", "action": "labelmap"}]"#)));
    assert_eq!(set.get("n1"), "y");
}

const V2_30: PrometheusVersion = PrometheusVersion { major: 2, minor: 30 };
const V2_36: PrometheusVersion = PrometheusVersion { major: 2, minor: 36 };
const V2_41: PrometheusVersion = PrometheusVersion { major: 2, minor: 41 };
const V3: PrometheusVersion = PrometheusVersion::LATEST;

/// The facts of the operator's own `TestValidateRelabelConfig`, then those of Prometheus' `TestRelabelValidate`, then
/// what neither of them tests.
#[rstest]
#[case::invalid_expression(r#"{"regex": "invalid regex)"}"#, V2_36, Some("regex"))]
#[case::target_is_no_name(r#"{"action": "replace", "targetLabel": "l\\${3}"}"#, V2_36, Some("targetLabel"))]
#[case::replace_without_target(r#"{"action": "replace", "targetLabel": ""}"#, V2_36, Some("targetLabel"))]
#[case::hash_without_both(r#"{"action": "hashmod", "targetLabel": ""}"#, V2_36, Some("modulus"))]
#[case::upper_case_without_target(r#"{"action": "uppercase", "targetLabel": ""}"#, V2_36, Some("targetLabel"))]
#[case::lower_case_without_target(r#"{"action": "lowercase", "targetLabel": ""}"#, V2_36, Some("targetLabel"))]
#[case::upper_case_without_target_too(r#"{"action": "uppercase", "replacement": "x"}"#, V2_36, Some("targetLabel"))]
#[case::hash_by_zero(
    r#"{"sourceLabels": ["instance"], "action": "hashmod", "modulus": 0, "targetLabel": "__tmp_hashmod"}"#,
    V2_36,
    Some("modulus")
)]
#[case::map_to_no_name(r#"{"action": "labelmap", "regex": "a(.+)", "replacement": "a-b"}"#, V2_36, Some("replacement"))]
#[case::map(r#"{"action": "labelmap", "regex": "__meta_kubernetes_service_label_(.+)"}"#, V2_36, None)]
#[case::map_to_a_name(r#"{"action": "labelmap", "regex": "a(.+)", "replacement": "abc"}"#, V2_36, None)]
#[case::names_kept_by_values(
    r#"{"sourceLabels": ["instance"], "action": "labelkeep", "targetLabel": "__tmp_labelkeep"}"#,
    V2_36,
    Some("sourceLabels")
)]
#[case::names_kept(r#"{"action": "labelkeep"}"#, V2_36, None)]
#[case::names_dropped(r#"{"action": "labeldrop", "regex": "replica"}"#, V2_36, None)]
#[case::empty_replacement(r#"{"action": "replace", "replacement": "", "targetLabel": "abc"}"#, V2_36, None)]
#[case::default_expression(r#"{"action": "labeldrop", "regex": "(.*)"}"#, V2_36, None)]
#[case::hash(r#"{"sourceLabels": [], "action": "hashmod", "modulus": 1, "targetLabel": "abc"}"#, V2_36, None)]
#[case::replace(r#"{"action": "replace", "targetLabel": "abc"}"#, V2_36, None)]
#[case::upper_case(r#"{"action": "uppercase", "targetLabel": "ABC"}"#, V2_36, None)]
#[case::lower_case(r#"{"action": "lowercase", "targetLabel": "abc"}"#, V2_36, None)]
#[case::upper_case_too_new(r#"{"action": "uppercase", "targetLabel": "abc"}"#, V2_30, Some("action"))]
#[case::lower_case_too_new(r#"{"action": "lowercase", "targetLabel": "abc"}"#, V2_30, Some("action"))]
#[case::keep_equal_too_new(r#"{"action": "keepequal", "targetLabel": "abc"}"#, V2_30, Some("action"))]
#[case::drop_equal_too_new(r#"{"action": "dropequal", "targetLabel": "abc"}"#, V2_30, Some("action"))]
#[case::keep_equal(r#"{"sourceLabels": ["p"], "targetLabel": "__port1", "action": "keepequal"}"#, V2_41, None)]
#[case::drop_equal(r#"{"sourceLabels": ["p"], "targetLabel": "__port1", "action": "dropequal"}"#, V2_41, None)]
#[case::keep_equal_by_expression(
    r#"{"sourceLabels": ["p"], "targetLabel": "q", "separator": "^", "regex": "validregex", "replacement": "value",
        "action": "keepequal"}"#,
    V2_41,
    Some("regex")
)]
// The operator accepts this one, and Prometheus refuses the configuration that it makes of it.
#[case::keep_equal_by_the_default_expression(
    r#"{"sourceLabels": ["p"], "targetLabel": "q", "separator": ";", "regex": "(.*)", "modulus": 0,
        "replacement": "$1", "action": "keepequal"}"#,
    V2_41,
    Some("regex")
)]
#[case::map_to_a_template(
    r#"{"action": "labelmap", "regex": "^(cluster)$", "replacement": "exported_${1}"}"#,
    V2_36,
    None
)]
#[case::map_to_a_prefix(r#"{"action": "labelmap", "regex": "a(.*)", "replacement": "k8s_${1}"}"#, V2_36, None)]
#[case::template_as_upper_case_target(r#"{"action": "lowercase", "targetLabel": "${3}"}"#, V3, None)]
#[case::not_before_prometheus_3(r#"{"action": "lowercase", "targetLabel": "${3}"}"#, V2_41, Some("targetLabel"))]
#[case::template_as_target(r#"{"sourceLabels": ["a"], "regex": "(a)", "targetLabel": "${3}"}"#, V3, None)]
#[case::template_behind_a_digit(r#"{"sourceLabels": ["a"], "regex": "(a)", "targetLabel": "0${3}"}"#, V3, None)]
#[case::template_behind_a_dash(r#"{"sourceLabels": ["a"], "regex": "(a)", "targetLabel": "-${3}"}"#, V3, None)]
#[case::digit_before_prometheus_3(r#"{"targetLabel": "0${3}"}"#, V2_41, Some("targetLabel"))]
#[case::map_by_number(r#"{"regex": "__meta_(.+)", "action": "labelmap", "replacement": "$1"}"#, V2_41, None)]
#[case::map_by_braces(r#"{"regex": "__meta_(.+)", "action": "labelmap", "replacement": "${1}"}"#, V2_41, None)]
#[case::map_to_nothing(r#"{"action": "labelmap", "replacement": ""}"#, V3, Some("replacement"))]
#[case::upper_case_with_replacement(
    r#"{"action": "uppercase", "targetLabel": "a", "replacement": "x"}"#,
    V3,
    Some("replacement")
)]
#[case::names_with_separator(r#"{"action": "labeldrop", "regex": "a", "separator": ","}"#, V3, Some("separator"))]
#[case::names_with_modulus(r#"{"action": "labelkeep", "regex": "a", "modulus": 2}"#, V3, Some("modulus"))]
#[case::names_with_target(r#"{"action": "labelkeep", "regex": "a", "targetLabel": "b"}"#, V3, Some("targetLabel"))]
#[case::upper_case_letters(r#"{"action": "LabelDrop", "regex": "a"}"#, V3, None)]
#[case::unknown(r#"{"action": "explode"}"#, V3, Some("action"))]
#[case::keep_without_anything(r#"{"action": "keep"}"#, V3, None)]
fn accepts_what_the_operator_and_prometheus_accept(
    #[case] config: &str,
    #[case] version: PrometheusVersion,
    #[case] wrong: Option<&str>,
) {
    let config: RelabelConfig<'_> = serde_json::from_str(config).unwrap();
    assert_eq!(check(&config, version).err().map(|error| error.field()), wrong);
}
