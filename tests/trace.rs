//! `scrapeguard trace` as people run it: on the cluster of the examples, with the guide's policies and with ours.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute only, and helpers have none

#[path = "support/program.rs"]
mod program;

use std::io::Write;

use rstest::rstest;
use serde_json::Value;

use program::{run, transcript};

const PROMETHEUS: &str = "monitoring/prometheus-prometheus-operator-kube-p-prometheus-0";
const OPERATOR: &str = "monitoring/prometheus-operator-kube-p-operator";

/// The cluster of the examples with what stands in another path.
fn arguments<'a>(policies: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["trace", "-f", "examples/cluster", "-f", policies, "--guard", "examples/seed.yaml"], more].concat()
}

#[rstest]
#[case::blocked("blocked", &[PROMETHEUS, "monitoring/prometheus-operator-kube-p-operator:10250"])]
#[case::from_outside("from-outside", &["world", "monitoring/prometheus-operator-kube-p-operator:https"])]
#[case::service_port("service-port", &[PROMETHEUS, "monitoring/prometheus-operator-kube-p-operator:443"])]
#[case::by_identity("by-identity", &["shop/web-5b6d8f9c7-h2v9z", "monitoring/prometheus-prometheus-operator-kube-p-prometheus-0:9090"])]
#[case::json("json", &[PROMETHEUS, "monitoring/prometheus-operator-kube-state-metrics:http", "-o", "json"])]
#[case::no_such_pod("no-such-pod", &[PROMETHEUS, "monitoring/prometheus-operator-grafanna:3000"])]
#[case::no_such_port("no-such-port", &[PROMETHEUS, "monitoring/prometheus-operator-grafana-6d9f7c5b8-x7k2p:http"])]
#[case::connections("connections", &["--connections"])]
fn a_trace_reads_well(#[case] name: &str, #[case] more: &[&str]) {
    insta::assert_snapshot!(name, transcript(&arguments("examples/seed/as-written", more), ""));
}

#[test]
fn the_readme_shows_what_the_program_says() {
    let output = run(
        &arguments("examples/seed/as-written", &["world", "monitoring/prometheus-operator-kube-p-operator:https"]),
        "",
    );
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(include_str!("../README.md").contains(&said), "{said}");
}

#[test]
fn what_is_rendered_lets_through_what_the_guard_asks_for() {
    let rendered = run(&["render", "--guard", "examples/seed.yaml"], "");
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    file.write_all(&rendered.stdout).unwrap();
    let path = file.path().to_str().unwrap();
    let output = run(&arguments(path, &["--connections", "-o", "json"]), "");
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 13);
    for line in lines {
        assert_eq!(line["verdict"], "open", "{line:#}");
    }
}

#[test]
fn a_batch_is_answered_line_by_line() {
    let questions = [
        format!(r#"{{"from": "{PROMETHEUS}", "to": "{OPERATOR}", "port": 10250}}"#),
        "what?".to_owned(),
        format!(r#"{{"from": "world", "to": "{PROMETHEUS}", "port": "reloader-web", "tls": "none"}}"#),
        format!(r#"{{"from": "10.9.8.7", "to": "{PROMETHEUS}", "port": 9090, "http": {{"method": "GET"}}}}"#),
        r#"{"from": "world", "to": "shop/nobody", "port": 1}"#.to_owned(),
    ];
    let output = run(&arguments("examples/seed/corrected", &["--batch", "-"]), &questions.join("\n"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    insta::assert_snapshot!("batch", String::from_utf8(output.stdout).unwrap());
}

#[rstest]
#[case::open(&[PROMETHEUS, "monitoring/prometheus-operator-grafana-6d9f7c5b8-x7k2p:3000"], 0)]
#[case::blocked(&[PROMETHEUS, "monitoring/prometheus-operator-kube-p-operator:10250"], 1)]
#[case::connections(&["--connections"], 1)]
#[case::no_port(&[PROMETHEUS, "shop/web-5b6d8f9c7-h2v9z"], 2)]
#[case::no_question(&[], 2)]
#[case::two_questions(&[PROMETHEUS, "shop/web-5b6d8f9c7-h2v9z:80", "--connections"], 2)]
#[case::input_twice(&["-f", "-", "--batch", "-"], 2)]
#[case::something_is_missing(&[PROMETHEUS, "monitoring/prometheus-operator-grafana-6d9f7c5b8-x7k2p:3000", "-f", "Cargo.toml"], 2)]
fn the_exit_code_tells_how_it_went(#[case] more: &[&str], #[case] code: i32) {
    let output = run(&arguments("examples/seed/as-written", more), "");
    assert_eq!(output.status.code(), Some(code), "{output:?}");
}
