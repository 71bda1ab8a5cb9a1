//! From resources to targets, all the way.

use crate::engine::reach::mesh::ClientTls;
use crate::engine::scrape::Scraping;
use crate::model::Source;
use crate::model::snapshot::{Builder, Snapshot};

fn snapshot(text: &str) -> Snapshot {
    let mut builder = Builder::new("default");
    assert!(builder.add_source("test.yaml", &Source::new(text)).is_empty());
    builder.finish()
}

const CLUSTER: &str = "
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: k8s, namespace: monitoring}
spec:
  podMonitorSelector: {}
  podMonitorNamespaceSelector: {}
  additionalScrapeConfigs: {name: a, key: b}
  podMetadata:
    annotations:
      proxy.istio.io/config: '{proxyMetadata: {OUTPUT_CERTS: /etc/certs}}'
      sidecar.istio.io/userVolumeMount: '[{\"name\": \"certs\", \"mountPath\": \"/etc/certs\"}]'
  volumeMounts: [{name: certs, mountPath: /etc/prom-certs/}]
  scrapeClasses:
  - name: mesh
    tlsConfig: {caFile: /etc/prom-certs/a, certFile: /etc/prom-certs/b, keyFile: /etc/prom-certs/c}
---
apiVersion: v1
kind: Pod
metadata:
  name: prometheus-k8s-0
  namespace: monitoring
  labels: {operator.prometheus.io/name: k8s, app.kubernetes.io/name: prometheus}
spec: {}
---
apiVersion: v1
kind: Pod
metadata:
  name: agent-k8s-0
  namespace: monitoring
  labels: {operator.prometheus.io/name: k8s, app.kubernetes.io/name: prometheus-agent}
spec: {}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, ports: [{name: metrics, containerPort: 9090}, {name: http, containerPort: 80}]}]}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, ports: [{name: metrics, containerPort: 9090}]}]}
status: {phase: Running, podIP: 10.0.0.2}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  podMetricsEndpoints:
  - {port: metrics}
  - {path: /m, relabelings: [{targetLabel: __address__, replacement: 'x:1'}, {action: labeldrop, regex: instance}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: mesh, namespace: shop}
spec:
  scrapeClass: mesh
  selector: {}
  podMetricsEndpoints: [{port: metrics, scheme: HTTPS}, {port: metrics}, {port: metrics, scheme: https, tlsConfig: {ca: {secret: {name: a, key: b}}}}]
";

#[test]
fn a_pod_monitor_becomes_targets() {
    let snapshot = snapshot(CLUSTER);
    let scraping = Scraping::new(&snapshot);
    let [prometheus] = scraping.prometheuses.as_slice() else { panic!("{scraping:?}") };
    let pods: Vec<&str> = prometheus.pods.iter().map(|pod| pod.object.name.as_str()).collect();
    assert_eq!(pods, ["prometheus-k8s-0"]);
    assert_eq!(prometheus.not_considered, ["the jobs of additionalScrapeConfigs are not considered"]);
    let monitor = prometheus.monitors.iter().find(|it| it.monitor.reference.name == "web").unwrap();
    let [metrics, all] = monitor.pools.as_slice() else { panic!("{monitor:?}") };
    assert_eq!((metrics.discovered, metrics.targets.len()), (3, 1));
    let target = &metrics.targets[0];
    assert_eq!(target.scrape_url, "http://10.0.0.1:9090/metrics");
    assert_eq!(target.pod.unwrap().object.name, "web");
    let label = |name: &str| target.labels.iter().find(|(known, _)| known == name).unwrap().1.as_str();
    assert_eq!(["job", "namespace", "pod", "endpoint"].map(label), ["shop/web", "shop", "web", "metrics"]);
    // By the selector, then by the port.
    let dropped: Vec<usize> = metrics.dropped.iter().copied().filter(|count| *count > 0).collect();
    assert_eq!(dropped, [1, 1]);
    // Two ports become one target by one address.
    assert_eq!((all.discovered, all.targets.len(), all.dropped.iter().sum::<usize>()), (3, 1, 1));
    assert_eq!(all.targets[0].scrape_url, "http://x:1/m");
}

#[test]
fn a_scrape_class_with_certificates_of_the_mesh() {
    let snapshot = snapshot(CLUSTER);
    let scraping = Scraping::new(&snapshot);
    let monitors = &scraping.prometheuses[0].monitors;
    let mesh = monitors.iter().find(|it| it.monitor.reference.name == "mesh").unwrap();
    let tls: Vec<ClientTls> = mesh.pools.iter().map(|it| it.pool.tls).collect();
    assert_eq!(tls, [ClientTls::IstioCertificates, ClientTls::None, ClientTls::IstioCertificates]);
    let pool = &mesh.pools[0];
    assert_eq!(pool.pool.tls_of(&pool.targets[0]), ClientTls::IstioCertificates);
    let web = monitors.iter().find(|it| it.monitor.reference.name == "web").unwrap();
    assert_eq!(web.pools[0].pool.tls, ClientTls::None);
}
