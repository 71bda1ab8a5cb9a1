//! Ends that are not simply two pods of the pod network: addresses, the world, nodes, a pod itself.

use super::*;
use crate::engine::reach::fixtures::on_the_host;

#[test]
fn a_pod_without_an_address_may_be_in_any_range() {
    let range = policy("monitoring", "p", "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}");
    let (client, operator) = (Pod { addresses: Box::default(), ..client() }, operator());
    let step = policies([range]).ingress(&to_operator(End::Pod(&client), &operator), &namespaces());
    assert_eq!(step.verdict, Verdict::Unknown);
    assert_eq!(step.reason, "the address of Pod web/client is not known");
}

#[rstest]
#[case("{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}", Verdict::Open)]
#[case("{ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]}", Verdict::Open)]
#[case("{ingress: [{}]}", Verdict::Open)]
#[case("{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]}", Verdict::Unknown)]
#[case("{ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}", Verdict::Unknown)]
#[case("{ingress: [{from: [{namespaceSelector: {}}]}]}", Verdict::Blocked)]
fn the_world_is_admitted_where_every_address_is(#[case] spec: &str, #[case] expected: Verdict) {
    let operator = operator();
    let policies = policies([policy("monitoring", "p", spec)]);
    assert_eq!(policies.ingress(&to_operator(End::World, &operator), &namespaces()).verdict, expected);
}

#[rstest]
#[case("192.0.2.7", Verdict::Open)]
#[case("192.0.3.7", Verdict::Blocked)]
#[case("::ffff:192.0.2.7", Verdict::Blocked)]
fn an_address_is_admitted_by_ranges_only(#[case] address: &str, #[case] expected: Verdict) {
    let operator = operator();
    let spec = "{ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}, {namespaceSelector: {}}]}]}";
    let policies = policies([policy("monitoring", "p", spec)]);
    let from = End::Address(address.parse().unwrap());
    let step = policies.ingress(&to_operator(from, &operator), &namespaces());
    assert_eq!(step.verdict, expected);
    let out = policies.egress(&to_operator(from, &operator), &namespaces());
    assert_eq!(
        (out.verdict, out.reason.as_str()),
        (Verdict::Open, "the caller is no pod, so no policy holds for what it sends")
    );
}

#[test]
fn what_has_no_pod_has_no_named_port() {
    let client = client();
    let named = policies([policy("web", "p", "{egress: [{ports: [{port: https}]}]}")]);
    let to = End::Address("192.0.2.7".parse().unwrap());
    let connection = Connection { from: End::Pod(&client), to, port: 443, protocol: Protocol::Tcp };
    let step = named.egress(&connection, &namespaces());
    assert_eq!((step.verdict, step.reason.as_str()), (Verdict::Blocked, "allows port https, not 443"));
}

#[test]
fn the_second_port_of_a_name_is_for_the_plugin_to_decide() {
    let (client, operator) = (client(), operator());
    let twice = policies([policy("monitoring", "p", "{ingress: [{ports: [{port: twice}]}]}")]);
    let step = |port| twice.ingress(&Connection { port, ..to_operator(End::Pod(&client), &operator) }, &namespaces());
    assert_eq!(step(8080).verdict, Verdict::Open);
    assert_eq!(
        (step(8081).verdict, step(8081).reason.as_str()),
        (Verdict::Unknown, "several ports of the called pod have the name twice")
    );
}

#[test]
fn a_pod_reaches_itself_and_a_template_perhaps() {
    let deny = policies([policy("monitoring", "deny", "{policyTypes: [Ingress, Egress]}")]);
    let operator = operator();
    let itself = to_operator(End::Pod(&operator), &operator);
    for step in [deny.egress(&itself, &namespaces()), deny.ingress(&itself, &namespaces())] {
        assert_eq!((step.verdict, step.reason.as_str()), (Verdict::Open, "a pod always reaches itself"));
    }
    let object = Arc::new(ObjectReference { kind: "Deployment".to_owned(), ..(*operator.object).clone() });
    let template = Pod { object, ..operator };
    let step = deny.ingress(&to_operator(End::Pod(&template), &template), &namespaces());
    assert_eq!(step.verdict, Verdict::Unknown);
    assert_eq!(
        step.reason,
        "isolates the pod and admits nobody; but a pod always reaches itself, so this is about other pods of the same template"
    );
}

#[test]
fn a_pod_that_has_ended_is_not_reached() {
    let operator = Pod { phase: Some("Succeeded".into()), ..operator() };
    let step = policies([]).ingress(&to_operator(End::World, &operator), &namespaces());
    assert_eq!((step.verdict, step.reason.as_str()), (Verdict::Blocked, "the pod has ended"));
}

#[test]
fn no_policy_selects_a_pod_on_the_host_network() {
    let (client, operator) = (client(), on_the_host(operator()));
    let connection = to_operator(End::Pod(&client), &operator);
    let deny = || policy("monitoring", "deny", "{}");
    let step = policies([deny()]).ingress(&connection, &namespaces());
    assert_eq!((step.verdict, step.object), (Verdict::Open, None));
    let strict = NetworkPolicies::new([deny()], HostNetwork::Unknown);
    let step = strict.ingress(&connection, &namespaces());
    assert_eq!((step.verdict, step.path.to_string().as_str()), (Verdict::Unknown, "spec.podSelector"));
    assert_eq!(step.reason, "the network plugin decides whether policies hold on the host network");
}

#[rstest]
#[case("{ingress: [{from: [{namespaceSelector: {}}]}]}", HostNetwork::NotSelected, "SG-NP-038")]
#[case("{ingress: [{from: [{namespaceSelector: {}}]}]}", HostNetwork::Unknown, "")]
#[case("{ingress: [{from: [{podSelector: {}}]}]}", HostNetwork::Unknown, "")]
fn a_caller_on_the_host_network_is_let_in_on_its_own_node(
    #[case] spec: &str,
    #[case] host_network: HostNetwork,
    #[case] rule: &str,
) {
    let (client, operator) = (on_the_host(client()), operator());
    let policies = NetworkPolicies::new([policy("monitoring", "p", spec)], host_network);
    let step = policies.ingress(&to_operator(End::Pod(&client), &operator), &namespaces());
    assert_eq!((step.verdict, rule_of(&step).as_str()), (Verdict::Unknown, rule));
}

#[test]
fn a_caller_on_the_host_network_is_known_by_its_address() {
    let (client, operator) = (on_the_host(client()), operator());
    let range = policies([policy("monitoring", "p", "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.2/32}}]}]}")]);
    let step = range.ingress(&to_operator(End::Pod(&client), &operator), &namespaces());
    assert_eq!(step.verdict, Verdict::Open);
}
