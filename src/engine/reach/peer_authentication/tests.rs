use rstest::rstest;

use super::*;
use crate::engine::reach::fixtures::{call, running, with_annotations, with_sidecar};
use crate::engine::reach::mesh::{Call, Capture, ClientTls, Membership, MeshSettings};
use crate::engine::reach::{Step, Verdict};
use crate::model::Truth;

/// One policy for every line `<namespace> <name> <age or ?> <spec>`.
fn policies(lines: &[&str]) -> PeerAuthentications {
    let mut policies = PeerAuthentications::new("istio-system".to_owned());
    for line in lines {
        let [namespace, name, year, spec] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let created = if year == "?" { "null".to_owned() } else { format!("\"{year}-01-01T00:00:00Z\"") };
        let json = format!(r#"{{"metadata": {{"name": "{name}", "creationTimestamp": {created}}}, "spec": {spec}}}"#);
        policies.add(namespace, &serde_json::from_str(&json).unwrap());
    }
    policies
}

const WEB: &str = r#""selector": {"matchLabels": {"app": "web"}}"#;

fn mode(policies: &PeerAuthentications, port: u16, is_ambient: bool) -> Option<Mode> {
    policies.effective(&running("shop", "web", "10.0.0.1"), port, is_ambient).mode
}

const PERMISSIVE: Option<Mode> = Some(Mode::Permissive);
const STRICT: Option<Mode> = Some(Mode::Strict);
const DISABLE: Option<Mode> = Some(Mode::Disable);

// The situations of pilot/pkg/security/authn/policy_applier_test.go and of the test data of
// pilot/pkg/serviceregistry/ambient (peer-authn-*); `@` stands for the selector of the pod.
#[rstest]
#[case::nothing(&[], PERMISSIVE, PERMISSIVE)]
#[case::mesh(&[r#"istio-system m 2020 {"mtls": {"mode": "STRICT"}}"#], STRICT, STRICT)]
#[case::mesh_unset(&[r#"istio-system m 2020 {"mtls": {"mode": "UNSET"}}"#], PERMISSIVE, PERMISSIVE)]
#[case::namespace(
    &[r#"istio-system m 2020 {"mtls": {"mode": "STRICT"}}"#, r#"shop n 2021 {"mtls": {"mode": "PERMISSIVE"}}"#],
    PERMISSIVE, PERMISSIVE
)]
#[case::namespace_unset(
    &[r#"istio-system m 2020 {"mtls": {"mode": "STRICT"}}"#, "shop n 2021 {}"], STRICT, STRICT
)]
#[case::namespace_null(&[r#"shop n 2021 {"mtls": null, "selector": {}}"#], PERMISSIVE, PERMISSIVE)]
#[case::workload(&[r#"shop n 2021 {"mtls": {"mode": "STRICT"}}"#, r#"shop w 2022 {@, "mtls": {"mode": "DISABLE"}}"#],
    DISABLE, DISABLE)]
#[case::other_workload(&[r#"shop w 2022 {"selector": {"matchLabels": {"app": "db"}}, "mtls": {"mode": "STRICT"}}"#],
    PERMISSIVE, PERMISSIVE)]
#[case::other_namespace(&[r#"db w 2022 {"mtls": {"mode": "STRICT"}}"#], PERMISSIVE, PERMISSIVE)]
#[case::workload_of_the_root(&[r#"istio-system w 2022 {@, "mtls": {"mode": "STRICT"}}"#], PERMISSIVE, PERMISSIVE)]
#[case::port(&[r#"shop w 2022 {@, "mtls": {"mode": "STRICT"}, "portLevelMtls": {"9090": {"mode": "DISABLE"}}}"#],
    DISABLE, STRICT)]
#[case::port_alone(&[r#"shop w 2022 {@, "portLevelMtls": {"9090": {"mode": "STRICT"}}}"#], STRICT, PERMISSIVE)]
#[case::port_unset(&[r#"shop w 2022 {@, "mtls": {"mode": "STRICT"}, "portLevelMtls": {"9090": null}}"#], STRICT, STRICT)]
#[case::port_under_mesh(
    &[r#"istio-system m 2020 {"mtls": {"mode": "STRICT"}}"#,
      r#"shop w 2022 {@, "portLevelMtls": {"9090": {"mode": "PERMISSIVE"}, "8080": {"mode": "STRICT"}}}"#],
    PERMISSIVE, STRICT
)]
#[case::port_under_namespace(
    &[r#"istio-system m 2020 {"mtls": {"mode": "STRICT"}}"#, r#"shop n 2021 {"mtls": {"mode": "PERMISSIVE"}}"#,
      r#"shop w 2022 {@, "portLevelMtls": {"9090": {"mode": "STRICT"}}}"#],
    STRICT, PERMISSIVE
)]
#[case::port_without_selector(&[r#"shop n 2021 {"portLevelMtls": {"9090": {"mode": "STRICT"}}}"#],
    PERMISSIVE, PERMISSIVE)]
#[case::oldest(&[r#"shop b 2022 {"mtls": {"mode": "STRICT"}}"#, r#"shop a 2021 {"mtls": {"mode": "DISABLE"}}"#],
    DISABLE, DISABLE)]
#[case::by_name(&[r#"shop b 2022 {"mtls": {"mode": "STRICT"}}"#, r#"shop a 2022 {"mtls": {"mode": "DISABLE"}}"#],
    DISABLE, DISABLE)]
#[case::age_unknown(&[r#"shop b 2022 {"mtls": {"mode": "STRICT"}}"#, r#"shop a ? {"mtls": {"mode": "DISABLE"}}"#],
    None, None)]
#[case::age_does_not_matter(&[r#"shop b ? {"mtls": {"mode": "STRICT"}}"#, r#"shop a ? {"mtls": {"mode": "STRICT"}}"#],
    STRICT, STRICT)]
#[case::newer_mode(&[r#"shop n 2021 {"mtls": {"mode": "POST_QUANTUM"}}"#], None, None)]
#[case::overruled(&[r#"shop n 2021 {"mtls": {"mode": "POST_QUANTUM"}}"#, r#"shop w 2022 {@, "mtls": {"mode": "STRICT"}}"#],
    STRICT, STRICT)]
fn the_most_specific_setting_holds(
    #[case] lines: &[&str],
    #[case] of_9090: Option<Mode>,
    #[case] of_8080: Option<Mode>,
) {
    let lines: Vec<_> = lines.iter().map(|line| line.replace('@', WEB)).collect();
    let policies = policies(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((mode(&policies, 9090, false), mode(&policies, 8080, false)), (of_9090, of_8080));
    assert_eq!((mode(&policies, 9090, true), mode(&policies, 8080, true)), (of_9090, of_8080));
}

#[test]
fn ambient_mode_passes_over_a_lonely_disabled_port() {
    let mesh = r#"istio-system m 2020 {"mtls": {"mode": "STRICT"}}"#;
    let workload = format!(r#"shop w 2022 {{{WEB}, "portLevelMtls": {{"9090": {{"mode": "DISABLE"}}}}}}"#);
    let policies = policies(&[mesh, &workload]);
    assert_eq!(mode(&policies, 9090, false), DISABLE);
    assert_eq!(mode(&policies, 9090, true), STRICT);
}

#[test]
fn what_cannot_be_read_leaves_everything_open() {
    let object = |namespace: &str| ObjectReference {
        kind: "PeerAuthentication".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: "newer".to_owned(),
    };
    let mut policies = policies(&[]);
    policies.add_unreadable(object("db"));
    assert_eq!(mode(&policies, 9090, false), PERMISSIVE);
    policies.add_unreadable(object("istio-system"));
    assert_eq!(mode(&policies, 9090, false), None);
}

#[test]
fn the_deciding_field_is_told() {
    let policies = policies(&[&format!(r#"shop w 2022 {{{WEB}, "portLevelMtls": {{"9090": {{"mode": "STRICT"}}}}}}"#)]);
    let (object, path) = policies.effective(&running("shop", "web", "10.0.0.1"), 9090, false).decided_by.unwrap();
    assert_eq!(object.to_string(), "PeerAuthentication shop/w");
    assert_eq!(path.to_string(), "spec.portLevelMtls.9090.mode");
}

fn step(client: &str, server: &str, tls: ClientTls, mode: &str, port: u16) -> Step {
    let policies = policies(&[&format!(r#"shop n 2021 {{"mtls": {{"mode": "{mode}"}}}}"#)]);
    let (from, to) = (running("monitoring", "prometheus", "10.0.0.2"), running("shop", "web", "10.0.0.1"));
    let membership = |name: &str| {
        let pod = with_sidecar(running("shop", "web", "10.0.0.1"));
        let outside = "traffic.sidecar.istio.io/includeOutboundIPRanges";
        match name {
            "sidecar" => Membership::Sidecar(Box::new(Capture::of(&pod))),
            "bypassing" => Membership::Sidecar(Box::new(Capture::of(&with_annotations(pod, &[(outside, "")])))),
            "ambient" => Membership::Ambient { waypoint: Truth::No },
            "gateway" => Membership::Gateway,
            "unknown" => Membership::Unknown("is in a namespace whose labels are not known"),
            _ => Membership::None("has no sidecar"),
        }
    };
    let (connection, settings) = (call(&from, &to, port), MeshSettings::default());
    let (client, server) = (membership(client), membership(server));
    mtls(&Call { connection: &connection, caller: &client, called: &server, tls, settings: &settings }, &policies)
}

#[rstest]
#[case::plain_to_strict("none", "sidecar", ClientTls::None, "STRICT", 8080, Verdict::Blocked)]
#[case::plain_to_permissive("none", "sidecar", ClientTls::None, "PERMISSIVE", 8080, Verdict::Open)]
#[case::plain_to_envoy("none", "sidecar", ClientTls::None, "STRICT", 15090, Verdict::Open)]
#[case::plain_to_merged("none", "sidecar", ClientTls::None, "STRICT", 15020, Verdict::Open)]
#[case::tls_to_envoy("none", "sidecar", ClientTls::IstioCertificates, "STRICT", 15090, Verdict::Blocked)]
#[case::plain_to_no_mesh("none", "none", ClientTls::None, "STRICT", 8080, Verdict::Open)]
#[case::certificates_to_no_mesh("none", "none", ClientTls::IstioCertificates, "STRICT", 8080, Verdict::Unknown)]
#[case::service("sidecar", "sidecar", ClientTls::Mesh, "STRICT", 8080, Verdict::Open)]
#[case::address("sidecar", "sidecar", ClientTls::None, "STRICT", 8080, Verdict::Unknown)]
#[case::address_permissive("sidecar", "sidecar", ClientTls::None, "PERMISSIVE", 8080, Verdict::Open)]
#[case::past_the_sidecar("bypassing", "sidecar", ClientTls::None, "STRICT", 8080, Verdict::Blocked)]
#[case::certificates("bypassing", "sidecar", ClientTls::IstioCertificates, "STRICT", 8080, Verdict::Open)]
#[case::certificates_twice("sidecar", "sidecar", ClientTls::IstioCertificates, "STRICT", 8080, Verdict::Unknown)]
#[case::certificates_to_disabled(
    "bypassing",
    "sidecar",
    ClientTls::IstioCertificates,
    "DISABLE",
    8080,
    Verdict::Unknown
)]
#[case::mesh_to_disabled("sidecar", "sidecar", ClientTls::Mesh, "DISABLE", 8080, Verdict::Open)]
#[case::mesh_to_uncaptured("sidecar", "sidecar", ClientTls::Mesh, "STRICT", 15090, Verdict::Unknown)]
#[case::ambient("ambient", "ambient", ClientTls::None, "STRICT", 8080, Verdict::Open)]
#[case::plain_to_ambient("none", "ambient", ClientTls::None, "STRICT", 8080, Verdict::Blocked)]
#[case::certificates_to_ambient("none", "ambient", ClientTls::IstioCertificates, "STRICT", 8080, Verdict::Blocked)]
#[case::ambient_to_sidecar("ambient", "sidecar", ClientTls::None, "STRICT", 8080, Verdict::Blocked)]
#[case::not_known("none", "sidecar", ClientTls::Unknown, "STRICT", 8080, Verdict::Unknown)]
#[case::gateway("none", "gateway", ClientTls::None, "STRICT", 8080, Verdict::Unknown)]
#[case::gateway_metrics("none", "gateway", ClientTls::None, "STRICT", 15020, Verdict::Open)]
#[case::perhaps_strict("none", "unknown", ClientTls::None, "STRICT", 8080, Verdict::Unknown)]
#[case::perhaps_permissive("none", "unknown", ClientTls::None, "PERMISSIVE", 8080, Verdict::Open)]
fn both_sides_must_agree(
    #[case] client: &str,
    #[case] server: &str,
    #[case] tls: ClientTls,
    #[case] mode: &str,
    #[case] port: u16,
    #[case] expected: Verdict,
) {
    let step = step(client, server, tls, mode, port);
    assert_eq!(step.verdict, expected, "{}", step.reason);
}

#[test]
fn a_block_names_the_policy() {
    let step = step("none", "sidecar", ClientTls::None, "STRICT", 8080);
    assert_eq!(step.reason, "port 8080 takes nothing but mutual TLS, and the connection comes without mutual TLS");
    assert_eq!(step.object.unwrap().to_string(), "PeerAuthentication shop/n");
    assert_eq!(step.path.to_string(), "spec.mtls.mode");
}
