//! Rules that hold Prometheus resources and pods against a cluster, beyond the examples of the catalogue.

use rstest::rstest;

use crate::engine::rules::examples::judgements;

/// What is found by the rule of this id, as object and fix.
fn found(id: &str, example: &str) -> Vec<String> {
    let findings = judgements(example).into_iter().map(|judgement| judgement.finding);
    let named = findings.filter(|finding| finding.rule.to_string() == id);
    named.map(|finding| format!("{}: {}", finding.object, finding.fix)).collect()
}

fn example(id: &str) -> &'static str {
    crate::engine::rules::rule(id.parse().unwrap()).unwrap().bad
}

fn namespace(labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{{labels}}}}}\n---\n")
}

const ANNOTATED: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
    spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}, annotations: \
    {sidecar.istio.io/inject: \"true\"}}, spec: {containers: [{name: web}]}}}\n";

#[test]
fn an_annotation_alone_is_not_heard_where_the_namespace_says_nothing() {
    let in_namespace = |labels: &str| found("SG-PR-005", &format!("{}{ANNOTATED}", namespace(labels)));
    assert_eq!(
        in_namespace("team: a"),
        ["Deployment shop/web: write it as a label: sidecar.istio.io/inject: \"true\""]
    );
    assert_eq!(in_namespace("istio-injection: enabled"), [""; 0]);
    assert_eq!(in_namespace("istio.io/rev: stable"), [""; 0]);
    assert_eq!(found("SG-PR-005", ANNOTATED), [""; 0], "nothing is known of the namespace");
}

const JOB: &str = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: report, namespace: shop}\n\
    spec: {template: {metadata: {labels: {app: report}}, spec: {containers: [{name: report}]}}}\n";

/// A pod that the injector has given a sidecar, as a container of this list.
fn injected(list: &str, container: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web-0, namespace: shop}}\n\
         spec: {{containers: [{{name: web}}], {list}: [{{name: istio-proxy{container}}}]}}\nstatus: {{phase: Running}}\n"
    )
}

#[test]
fn what_the_injector_does_to_a_job_is_told_by_what_it_did_to_others() {
    let beside = |other: &str| found("SG-PR-014", &format!("{}{JOB}{other}", namespace("istio-injection: enabled")));
    assert_eq!(beside(""), [""; 0], "newer clusters get native sidecars");
    assert_eq!(beside(&injected("initContainers", ", restartPolicy: Always")), [""; 0]);
    let ordinary = injected("containers", "").replace("[{name: web}], containers: ", "");
    assert_eq!(beside(&ordinary).len(), 1);
    assert!(beside(&ordinary)[0].starts_with("Job shop/report: "));
}

#[test]
fn a_running_job_is_told_once_for_all_its_pods() {
    let pod = |name: &str, phase: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{job-name: report}}}}\n\
             spec: {{containers: [{{name: report}}, {{name: istio-proxy}}]}}\nstatus: {{phase: {phase}}}\n"
        )
    };
    let both = [pod("report-a", "Running"), pod("report-b", "Running")].concat();
    assert_eq!(found("SG-PR-014", &both).len(), 1);
    assert_eq!(found("SG-PR-014", &pod("report-a", "Succeeded")), [""; 0]);
}

#[rstest]
#[case::service(
    "apiVersion: v1\nkind: Service\nmetadata: {name: prometheus, namespace: monitoring}\n\
     spec: {selector: {operator.prometheus.io/name: kps}, ports: [{port: 80, targetPort: web}]}\n",
    &["Service monitoring/prometheus"]
)]
#[case::policy(
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: prometheus, namespace: monitoring}\n\
     spec: {podSelector: {matchLabels: {prometheus: kps}}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}}], \
     ports: [{port: web}, {port: reloader-web}]}]}\n",
    &["NetworkPolicy monitoring/prometheus"]
)]
#[case::monitor_of_the_service_that_the_operator_makes(
    "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: self, namespace: monitoring}\n\
     spec: {selector: {matchLabels: {operated-prometheus: \"true\"}}, endpoints: [{port: web}]}\n",
    &["ServiceMonitor monitoring/self"]
)]
#[case::somebody_elses_pods(
    "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: other, namespace: monitoring}\n\
     spec: {selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: web}]}\n",
    &[]
)]
#[case::another_namespace(
    "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: other, namespace: shop}\n\
     spec: {selector: {matchLabels: {prometheus: kps}}, podMetricsEndpoints: [{port: web}]}\n",
    &[]
)]
fn the_name_of_the_port_is_the_same_everywhere(#[case] user: &str, #[case] expected: &[&str]) {
    let prometheus = "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: kps, namespace: monitoring}\n\
                      spec: {portName: http-web, podMonitorSelector: {}}\n---\n";
    let expected: Vec<String> = expected
        .iter()
        .map(|user| format!("Prometheus monitoring/kps: write http-web in {user}, or set portName: web"))
        .collect();
    assert_eq!(found("SG-PR-012", &format!("{prometheus}{user}")), expected);
}

#[rstest]
#[case::somebody_outside("https://metrics.example.com/api/v1/push", &["443", "0.0.0.0/0"])]
#[case::address("http://user:secret@192.0.2.1:9009/push", &["9009", "192.0.2.1/32"])]
#[case::service("http://alertmanager-operated.monitoring.svc:9093/", &["9093", "app.kubernetes.io/name: alertmanager"])]
#[case::allowed("https://192.0.2.1:6443/push", &[])]
#[case::service_that_is_not_given("http://mimir.mimir.svc.cluster.local:8080/", &[])]
#[case::no_url("mimir", &[])]
fn samples_get_out_to_where_they_are_sent(#[case] url: &str, #[case] expected: &[&str]) {
    let alerting =
        "  alerting:\n    alertmanagers:\n    - {namespace: monitoring, name: alertmanager-operated, port: http-web}\n";
    let remote = format!("  remoteWrite:\n  - url: {url}\n");
    let found = found("SG-PR-020", &example("SG-PR-020").replace(alerting, &remote));
    assert_eq!(found.len(), usize::from(!expected.is_empty()), "{found:?}");
    assert!(expected.iter().all(|part| found[0].contains(part)), "{found:?}");
}

#[test]
fn one_prometheus_that_picks_a_kind_up_is_enough() {
    let other = "---\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusAgent\nmetadata: {name: pods, namespace: monitoring}\n\
                 spec: {podMonitorSelector: {}}\n";
    let example = example("SG-PR-002");
    assert_eq!(found("SG-PR-002", example).len(), 1);
    assert_eq!(found("SG-PR-002", &format!("{example}{other}")), [""; 0]);
}
