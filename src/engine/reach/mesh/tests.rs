use std::sync::Arc;

use rstest::rstest;

use super::*;
use crate::engine::reach::fixtures::{
    Pairs, call, namespace, on_the_host, running, template, with_annotations, with_labels, with_sidecar,
};

const ENABLED: Pairs<'_> = &[("istio-injection", "enabled")];
const REVISION: Pairs<'_> = &[("istio.io/rev", "blue")];
const AMBIENT: Pairs<'_> = &[("istio.io/dataplane-mode", "ambient")];
const WANTED: Pairs<'_> = &[("sidecar.istio.io/inject", "true")];
const UNWANTED: Pairs<'_> = &[("sidecar.istio.io/inject", "false")];

fn settings() -> MeshSettings {
    MeshSettings { revisions: Some(vec!["blue".to_owned()]), ..MeshSettings::default() }
}

fn kind(membership: &Membership) -> &'static str {
    match membership {
        Membership::None(_) => "none",
        Membership::Sidecar(_) => "sidecar",
        Membership::Ambient { .. } => "ambient",
        Membership::Waypoint => "waypoint",
        Membership::Gateway => "gateway",
        Membership::Unknown(_) => "unknown",
    }
}

// The situations of pkg/kube/inject/inject_test.go and of the selectors of the webhook.
#[rstest]
#[case::nothing(&[], &[], &[], "none")]
#[case::namespace(ENABLED, &[], &[], "sidecar")]
#[case::namespace_but_label(ENABLED, UNWANTED, &[], "none")]
#[case::namespace_but_annotation(ENABLED, &[], UNWANTED, "none")]
#[case::label_beats_annotation(ENABLED, WANTED, UNWANTED, "sidecar")]
#[case::nonsense_is_default(ENABLED, &[("sidecar.istio.io/inject", "maybe")], &[], "sidecar")]
#[case::other_value(&[("istio-injection", "disabled")], WANTED, &[], "none")]
#[case::odd_value(&[("istio-injection", "true")], &[], &[], "none")]
#[case::revision(REVISION, &[], &[], "sidecar")]
#[case::revision_but_label(REVISION, UNWANTED, &[], "none")]
#[case::other_revision(&[("istio.io/rev", "green")], &[], &[], "none")]
#[case::injection_beats_revision(&[("istio-injection", "disabled"), ("istio.io/rev", "blue")], &[], &[], "none")]
#[case::pod_label(&[], WANTED, &[], "sidecar")]
#[case::pod_annotation_alone(&[], &[], WANTED, "none")]
#[case::pod_nonsense(&[], &[("sidecar.istio.io/inject", "maybe")], &[], "none")]
#[case::pod_revision(&[], REVISION, &[], "sidecar")]
#[case::pod_other_revision(&[], &[("istio.io/rev", "green"), ("sidecar.istio.io/inject", "true")], &[], "none")]
#[case::ambient_namespace(AMBIENT, &[], &[], "ambient")]
#[case::ambient_pod(&[], AMBIENT, &[], "ambient")]
#[case::ambient_but_pod(AMBIENT, &[("istio.io/dataplane-mode", "none")], &[], "none")]
#[case::sidecar_beats_ambient(AMBIENT, WANTED, &[], "sidecar")]
#[case::done(&[], &[], &[("sidecar.istio.io/status", "{}")], "sidecar")]
#[case::waypoint(AMBIENT, &[("gateway.istio.io/managed", "istio.io-mesh-controller")], &[], "waypoint")]
#[case::gateway(&[], &[("gateway.networking.k8s.io/gateway-name", "web")], &[], "gateway")]
#[case::injected_gateway(ENABLED, &[], &[("inject.istio.io/templates", "gateway")], "gateway")]
fn templates_are_judged_as_the_injector_would(
    #[case] of_namespace: Pairs<'_>,
    #[case] labels: Pairs<'_>,
    #[case] annotations: Pairs<'_>,
    #[case] expected: &str,
) {
    let pod = with_annotations(with_labels(template("shop", "web"), labels), annotations);
    assert_eq!(kind(&Membership::of(&pod, &namespace("shop", of_namespace), &settings())), expected);
}

#[test]
fn running_pods_are_judged_by_their_containers() {
    let pod = running("shop", "web", "10.0.0.1");
    let enabled = namespace("shop", ENABLED);
    assert_eq!(kind(&Membership::of(&pod, &enabled, &settings())), "none");
    assert_eq!(kind(&Membership::of(&with_sidecar(pod.clone()), &namespace("shop", &[]), &settings())), "sidecar");

    let mut native = with_sidecar(pod);
    Arc::make_mut(&mut native.template_mut().containers)[1].role = ContainerRole::Sidecar;
    assert_eq!(kind(&Membership::of(&native, &enabled, &settings())), "sidecar");
    Arc::make_mut(&mut native.template_mut().containers)[1].role = ContainerRole::Init;
    assert_eq!(kind(&Membership::of(&native, &enabled, &settings())), "none");
}

#[rstest]
#[case::nothing_said(&[], "unknown")]
#[case::refused_by_the_pod(UNWANTED, "unknown")]
fn without_labels_of_the_namespace_little_is_known(#[case] labels: Pairs<'_>, #[case] expected: &str) {
    let pod = with_labels(template("shop", "web"), labels);
    let unknown = Namespace::named("shop".to_owned());
    assert_eq!(kind(&Membership::of(&pod, &unknown, &settings())), expected);
    let only_sidecars = MeshSettings { mode: IstioMode::Sidecar, ..settings() };
    let expected = if labels.is_empty() { "unknown" } else { "none" };
    assert_eq!(kind(&Membership::of(&pod, &unknown, &only_sidecars)), expected);
}

#[test]
fn the_mesh_as_a_whole_counts() {
    let pod = template("shop", "web");
    let of = |labels, settings: &MeshSettings| kind(&Membership::of(&pod, &namespace("shop", labels), settings));
    assert_eq!(of(ENABLED, &MeshSettings { mode: IstioMode::None, ..settings() }), "none");
    assert_eq!(of(AMBIENT, &MeshSettings { mode: IstioMode::Sidecar, ..settings() }), "none");
    assert_eq!(of(&[], &MeshSettings { injects_by_default: true, ..settings() }), "sidecar");
    assert_eq!(of(REVISION, &MeshSettings { revisions: None, ..settings() }), "unknown");
    let host = on_the_host(pod.clone());
    assert_eq!(kind(&Membership::of(&host, &namespace("shop", ENABLED), &settings())), "none");
    let system = template("kube-system", "dns");
    assert_eq!(kind(&Membership::of(&system, &namespace("kube-system", ENABLED), &settings())), "none");
}

const INCLUDE: &str = "traffic.sidecar.istio.io/includeInboundPorts";
const EXCLUDE: &str = "traffic.sidecar.istio.io/excludeInboundPorts";

#[rstest]
#[case::all(&[], 9090, Truth::Yes)]
#[case::star(&[(INCLUDE, "*")], 9090, Truth::Yes)]
#[case::envoy(&[], 15090, Truth::No)]
#[case::health(&[], 15021, Truth::No)]
#[case::merged(&[], 15020, Truth::No)]
#[case::moved_status(&[("status.sidecar.istio.io/port", "16000")], 15020, Truth::Yes)]
#[case::excluded(&[(EXCLUDE, "9090, 9091")], 9091, Truth::No)]
#[case::nothing(&[(INCLUDE, "")], 9090, Truth::No)]
#[case::listed(&[(INCLUDE, "80,9090")], 9090, Truth::Yes)]
#[case::not_listed(&[(INCLUDE, "80")], 9090, Truth::No)]
#[case::exclusion_from_a_list_counts_for_nothing(&[(INCLUDE, "9090,15090"), (EXCLUDE, "9090")], 9090, Truth::Yes)]
#[case::off(&[("sidecar.istio.io/interceptionMode", "NONE")], 9090, Truth::No)]
#[case::unreadable(&[(INCLUDE, "http")], 9090, Truth::Unknown)]
fn inbound_ports_are_captured_as_iptables_would(
    #[case] annotations: Pairs<'_>,
    #[case] port: u16,
    #[case] expected: Truth,
) {
    let pod = with_annotations(template("shop", "web"), annotations);
    assert_eq!(Capture::of(&pod).inbound(port), expected);
}

const OUT: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";
const TO: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";

#[rstest]
#[case::all(&[], &["10.0.0.1"], Truth::Yes)]
#[case::all_unknown(&[], &[], Truth::Yes)]
#[case::nothing(&[(TO, "")], &["10.0.0.1"], Truth::No)]
#[case::nothing_unknown(&[(TO, "")], &[], Truth::No)]
#[case::range(&[(TO, "10.0.0.0/8")], &["10.0.0.1"], Truth::Yes)]
#[case::outside(&[(TO, "10.0.0.0/8")], &["11.0.0.1"], Truth::No)]
#[case::no_ipv4(&[(OUT, "0.0.0.0/0")], &["10.0.0.1"], Truth::No)]
#[case::no_ipv4_but_ipv6(&[(OUT, "0.0.0.0/0")], &["fd00::1"], Truth::Yes)]
#[case::either(&[(OUT, "0.0.0.0/0")], &["10.0.0.1", "fd00::1"], Truth::Unknown)]
#[case::no_ipv4_unknown(&[(OUT, "0.0.0.0/0")], &[], Truth::Unknown)]
#[case::neither_unknown(&[(OUT, "0.0.0.0/0,::/0")], &[], Truth::No)]
#[case::port(&[(TO, ""), ("traffic.sidecar.istio.io/includeOutboundPorts", "9090")], &["10.0.0.1"], Truth::Yes)]
#[case::no_port(&[("traffic.sidecar.istio.io/excludeOutboundPorts", "9090")], &["10.0.0.1"], Truth::No)]
#[case::unreadable(&[(OUT, "10.0.0.1")], &["10.0.0.1"], Truth::Unknown)]
fn outbound_addresses_are_captured_as_iptables_would(
    #[case] annotations: Pairs<'_>,
    #[case] addresses: &[&str],
    #[case] expected: Truth,
) {
    let pod = with_annotations(template("shop", "web"), annotations);
    let addresses: Vec<_> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    assert_eq!(Capture::of(&pod).outbound(&addresses, 9090), expected);
}

/// A membership by a short name: a sidecar, one whose outbound traffic is not captured, ambient mode, or none.
fn membership(name: &str) -> Membership {
    let pod = running("shop", "web", "10.0.0.1");
    let sidecar = |pod: &Pod| Membership::Sidecar(Box::new(Capture::of(pod)));
    match name {
        "sidecar" => sidecar(&pod),
        "bypassing" => sidecar(&with_annotations(pod, &[(TO, "")])),
        "tunnelled" => sidecar(&with_labels(pod, &[("networking.istio.io/tunnel", "http")])),
        "ambient" => Membership::Ambient { waypoint: Truth::No },
        "unknown" => Membership::Unknown("is not known"),
        _ => Membership::None("has no sidecar"),
    }
}

#[rstest]
#[case("sidecar", "sidecar", ClientTls::Mesh, Truth::Yes)]
#[case("sidecar", "sidecar", ClientTls::None, Truth::Unknown)]
#[case("sidecar", "sidecar", ClientTls::IstioCertificates, Truth::Unknown)]
#[case("sidecar", "none", ClientTls::Mesh, Truth::No)]
#[case("bypassing", "sidecar", ClientTls::Mesh, Truth::No)]
#[case("bypassing", "sidecar", ClientTls::None, Truth::No)]
#[case("bypassing", "sidecar", ClientTls::IstioCertificates, Truth::Yes)]
#[case("bypassing", "ambient", ClientTls::IstioCertificates, Truth::No)]
#[case("none", "sidecar", ClientTls::None, Truth::No)]
#[case("none", "sidecar", ClientTls::Mesh, Truth::No)]
#[case("none", "sidecar", ClientTls::IstioCertificates, Truth::Yes)]
#[case("none", "sidecar", ClientTls::Unknown, Truth::Unknown)]
#[case("none", "ambient", ClientTls::None, Truth::No)]
#[case("ambient", "ambient", ClientTls::None, Truth::Yes)]
#[case("ambient", "ambient", ClientTls::Unknown, Truth::Yes)]
#[case("ambient", "none", ClientTls::None, Truth::No)]
#[case("ambient", "sidecar", ClientTls::None, Truth::No)]
#[case("ambient", "tunnelled", ClientTls::None, Truth::Yes)]
#[case("unknown", "sidecar", ClientTls::None, Truth::Unknown)]
#[case("unknown", "none", ClientTls::None, Truth::No)]
fn connections_arrive_as_both_sides_make_them(
    #[case] client: &str,
    #[case] server: &str,
    #[case] tls: ClientTls,
    #[case] expected: Truth,
) {
    let (from, to) = (running("monitoring", "prometheus", "10.0.0.2"), running("shop", "web", "10.0.0.1"));
    let connection = call(&from, &to, 8080);
    let (client, server) = (membership(client), membership(server));
    let call = Call { connection: &connection, caller: &client, called: &server, tls, settings: &settings() };
    let arrival = call.arrival(Truth::No);
    assert_eq!(arrival.mutual, expected);
    let uri = "spiffe://cluster.local/ns/monitoring/sa/prometheus";
    let identity = match expected {
        Truth::Yes => Identity::Workload(uri),
        Truth::No => Identity::Nobody,
        Truth::Unknown => Identity::Perhaps(uri),
    };
    assert_eq!(arrival.identity(), identity);
}

#[test]
fn behind_a_waypoint_the_caller_is_not_known() {
    let (from, to) = (running("monitoring", "prometheus", "10.0.0.2"), running("shop", "web", "10.0.0.1"));
    let connection = call(&from, &to, 8080);
    let ambient = namespace("shop", &[("istio.io/dataplane-mode", "ambient"), ("istio.io/use-waypoint", "waypoint")]);
    let server = Membership::of(&to, &ambient, &settings());
    assert_eq!(server, Membership::Ambient { waypoint: Truth::Yes });
    let client = membership("ambient");
    let tls = ClientTls::Mesh;
    let call = Call { connection: &connection, caller: &client, called: &server, tls, settings: &settings() };
    assert_eq!(call.arrival(Truth::No).identity(), Identity::Unknown);
    assert_eq!(call.is_tunnelled(), Truth::Yes);
}
