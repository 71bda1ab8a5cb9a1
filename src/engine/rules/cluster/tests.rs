//! Where rules over a cluster stay silent, and what they say in situations beyond the examples of the catalogue.

use rstest::rstest;

use crate::engine::rules::examples::judgements;

/// What a rule says about these documents: message and fix.
fn said(rule: &str, documents: &[&str]) -> Vec<(String, String)> {
    let judgements = judgements(&documents.join("\n---\n"));
    let own = judgements.into_iter().map(|judgement| judgement.finding).filter(|it| it.rule.to_string() == rule);
    own.map(|finding| (finding.message, finding.fix)).collect()
}

const MONITORING: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: monitoring}}";
const SHOP: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}";
const INJECTED: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}";
const AMBIENT: &str =
    "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}}";
const WEB: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, \
    spec: {serviceAccountName: web, containers: [{name: web, ports: [{name: http, containerPort: 8080}]}]}}";
const ACCOUNT: &str = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}";
const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: \
    {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, \
    spec: {containers: [{name: web, ports: [{name: http, containerPort: 8080}]}]}}}}";

fn network_policy(selector: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: np, namespace: shop}}, \
         spec: {{podSelector: {{matchLabels: {{{selector}}}}}, {spec}}}}}"
    )
}

fn authorization_policy(spec: &str) -> String {
    format!(
        "{{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {{name: ap, namespace: shop}}, \
         spec: {{selector: {{matchLabels: {{app: web}}}}, {spec}}}}}"
    )
}

fn peer_authentication(mode: &str) -> String {
    format!(
        "{{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {{name: pa, namespace: shop}}, \
         spec: {{mtls: {{mode: {mode}}}}}}}"
    )
}

#[test]
fn templates_count_as_pods() {
    let policy = network_policy("app: web", "ingress: [{ports: [{port: http}]}]");
    assert_eq!(said("SG-NP-013", &[DEPLOYMENT, &policy]), []);
    assert_eq!(said("SG-NP-005", &[DEPLOYMENT, &policy]), []);
}

#[test]
fn a_selector_in_a_namespace_without_pods_is_nobodys_business() {
    let policy = network_policy("app: none", "ingress: [{ports: [{port: none}]}]");
    for rule in ["SG-NP-013", "SG-NP-005"] {
        assert_eq!(said(rule, &[SHOP, &policy]), [], "{rule}");
    }
    assert_eq!(said("SG-NP-013", &[SHOP, WEB, &policy]).len(), 1);
}

#[rstest]
#[case("app.kubernetes.io/name: web", "did you mean app: web?")]
#[case("app: wep", "did you mean app: web?")]
#[case("tier: front", "correct the labels")]
fn the_closest_label_is_named(#[case] selector: &str, #[case] expected: &str) {
    let said = said("SG-NP-013", &[SHOP, WEB, &network_policy(selector, "ingress: []")]);
    assert!(said[0].1.contains(expected), "{said:?}");
}

#[test]
fn an_operator_that_is_not_known_may_select() {
    let policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: shop}, \
        spec: {podSelector: {matchExpressions: [{key: app, operator: Like, values: [w]}]}}}";
    assert_eq!(said("SG-NP-013", &[SHOP, WEB, policy]), []);
}

#[rstest]
#[case::labels_not_given(&[WEB])]
#[case::only_the_own_namespace(&[SHOP, WEB])]
fn labels_of_namespaces_that_are_not_given_are_not_known(#[case] cluster: &[&str]) {
    let spec = "ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]";
    let policy = network_policy("app: web", spec);
    assert_eq!(said("SG-NP-016", &[cluster, &[policy.as_str()]].concat()), []);
    assert_eq!(said("SG-NP-016", &[MONITORING, SHOP, WEB, &policy]).len(), 1);
}

#[test]
fn a_name_of_a_namespace_with_a_slip_is_mended() {
    let spec = "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitorin}}}]}]";
    let said = said("SG-NP-016", &[MONITORING, SHOP, WEB, &network_policy("app: web", spec)]);
    assert_eq!(said[0].1, "did you mean kubernetes.io/metadata.name: monitoring?");
}

#[rstest]
#[case("10.0.0.0/8", 0)]
#[case("0.0.0.0/0", 0)]
#[case("203.0.113.0/24", 0)]
#[case("10.244.0.0/16", 1)]
fn a_range_of_everything_private_is_not_meant_for_pods(#[case] range: &str, #[case] expected: usize) {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, \
        spec: {containers: [{name: web}]}, status: {phase: Running, podIP: 10.244.1.7}}";
    let spec = format!("ingress: [{{from: [{{ipBlock: {{cidr: {range}}}}}]}}]");
    assert_eq!(said("SG-NP-023", &[pod, &network_policy("app: web", &spec)]).len(), expected);
}

#[test]
fn what_a_range_leaves_out_is_not_in_it() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {containers: [{name: web}]}, \
        status: {phase: Running, podIP: 10.244.1.7}}";
    let spec = "ingress: [{from: [{ipBlock: {cidr: 10.240.0.0/12, except: [10.244.0.0/16]}}]}]";
    assert_eq!(said("SG-NP-023", &[pod, &network_policy("app: web", spec)]), []);
}

#[test]
fn the_namespace_may_be_admitted_beside_a_policy_for_all_callers() {
    let whole = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: all, namespace: shop}, \
        spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}}";
    assert_eq!(said("SG-NP-034", &[WEB, whole, &network_policy("app: web", "ingress: []")]), []);
    let tighter = network_policy("app: web", "ingress: [{from: [{podSelector: {matchLabels: {app: cart}}}]}]");
    assert_eq!(said("SG-NP-034", &[WEB, whole, &tighter]).len(), 1);
}

const SOURCE: &str = "rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/wep]}}]}]";

#[test]
fn service_accounts_are_only_known_where_some_are_given() {
    assert_eq!(said("SG-AP-008", &[INJECTED, WEB, &authorization_policy(SOURCE)]), []);
    let said = said("SG-AP-008", &[INJECTED, WEB, ACCOUNT, &authorization_policy(SOURCE)]);
    assert_eq!(said[0].1, "name a service account of shop; did you mean \"web\"?");
}

#[rstest]
#[case::of_a_pod("cluster.local/ns/shop/sa/web")]
#[case::default_is_always_there("cluster.local/ns/shop/sa/default")]
#[case::another_cluster("west.example/ns/shop/sa/other")]
#[case::wildcard("cluster.local/ns/shop/*")]
#[case::nothing_known_of_the_namespace("cluster.local/ns/elsewhere/sa/other")]
#[case::impossible("cluster.local/ns/shop/sa/THE ACCOUNT")]
fn these_service_accounts_may_exist(#[case] principal: &str) {
    let policy = authorization_policy(&format!("rules: [{{from: [{{source: {{principals: ['{principal}']}}}}]}}]"));
    let account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: cart, namespace: shop}}";
    assert_eq!(said("SG-AP-008", &[INJECTED, WEB, account, &policy]), []);
}

#[test]
fn membership_that_is_not_known_is_no_finding() {
    // Without its Namespace nobody knows whether the pod is injected.
    assert_eq!(said("SG-AP-030", &[WEB, &authorization_policy(SOURCE)]), []);
    assert_eq!(said("SG-AP-030", &[SHOP, WEB, &authorization_policy(SOURCE)]).len(), 1);
    let whole = "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: ap, namespace: shop}, \
        spec: {}}";
    assert_eq!(said("SG-AP-030", &[SHOP, WEB, whole]), [], "it is also for what is still to come");
}

#[rstest]
#[case(
    r#"traffic.sidecar.istio.io/includeInboundPorts: """#,
    "rules: []",
    "the sidecar captures no port, nothing is enforced"
)]
#[case(
    r#"traffic.sidecar.istio.io/excludeInboundPorts: "8080""#,
    r#"rules: [{to: [{operation: {ports: ["8080"]}}]}]"#,
    "the sidecar does not capture 8080, nothing is enforced"
)]
fn ports_that_are_not_captured_are_found(#[case] annotation: &str, #[case] spec: &str, #[case] expected: &str) {
    let pod = WEB.replace("labels:", &format!("annotations: {{{annotation}}}, labels:"));
    let said = said("SG-AP-030", &[INJECTED, &pod, &authorization_policy(spec)]);
    assert_eq!(said.iter().map(|(message, _)| message.as_str()).collect::<Vec<_>>(), [expected]);
}

#[rstest]
#[case::name_of_http("http", "", 0)]
#[case::no_name_is_looked_into("web", "", 0)]
#[case::by_name("tcp-web", "", 1)]
#[case::by_protocol("web", ", appProtocol: tcp", 1)]
#[case::protocol_wins("tcp-web", ", appProtocol: http", 0)]
fn the_service_says_whether_a_port_is_one_of_http(#[case] name: &str, #[case] more: &str, #[case] expected: usize) {
    let service = format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: web, namespace: shop}}, \
         spec: {{selector: {{app: web}}, ports: [{{name: {name}, port: 80, targetPort: 8080{more}}}]}}}}"
    );
    let policy = authorization_policy(r#"rules: [{to: [{operation: {ports: ["8080"], methods: [GET]}}]}]"#);
    assert_eq!(said("SG-AP-025", &[INJECTED, WEB, &service, &policy]).len(), expected);
}

#[test]
fn a_waypoint_reads_no_selector() {
    let waypoint = "{apiVersion: v1, kind: Pod, metadata: {name: w, namespace: shop, labels: {app: web, \
        gateway.networking.k8s.io/gateway-class-name: istio-waypoint}}, spec: {containers: [{name: istio-proxy}]}}";
    let said = said("SG-AP-035", &[AMBIENT, waypoint, &authorization_policy(SOURCE)]);
    assert_eq!(said[0].0, "selects a waypoint, which reads targetRefs only");
}

#[rstest]
#[case::an_allow_rule_fails_closed("", "PERMISSIVE", 0)]
#[case("", "DISABLE", 1)]
#[case("action: DENY, ", "PERMISSIVE", 1)]
#[case("action: DENY, ", "STRICT", 0)]
fn plain_text_matters_where_it_passes_a_rule_by(#[case] action: &str, #[case] mode: &str, #[case] expected: usize) {
    let policy = authorization_policy(&format!("{action}{SOURCE}"));
    assert_eq!(said("SG-AP-039", &[INJECTED, WEB, &policy, &peer_authentication(mode)]).len(), expected);
}

#[test]
fn policies_of_one_scope_are_told_by_age() {
    let dated = |name: &str, created: &str| {
        format!(
            "{{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {{name: {name}, namespace: shop, \
             creationTimestamp: '{created}'}}, spec: {{mtls: {{mode: STRICT}}}}}}"
        )
    };
    let documents = [dated("a", "2026-02-01T00:00:00Z"), dated("b", "2026-01-01T00:00:00Z")];
    let said = said("SG-PA-005", &[SHOP, &documents[0], &documents[1]]);
    assert_eq!(
        said.iter().map(|(_, fix)| fix.as_str()).collect::<Vec<_>>(),
        ["remove this one, or b, and keep all settings in one"]
    );
}

#[test]
fn a_policy_that_is_only_tried_is_no_duplicate() {
    let policy =
        authorization_policy(SOURCE).replace("name: ap,", "name: trial, annotations: {istio.io/dry-run: 'true'},");
    assert_eq!(said("SG-GEN-004", &[INJECTED, WEB, &policy, &authorization_policy(SOURCE)]), []);
}

#[test]
fn an_old_version_is_only_old_where_a_newer_one_is_served() {
    let old = authorization_policy(SOURCE).replace("/v1,", "/v1beta1,");
    assert_eq!(said("SG-GEN-005", &[INJECTED, WEB, &old]), []);
    assert_eq!(said("SG-GEN-005", &[INJECTED, WEB, &old, &peer_authentication("STRICT")]).len(), 1);
    let config =
        "{apiVersion: monitoring.coreos.com/v1alpha1, kind: ScrapeConfig, metadata: {name: s, namespace: shop}}";
    assert_eq!(said("SG-GEN-005", &[SHOP, config]), [], "it has no newer version");
}

#[test]
fn istiod_is_among_what_prometheus_calls() {
    let root = "{apiVersion: v1, kind: Namespace, metadata: {name: istio-system}}";
    let istiod = "{apiVersion: v1, kind: Pod, metadata: {name: istiod, namespace: istio-system, labels: {app: istiod}}, \
        spec: {containers: [{name: discovery, ports: [{containerPort: 15012}]}]}}";
    let prometheus = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: monitoring, labels: \
        {app.kubernetes.io/name: prometheus, sidecar.istio.io/inject: 'true'}}, spec: {containers: [{name: prometheus}]}}";
    let policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: monitoring}, \
        spec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}, {port: 6443}]}]}}";
    let said = said("SG-NP-022", &[root, MONITORING, istiod, prometheus, policy]);
    assert_eq!(
        said.iter().map(|(message, _)| message.as_str()).collect::<Vec<_>>(),
        ["keeps the sidecar of Prometheus from istiod"]
    );
}

#[test]
fn both_sides_of_a_disagreement_are_found() {
    let cart = "{apiVersion: v1, kind: Pod, metadata: {name: cart, namespace: shop, labels: {app: cart}}, \
        spec: {serviceAccountName: cart, containers: [{name: cart}]}}";
    let policy = authorization_policy(r#"rules: [{to: [{operation: {ports: ["9102"]}}]}]"#);
    let network = network_policy(
        "app: web",
        "ingress: [{from: [{podSelector: {matchLabels: {app: cart}}}], ports: [{port: 8080}]}]",
    );
    let said = said("SG-NP-037", &[INJECTED, WEB, cart, &policy, &network]);
    assert_eq!(
        said.iter().map(|(message, _)| message.as_str()).collect::<Vec<_>>(),
        ["refuses a caller whom a NetworkPolicy lets in"]
    );
}

const PROMETHEUS: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: monitoring, labels: \
    {app.kubernetes.io/name: prometheus}}, spec: {serviceAccountName: prometheus, containers: [{name: prometheus, \
    ports: [{containerPort: 9090}]}]}}";
const GRAFANA: &str = "{apiVersion: v1, kind: Pod, metadata: {name: g, namespace: monitoring, labels: \
    {app.kubernetes.io/name: grafana}}, spec: {serviceAccountName: grafana, containers: [{name: grafana, \
    ports: [{containerPort: 3000}]}]}}";
const OPERATOR: &str = "{apiVersion: v1, kind: Pod, metadata: {name: o, namespace: monitoring, labels: \
    {app: kube-prometheus-stack-operator}}, spec: {containers: [{name: operator, ports: [{containerPort: 10250}]}]}}";
const MESH: &str =
    "{apiVersion: v1, kind: Namespace, metadata: {name: monitoring, labels: {istio-injection: enabled}}}";

/// A policy of the guarded namespace for the pods of a component.
fn guarded(kind: &str, spec: &str) -> String {
    let version = if kind == "NetworkPolicy" { "networking.k8s.io/v1" } else { "security.istio.io/v1" };
    format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: x, namespace: monitoring}}, spec: {{{spec}}}}}")
}

const TO_WORLD: &str = "podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}, {port: 6443}]}]";
const OF_GRAFANA: &str = "selector: {matchLabels: {app.kubernetes.io/name: grafana}}, \
    rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]";
const OF_PROMETHEUS: &str = "selector: {matchLabels: {app.kubernetes.io/name: prometheus}}, \
    rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]";

#[rstest]
#[case::targets("SG-NP-022", MONITORING, "NetworkPolicy", TO_WORLD, "blocks 2 wanted connections (metrics)")]
#[case::api_server("SG-NP-003", MONITORING, "NetworkPolicy", "podSelector: {}", "blocks 1 wanted connection (webhook)")]
#[case::others("SG-NP-033", MONITORING, "NetworkPolicy", "podSelector: {}", "blocks 2 wanted connections (metrics)")]
#[case::client("SG-AP-018", MESH, "AuthorizationPolicy", OF_PROMETHEUS, "blocks 1 wanted connection (datasource)")]
#[case::scraped("SG-AP-019", MESH, "AuthorizationPolicy", OF_GRAFANA, "blocks 1 wanted connection (metrics)")]
fn what_blocks_a_wanted_connection_is_one_finding(
    #[case] rule: &str,
    #[case] namespace: &str,
    #[case] kind: &str,
    #[case] spec: &str,
    #[case] expected: &str,
) {
    let said = said(rule, &[namespace, PROMETHEUS, GRAFANA, OPERATOR, &guarded(kind, spec)]);
    let of_hops = said.iter().filter(|(message, _)| message.starts_with("blocks"));
    assert_eq!(of_hops.map(|(message, _)| message.as_str()).collect::<Vec<_>>(), [expected], "{said:?}");
}

#[test]
fn a_port_that_the_pod_does_not_have_is_not_wanted() {
    let other = GRAFANA.replace("3000", "8443");
    let only_operator = guarded("NetworkPolicy", "podSelector: {matchLabels: {app.kubernetes.io/name: grafana}}");
    assert_eq!(said("SG-NP-033", &[MONITORING, PROMETHEUS, &other, &only_operator]), []);
    assert_eq!(said("SG-NP-033", &[MONITORING, PROMETHEUS, GRAFANA, &only_operator]).len(), 1);
}
