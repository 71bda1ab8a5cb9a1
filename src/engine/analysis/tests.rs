//! Consequences, kind by kind, on a small cluster: Prometheus scrapes three workloads, one of them in the mesh.

mod fixture;
mod guards;
mod laws;
mod refusals;

use std::sync::Arc;

use rstest::rstest;

use super::Analysis;
use crate::model::guard::{Guards, User};
use crate::model::snapshot::UnreadKind;
use fixture::{Asked, CIRCUMSTANCES, said, snapshot};

#[rstest]
#[case::nothing(Asked::put("NetworkPolicy", "shop", "web", "spec: {podSelector: {matchLabels: {app: nobody}}}"), &[])]
#[case::default_deny(
    Asked::put("NetworkPolicy", "shop", "deny", "spec: {podSelector: {}, policyTypes: [Ingress]}"),
    &["warn SG-NP-033 cuts Prometheus off from 2 targets: shop/api-1:8080, shop/web-0:8080"]
)]
#[case::allow_deleted(
    Asked::delete("NetworkPolicy", "monitoring", "grafana"),
    &["warn SG-NP-033 cuts Prometheus off from 1 target: monitoring/grafana-1:3000"]
)]
#[case::namespace_label(
    Asked::put("Namespace", "", "monitoring", "metadata: {labels: {kubernetes.io/metadata.name: monitoring}}"),
    &["warn SG-NP-033 cuts Prometheus off from 1 target: dev/job-0:8080"]
)]
#[case::lock_out(
    Asked::put("AuthorizationPolicy", "mesh", "allow", "spec: {rules: [{from: [{source: {namespaces: [shop]}}]}]}"),
    &["warn SG-AP-020 cuts Prometheus off from 1 target: mesh/cart-0:8080"]
)]
#[case::strict(
    Asked::put("PeerAuthentication", "mesh", "default", "spec: {mtls: {mode: STRICT}}"),
    &["warn SG-PA-001 cuts Prometheus off from 1 target: mesh/cart-0:8080"]
)]
#[case::strict_everywhere(
    Asked::put("PeerAuthentication", "istio-system", "default", "spec: {mtls: {mode: STRICT}}"),
    &["warn SG-PA-001 cuts Prometheus off from 1 target: mesh/cart-0:8080"]
)]
#[case::label_of_a_monitor(
    Asked::put("PodMonitor", "shop", "web", "spec: {selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: http}]}"),
    &["warn SG-PM-001 cuts Prometheus off from 1 target: shop/web-0:8080"]
)]
#[case::monitor_deleted(
    Asked::delete("PodMonitor", "shop", "web"),
    &["warn SG-GEN-006 cuts Prometheus off from 1 target: shop/web-0:8080"]
)]
#[case::selector_of_prometheus(
    Asked::put("Prometheus", "monitoring", "k8s", "spec: {podMonitorSelector: {matchLabels: {team: a}}, podMonitorNamespaceSelector: {}}"),
    &["warn SG-PM-001 cuts Prometheus off from 5 targets: dev/job-0:8080, mesh/cart-0:8080, ..."]
)]
#[case::label_of_a_template(
    Asked::template("Deployment", "shop", "api", "labels: {app: other}", "http"),
    &["warn SG-PM-006 cuts Prometheus off from 1 target: shop/api:8080"]
)]
#[case::port_of_a_template(
    Asked::template("Deployment", "shop", "api", "labels: {app: api}", "web"),
    &["warn SG-PM-004 cuts Prometheus off from 1 target: shop/api:8080"]
)]
#[case::image_of_a_template(Asked::template("Deployment", "shop", "api", "labels: {app: api}", "http"), &[])]
fn a_change_is_answered_with_what_it_closes(#[case] asked: Asked, #[case] expected: &[&str]) {
    assert_eq!(said(&asked), expected);
}

#[rstest]
#[case::what_is_scraped("PodMonitor", "monitoring.coreos.com", true)]
#[case::what_verdicts_tell_of("AuthorizationPolicy", "security.istio.io", false)]
fn nobody_knows_what_is_lost_where_what_is_scraped_could_not_be_read(
    #[case] kind: &str,
    #[case] group: &str,
    #[case] is_told: bool,
) {
    let unread = UnreadKind { group: group.to_owned(), kind: kind.to_owned(), reason: "forbidden".to_owned() };
    let snapshot = Arc::new(snapshot().with_unread(vec![unread]));
    let analysis = Analysis::of(snapshot, Arc::new(Guards::built_in()), &CIRCUMSTANCES);
    let asked = Asked::put("NetworkPolicy", "shop", "any", "spec: {podSelector: {matchLabels: {app: nobody}}}");
    let told = analysis.consequences(&asked.request(), &User::default(), &CIRCUMSTANCES).unknowns;
    let reasons: Vec<_> = told.into_iter().map(|unknown| unknown.reason).collect();
    let reason = "there may be more that it closes, for objects of kind PodMonitor (monitoring.coreos.com) could not \
        be read: forbidden";
    assert_eq!(reasons, if is_told { vec![reason] } else { vec![] });
}
