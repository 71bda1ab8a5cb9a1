//! What the rules for relabelings, ports and scrapes say beyond their examples, and that their fixes mend.

use rstest::rstest;

use crate::engine::admission::{Circumstances, Request, validate};
use crate::model::guard::Guards;

/// Rule, severity, path and fix of every finding on an object of the namespace `monitoring`.
fn findings(kind: &str, spec: &str) -> Vec<(String, String, String, String)> {
    let spec: serde_json::Value = serde_saphyr::from_str(spec).unwrap();
    let object = serde_json::json!({"metadata": {"name": "x", "namespace": "monitoring"}, "spec": spec});
    let object = object.to_string();
    let request = Request::create("monitoring.coreos.com", kind, "monitoring", &object);
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    let outcome = validate(&request, &Guards::built_in(), &circumstances);
    assert_eq!(outcome.unknowns, Vec::new());
    let findings = outcome.judgements.into_iter().map(|judgement| judgement.finding);
    findings
        .map(|found| (found.rule.to_string(), found.severity.to_string(), found.path.to_string(), found.fix))
        .collect()
}

/// `SG-RL-003 error` and so on, for one relabeling of one endpoint with a port.
fn said(kind: &str, field: &str, steps: &str) -> Vec<String> {
    let spec = match kind {
        "PodMonitor" => {
            format!("{{selector: {{matchLabels: {{a: b}}}}, podMetricsEndpoints: [{{port: web, {field}: {steps}}}]}}")
        }
        "ServiceMonitor" => {
            format!("{{selector: {{matchLabels: {{a: b}}}}, endpoints: [{{port: web, {field}: {steps}}}]}}")
        }
        "Probe" => format!(
            "{{prober: {{url: 'x:1'}}, targets: {{staticConfig: {{static: [a], relabelingConfigs: {steps}}}}}}}"
        ),
        _ => format!("{{{field}: {steps}}}"),
    };
    findings(kind, &spec).into_iter().map(|(rule, severity, ..)| format!("{rule} {severity}")).collect()
}

#[rstest]
#[case::expression("relabelings", "[{action: keep, regex: 'a**'}]", &["SG-RL-001 error"])]
#[case::expression_of_metrics("metricRelabelings", "[{action: drop, regex: '[', sourceLabels: [a]}]", &["SG-RL-001 error"])]
#[case::rust_would_refuse_it("relabelings", r"[{action: drop, regex: '\Qa.b\E{', sourceLabels: [a]}]", &[])]
#[case::hash_without_modulus("relabelings", "[{action: hashmod, targetLabel: shard, sourceLabels: [a]}]", &["SG-RL-004 error"])]
#[case::newer_action("relabelings", "[{action: teleport}]", &[])]
#[case::never_set_but_matched_when_empty("relabelings", "[{action: keep, sourceLabels: [__name__], regex: '.*'}]", &[])]
#[case::metric_name_in_targets("relabelings", "[{action: keep, sourceLabels: [__name__], regex: up}]", &["SG-RL-002 error"])]
#[case::metric_name_in_metrics("metricRelabelings", "[{action: keep, sourceLabels: [__name__], regex: up}]", &[])]
#[case::written_before(
    "relabelings",
    "[{sourceLabels: [a], targetLabel: __name__}, {action: keep, sourceLabels: [__name__], regex: up}]",
    &[]
)]
#[case::drop_without_expression("relabelings", "[{action: drop, sourceLabels: [a]}]", &["SG-RL-002 error"])]
#[case::contradiction(
    "relabelings",
    "[{action: keep, sourceLabels: [a], regex: x|y}, {action: keep, sourceLabels: [a], regex: z}]",
    &["SG-RL-002 error"]
)]
#[case::contradiction_by_drop(
    "relabelings",
    "[{action: keep, sourceLabels: [a], regex: x}, {action: drop, sourceLabels: [a], regex: (x|y)}]",
    &["SG-RL-002 error"]
)]
#[case::narrower_keep(
    "relabelings",
    "[{action: keep, sourceLabels: [a], regex: x|z}, {action: keep, sourceLabels: [a], regex: z}]",
    &[]
)]
#[case::changed_in_between(
    "relabelings",
    "[{action: keep, sourceLabels: [a], regex: x}, {targetLabel: a, replacement: z},
      {action: keep, sourceLabels: [a], regex: z}]",
    &[]
)]
#[case::no_group("relabelings", "[{sourceLabels: [a], regex: x, targetLabel: b}]", &["SG-RL-003 error"])]
#[case::no_group_but_text("relabelings", "[{sourceLabels: [a], regex: x, targetLabel: b, replacement: z}]", &[])]
#[case::group_in_target("relabelings", "[{sourceLabels: [a], targetLabel: 'b_${2}'}]", &["SG-RL-003 error"])]
#[case::named_group("relabelings", "[{sourceLabels: [a], regex: '(?P<n>.)', targetLabel: b, replacement: $n}]", &[])]
#[case::escaped_dollar("relabelings", "[{targetLabel: b, replacement: $$5}]", &[])]
#[case::not_read_by_keep("relabelings", "[{action: keep, sourceLabels: [a], regex: x, replacement: $7}]", &[])]
#[case::ipv6_aware("relabelings", r"[{sourceLabels: [__address__], regex: '(.+):\d+', replacement: '$1:1', targetLabel: __address__}]", &[])]
#[case::identity_dropped("relabelings", "[{action: labeldrop, regex: namespace|pod}]", &["SG-RL-008 warning"])]
#[case::everything_dropped("relabelings", "[{action: labeldrop, regex: .+}]", &["SG-RL-008 error"])]
#[case::name_dropped("metricRelabelings", "[{action: labeldrop, regex: __.+}]", &["SG-RL-008 error"])]
#[case::others_dropped("metricRelabelings", "[{action: labeldrop, regex: uid|id}]", &[])]
#[case::certain_labels_mapped("relabelings", "[{action: labelmap, regex: __meta_kubernetes_pod_label_(app_.+)}]", &[])]
#[case::node_labels_mapped("relabelings", "[{action: labelmap, regex: __meta_kubernetes_node_label_(.+)}]", &[])]
#[case::forged("relabelings", "[{sourceLabels: [__meta_kubernetes_service_annotation_ns], targetLabel: namespace}]", &["SG-RL-009 warning"])]
#[case::job_as_job_label_does("relabelings", "[{sourceLabels: [__meta_kubernetes_pod_label_app], targetLabel: job}]", &[])]
fn relabelings_of_a_service_monitor(#[case] field: &str, #[case] steps: &str, #[case] expected: &[&str]) {
    assert_eq!(said("ServiceMonitor", field, steps), expected);
}

#[rstest]
#[case("PodMonitor", "relabelings")]
#[case("ServiceMonitor", "metricRelabelings")]
#[case("Probe", "relabelingConfigs")]
#[case("ScrapeConfig", "relabelings")]
#[case("ScrapeConfig", "metricRelabelings")]
fn relabelings_of_all_kinds_are_read(#[case] kind: &str, #[case] field: &str) {
    assert_eq!(
        said(kind, field, "[{action: replace}, {action: keep, regex: '('}]"),
        ["SG-RL-001 error", "SG-RL-004 error"]
    );
}

#[rstest]
#[case("$115090", "(a)", "write ${1}15090 instead of $115090")]
#[case("$1_x", "(a)", "write ${1}_x instead of $1_x")]
#[case("$12x", &"(a)".repeat(12), "write ${1}2x instead of $12x")]
#[case("$2", "(a)", "add the group to the regex, which has 1, or refer to another")]
#[case("$name", "a", "add the group to the regex, which has 0, or refer to another")]
fn the_group_that_was_meant_is_guessed(#[case] replacement: &str, #[case] regex: &str, #[case] fix: &str) {
    let spec = format!(
        "{{endpoints: [{{port: web, relabelings: [{{sourceLabels: [a], regex: {regex}, targetLabel: b, replacement: \
         '{replacement}'}}]}}]}}"
    );
    let found = findings("ServiceMonitor", &spec);
    let [(rule, _, path, said)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((rule.as_str(), said.as_str()), ("SG-RL-003", fix));
    assert_eq!(path, "spec.endpoints[0].relabelings[0].replacement");
}

/// Findings whose fix is exact: the object before and after it.
#[rstest]
#[case(
    "SG-PM-005",
    "PodMonitor",
    "{selector: {matchLabels: {a: b}}, podMetricsEndpoints: [{port: '9090'}]}",
    "portNumber: 9090 instead of port",
    "{selector: {matchLabels: {a: b}}, podMetricsEndpoints: [{portNumber: 9090}]}"
)]
#[case(
    "SG-PM-005",
    "ServiceMonitor",
    "{endpoints: [{port: 9090}]}",
    "targetPort: 9090 instead of port",
    "{endpoints: [{targetPort: 9090}]}"
)]
#[case(
    "SG-PM-007",
    "PodMonitor",
    "{podMetricsEndpoints: [{path: /m}]}",
    "add port: ",
    "{podMetricsEndpoints: [{path: /m, port: web}]}"
)]
#[case(
    "SG-PM-011",
    "PodMonitor",
    "{podMetricsEndpoints: [{targetPort: web}]}",
    "write port: web instead of targetPort",
    "{podMetricsEndpoints: [{port: web}]}"
)]
#[case(
    "SG-PM-012",
    "PodMonitor",
    "{podMetricsEndpoints: [{port: web, portNumber: 1}]}",
    "remove portNumber",
    "{podMetricsEndpoints: [{port: web}]}"
)]
#[case(
    "SG-RL-004",
    "ScrapeConfig",
    "{relabelings: [{action: labelkeep, regex: '.*', modulus: 3}]}",
    "remove modulus",
    "{relabelings: [{action: labelkeep, regex: '.*'}]}"
)]
#[case(
    "SG-RL-011",
    "ServiceMonitor",
    "{endpoints: [{port: web, relabelings: [{sourceLabels: [__meta_kubernetes_namespace], targetLabel: namespace}]}]}",
    "remove this step",
    "{endpoints: [{port: web, relabelings: []}]}"
)]
#[case(
    "SG-SM-005",
    "ServiceMonitor",
    "{endpoints: [{port: web, scheme: HTTPS, tlsConfig: {certFile: /etc/prom-certs/cert-chain.pem, insecureSkipVerify: true}}]}",
    "add enableHttp2: false",
    "{endpoints: [{port: web, scheme: HTTPS, enableHttp2: false,
      tlsConfig: {certFile: /etc/prom-certs/cert-chain.pem, insecureSkipVerify: true}}]}"
)]
#[case(
    "SG-SM-008",
    "Probe",
    "{prober: {url: 'x:1'}, targets: {ingress: {}}, interval: 10s, scrapeTimeout: 11s}",
    "set scrapeTimeout to 10s",
    "{prober: {url: 'x:1'}, targets: {ingress: {}}, interval: 10s, scrapeTimeout: 10s}"
)]
#[case(
    "SG-SM-008",
    "ScrapeConfig",
    "{scrapeInterval: 1m, scrapeTimeout: 1m30s}",
    "set scrapeTimeout to 1m",
    "{scrapeInterval: 1m, scrapeTimeout: 1m}"
)]
#[case(
    "SG-SM-013",
    "ServiceMonitor",
    "{endpoints: [{port: web, filterRunning: false}]}",
    "remove filterRunning",
    "{endpoints: [{port: web}]}"
)]
#[case(
    "SG-SM-014",
    "Probe",
    "{prober: {url: 'https://x:1/probe'}, targets: {ingress: {}}}",
    "write url: x:1,",
    "{prober: {url: 'x:1', scheme: https, path: /probe}, targets: {ingress: {}}}"
)]
fn the_fix_mends_it(
    #[case] rule: &str,
    #[case] kind: &str,
    #[case] before: &str,
    #[case] fix: &str,
    #[case] after: &str,
) {
    let found = findings(kind, before);
    assert!(found.iter().any(|found| found.0 == rule && found.3.contains(fix)), "{found:?}");
    let left = findings(kind, after);
    assert!(left.iter().all(|found| found.0 != rule), "{left:?}");
}

/// The seed's PodMonitor and the corrected one, as the matrix of fixtures has them.
#[rstest]
#[case(
    include_str!("../../../../examples/seed/as-written/pod-monitor.yaml"),
    &["SG-PM-008", "SG-RL-005", "SG-RL-011", "SG-RL-011", "SG-RL-011", "SG-RL-011"]
)]
#[case(include_str!("../../../../examples/seed/corrected/pod-monitor.yaml"), &[])]
fn the_seed(#[case] manifest: &str, #[case] expected: &[&str]) {
    let spec = manifest.split_once("\nspec:").unwrap().1;
    let rules: Vec<String> = findings("PodMonitor", spec).into_iter().map(|found| found.0).collect();
    assert_eq!(rules, expected);
}
