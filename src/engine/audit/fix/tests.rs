//! What is offered, and that it does what it says.

mod laws;

use rstest::rstest;

use super::*;
use crate::engine::audit::exposure::tests::entangled;
use crate::engine::reach::MeshSettings;
use crate::engine::reach::mesh::ClientTls;
use crate::engine::reach::network_policy::HostNetwork;
use crate::model::Source;
use crate::model::snapshot::Builder;

const PODS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: monitoring}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: prometheus, namespace: monitoring, labels: {app.kubernetes.io/name: prometheus}}
spec: {serviceAccountName: prometheus-operator-kube-p-prometheus, containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: state, namespace: monitoring, labels: {app.kubernetes.io/name: kube-state-metrics}}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, pod-template-hash: x}, annotations: {sidecar.istio.io/status: '{}'}}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.3}
---
apiVersion: v1
kind: Pod
metadata: {name: ui, namespace: monitoring, labels: {app.kubernetes.io/name: grafana}, annotations: {sidecar.istio.io/status: '{}'}}
spec: {serviceAccountName: prometheus-operator-grafana, containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.4}
---
apiVersion: v1
kind: Pod
metadata: {name: operator, namespace: monitoring, labels: {app: kube-prometheus-stack-operator}}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.5}
---
apiVersion: v1
kind: Pod
metadata: {name: node, namespace: monitoring, labels: {app: node}}
spec: {hostNetwork: true, containers: [{name: c}]}
status: {phase: Running, podIP: 10.1.0.1}
";

fn snapshot(objects: &str) -> Snapshot {
    let mut builder = Builder::new("default");
    assert_eq!(builder.add_source("input", &Source::new(&format!("{PODS}---\n{objects}"))), []);
    builder.finish()
}

/// What is offered for a path, tried out on a snapshot of the changed objects.
fn offered(objects: &str, from: &str, to: &str, port: u16, tls: ClientTls) -> Option<String> {
    let snapshot = snapshot(objects);
    let end = |name: &str| snapshot.pods().iter().find(|pod| pod.object.name == name).map(End::Pod);
    let from = end(from).unwrap_or(End::World);
    let connection = Connection { from, to: end(to).unwrap(), port, protocol: Protocol::Tcp };
    let manner = Manner { tls, request: None };
    let evaluator = Evaluator::new(&snapshot, MeshSettings::default(), HostNetwork::default());
    let path = evaluator.follow(&connection, &manner);
    let fix = Fixes::new(&snapshot, &evaluator, &Guards::built_in()).of(&connection, &manner, &path)?;
    let changed = snapshot.with(&fix.change);
    let mended = Evaluator::new(&changed, MeshSettings::default(), HostNetwork::default());
    assert_eq!(mended.follow(&connection, &manner).verdict(), Verdict::Open, "{fix:?}");
    Some(fix.summary)
}

const CLOSED: &str = "
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: none, namespace: monitoring},
  spec: {podSelector: {}, policyTypes: [Ingress]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: none, namespace: shop},
  spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}
";
const NO_WAY_OUT: &str = "
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: out, namespace: monitoring},
  spec: {podSelector: {matchLabels: {app.kubernetes.io/name: prometheus}}, policyTypes: [Egress]}}
";
const STRICT: &str = "
{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: istio-system},
  spec: {mtls: {mode: STRICT}}}
";
const OF_WEB: &str = "
{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: web, namespace: shop},
  spec: {selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}}}
";
const ADMITS_NOBODY: &str = "
{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: nobody, namespace: shop}, spec: {}}
";
const REFUSES_GRAFANA: &str = "
{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: refuses, namespace: shop},
  spec: {action: DENY, rules: [{to: [{operation: {ports: ['81']}}]}, {from: [{source: {namespaces: [monitoring]}}]}]}}
";

#[test]
fn nothing_is_offered_where_nobody_knows_who_else_gets_in() {
    let policy = entangled();
    assert!(offered("", "prometheus", "ui", 3000, ClientTls::None).is_none(), "it is open");
    assert!(offered(CLOSED, "prometheus", "ui", 3000, ClientTls::None).is_some());
    assert_eq!(offered(&format!("{CLOSED}---\n{policy}"), "prometheus", "ui", 3000, ClientTls::None), None);
}

#[rstest]
#[case::open(&[], "prometheus", "state", 8080, ClientTls::None, None)]
#[case::ingress(&[CLOSED], "prometheus", "state", 8080, ClientTls::None, Some(
    "let NetworkPolicy monitoring/none admit pods with label app.kubernetes.io/name=prometheus of namespace monitoring \
     to port 8080"
))]
#[case::from_elsewhere(&[CLOSED], "prometheus", "web", 8080, ClientTls::None, Some(
    "let NetworkPolicy shop/none admit pods with label app.kubernetes.io/name=prometheus of namespace monitoring to port \
     8080"
))]
#[case::both_ways(&[CLOSED, NO_WAY_OUT], "prometheus", "web", 8080, ClientTls::None, Some(
    "let NetworkPolicy monitoring/out let traffic out to port 8080 of pods with label app=web of namespace shop, and \
     let NetworkPolicy shop/none admit pods with label app.kubernetes.io/name=prometheus of namespace monitoring to port \
     8080"
))]
#[case::api_server(&[CLOSED], "kube-apiserver", "operator", 10250, ClientTls::None, Some(
    "let NetworkPolicy monitoring/none admit everybody to port 10250, for the API server is no pod"
))]
#[case::the_api_server_has_no_business_there(&[CLOSED], "kube-apiserver", "state", 8080, ClientTls::None, None)]
#[case::selectors_mean_nobody_on_the_host_network(&[CLOSED], "node", "state", 8080, ClientTls::None, None)]
#[case::plain_text_where_a_network_policy_guards(&[CLOSED, STRICT], "prometheus", "web", 8080, ClientTls::None, Some(
    "let NetworkPolicy shop/none admit pods with label app.kubernetes.io/name=prometheus of namespace monitoring to port \
     8080, and add a PeerAuthentication that permits plain text at port 8080 of pods with label app=web of namespace shop"
))]
#[case::plain_text_for_anybody(&[STRICT], "prometheus", "web", 8080, ClientTls::None, None)]
#[case::plain_text_in_its_own_policy(&[CLOSED, OF_WEB], "prometheus", "web", 8080, ClientTls::None, Some(
    "let NetworkPolicy shop/none admit pods with label app.kubernetes.io/name=prometheus of namespace monitoring to port \
     8080, and let PeerAuthentication shop/web permit plain text at port 8080"
))]
#[case::principal(&[ADMITS_NOBODY], "ui", "web", 8080, ClientTls::Mesh, Some(
    "let AuthorizationPolicy shop/nobody admit cluster.local/ns/monitoring/sa/prometheus-operator-grafana to port 8080"
))]
#[case::no_identity(&[ADMITS_NOBODY], "prometheus", "web", 8080, ClientTls::None, None)]
#[case::refused(&[REFUSES_GRAFANA], "ui", "web", 8080, ClientTls::Mesh, Some(
    "let rule 1 of AuthorizationPolicy shop/refuses leave out \
     cluster.local/ns/monitoring/sa/prometheus-operator-grafana"
))]
#[case::everybody_is_refused(&[REFUSES_GRAFANA], "ui", "web", 81, ClientTls::Mesh, Some(
    "let rule 0 of AuthorizationPolicy shop/refuses leave out \
     cluster.local/ns/monitoring/sa/prometheus-operator-grafana, and let rule 1 of AuthorizationPolicy shop/refuses \
     leave out cluster.local/ns/monitoring/sa/prometheus-operator-grafana"
))]
fn the_deciding_objects_get_what_is_missing(
    #[case] objects: &[&str],
    #[case] from: &str,
    #[case] to: &str,
    #[case] port: u16,
    #[case] tls: ClientTls,
    #[case] expected: Option<&str>,
) {
    assert_eq!(offered(&objects.join("---\n"), from, to, port, tls).as_deref(), expected);
}
