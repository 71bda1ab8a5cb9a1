//! What is answered about a connection as a whole.

use rstest::rstest;

use super::{policies, web};
use crate::engine::reach::authorization_policy::authorization;
use crate::engine::reach::fixtures::{call, running, with_annotations, with_labels};
use crate::engine::reach::mesh::{Call, Capture, ClientTls, Membership};
use crate::engine::reach::peer_authentication::{PeerAuthentications, mtls};
use crate::engine::reach::{Connection, End, MeshSettings, Step, Verdict};
use crate::model::Protocol;
use crate::model::Truth;

fn step(written: &[&str], server: &Membership, tls: ClientTls, port: u16) -> Step {
    let settings = MeshSettings::default();
    let policies = policies(written, settings.clone());
    let peers = PeerAuthentications::new(settings.root_namespace.clone());
    let (from, to) = (running("monitoring", "prometheus", "10.0.0.2"), web());
    let connection = call(&from, &to, port);
    let client = Membership::None("has no sidecar");
    let call = Call { connection: &connection, caller: &client, called: server, tls, settings: &settings };
    authorization(&call, None, &policies, &peers)
}

fn sidecar() -> Membership {
    Membership::Sidecar(Box::new(Capture::of(&web())))
}

#[rstest]
#[case::enforced(sidecar(), 3000, Verdict::Blocked)]
#[case::envoy(sidecar(), 15090, Verdict::Open)]
#[case::merged(sidecar(), 15020, Verdict::Open)]
#[case::no_mesh(Membership::None("has no sidecar"), 3000, Verdict::Open)]
#[case::ambient(Membership::Ambient { waypoint: Truth::No }, 15020, Verdict::Blocked)]
#[case::gateway(Membership::Gateway, 80, Verdict::Unknown)]
#[case::gateway_metrics(Membership::Gateway, 15020, Verdict::Open)]
#[case::not_known(Membership::Unknown("is in a namespace whose labels are not known"), 3000, Verdict::Unknown)]
#[case::nothing_captured(
    Membership::Sidecar(Box::new(Capture::of(&with_annotations(web(), &[("traffic.sidecar.istio.io/includeInboundPorts", "")])))),
    3000, Verdict::Open
)]
fn policies_hold_where_a_proxy_stands(#[case] called: Membership, #[case] port: u16, #[case] expected: Verdict) {
    assert_eq!(step(&["{}"], &called, ClientTls::None, port).verdict, expected);
}

#[test]
fn policies_for_services_may_hold_at_a_waypoint() {
    let targeting = r#"{"targetRefs": [{"kind": "Service", "name": "web"}], "rules": []}"#;
    let behind = Membership::Ambient { waypoint: Truth::Yes };
    assert_eq!(step(&[targeting], &behind, ClientTls::None, 80).verdict, Verdict::Unknown);
    assert_eq!(step(&[], &behind, ClientTls::None, 80).verdict, Verdict::Open);
}

const PROMETHEUS: &str =
    r#"{"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/monitoring/sa/prometheus"]}}]}]}"#;

#[rstest]
#[case(
    ClientTls::IstioCertificates,
    Verdict::Open,
    "an ALLOW policy admits cluster.local/ns/monitoring/sa/prometheus to port 3000"
)]
#[case(
    ClientTls::None,
    Verdict::Blocked,
    "no rule of 2 ALLOW policies admits a caller without mutual TLS to port 3000"
)]
#[case(
    ClientTls::Unknown,
    Verdict::Unknown,
    "whether the rule is about cluster.local/ns/monitoring/sa/prometheus, if it comes with mutual TLS, depends on principals"
)]
fn the_reason_is_a_sentence(#[case] tls: ClientTls, #[case] verdict: Verdict, #[case] reason: &str) {
    let step = step(&[PROMETHEUS, "istio-system {}"], &sidecar(), tls, 3000);
    assert_eq!((step.verdict, step.reason.as_str()), (verdict, reason));
    let path = if verdict == Verdict::Blocked { "spec.rules" } else { "spec.rules[0]" };
    assert_eq!(step.object.unwrap().to_string(), "AuthorizationPolicy shop/p0");
    assert_eq!(step.path.to_string(), path);
}

#[test]
fn a_pod_that_calls_itself_passes_its_sidecar_by_unless_it_calls_a_service() {
    let (settings, pod) = (MeshSettings::default(), with_labels(web(), &[]));
    let policies = policies(&["{}"], settings.clone());
    let peers = PeerAuthentications::new(settings.root_namespace.clone());
    let connection = call(&pod, &pod, 80);
    let member = sidecar();
    let verdict = |tls| {
        let call = Call { connection: &connection, caller: &member, called: &member, tls, settings: &settings };
        (mtls(&call, &peers).verdict, authorization(&call, None, &policies, &peers).verdict)
    };
    assert_eq!(verdict(ClientTls::Mesh), (Verdict::Unknown, Verdict::Unknown));
    assert_eq!(verdict(ClientTls::None), (Verdict::Open, Verdict::Open));
    // The application itself would have to take it.
    assert_eq!(verdict(ClientTls::IstioCertificates).0, Verdict::Unknown);
}

#[test]
fn the_mesh_is_about_tcp_and_pods() {
    let settings = MeshSettings::default();
    let policies = policies(&["{}"], settings.clone());
    let peers = PeerAuthentications::new(settings.root_namespace.clone());
    let (from, to, member) = (running("monitoring", "prometheus", "10.0.0.2"), web(), sidecar());
    let ask = |to, protocol| {
        let connection = Connection { from: End::Pod(&from), to, port: 80, protocol };
        let (connection, tls) = (&connection, ClientTls::Mesh);
        let call = Call { connection, caller: &member, called: &member, tls, settings: &settings };
        authorization(&call, None, &policies, &peers).verdict
    };
    assert_eq!(ask(End::Pod(&to), Protocol::Udp), Verdict::Open);
    assert_eq!(ask(End::World, Protocol::Tcp), Verdict::Open);
    assert_eq!(ask(End::Address("10.0.0.9".parse().unwrap()), Protocol::Tcp), Verdict::Unknown);
}
