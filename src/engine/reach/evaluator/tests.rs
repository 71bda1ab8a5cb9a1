//! How the hops come together, and what makes an answer unknown.

use rstest::rstest;

use super::*;
use crate::engine::reach::Hop;
use crate::model::Source;
use crate::model::snapshot::{Builder, UnreadKind};

const PODS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Namespace
metadata: {name: b}
---
apiVersion: v1
kind: Pod
metadata: {name: from, namespace: a, annotations: {sidecar.istio.io/status: '{}'}}
spec: {serviceAccountName: from, containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: to, namespace: b, annotations: {sidecar.istio.io/status: '{}'}}
spec: {containers: [{name: c, ports: [{name: web, containerPort: 80}]}]}
status: {phase: Running, podIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: far, namespace: a, labels: {istio.io/dataplane-mode: ambient}}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.3}
---
apiVersion: v1
kind: Pod
metadata: {name: near, namespace: b, labels: {istio.io/dataplane-mode: ambient}}
spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}
status: {phase: Running, podIP: 10.0.0.4}
";

fn snapshot(objects: &str) -> Snapshot {
    let text = format!("{PODS}---\n{objects}");
    let mut builder = Builder::new("default");
    let broken = builder.add_source("input", &Source::new(&text));
    assert!(broken.is_empty(), "{broken:?}");
    builder.finish()
}

fn path(objects: &str, from: &str, to: &str) -> Path {
    path_in(&snapshot(objects), from, to)
}

fn path_in(snapshot: &Snapshot, from: &str, to: &str) -> Path {
    let end = |namespace, name| End::Pod(snapshot.pod(namespace, name).unwrap());
    let connection = Connection { from: end("a", from), to: end("b", to), port: 80, protocol: Protocol::Tcp };
    let evaluator = Evaluator::new(snapshot, MeshSettings::default(), HostNetwork::default());
    evaluator.follow(&connection, &Manner { tls: ClientTls::Mesh, request: None })
}

fn verdicts(path: &Path) -> Vec<Verdict> {
    path.steps.iter().map(|step| step.verdict).collect()
}

const NOTHING: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: a}}";
const DENY_INGRESS: &str =
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: none, namespace: b},
    spec: {podSelector: {}, policyTypes: [Ingress]}}";
const TUNNEL_ONLY: &str =
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: tunnel, namespace: b},
    spec: {podSelector: {}, ingress: [{ports: [{port: 15008}]}]}}";
const ALLOW_NOBODY: &str = "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy,
    metadata: {name: nobody, namespace: b}, spec: {}}";

#[test]
fn the_hops_stand_in_the_order_of_the_way() {
    let path = path(NOTHING, "from", "to");
    let hops: Vec<Hop> = path.steps.iter().map(|step| step.hop).collect();
    assert_eq!(hops, [Hop::Egress, Hop::Ingress, Hop::Mtls, Hop::Authorization]);
    assert_eq!(path.verdict(), Verdict::Open, "{path:?}");
}

#[test]
fn every_hop_is_answered_even_behind_one_that_blocks() {
    use Verdict::{Blocked, Open};
    let path = path(&format!("{DENY_INGRESS}\n---\n{ALLOW_NOBODY}"), "from", "to");
    assert_eq!(verdicts(&path), [Open, Blocked, Open, Blocked], "{path:?}");
    assert_eq!(path.decisive().unwrap().hop, Hop::Ingress);
}

#[test]
fn network_policies_see_the_tunnel_of_ambient_mode_and_not_what_is_in_it() {
    let tunnelled = path(TUNNEL_ONLY, "far", "near");
    assert_eq!(tunnelled.verdict(), Verdict::Open, "{tunnelled:?}");
    assert!(tunnelled.steps[1].reason.contains("15008"), "{tunnelled:?}");
    assert_eq!(path(TUNNEL_ONLY, "from", "to").verdict(), Verdict::Blocked);
}

#[rstest]
#[case::admin_network_policy(
    "{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: x}, spec: {}}",
    Hop::Egress
)]
#[case::of_the_plugin(
    "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: x, namespace: b}, spec: {}}",
    Hop::Ingress
)]
#[case::envoy_filter(
    "{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: x, namespace: istio-system}}",
    Hop::Mtls
)]
#[case::destination_rule(
    "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: x, namespace: a},
      spec: {host: to.b, trafficPolicy: {tls: {mode: DISABLE}}}}",
    Hop::Mtls
)]
#[case::linkerd(
    "{apiVersion: policy.linkerd.io/v1beta3, kind: Server, metadata: {name: x, namespace: b}}",
    Hop::Authorization
)]
#[case::custom(
    "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: x, namespace: b},
      spec: {action: CUSTOM, provider: {name: p}, rules: [{}]}}",
    Hop::Authorization
)]
#[case::unreadable_network_policy(
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: x, namespace: b}, spec: 7}",
    Hop::Ingress
)]
#[case::unreadable_authorization_policy(
    "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: x, namespace: b}, spec: 7}",
    Hop::Authorization
)]
#[case::unreadable_peer_authentication(
    "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: x, namespace: b}, spec: 7}",
    Hop::Mtls
)]
fn what_is_not_evaluated_makes_the_answer_unknown(#[case] object: &str, #[case] hop: Hop) {
    let path = path(object, "from", "to");
    assert_eq!(path.verdict(), Verdict::Unknown, "{path:?}");
    let step = path.decisive().unwrap();
    assert_eq!(step.hop, hop, "{path:?}");
    assert!(!step.reason.is_empty());
}

#[rstest]
#[case::policy_of_the_plugin_elsewhere(
    "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: x, namespace: c}, spec: {}}"
)]
#[case::filter_elsewhere(
    "{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: x, namespace: c}}"
)]
#[case::rule_that_leaves_tls_to_the_mesh(
    "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: x, namespace: a}, spec: {host: to.b}}"
)]
#[case::route("{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: x, namespace: b}}")]
fn what_has_no_say_here_changes_nothing(#[case] object: &str) {
    assert_eq!(path(object, "from", "to"), path(NOTHING, "from", "to"));
}

#[rstest]
#[case::of_the_network("cilium.io", "CiliumNetworkPolicy", "from", &[Hop::Egress, Hop::Ingress])]
#[case::authorization("security.istio.io", "AuthorizationPolicy", "from", &[Hop::Authorization])]
#[case::authentication("security.istio.io", "PeerAuthentication", "from", &[Hop::Mtls])]
#[case::filters("networking.istio.io", "EnvoyFilter", "from", &[Hop::Mtls, Hop::Authorization])]
#[case::of_another_mesh("policy.linkerd.io", "Server", "from", &[Hop::Authorization])]
#[case::what_is_scraped("monitoring.coreos.com", "PodMonitor", "from", &[])]
fn a_kind_that_could_not_be_read_leaves_open_what_it_decides(
    #[case] group: &str,
    #[case] kind: &str,
    #[case] from: &str,
    #[case] open: &[Hop],
) {
    let unread = UnreadKind { group: group.to_owned(), kind: kind.to_owned(), reason: "forbidden".to_owned() };
    let path = path_in(&snapshot(NOTHING).with_unread(vec![unread]), from, "to");
    let unknown = path.steps.iter().filter(|step| step.verdict == Verdict::Unknown);
    assert_eq!(unknown.map(|step| step.hop).collect::<Vec<_>>(), open, "{path:?}");
}
