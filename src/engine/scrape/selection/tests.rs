//! Which monitors a Prometheus picks, and what is said of the others.

use rstest::rstest;

use crate::engine::reach::{Step, Verdict};
use crate::engine::scrape::Scraping;
use crate::model::Source;
use crate::model::snapshot::{Builder, Snapshot};

/// A PodMonitor in the namespace `shop` that has one endpoint, and everything around it.
struct Case {
    prometheus: &'static str,
    labels: &'static str,
    endpoint: &'static str,
    others: &'static str,
}

const RELEASE: &str = "podMonitorSelector: {matchLabels: {release: a}}, podMonitorNamespaceSelector: {}";
const ALL: &str = "podMonitorSelector: {}, podMonitorNamespaceSelector: {}";

impl Default for Case {
    fn default() -> Self {
        Self { prometheus: RELEASE, labels: "release: a", endpoint: "port: web", others: "" }
    }
}

fn snapshot(text: &str) -> Snapshot {
    let mut builder = Builder::new("default");
    assert!(builder.add_source("test.yaml", &Source::new(text)).is_empty());
    builder.finish()
}

impl Case {
    fn step(&self) -> Step {
        let Self { prometheus, labels, endpoint, others } = self;
        let snapshot = snapshot(&format!(
            "
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {{name: k8s, namespace: monitoring}}
spec: {{{prometheus}}}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {{name: web, namespace: shop, labels: {{{labels}}}}}
spec: {{selector: {{}}, podMetricsEndpoints: [{{{endpoint}}}]}}
---
{others}"
        ));
        let scraping = Scraping::new(&snapshot);
        let [prometheus] = scraping.prometheuses.as_slice() else { panic!("{scraping:?}") };
        let [monitor] = prometheus.monitors.as_slice() else { panic!("{prometheus:?}") };
        assert!(monitor.pools.is_empty() || monitor.selection.verdict != Verdict::Blocked);
        monitor.selection.clone()
    }

    fn told(&self) -> String {
        let step = self.step();
        let rule = step.rule.map(|rule| format!(" {rule}")).unwrap_or_default();
        let object = step.object.map_or_else(String::new, |object| object.kind);
        format!("{} {object} {}{rule}", step.verdict.label(), step.path)
    }
}

#[rstest]
#[case(RELEASE, "release: a", "open Prometheus spec.podMonitorSelector")]
#[case(RELEASE, "", "blocked PodMonitor metadata.labels.release SG-PM-001")]
#[case(RELEASE, "release: b", "blocked PodMonitor metadata.labels.release SG-PM-003")]
#[case(ALL, "", "open Prometheus spec.podMonitorSelector")]
#[case(
    "podMonitorSelector: {matchExpressions: [{key: a, operator: Exists}]}, podMonitorNamespaceSelector: {}",
    "",
    "blocked PodMonitor metadata.labels.a SG-PM-001"
)]
#[case(
    "podMonitorSelector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}, podMonitorNamespaceSelector: {}",
    "a: b",
    "blocked PodMonitor metadata.labels.a SG-PM-003"
)]
#[case("podMonitorSelector: {}", "", "blocked Prometheus spec.podMonitorNamespaceSelector SG-PM-002")]
#[case(
    "podMonitorSelector: {}, podMonitorNamespaceSelector: {matchLabels: {team: a}}",
    "",
    "unknown Prometheus spec.podMonitorNamespaceSelector"
)]
#[case(
    "podMonitorSelector: {}, podMonitorNamespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}",
    "",
    "open Prometheus spec.podMonitorSelector"
)]
#[case(
    "podMonitorSelector: {}, podMonitorNamespaceSelector: {matchLabels: {kubernetes.io/metadata.name: a}}",
    "",
    "blocked Prometheus spec.podMonitorNamespaceSelector SG-PM-002"
)]
#[case(
    "serviceMonitorSelector: {}, podMonitorNamespaceSelector: {}",
    "",
    "blocked Prometheus spec.podMonitorSelector SG-PR-002"
)]
#[case("", "", "blocked Prometheus spec SG-PR-001")]
#[case("podMonitorSelector: 1", "", "unknown Prometheus ")]
#[case(
    "podMonitorSelector: {}, podMonitorNamespaceSelector: {}, version: v1.8.2",
    "",
    "blocked Prometheus spec.version"
)]
#[case(
    "podMonitorSelector: {}, podMonitorNamespaceSelector: {}, scrapeTimeout: 31s",
    "",
    "blocked Prometheus spec.scrapeTimeout"
)]
#[case(
    "podMonitorSelector: {}, podMonitorNamespaceSelector: {}, scrapeClasses: [{name: a, relabelings: [{regex: '('}]}]",
    "",
    "blocked Prometheus spec.scrapeClasses[0]"
)]
fn by_what_the_prometheus_says(#[case] prometheus: &'static str, #[case] labels: &'static str, #[case] told: &str) {
    assert_eq!(Case { prometheus, labels, ..Case::default() }.told(), told);
}

const SECRET: &str = "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, data: {user: c2VjcmV0}, stringData: {word: x}}";

#[rstest]
#[case("port: web, scrapeTimeout: 10s", "", "open Prometheus spec.podMonitorSelector")]
#[case("port: web, scrapeTimeout: 40s", "", "blocked PodMonitor spec.podMetricsEndpoints[0].scrapeTimeout SG-SM-008")]
#[case(
    "port: web, interval: 20s, scrapeTimeout: 25s",
    "",
    "blocked PodMonitor spec.podMetricsEndpoints[0].scrapeTimeout SG-SM-008"
)]
#[case(
    "port: web, relabelings: [{regex: '('}]",
    "",
    "blocked PodMonitor spec.podMetricsEndpoints[0].relabelings[0].regex SG-RL-001"
)]
#[case(
    "port: web, relabelings: [{action: hashmod, targetLabel: a}]",
    "",
    "blocked PodMonitor spec.podMetricsEndpoints[0].relabelings[0].modulus SG-RL-004"
)]
#[case(
    "port: web, relabelings: [{action: newer}]",
    "",
    "unknown PodMonitor spec.podMetricsEndpoints[0].relabelings[0].action SG-RL-004"
)]
#[case("port: web, noProxy: a", "", "blocked PodMonitor spec.podMetricsEndpoints[0].noProxy SG-SM-016")]
#[case(
    "basicAuth: {username: {name: s, key: user}, password: {name: s, key: word}}",
    SECRET,
    "open Prometheus spec.podMonitorSelector"
)]
#[case(
    "basicAuth: {username: {name: s, key: user}, password: {name: s, key: pass}}",
    SECRET,
    "blocked PodMonitor spec.podMetricsEndpoints[0].basicAuth.password SG-SM-010"
)]
#[case(
    "basicAuth: {username: {name: s, key: user}, password: {name: s, key: word}}",
    "",
    "unknown PodMonitor spec.podMetricsEndpoints[0].basicAuth.username"
)]
#[case(
    "tlsConfig: {ca: {configMap: {name: s, key: user}}}",
    SECRET,
    "unknown PodMonitor spec.podMetricsEndpoints[0].tlsConfig.ca.configMap"
)]
fn by_what_the_monitor_says(#[case] endpoint: &'static str, #[case] others: &'static str, #[case] told: &str) {
    assert_eq!(Case { prometheus: ALL, endpoint, others, ..Case::default() }.told(), told);
}

#[test]
fn a_scrape_class_has_to_be_there() {
    let text = |class: &str| {
        format!(
            "
{{apiVersion: monitoring.coreos.com/v1, kind: PrometheusAgent, metadata: {{name: k8s}}, spec: {{probeSelector: {{}}, scrapeClasses: [{{name: mesh}}]}}}}
---
{{apiVersion: monitoring.coreos.com/v1, kind: Probe, metadata: {{name: p}}, spec: {{prober: {{url: a}}, scrapeClass: {class}, targets: {{staticConfig: {{static: [a]}}}}}}}}
"
        )
    };
    for (class, verdict) in [("mesh", Verdict::Open), ("none", Verdict::Blocked)] {
        let snapshot = snapshot(&text(class));
        assert_eq!(Scraping::new(&snapshot).prometheuses[0].monitors[0].selection.verdict, verdict);
    }
}

#[test]
fn files_may_be_denied() {
    let text = |deny: bool| {
        format!(
            "
{{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {{name: k8s}}, spec: {{serviceMonitorSelector: {{}}, arbitraryFSAccessThroughSMs: {{deny: {deny}}}}}}}
---
{{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {{name: p}}, spec: {{selector: {{}}, endpoints: [{{port: a}}, {{port: b, tlsConfig: {{caFile: /a}}}}]}}}}
"
        )
    };
    let told = |deny| {
        let snapshot = snapshot(&text(deny));
        let step = Scraping::new(&snapshot).prometheuses[0].monitors[0].selection.clone();
        format!("{} {}", step.path, step.rule.map(|rule| rule.to_string()).unwrap_or_default())
    };
    assert_eq!(told(true), "spec.endpoints[1].tlsConfig.caFile SG-SM-007");
    assert_eq!(told(false), "spec.serviceMonitorSelector ");
}

#[test]
fn of_a_secret_only_the_names_of_its_keys_are_kept() {
    let snapshot = snapshot(SECRET);
    let kept = format!("{snapshot:?}");
    assert!(kept.contains("user") && !kept.contains("c2VjcmV0") && !kept.contains("\"x\""), "{kept}");
    let mut builder = Builder::new("default");
    builder.add_source("a", &Source::new("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: c2VjcmV0}"));
    let broken = builder.finish();
    let problems = format!("{:?}", broken.problems());
    assert!(problems.contains("its data is no map") && !problems.contains("c2VjcmV0"), "{problems}");
}
