//! `scrapeguard review` and its neighbours as people run them: the real program on real files.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // clippy knows tests by their attribute only, and helpers have none

#[path = "support/program.rs"]
mod program;

use rstest::rstest;

use program::{run, transcript};

#[rstest]
#[case::seed("seed", &["-f", "examples/seed/as-written"])]
#[case::seed_json("seed-json", &["-f", "examples/seed/as-written", "-o", "json"])]
#[case::guard("guard", &["-f", "examples/seed/as-written/pod-monitor.yaml", "--guard", "tests/review/guard.yaml"])]
#[case::workloads("workloads", &["-f", "tests/review/workloads.yaml"])]
#[case::workloads_json("workloads-json", &["-f", "tests/review/workloads.yaml", "-o", "json", "--fail-on", "never"])]
#[case::selectors("selectors", &["-f", "tests/review/selectors.yaml"])]
#[case::warn_mode("warn-mode", &["-f", "tests/review/warn-mode.yaml"])]
#[case::broken("broken", &["-f", "tests/review/broken.yaml"])]
#[case::broken_json("broken-json", &["-f", "tests/review/broken.yaml", "-o", "json"])]
fn a_review_reads_well(#[case] name: &str, #[case] arguments: &[&str]) {
    insta::assert_snapshot!(name, transcript(&[&["review"], arguments].concat(), ""));
}

const POLICY_OF_SCRAPE_PORT: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: node-exporter, namespace: monitoring}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: prometheus-node-exporter}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {app.kubernetes.io/name: prometheus}}}]
    ports: [{port: 9100}]
";

#[rstest]
#[case(&["-f", "-"], 0)]
#[case(&["-f", "-", "--fail-on", "warning"], 1)]
#[case(&["-f", "-", "--fail-on", "never"], 0)]
#[case(&["-f", "-", "-f", "/does/not/exist.yaml"], 2)]
#[case(&["-f", "-", "--guard", "/does/not/exist.yaml"], 2)]
#[case(&["-f", "-", "--guard", "Cargo.toml"], 2)]
#[case(&[], 2)]
fn the_exit_code_tells_how_it_went(#[case] arguments: &[&str], #[case] code: i32) {
    let output = run(&[&["review"], arguments].concat(), POLICY_OF_SCRAPE_PORT);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert_eq!(output.stderr.is_empty(), code != 2, "{output:?}");
}

#[test]
fn standard_input_is_named_in_the_report() {
    let report = transcript(&["review", "-f", "-"], POLICY_OF_SCRAPE_PORT);
    assert!(report.contains(" --> <stdin>:5:16\n"), "{report}");
}

#[test]
fn windows_line_ends_make_no_difference() {
    let unix = transcript(&["review", "-f", "-"], POLICY_OF_SCRAPE_PORT);
    let windows = transcript(&["review", "-f", "-"], &POLICY_OF_SCRAPE_PORT.replace('\n', "\r\n"));
    assert_eq!(windows, unix);
}

#[test]
fn objects_without_a_namespace_get_the_one_that_was_asked_for() {
    let homeless = POLICY_OF_SCRAPE_PORT.replace(", namespace: monitoring", "");
    let report = |namespace: &[&str]| {
        let output = run(&[&["review", "-f", "-", "-o", "json"], namespace].concat(), &homeless);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["objects"][0]["namespace"].clone()
    };
    assert_eq!(report(&[]), "default");
    assert_eq!(report(&["-n", "monitoring"]), "monitoring");
}

#[rstest]
#[case(&["rules"], 0)]
#[case(&["rules", "SG-NP-004"], 0)]
#[case(&["rules", "SG-NP-998"], 2)]
#[case(&["completions", "bash"], 0)]
#[case(&["completions", "tcsh"], 2)]
fn the_small_commands_answer(#[case] arguments: &[&str], #[case] code: i32) {
    let output = run(arguments, "");
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert_eq!(output.stdout.is_empty(), code != 0, "{output:?}");
}
