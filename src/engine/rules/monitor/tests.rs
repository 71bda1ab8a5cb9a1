//! Rules that hold monitors against a cluster: what they find beyond the examples of the catalogue, and where they stay
//! silent because something is not known.

use rstest::rstest;

use crate::engine::admission::{Circumstances, Request, validate};
use crate::engine::audit::Audit;
use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::reach::{Evaluator, MeshSettings, Step, Verdict};
use crate::engine::rules::examples::judgements;
use crate::engine::scrape::Scraping;
use crate::model::Source;
use crate::model::guard::Guards;
use crate::model::snapshot::Builder;

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

/// A Prometheus of namespace `monitoring`.
fn prometheus(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\n\
         metadata: {{name: {name}, namespace: monitoring}}\nspec: {{{spec}}}\n"
    )
}

const PICKED_UP: [&str; 3] = ["SG-PM-001", "SG-PM-002", "SG-PM-003"];
const BY_RELEASE: &str = "podMonitorSelector: {matchLabels: {release: kps}}, podMonitorNamespaceSelector: {}";
const BY_TEAM: &str = "podMonitorSelector: {matchLabels: {team: a}}, podMonitorNamespaceSelector: {}";

#[rstest]
#[case::nobody_is_there(&[], &[])]
#[case::missing(&[BY_RELEASE], &["metadata.labels.release: no Prometheus selects it without label release -> \
    add release: kps, by which Prometheus monitoring/p0 selects"])]
#[case::one_of_two_is_enough(&[BY_RELEASE, "podMonitorSelector: {}, podMonitorNamespaceSelector: {}"], &[])]
#[case::neither_of_two(&[BY_TEAM, BY_RELEASE], &["metadata.labels.team: no Prometheus selects it without label team -> \
    add team: a, by which Prometheus monitoring/p0 selects"])]
#[case::a_choice(&["podMonitorSelector: {matchExpressions: [{key: release, operator: In, values: [a, b]}]}, \
    podMonitorNamespaceSelector: {}"], &["metadata.labels.release: no Prometheus selects it without label release -> \
    podMonitorSelector of Prometheus monitoring/p0 wants label release with one of the values a, b, and it is missing"])]
#[case::own_namespace_only(&["podMonitorSelector: {}"], &["metadata.namespace: no Prometheus looks in namespace shop -> \
    set podMonitorNamespaceSelector: {} in Prometheus monitoring/p0, or move the monitor to its namespace"])]
#[case::labels_of_the_namespace_are_not_known(
    &["podMonitorSelector: {}, podMonitorNamespaceSelector: {matchLabels: {team: a}}"], &[]
)]
#[case::no_selector_of_this_kind(&["serviceMonitorSelector: {}"], &[])]
fn a_monitor_is_picked_up_or_told_what_it_lacks(#[case] specs: &[&str], #[case] expected: &[&str]) {
    let all = specs.iter().enumerate().map(|(number, spec)| prometheus(&format!("p{number}"), spec));
    let documents: Vec<String> = all.chain([monitor("PodMonitor", "app: web", "port: web")]).collect();
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let found = found(&PICKED_UP, &documents);
    let told: Vec<&str> = found.iter().filter_map(|text| text.split_once(' ')).map(|(_, told)| told).collect();
    assert_eq!(told, expected);
}

#[test]
fn the_guarded_prometheus_is_meant_first() {
    let guard = "apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {name: m}\n\
                 spec: {namespace: monitoring, prometheus: {name: p1}}\n";
    let monitor = monitor("PodMonitor", "app: web", "port: web");
    let found = found(&PICKED_UP, &[guard, &prometheus("p0", BY_TEAM), &prometheus("p1", BY_RELEASE), &monitor]);
    assert!(found.len() == 1 && found[0].contains("release: kps"), "{found:?}");
}

#[test]
fn a_namespace_that_is_known_lacks_a_label() {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let spec = "podMonitorSelector: {}, podMonitorNamespaceSelector: {matchLabels: {team: a}}";
    let monitor = monitor("PodMonitor", "app: web", "port: web");
    let expected = "SG-PM-002 metadata.namespace: no Prometheus looks in namespace shop -> \
                    label namespace shop team: a, by which Prometheus monitoring/p0 selects";
    assert_eq!(found(&PICKED_UP, &[namespace, &prometheus("p0", spec), &monitor]), [expected]);
}

#[rstest]
#[case::longer_than_the_default("", "scrapeTimeout: 40s", 1)]
#[case::fits(", scrapeInterval: 1m", "scrapeTimeout: 40s", 0)]
#[case::own_interval_is_told_without_a_cluster("", "scrapeTimeout: 40s, interval: 30s", 1)]
fn a_timeout_fits_the_interval_of_prometheus(#[case] spec: &str, #[case] endpoint: &str, #[case] expected: usize) {
    let prometheus = prometheus("p0", &format!("podMonitorSelector: {{}}, podMonitorNamespaceSelector: {{}}{spec}"));
    let monitor = monitor("PodMonitor", "app: web", &format!("port: web, {endpoint}"));
    assert_eq!(found(&["SG-SM-008"], &[&prometheus, &monitor]).len(), expected);
}

#[test]
fn a_file_is_sent_to_tenants_where_prometheus_does_not_forbid_it() {
    let endpoint = "port: web, bearerTokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token";
    let monitor = monitor("ServiceMonitor", "app: web", endpoint);
    let with = |spec: &str| found(&["SG-SM-007"], &[&prometheus("p0", spec), &monitor]);
    let selects = "serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {}";
    assert!(with(selects)[0].contains("has a file of Prometheus sent to its targets"));
    assert!(with(&format!("{selects}, arbitraryFSAccessThroughSMs: {{deny: true}}"))[0].contains("is left out"));
    assert_eq!(with("serviceMonitorSelector: {}"), [""; 0], "it is not selected");
    let own = monitor.replace("namespace: shop", "namespace: monitoring");
    assert_eq!(found(&["SG-SM-007"], &[&prometheus("p0", selects), &own]), [""; 0], "it is Prometheus' own");
}

#[test]
fn a_monitor_that_cannot_be_read_may_be_picked_up_and_is_not_refused() {
    let unreadable = monitor("ServiceMonitor", "app: web", "port: web").replace("endpoints: [", "endpoints: [1, ");
    let prometheus = prometheus("p0", "serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {}");
    let mut builder = Builder::new("default");
    for text in [&prometheus, &unreadable] {
        assert_eq!(builder.add_source("input", &Source::new(text)), []);
    }
    let snapshot = builder.finish();
    let scraping = Scraping::new(&snapshot);
    let steps: Vec<&Step> =
        scraping.prometheuses.iter().flat_map(|it| &it.monitors).map(|scraping| &scraping.selection).collect();
    assert!(steps.len() == 1 && steps[0].verdict == Verdict::Unknown, "{steps:?}");
    assert!(steps[0].reason.starts_with("it cannot be read: "), "{steps:?}");

    let evaluator = Evaluator::new(&snapshot, MeshSettings::default(), HostNetwork::default());
    let circumstances = Circumstances { now: jiff::Timestamp::UNIX_EPOCH, namespace_mode: None };
    let audit = Audit::of(&snapshot, &evaluator, &Guards::built_in(), &circumstances);
    let about_it = audit.findings.iter().filter(|finding| finding.object.kind == "ServiceMonitor");
    assert_eq!(about_it.count(), 0, "{:?}", audit.findings);

    let json = serde_saphyr::from_str::<serde_json::Value>(&unreadable).unwrap().to_string();
    let request = Request::create("monitoring.coreos.com", "ServiceMonitor", "shop", &json);
    let outcome = validate(&request, &Guards::built_in(), &circumstances);
    assert_eq!((outcome.judgements.len(), outcome.unknowns.len()), (0, 1), "it is admitted, and a warning says why");
}

#[rstest]
#[case::taken_over("${1}:${2}", "prometheus.io/scrape: \"true\"", true)]
#[case::fixed_port("${1}:15090", "prometheus.io/scrape: \"true\"", false)]
#[case::not_merged("${1}:${2}", "prometheus.istio.io/merge-metrics: \"false\"", false)]
#[case::not_scraped("${1}:${2}", "prometheus.io/scrape: \"false\"", false)]
fn an_address_follows_an_annotation_that_istio_changes(
    #[case] replacement: &str,
    #[case] annotation: &str,
    #[case] expected: bool,
) {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n";
    let deployment = deployment("app: web", "metrics")
        .replace("template: {metadata: {", &format!("template: {{metadata: {{annotations: {{{annotation}}}, "));
    let relabelings = "[{sourceLabels: [__meta_kubernetes_pod_ip, __meta_kubernetes_pod_annotation_prometheus_io_port], \
                       regex: (.+);(.+), targetLabel: __address__, replacement: ";
    let endpoint = format!("port: metrics, relabelings: {relabelings}\"{replacement}\"}}]");
    let monitor = monitor("PodMonitor", "app: web", &endpoint);
    assert_eq!(!found(&["SG-RL-006"], &[namespace, &deployment, &monitor]).is_empty(), expected);
    assert_eq!(found(&["SG-RL-006"], &[&deployment, &monitor]), [""; 0], "nobody knows of a sidecar");
}

const ALL_PODS: &str = "podMonitorSelector: {}, podMonitorNamespaceSelector: {}";

/// A pod that runs, with an address.
fn running(name: &str, port: &str) -> String {
    pod(name, "app: web", port).replace("phase: Running", "phase: Running, podIP: 10.0.0.1")
}

#[rstest]
#[case::keeps_what_is_not_there(
    "{action: keep, sourceLabels: [__meta_kubernetes_pod_label_team], regex: payment}",
    true
)]
#[case::drops_what_is_there("{action: drop, sourceLabels: [__meta_kubernetes_pod_label_app], regex: web}", true)]
#[case::keeps_what_is_there("{action: keep, sourceLabels: [__meta_kubernetes_pod_label_app], regex: web}", false)]
#[case::told_without_a_cluster("{action: keep, sourceLabels: [__meta_kubernetes_service_name], regex: web}", false)]
fn relabeling_that_leaves_nothing_in_this_cluster_is_told(#[case] step: &str, #[case] expected: bool) {
    let monitor = monitor("PodMonitor", "app: web", &format!("port: metrics, relabelings: [{step}]"));
    let found = found(&["SG-RL-002"], &[&prometheus("p0", ALL_PODS), &running("web-0", "metrics"), &monitor]);
    assert_eq!(found.iter().any(|text| text.contains("drops all that is left, which is 1 in this cluster")), expected);
    let still_to_come = [prometheus("p0", ALL_PODS), deployment("app: web", "metrics"), monitor];
    assert_eq!(self::found(&["SG-RL-002"], &still_to_come.each_ref().map(String::as_str)).len(), found_alone(step));
}

/// How often the step is told of without a cluster.
fn found_alone(step: &str) -> usize {
    let monitor = monitor("PodMonitor", "app: web", &format!("port: metrics, relabelings: [{step}]"));
    found(&["SG-RL-002"], &[&monitor]).len()
}

#[test]
fn merged_metrics_have_those_of_the_sidecar_in_them() {
    let pod = running("web-0", "metrics").replace(
        "containerPort: 9102}",
        "containerPort: 9102}, {name: envoy, containerPort: 15090}, {name: merged, containerPort: 15020}",
    );
    let with = |endpoints: &str| {
        let monitor = monitor("PodMonitor", "app: web", endpoints);
        found(&["SG-SM-011"], &[&prometheus("p0", ALL_PODS), &pod, &monitor])
    };
    let expected = "SG-SM-011 spec.podMetricsEndpoints[1]: port 15020 has what port 15090 has, and both are scraped -> \
                    remove this endpoint, or podMonitor/shop/web/0";
    assert_eq!(with("port: merged}, {port: envoy"), [expected]);
    assert_eq!(with("port: metrics}, {port: envoy"), [""; 0]);
}
