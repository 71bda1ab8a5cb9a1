//! What is said of a connection: which policy decides, at which field, and in which words. The client of namespace
//! `web` calls port 10250 of the operator in `monitoring`.

mod ends;

use std::sync::Arc;

use rstest::rstest;
use serde_json::Value;

use super::*;
use crate::engine::reach::End;
use crate::model::ObjectReference;
use crate::model::Protocol;
use crate::model::labels::Labels;
use crate::model::resource::NetworkPolicy;
use crate::model::snapshot::{Container, ContainerPort, ContainerRole, Namespace, PodTemplate};

fn pod(namespace: &str, name: &str, address: &str) -> Pod {
    let port = |name: &str, number| ContainerPort { name: Some(name.to_owned()), number, protocol: Protocol::Tcp };
    Pod {
        object: Arc::new(ObjectReference {
            kind: "Pod".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }),
        template: Arc::new(PodTemplate {
            namespace: namespace.to_owned(),
            labels: Labels::from_iter([("app".to_owned(), name.to_owned())]),
            annotations: Labels::none(),
            service_account: "default".to_owned(),
            host_network: false,
            containers: [Container {
                name: "main".to_owned(),
                role: ContainerRole::Regular,
                ports: vec![port("https", 10250), port("twice", 8080), port("twice", 8081)],
            }]
            .into(),
        }),
        addresses: [address.parse().unwrap()].into(),
        phase: None,
    }
}

fn operator() -> Pod {
    pod("monitoring", "operator", "10.0.0.1")
}

fn client() -> Pod {
    pod("web", "client", "10.0.0.2")
}

fn namespaces() -> Namespaces {
    let web = Namespace::new("web".to_owned(), Labels::from_iter([("team", "a")]));
    Namespaces::from_iter([web])
}

/// A policy from the YAML of its `spec`.
fn policy(namespace: &str, name: &str, spec: &str) -> Policy {
    let spec: Value = serde_saphyr::from_str(spec).unwrap();
    let json = serde_json::json!({"metadata": {"name": name}, "spec": spec}).to_string();
    let policy: NetworkPolicy<'_> = serde_json::from_str(&json).unwrap();
    Policy::new(&policy, namespace)
}

fn policies(all: impl IntoIterator<Item = Policy>) -> NetworkPolicies {
    NetworkPolicies::new(all, HostNetwork::default())
}

const fn to_operator<'s>(from: End<'s>, operator: &'s Pod) -> Connection<'s> {
    Connection { from, to: End::Pod(operator), port: 10250, protocol: Protocol::Tcp }
}

/// What one policy of the operator says of the client.
fn ingress(spec: &str) -> Step {
    let policies = policies([policy("monitoring", "p", spec)]);
    policies.ingress(&to_operator(End::Pod(&client()), &operator()), &namespaces())
}

fn egress(spec: &str) -> Step {
    let policies = policies([policy("web", "p", spec)]);
    policies.egress(&to_operator(End::Pod(&client()), &operator()), &namespaces())
}

fn rule_of(step: &Step) -> String {
    step.rule.map(|rule| rule.to_string()).unwrap_or_default()
}

#[rstest]
#[case("{podSelector: {}}", "spec.ingress", "", "isolates the pod and admits nobody")]
#[case("{ingress: [{ports: [{port: 443}]}]}", "spec.ingress[0].ports", "", "allows port 443, not 10250")]
#[case(
    "{ingress: [{ports: [{port: 443}]}, {ports: [{port: 8000, endPort: 8100}]}]}",
    "spec.ingress[0].ports",
    "",
    "allows port 443 and ports 8000 to 8100, not 10250"
)]
#[case(
    "{ingress: [{ports: [{port: 10250, protocol: UDP}, {port: 80}]}]}",
    "spec.ingress[0].ports",
    "",
    "allows UDP port 10250 and TCP port 80, not TCP port 10250"
)]
#[case(
    "{ingress: [{ports: [{protocol: SCTP}]}]}",
    "spec.ingress[0].ports",
    "",
    "allows every SCTP port, not TCP port 10250"
)]
#[case(
    "{ingress: [{ports: [{port: metrics}]}]}",
    "spec.ingress[0].ports",
    "SG-NP-005",
    "allows port metrics (which the called pod does not declare), not 10250"
)]
#[case("{ingress: [{ports: [{port: twice}]}]}", "spec.ingress[0].ports", "", "allows port twice (8080), not 10250")]
#[case(
    "{ingress: [{from: [{podSelector: {matchLabels: {app: client}}}]}]}",
    "spec.ingress[0].from",
    "SG-NP-008",
    "admits only pods with label app=client of namespace monitoring, not Pod web/client"
)]
#[case(
    "{ingress: [{from: [{podSelector: {matchLabels: {app: x}}, namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: z}}}]}]}",
    "spec.ingress[0].from",
    "",
    "admits only pods with label app=x of namespace z, not Pod web/client"
)]
#[case(
    "{ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [b, c]}]}}, {podSelector: {}}]}]}",
    "spec.ingress[0].from",
    "",
    "admits only pods of namespaces with label team in (b, c) and pods of namespace monitoring, not Pod web/client"
)]
#[case(
    "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24]}}]}]}",
    "spec.ingress[0].from",
    "",
    "admits only addresses 10.0.0.0/8 except 10.0.0.0/24, not Pod web/client"
)]
#[case(
    "{ingress: [{from: [{podSelector: {}}], ports: [{port: 443}]}]}",
    "spec.ingress",
    "",
    "its rule is neither about Pod web/client nor about TCP port 10250"
)]
#[case(
    "{ingress: [{from: [{podSelector: {}}], ports: [{port: 443}]}, {from: [{podSelector: {}}], ports: [{port: 80}]}]}",
    "spec.ingress",
    "",
    "none of its 2 rules is about Pod web/client or TCP port 10250"
)]
fn a_block_names_the_field_that_comes_nearest(
    #[case] spec: &str,
    #[case] path: &str,
    #[case] rule: &str,
    #[case] reason: &str,
) {
    let step = ingress(spec);
    assert_eq!(step.verdict, Verdict::Blocked);
    assert_eq!(step.object.as_ref().unwrap().to_string(), "NetworkPolicy monitoring/p");
    assert_eq!((step.path.to_string().as_str(), rule_of(&step).as_str(), step.reason.as_str()), (path, rule, reason));
}

#[test]
fn what_is_blocked_beside_something_unknown_names_what_is_known() {
    let step = ingress("{ingress: [{from: [{}], ports: [{port: 443}]}]}");
    assert_eq!(
        (step.path.to_string().as_str(), step.reason.as_str()),
        ("spec.ingress[0].ports", "allows port 443, not 10250")
    );
    let step = ingress("{ingress: [{from: [{podSelector: {}}], ports: [{port: 70000}]}]}");
    assert_eq!(step.path.to_string(), "spec.ingress[0].from");
    assert_eq!(step.reason, "admits only pods of namespace monitoring, not Pod web/client");
}

#[rstest]
#[case("{policyTypes: [Egress]}", "spec.egress", "SG-NP-018", "isolates the pod and lets nothing out")]
#[case("{egress: [{ports: [{port: 53}]}]}", "spec.egress[0].ports", "", "allows port 53, not 10250")]
#[case(
    "{egress: [{ports: [{port: https, protocol: UDP}]}]}",
    "spec.egress[0].ports",
    "SG-NP-005",
    "allows UDP port https (which the called pod does not declare), not TCP port 10250"
)]
#[case(
    "{egress: [{to: [{podSelector: {}}]}]}",
    "spec.egress[0].to",
    "",
    "lets traffic out only to pods of namespace web, not to Pod monitoring/operator"
)]
fn what_does_not_get_out_is_explained_likewise(
    #[case] spec: &str,
    #[case] path: &str,
    #[case] rule: &str,
    #[case] reason: &str,
) {
    let step = egress(spec);
    assert_eq!((step.hop, step.verdict), (crate::engine::reach::Hop::Egress, Verdict::Blocked));
    assert_eq!(step.object.as_ref().unwrap().to_string(), "NetworkPolicy web/p");
    assert_eq!((step.path.to_string().as_str(), rule_of(&step).as_str(), step.reason.as_str()), (path, rule, reason));
}

#[rstest]
#[case("{podSelector: {matchLabels: {app: other}}}", "", "no policy selects the pod for ingress")]
#[case("{policyTypes: [Egress]}", "", "no policy selects the pod for ingress")]
#[case("{ingress: [{ports: []}]}", "spec.ingress[0]", "admits everybody to every port")]
#[case("{ingress: [{from: null, ports: null}]}", "spec.ingress[0]", "admits everybody to every port")]
#[case(
    "{ingress: [{ports: [{port: 1}]}, {ports: [{port: https}]}]}",
    "spec.ingress[1]",
    "admits everybody to port https (10250)"
)]
#[case(
    "{ingress: [{from: [{namespaceSelector: {}}], ports: [{}]}]}",
    "spec.ingress[0]",
    "admits pods of every namespace to every port"
)]
#[case(
    "{ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchLabels: {app: client}}}]}]}",
    "spec.ingress[0]",
    "admits pods with label app=client of namespaces with label team=a to every port"
)]
#[case(
    "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24}}]}]}",
    "spec.ingress[0]",
    "admits addresses 10.0.0.0/24 to every port"
)]
fn what_gets_through_names_the_rule(#[case] spec: &str, #[case] path: &str, #[case] reason: &str) {
    let step = ingress(spec);
    assert_eq!((step.verdict, rule_of(&step)), (Verdict::Open, String::new()));
    assert_eq!((step.path.to_string().as_str(), step.reason.as_str()), (path, reason));
    assert_eq!(step.object.is_some(), !path.is_empty());
}

#[rstest]
#[case("{egress: [{}]}", "spec.egress[0]", "lets traffic out to every port of everybody")]
#[case(
    "{egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}], ports: [{port: 10250}]}]}",
    "spec.egress[0]",
    "lets traffic out to port 10250 of pods of namespace monitoring"
)]
#[case("{ingress: []}", "", "no policy selects the pod for egress")]
fn what_gets_out_names_the_rule(#[case] spec: &str, #[case] path: &str, #[case] reason: &str) {
    let step = egress(spec);
    assert_eq!(step.verdict, Verdict::Open);
    assert_eq!((step.path.to_string().as_str(), step.reason.as_str()), (path, reason));
}

#[rstest]
#[case("{ingress: [{from: [{}]}]}", "spec.ingress[0].from[0]", "a peer is empty, which is invalid")]
#[case("{policyTypes: [ingress]}", "spec.policyTypes", "a policy type is not known, and Ingress is not named")]
#[case(
    "{podSelector: {matchExpressions: [{key: a, operator: Gt, values: ['1']}]}}",
    "spec.podSelector",
    "a selector has an operator that is not known"
)]
#[case(
    "{ingress: [{from: [{podSelector: {}}, {fqdns: [a.example]}]}]}",
    "spec.ingress[0].from[1]",
    "a peer has a field that is not known here"
)]
#[case(
    "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]}",
    "spec.ingress[0].from[0]",
    "a peer has an ipBlock beside a selector, which is invalid"
)]
#[case(
    "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]}",
    "spec.ingress[0].from[0]",
    "\"10.0.0.0\" is no range of addresses"
)]
#[case("{ingress: [{ports: [{port: 70000}]}]}", "spec.ingress[0].ports[0]", "70000 is no port")]
#[case("{ingress: [{ports: [{port: 0}]}]}", "spec.ingress[0].ports[0]", "0 is no port")]
#[case(
    "{ingress: [{ports: [{port: 80, endPort: 79}]}]}",
    "spec.ingress[0].ports[0]",
    "ports from 80 to 79 are no range"
)]
#[case("{ingress: [{ports: [{endPort: 79}]}]}", "spec.ingress[0].ports[0]", "ports from nothing to 79 are no range")]
#[case(
    "{ingress: [{ports: [{port: 443}, {protocol: tcp}]}]}",
    "spec.ingress[0].ports[1]",
    "the protocol \"tcp\" is not known"
)]
fn what_is_not_understood_leaves_open_what_hangs_on_it(#[case] spec: &str, #[case] path: &str, #[case] reason: &str) {
    let step = ingress(spec);
    assert_eq!(step.object.as_ref().map(ToString::to_string).as_deref(), Some("NetworkPolicy monitoring/p"));
    assert_eq!((step.verdict, step.path.to_string().as_str()), (Verdict::Unknown, path));
    assert_eq!((step.reason.as_str(), step.rule), (reason, None));
}

#[rstest]
#[case("{ingress: [{from: [{}], ports: [{port: 443}]}]}", Verdict::Blocked)]
#[case("{ingress: [{from: [{}]}, {}]}", Verdict::Open)]
#[case("{ingress: [{}], policyTypes: [ingress]}", Verdict::Open)]
#[case("{ingress: [{ports: [{port: 70000}, {port: 10250}]}]}", Verdict::Open)]
#[case("{ingress: [{from: [{podSelector: {}}], ports: [{port: 70000}]}]}", Verdict::Blocked)]
fn what_does_not_hang_on_it_is_decided(#[case] spec: &str, #[case] expected: Verdict) {
    assert_eq!(ingress(spec).verdict, expected);
}

#[test]
fn of_several_policies_the_nearest_is_named() {
    let all = policies([
        policy("monitoring", "a-deny", "{}"),
        policy("monitoring", "c-scrape", "{ingress: [{ports: [{port: 443}]}]}"),
        policy("monitoring", "b-dns", "{ingress: [{from: [{podSelector: {}}]}]}"),
        policy("monitoring", "d-other", "{podSelector: {matchLabels: {app: other}}, ingress: [{}]}"),
        policy("elsewhere", "e-open", "{ingress: [{}]}"),
    ]);
    let (client, operator) = (client(), operator());
    let step = all.ingress(&to_operator(End::Pod(&client), &operator), &namespaces());
    assert_eq!(step.object.unwrap().name, "c-scrape");
    assert_eq!(step.reason, "allows port 443, not 10250; nor do 2 other policies that select the pod");
    let isolating: Vec<&str> = all.isolating(Direction::Ingress, &operator).map(|(policy, _)| policy.name()).collect();
    assert_eq!(isolating, ["a-deny", "b-dns", "c-scrape"]);
}

#[test]
fn a_policy_that_cannot_be_read_may_do_anything_to_its_namespace() {
    let (client, operator) = (client(), operator());
    let connection = to_operator(End::Pod(&client), &operator);
    let unreadable = || Policy::unreadable("monitoring", "broken", "spec is a list");
    let step = policies([unreadable()]).ingress(&connection, &namespaces());
    assert_eq!((step.verdict, step.path.to_string().as_str()), (Verdict::Unknown, ""));
    assert_eq!(step.object.unwrap().name, "broken");
    assert_eq!(step.reason, "the policy cannot be read: spec is a list");
    let deny = policy("monitoring", "deny", "{}");
    assert_eq!(policies([unreadable(), deny]).ingress(&connection, &namespaces()).verdict, Verdict::Unknown);
    let allow = policy("monitoring", "allow", "{ingress: [{}]}");
    assert_eq!(policies([unreadable(), allow]).ingress(&connection, &namespaces()).verdict, Verdict::Open);
    assert_eq!(policies([unreadable()]).egress(&connection, &namespaces()).verdict, Verdict::Open);
}

#[test]
fn labels_of_a_namespace_that_is_only_named_are_not_known() {
    let team = policy("monitoring", "p", "{ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}");
    let (client, operator) = (client(), operator());
    let step = policies([team]).ingress(&to_operator(End::Pod(&client), &operator), &Namespaces::default());
    assert_eq!(step.verdict, Verdict::Unknown);
    assert_eq!(step.reason, "the labels of namespace web are not known");
    assert_eq!(step.path.to_string(), "spec.ingress[0].from[0]");
}
