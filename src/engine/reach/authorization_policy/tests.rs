use rstest::rstest;

use super::*;
use crate::engine::reach::Verdict;
use crate::engine::reach::fixtures::running;
use crate::engine::reach::mesh::Identity;
use crate::model::snapshot::Pod;
use asked::{Asked, Enforcer};
use decision::decide;

mod agreement;
mod laws;
mod naive;
mod random;
mod steps;

/// Policies of the namespace `shop` unless they name another in front: `istio-system {...}`.
fn policies(written: &[&str], settings: MeshSettings) -> AuthorizationPolicies {
    let mut policies = AuthorizationPolicies::new(settings);
    for (index, policy) in written.iter().enumerate() {
        let (namespace, spec) =
            if policy.starts_with('{') { ("shop", *policy) } else { policy.split_once(' ').unwrap() };
        let json = format!(r#"{{"metadata": {{"name": "p{index}"}}, "spec": {spec}}}"#);
        policies.add(namespace, &serde_json::from_str(&json).unwrap());
    }
    policies
}

fn web() -> Pod {
    running("shop", "web", "127.0.0.2")
}

fn verdict(policies: &AuthorizationPolicies, asked: &Asked<'_>) -> Verdict {
    let pod = web();
    decide(|| policies.selecting(&pod), asked).verdict()
}

const NOBODY: Identity<'_> = Identity::Nobody;
const NEAR: Identity<'_> = Identity::Workload("spiffe://td/ns/namespace/sa/account");
const FAR: Identity<'_> = Identity::Workload("spiffe://td-alt/ns/ns-alt/sa/sa-alt");

// Who matches a field, as the tests of ztunnel's src/rbac.rs have it: a caller in plain text, the same with a
// certificate, and another one from and to other addresses.
#[rstest]
#[case::namespaces(r#"{"namespaces": ["namespace"]}"#, [false, true, false])]
#[case::not_namespaces(r#"{"notNamespaces": ["namespace"]}"#, [true, false, true])]
#[case::accounts(r#"{"serviceAccounts": ["namespace/account"]}"#, [false, true, false])]
#[case::not_accounts(r#"{"notServiceAccounts": ["namespace/account"]}"#, [true, false, true])]
#[case::account_of_the_policy(r#"{"serviceAccounts": ["account"]}"#, [false, false, false])]
#[case::principals(r#"{"principals": ["td/ns/namespace/sa/account"]}"#, [false, true, false])]
#[case::not_principals(r#"{"notPrincipals": ["td/ns/namespace/sa/account"]}"#, [true, false, true])]
#[case::prefix(r#"{"principals": ["td/ns/namespace/*"]}"#, [false, true, false])]
#[case::suffix(r#"{"principals": ["*/sa/account"]}"#, [false, true, false])]
#[case::presence(r#"{"principals": ["*"]}"#, [false, true, true])]
#[case::absence(r#"{"notPrincipals": ["*"]}"#, [true, false, false])]
#[case::with_scheme(r#"{"principals": ["spiffe://td/ns/namespace/sa/account"]}"#, [false, false, false])]
#[case::addresses(r#"{"ipBlocks": ["127.0.0.1"]}"#, [true, true, false])]
#[case::not_addresses(r#"{"notIpBlocks": ["127.0.0.1/32"]}"#, [false, false, true])]
#[case::range(r#"{"ipBlocks": ["127.0.0.1/24"]}"#, [true, true, true])]
#[case::all_must_hold(r#"{"ipBlocks": ["127.0.0.1"], "principals": ["*"]}"#, [false, true, false])]
fn sources_are_matched_by_sidecars_and_ztunnels(#[case] source: &str, #[case] expected: [bool; 3]) {
    let policy = format!(r#"{{"rules": [{{"from": [{{"source": {source}}}]}}]}}"#);
    check(&policy, expected);
}

#[rstest]
#[case::ports(r#"{"to": [{"operation": {"ports": ["8080"]}}]}"#, [true, true, false])]
#[case::not_ports(r#"{"to": [{"operation": {"notPorts": ["8080"]}}]}"#, [false, false, true])]
#[case::port_condition(r#"{"when": [{"key": "destination.port", "values": ["8080"]}]}"#, [true, true, false])]
#[case::not_port_condition(r#"{"when": [{"key": "destination.port", "notValues": ["8080"]}]}"#, [false, false, true])]
#[case::destination(r#"{"when": [{"key": "destination.ip", "values": ["127.0.0.2/32"]}]}"#, [true, true, false])]
#[case::not_destination(r#"{"when": [{"key": "destination.ip", "notValues": ["127.0.0.2"]}]}"#, [false, false, true])]
#[case::source(r#"{"when": [{"key": "source.ip", "values": ["127.0.0.3"]}]}"#, [false, false, true])]
#[case::namespace(r#"{"when": [{"key": "source.namespace", "values": ["ns-*"]}]}"#, [false, false, true])]
#[case::principal(r#"{"when": [{"key": "source.principal", "notValues": ["*"]}]}"#, [true, false, false])]
#[case::nothing("{}", [true, true, true])]
#[case::empty_lists(r#"{"from": [], "to": [], "when": []}"#, [true, true, true])]
#[case::either_source(
    r#"{"from": [{"source": {"namespaces": ["a"]}}, {"source": {"namespaces": ["namespace"]}}],
        "to": [{"operation": {"ports": ["8080"]}}]}"#,
    [false, true, false]
)]
#[case::wrong_port(
    r#"{"from": [{"source": {"namespaces": ["namespace"]}}], "to": [{"operation": {"ports": ["80"]}}]}"#,
    [false, false, false]
)]
fn rules_are_matched_by_sidecars_and_ztunnels(#[case] rule: &str, #[case] expected: [bool; 3]) {
    check(&format!(r#"{{"rules": [{rule}]}}"#), expected);
}

fn check(policy: &str, expected: [bool; 3]) {
    let policies = policies(&[policy], MeshSettings::default());
    let (near, far) = (["127.0.0.1".parse().unwrap()], ["127.0.0.3".parse().unwrap()]);
    let (here, there) = (["127.0.0.2".parse().unwrap()], ["127.0.0.4".parse().unwrap()]);
    for enforcer in [Enforcer::Ztunnel, Enforcer::Tcp, Enforcer::Http(&HttpRequest::default())] {
        let asked = [
            Asked { enforcer, identity: NOBODY, from: &near, to: &here, port: 8080 },
            Asked { enforcer, identity: NEAR, from: &near, to: &here, port: 8080 },
            Asked { enforcer, identity: FAR, from: &far, to: &there, port: 9090 },
        ];
        let found = asked.map(|asked| verdict(&policies, &asked) == Verdict::Open);
        assert_eq!(found, expected, "{enforcer:?}: {policy}");
    }
}

/// A connection to port 80 from `ns/sa` of the mesh.
fn asked<'a>(enforcer: Enforcer<'a>, identity: Identity<'a>) -> Asked<'a> {
    Asked { enforcer, identity, from: &[], to: &[], port: 80 }
}

const CALLER: Identity<'_> = Identity::Workload("spiffe://cluster.local/ns/ns-1/sa/sa-1");
const GET: &str = r#""to": [{"operation": {"methods": ["GET"]}}]"#;

// The situations of istio.io/istio pilot/pkg/security/authz/builder/testdata/tcp and of
// pilot/pkg/serviceregistry/ambient/testdata (allow-full, allow-groups, deny-groups): first at a TCP port of a sidecar,
// then at a ztunnel.
#[rstest]
#[case::allow_method(r#"{"rules": [{@}]}"#, Verdict::Blocked, Verdict::Blocked)]
#[case::allow_method_or_port(
    r#"{"rules": [{@}, {"to": [{"operation": {"ports": ["80"]}}]}]}"#,
    Verdict::Open,
    Verdict::Open
)]
#[case::one_operation_voids_the_rule(
    r#"{"rules": [{"to": [{"operation": {"paths": ["/a"]}}, {"operation": {"ports": ["80"]}}]}]}"#,
    Verdict::Blocked,
    Verdict::Blocked
)]
#[case::allow_end_user(
    r#"{"rules": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}]}"#,
    Verdict::Blocked,
    Verdict::Blocked
)]
#[case::allow_header(
    r#"{"rules": [{"when": [{"key": "request.headers[x]", "values": ["y"]}]}]}"#,
    Verdict::Blocked,
    Verdict::Blocked
)]
#[case::allow_sni(
    r#"{"rules": [{"when": [{"key": "connection.sni", "values": ["y"]}]}]}"#,
    Verdict::Unknown,
    Verdict::Blocked
)]
#[case::allow_metadata(
    r#"{"rules": [{"when": [{"key": "experimental.envoy.filters.a.b[c]", "values": ["y"]}]}]}"#,
    Verdict::Unknown,
    Verdict::Blocked
)]
#[case::allow_remote(
    r#"{"rules": [{"from": [{"source": {"remoteIpBlocks": ["10.0.0.1"]}}]}]}"#,
    Verdict::Unknown,
    Verdict::Blocked
)]
#[case::allow_account_condition(
    r#"{"rules": [{"when": [{"key": "source.serviceAccount", "values": ["ns-1/sa-1"]}]}]}"#,
    Verdict::Open,
    Verdict::Blocked
)]
#[case::allow_trust_domain(
    r#"{"rules": [{"from": [{"source": {"trustDomains": ["cluster.local"]}}]}]}"#,
    Verdict::Open,
    Verdict::Blocked
)]
#[case::allow_trust_domain_and_more(
    r#"{"rules": [{"from": [{"source": {"trustDomains": ["other"], "namespaces": ["ns-1"]}}]}]}"#,
    Verdict::Blocked,
    Verdict::Open
)]
#[case::deny_method(r#"{"action": "DENY", "rules": [{@}]}"#, Verdict::Blocked, Verdict::Open)]
#[case::deny_end_user(
    r#"{"action": "DENY", "rules": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}]}"#,
    Verdict::Blocked,
    Verdict::Open
)]
#[case::deny_caller_and_method(
    r#"{"action": "DENY", "rules": [{"from": [{"source": {"namespaces": ["ns-1"]}}], @}]}"#,
    Verdict::Blocked,
    Verdict::Open
)]
#[case::deny_other_and_method(
    r#"{"action": "DENY", "rules": [{"from": [{"source": {"namespaces": ["ns-2"]}}], @}]}"#,
    Verdict::Open,
    Verdict::Open
)]
#[case::deny_port_and_method(
    r#"{"action": "DENY", "rules": [{"to": [{"operation": {"ports": ["80"], "methods": ["GET"]}}]}]}"#,
    Verdict::Blocked,
    Verdict::Blocked
)]
#[case::deny_other_port_and_method(
    r#"{"action": "DENY", "rules": [{"to": [{"operation": {"ports": ["90"], "methods": ["GET"]}}]}]}"#,
    Verdict::Open,
    Verdict::Open
)]
#[case::deny_caller_and_sni(
    r#"{"action": "DENY", "rules": [{"when": [{"key": "source.namespace", "values": ["ns-1"]},
        {"key": "connection.sni", "values": ["y"]}]}]}"#,
    Verdict::Unknown,
    Verdict::Open
)]
#[case::deny_everything(r#"{"action": "DENY", "rules": [{}]}"#, Verdict::Blocked, Verdict::Blocked)]
#[case::deny_empty_operation(
    r#"{"action": "DENY", "rules": [{"to": [{"operation": {}}]}]}"#,
    Verdict::Blocked,
    Verdict::Open
)]
#[case::deny_nothing(r#"{"action": "DENY"}"#, Verdict::Open, Verdict::Open)]
#[case::allow_nothing("{}", Verdict::Blocked, Verdict::Blocked)]
#[case::allow_everything(r#"{"rules": [{}]}"#, Verdict::Open, Verdict::Open)]
#[case::custom(r#"{"action": "CUSTOM", "provider": {"name": "x"}, "rules": [{}]}"#, Verdict::Unknown, Verdict::Open)]
#[case::custom_elsewhere(
    r#"{"action": "CUSTOM", "provider": {"name": "x"}, "rules": [{"to": [{"operation": {"ports": ["90"]}}]}]}"#,
    Verdict::Open,
    Verdict::Open
)]
#[case::audit(r#"{"action": "AUDIT", "rules": [{}]}"#, Verdict::Open, Verdict::Open)]
#[case::newer_action(r#"{"action": "QUARANTINE", "rules": [{}]}"#, Verdict::Unknown, Verdict::Unknown)]
#[case::newer_field(r#"{"rules": [{}], "schedule": "nightly"}"#, Verdict::Unknown, Verdict::Unknown)]
#[case::newer_field_of_a_rule(r#"{"rules": [{"unless": []}]}"#, Verdict::Unknown, Verdict::Unknown)]
#[case::newer_field_of_a_source(
    r#"{"rules": [{"from": [{"source": {"passports": ["x"]}}]}]}"#,
    Verdict::Unknown,
    Verdict::Unknown
)]
#[case::targets(
    r#"{"targetRefs": [{"kind": "Gateway", "group": "gateway.networking.k8s.io", "name": "g"}]}"#,
    Verdict::Open,
    Verdict::Open
)]
#[case::other_pod(r#"{"selector": {"matchLabels": {"app": "db"}}}"#, Verdict::Open, Verdict::Open)]
#[case::this_pod(r#"{"selector": {"matchLabels": {"app": "web"}}}"#, Verdict::Blocked, Verdict::Blocked)]
#[case::root("istio-system {}", Verdict::Blocked, Verdict::Blocked)]
#[case::other_namespace("db {}", Verdict::Open, Verdict::Open)]
fn proxies_differ_in_what_they_know(#[case] policy: &str, #[case] at_sidecar: Verdict, #[case] at_ztunnel: Verdict) {
    let policies = policies(&[&policy.replace('@', GET)], MeshSettings::default());
    assert_eq!(verdict(&policies, &asked(Enforcer::Tcp, CALLER)), at_sidecar);
    assert_eq!(verdict(&policies, &asked(Enforcer::Ztunnel, CALLER)), at_ztunnel);
}

#[rstest]
#[case::method(r#"{"methods": ["GET"]}"#, true)]
#[case::other_method(r#"{"methods": ["P*"]}"#, false)]
#[case::not_method(r#"{"notMethods": ["GET"]}"#, false)]
#[case::path(r#"{"paths": ["/metrics"]}"#, true)]
#[case::path_prefix(r#"{"paths": ["/met*"]}"#, true)]
#[case::path_suffix(r#"{"paths": ["*/health"]}"#, false)]
#[case::not_path(r#"{"notPaths": ["/admin*"]}"#, true)]
#[case::host(r#"{"hosts": ["WEB.shop"]}"#, true)]
#[case::host_suffix(r#"{"hosts": ["*.shop"]}"#, true)]
#[case::other_host(r#"{"hosts": ["web.shop:80"]}"#, false)]
#[case::all(r#"{"hosts": ["*"], "methods": ["*"], "paths": ["*"], "ports": ["80"]}"#, true)]
fn requests_are_matched_where_they_are_known(#[case] operation: &str, #[case] matches: bool) {
    let policies =
        policies(&[&format!(r#"{{"rules": [{{"to": [{{"operation": {operation}}}]}}]}}"#)], MeshSettings::default());
    let text = |text: &str| Some(text.to_owned());
    let request = HttpRequest { method: text("GET"), path: text("/metrics"), host: text("web.Shop") };
    let expected = if matches { Verdict::Open } else { Verdict::Blocked };
    assert_eq!(verdict(&policies, &asked(Enforcer::Http(&request), CALLER)), expected);
    let unknown = HttpRequest::default();
    assert_eq!(verdict(&policies, &asked(Enforcer::Http(&unknown), CALLER)), Verdict::Unknown);
}

#[rstest]
#[case::own("new/ns/a/sa/b", true, true)]
#[case::alias("old/ns/a/sa/b", true, false)]
#[case::pointer("cluster.local/ns/a/sa/b", true, false)]
#[case::foreign("other/ns/a/sa/b", false, false)]
#[case::any("*/ns/a/sa/b", true, true)]
fn only_sidecars_know_aliases_of_trust_domains(
    #[case] principal: &str,
    #[case] at_sidecar: bool,
    #[case] at_ztunnel: bool,
) {
    let settings = MeshSettings {
        trust_domain: "new".to_owned(),
        trust_domain_aliases: vec!["old".to_owned()],
        ..MeshSettings::default()
    };
    let policies = policies(
        &[&format!(r#"{{"rules": [{{"from": [{{"source": {{"principals": ["{principal}"]}}}}]}}]}}"#)],
        settings,
    );
    let caller = Identity::Workload("spiffe://new/ns/a/sa/b");
    assert_eq!(verdict(&policies, &asked(Enforcer::Tcp, caller)) == Verdict::Open, at_sidecar);
    assert_eq!(verdict(&policies, &asked(Enforcer::Ztunnel, caller)) == Verdict::Open, at_ztunnel);
}

// The regular expression that Istio makes of a namespace also looks at what follows it: `/sa/`.
#[rstest]
#[case::ends_like_sa("*a", true, false)]
#[case::ends_otherwise("*b", false, false)]
#[case::star_within("n*1", true, false)]
#[case::presence("*", true, true)]
#[case::prefix("ns-*", true, true)]
fn sidecars_look_for_namespaces_anywhere_in_the_identity(
    #[case] namespace: &str,
    #[case] at_sidecar: bool,
    #[case] at_ztunnel: bool,
) {
    let policy = format!(r#"{{"rules": [{{"from": [{{"source": {{"namespaces": ["{namespace}"]}}}}]}}]}}"#);
    let policies = policies(&[&policy], MeshSettings::default());
    assert_eq!(verdict(&policies, &asked(Enforcer::Tcp, CALLER)) == Verdict::Open, at_sidecar);
    assert_eq!(verdict(&policies, &asked(Enforcer::Ztunnel, CALLER)) == Verdict::Open, at_ztunnel);
}

#[rstest]
#[case::deny_beats_allow(&[r#"{"rules": [{}]}"#, r#"{"action": "DENY", "rules": [{}]}"#], Verdict::Blocked)]
#[case::any_allow_admits(&["{}", r#"{"rules": [{}]}"#], Verdict::Open)]
#[case::of_both_namespaces(&["istio-system {}", r#"{"rules": [{}]}"#], Verdict::Open)]
#[case::deny_elsewhere(
    &[r#"{"action": "DENY", "rules": [{"to": [{"operation": {"ports": ["90"]}}]}]}"#], Verdict::Open
)]
#[case::custom_cannot_open(&["{}", r#"{"action": "CUSTOM", "rules": [{}]}"#], Verdict::Blocked)]
#[case::unreadable_may_open(&["{}", r#"{"action": "QUARANTINE"}"#], Verdict::Unknown)]
#[case::unreadable_cannot_undo_deny(
    &[r#"{"action": "DENY", "rules": [{}]}"#, r#"{"action": "QUARANTINE"}"#], Verdict::Blocked
)]
#[case::one_rule_is_enough(&[r#"{"rules": [{}]}"#, r#"{"rules": [{"unless": []}]}"#], Verdict::Open)]
#[case::no_rule_for_sure(&["{}", r#"{"rules": [{"unless": []}]}"#], Verdict::Unknown)]
#[case::perhaps_refused(
    &[r#"{"rules": [{}]}"#, r#"{"action": "DENY", "rules": [{"unless": []}]}"#], Verdict::Unknown
)]
#[case::perhaps_refused_and_not_admitted(
    &["{}", r#"{"action": "DENY", "rules": [{"unless": []}]}"#], Verdict::Blocked
)]
#[case::perhaps_refused_and_refused(
    &[r#"{"action": "DENY", "rules": [{"unless": []}, {}]}"#], Verdict::Blocked
)]
fn actions_have_an_order(#[case] written: &[&str], #[case] expected: Verdict) {
    let policies = policies(written, MeshSettings::default());
    assert_eq!(verdict(&policies, &asked(Enforcer::Tcp, CALLER)), expected);
}

#[rstest]
#[case("true", Verdict::Open)]
#[case("T", Verdict::Open)]
#[case("false", Verdict::Blocked)]
#[case("yes", Verdict::Blocked)]
fn what_is_only_tried_out_decides_nothing(#[case] value: &str, #[case] expected: Verdict) {
    let mut policies = AuthorizationPolicies::new(MeshSettings::default());
    let json = format!(r#"{{"metadata": {{"name": "p", "annotations": {{"istio.io/dry-run": "{value}"}}}}}}"#);
    policies.add("shop", &serde_json::from_str(&json).unwrap());
    assert_eq!(verdict(&policies, &asked(Enforcer::Tcp, CALLER)), expected);
}
