//! Rules that hold monitors against a cluster: what they find beyond the examples of the catalogue, and where they stay
//! silent because something is not known.

use rstest::rstest;

use crate::engine::rules::examples::judgements;

/// What is found by the rules of these ids, as rule, message and fix.
fn found(ids: &[&str], documents: &[&str]) -> Vec<String> {
    let all = judgements(&documents.join("---\n"));
    let findings = all.into_iter().map(|judgement| judgement.finding);
    let named = findings.filter(|finding| ids.contains(&finding.rule.to_string().as_str()));
    named.map(|it| format!("{} {}: {} -> {}", it.rule, it.path, it.message, it.fix)).collect()
}

fn pod(name: &str, labels: &str, port: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}\n\
         spec: {{containers: [{{name: web, ports: [{{name: {port}, containerPort: 9102}}]}}]}}\n\
         status: {{phase: Running}}\n"
    )
}

fn deployment(labels: &str, port: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\n\
         spec: {{selector: {{matchLabels: {{{labels}}}}}, template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: \
         [{{name: web, ports: [{{name: {port}, containerPort: 9102}}]}}]}}}}}}\n"
    )
}

fn service(labels: &str, port: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop, labels: {{{labels}}}}}\n\
         spec: {{selector: {{app: web}}, ports: [{{name: {port}, port: 80, targetPort: 9102}}]}}\n"
    )
}

fn monitor(kind: &str, selector: &str, port: &str) -> String {
    let endpoints = if kind == "PodMonitor" { "podMetricsEndpoints" } else { "endpoints" };
    format!(
        "apiVersion: monitoring.coreos.com/v1\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\n\
         spec: {{selector: {{matchLabels: {{{selector}}}}}, {endpoints}: [{{{port}}}]}}\n"
    )
}

const BROKEN: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: broken, namespace: shop}\nspec: 1\n";

#[rstest]
#[case::slip(&[pod("web-0", "app: payment", "metrics")], "app: paymnet", "write app: payment instead of app: paymnet")]
#[case::another_key(&[deployment("app.kubernetes.io/name: web", "metrics")], "app: web",
    "write app.kubernetes.io/name: web instead of app: web")]
#[case::other_values(&[pod("web-0", "app: web", "metrics"), pod("cart-0", "app: cart", "metrics")], "app: payment",
    "there app is cart, web")]
#[case::other_keys(&[pod("web-0", "app: web", "metrics")], "team: payment", "pod labels there are {app: web}")]
fn what_selects_nothing_is_told_what_is_there(#[case] cluster: &[String], #[case] selector: &str, #[case] fix: &str) {
    let monitor = monitor("PodMonitor", selector, "port: metrics");
    let documents: Vec<&str> = cluster.iter().map(String::as_str).chain([monitor.as_str()]).collect();
    let expected = format!("SG-PM-006 spec.selector: no pod where it looks has these labels -> {fix}");
    assert_eq!(found(&["SG-PM-004", "SG-PM-006"], &documents), [expected]);
}

#[rstest]
#[case::nothing_is_there(&[])]
#[case::templates_only_and_nothing_like_it(&[deployment("app: web", "metrics")])]
#[case::something_could_not_be_read(&[pod("web-0", "app: web", "metrics"), BROKEN.to_owned()])]
fn what_may_be_there_is_not_missed(#[case] cluster: &[String]) {
    for kind in ["PodMonitor", "ServiceMonitor"] {
        let monitor = monitor(kind, "app: alertmanager", "port: metrics");
        let documents: Vec<&str> = cluster.iter().map(String::as_str).chain([monitor.as_str()]).collect();
        assert_eq!(found(&["SG-PM-004", "SG-PM-005", "SG-PM-006"], &documents), [""; 0], "{kind}");
    }
}

#[rstest]
#[case("port: metric", &["no selected pod declares a port \"metric\" -> declared: metrics; did you mean \"metrics\"?"])]
#[case("portNumber: 9103", &["no selected pod declares port 9103 -> declared: 9102"])]
#[case("targetPort: http", &["no selected pod declares a port \"http\" -> declared: metrics"])]
#[case("port: metrics", &[])]
#[case("portNumber: 9102", &[])]
#[case::expressions_are_left_to_prometheus("port: met.*", &[])]
#[case::nothing_is_asked_for("path: /metrics", &[])]
fn ports_of_pods_are_declared_ones(#[case] endpoint: &str, #[case] expected: &[&str]) {
    let documents = [pod("web-0", "app: web", "metrics"), monitor("PodMonitor", "app: web", endpoint)];
    let found = found(&["SG-PM-004"], &[&documents[0], &documents[1]]);
    let told: Vec<&str> = found.iter().filter_map(|text| text.split_once(": ")).map(|(_, told)| told).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_port_of_a_sidecar_that_is_still_to_come_is_not_missed() {
    let monitor = monitor("PodMonitor", "app: web", "port: http-envoy-prom");
    let still_to_come = deployment("app: web", "metrics");
    assert_eq!(found(&["SG-PM-004"], &[&still_to_come, &monitor]), [""; 0]);
    assert_eq!(found(&["SG-PM-004"], &[&pod("web-0", "app: web", "metrics"), &monitor]).len(), 1);
}

#[test]
fn ports_of_services_go_by_the_names_of_the_service() {
    let (service, pod) = (service("team: shop", "web"), pod("web-0", "app: web", "metrics"));
    let with = |port: &str| found(&["SG-PM-005"], &[&service, &pod, &monitor("ServiceMonitor", "team: shop", port)]);
    assert_eq!(with("port: web"), [""; 0]);
    let expected = "SG-PM-005 spec.endpoints[0].port: no selected Service has a port \"metrics\" -> Service ports: web; \
                    write web, which leads to the container port metrics";
    assert_eq!(with("port: metrics"), [expected]);
}

#[test]
fn a_namespace_is_missing_only_where_all_of_them_are_known() {
    let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: web, namespace: shop}\n\
                   spec: {selector: {matchLabels: {app: web}}, namespaceSelector: {matchNames: [shop, shpo]}, \
                   podMetricsEndpoints: [{port: web}]}\n";
    let namespace = |name: &str| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n");
    assert_eq!(found(&["SG-PM-009"], &[&namespace("shop"), monitor]), [""; 0]);
    let expected = "SG-PM-009 spec.namespaceSelector.matchNames[1]: there is no namespace \"shpo\" -> \
                    remove shpo or create it; did you mean \"shop\"?";
    assert_eq!(found(&["SG-PM-009"], &[&namespace("kube-system"), monitor]), [expected]);
}
