//! `scrapeguard diff` as people run it, and its law: it tells the difference of two audits.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // clippy knows tests by their attribute only

#[path = "support/program.rs"]
mod program;

use std::collections::{BTreeMap, BTreeSet};

use rstest::rstest;
use serde_json::Value;

use program::{run, transcript};

const CLUSTER: [&str; 5] = ["-f", "examples/cluster", "--guard", "examples/seed.yaml", "-n"];
const OPERATOR_POLICY: &str = "NetworkPolicy/monitoring/kube-prometheus-stack-operator";

fn json(arguments: &[&str], input: &str) -> Value {
    let output = run(&[arguments, &["-o", "json"]].concat(), input);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn arguments<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[command], &CLUSTER[..], &["default"], more].concat()
}

#[test]
fn what_the_guides_policies_close_is_told() {
    let more = ["--change", "examples/seed/as-written"];
    insta::assert_snapshot!("as-written", transcript(&arguments("diff", &more), ""));
}

#[test]
fn what_a_policy_closed_is_open_without_it() {
    let more = ["-f", "examples/seed/as-written", "--delete", OPERATOR_POLICY];
    insta::assert_snapshot!("without-a-policy", transcript(&arguments("diff", &more), ""));
}

#[rstest]
#[case::nothing(&["--change", "examples/cluster/namespaces.yaml"], 0)]
#[case::better(&["-f", "examples/seed/as-written", "--delete", OPERATOR_POLICY], 0)]
#[case::worse(&["--change", "examples/seed/as-written"], 1)]
#[case::no_change(&[], 2)]
#[case::nobody(&["--delete", "NetworkPolicy/shop/web"], 2)]
fn the_exit_code_tells_how_it_went(#[case] more: &[&str], #[case] code: i32) {
    let output = run(&arguments("diff", more), "");
    assert_eq!(output.status.code(), Some(code), "{output:?}");
}

/// The verdicts of an audit by what they are about, those of a kind called alike counted.
fn verdicts(audit: &Value, part: &str) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for element in audit[part].as_array().unwrap() {
        all.entry(key(element)).or_default().push(element["verdict"].to_string());
    }
    all
}

fn key(element: &Value) -> String {
    let fields = ["prometheus", "scrapePool", "scrapeUrl", "purpose", "from", "to", "port", "protocol"];
    let mut key: Vec<String> = fields.iter().map(|field| element[field].to_string()).collect();
    if let Some(target) = element.get("target").filter(|_| element.get("scrapePool").is_none()) {
        key.push(target.to_string());
    }
    key.join(" ")
}

fn findings(all: &Value) -> BTreeSet<String> {
    let said = |it: &Value| format!("{} {} {} {}", it["rule"], it["object"]["name"], it["path"], it["message"]);
    all.as_array().unwrap().iter().map(said).collect()
}

fn assert_is_difference(diff: &Value, before: &Value, after: &Value) {
    for part in ["scrapePaths", "connections", "exposures"] {
        let (mut before, after) = (verdicts(before, part), verdicts(after, part));
        for turn in ["lost", "gained", "changed"] {
            for sides in diff[part][turn].as_array().unwrap() {
                for (side, is_before) in [(&sides["before"], true), (&sides["after"], false)] {
                    if side.is_null() {
                        continue;
                    }
                    let known = before.entry(key(side)).or_default();
                    let verdict = side["verdict"].to_string();
                    if is_before {
                        let place = known.iter().position(|it| *it == verdict).unwrap();
                        known.remove(place);
                    } else {
                        known.push(verdict);
                    }
                }
            }
        }
        before.retain(|_, verdicts| !verdicts.is_empty());
        let sorted = |all: BTreeMap<String, Vec<String>>| -> Vec<(String, Vec<String>)> {
            let sort = |(key, mut verdicts): (String, Vec<String>)| {
                verdicts.sort();
                (key, verdicts)
            };
            all.into_iter().map(sort).collect()
        };
        assert_eq!(sorted(before), sorted(after), "{part}");
    }
    let (before, after) = (findings(&before["findings"]), findings(&after["findings"]));
    assert_eq!(findings(&diff["findings"]["new"]), after.difference(&before).cloned().collect());
    assert_eq!(findings(&diff["findings"]["gone"]), before.difference(&after).cloned().collect());
}

#[rstest]
#[case::policies("examples/seed/as-written")]
#[case::other_policies("examples/seed/rendered.yaml")]
#[case::a_second_pod("examples/second-replica.yaml")]
fn a_difference_is_that_of_two_audits(#[case] change: &str) {
    let diff = json(&arguments("diff", &["--change", change]), "");
    let (before, after) = (json(&arguments("audit", &[]), ""), json(&arguments("audit", &["-f", change]), ""));
    assert_ne!(before, after);
    assert_is_difference(&diff, &before, &after);
}

#[rstest]
#[case::a_mode("{apiVersion: v1, kind: Namespace, metadata: {name: monitoring, labels: {scrapeguard.io/mode: audit}}}")]
#[case::a_prometheus(
    "{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: prometheus-operator-kube-p-prometheus, \
     namespace: monitoring}, spec: {serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {}}}"
)]
#[case::an_unmodelled_object(
    "{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: x, namespace: monitoring}, spec: {}}"
)]
#[case::a_workload(
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: prometheus-operator-kube-p-operator, namespace: \
     monitoring}, spec: {replicas: 0, template: {spec: {}}}}"
)]
fn what_is_replaced_counts_no_more(#[case] object: &str) {
    let diff = json(&arguments("diff", &["-f", "examples/seed/as-written", "--change", "-"]), object);
    let before = json(&arguments("audit", &["-f", "examples/seed/as-written"]), "");
    // What is given last counts.
    let after = json(&arguments("audit", &["-f", "examples/seed/as-written", "-f", "-"]), object);
    let (reviewed, mut after) = (before.clone(), after);
    // An audit reviews both objects of one name; the difference knows that one is gone.
    let is_replaced = |finding: &&Value| {
        let [kind, name] =
            ["kind", "name"].map(|field| format!("{field}: {},", finding["object"][field].as_str().unwrap()));
        let is_before = finding["object"]["file"].as_str().is_some_and(|file| file != "<stdin>");
        is_before && object.contains(&kind) && object.contains(&name)
    };
    let kept: Vec<Value> =
        after["findings"].as_array().unwrap().iter().filter(|it| !is_replaced(it)).cloned().collect();
    after["findings"] = Value::Array(kept);
    assert_is_difference(&diff, &reviewed, &after);
}
