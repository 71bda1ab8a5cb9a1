//! Who is refused what, and who is not.

use rstest::rstest;

use super::fixture::{Asked, CIRCUMSTANCES, analysis, guards, lines};
use crate::engine::admission::Circumstances;
use crate::engine::message;
use crate::model::guard::{Mode, User};

const LOST: &str = "SG-NP-033 cuts Prometheus off from 1 target: monitoring/grafana-1:3000";

fn answer(asked: &Asked, enforcement: &str, user: &User<'_>, mode: Option<Mode>) -> Vec<String> {
    let circumstances = Circumstances { namespace_mode: mode, ..CIRCUMSTANCES };
    lines(&analysis(guards(enforcement)).consequences(&asked.request(), user, &circumstances))
}

fn deletion() -> Asked {
    Asked::delete("NetworkPolicy", "monitoring", "grafana")
}

#[rstest]
#[case::by_default("", "alice", None, "warn")]
#[case::refused("denyLostTargets: true", "alice", None, "deny")]
#[case::the_guard_only_warns("denyLostTargets: true, mode: warn", "alice", None, "warn")]
#[case::so_does_the_namespace("denyLostTargets: true", "alice", Some(Mode::Warn), "warn")]
#[case::it_only_writes("denyLostTargets: true", "alice", Some(Mode::Audit), "record")]
#[case::a_rule_is_softer("denyLostTargets: true, rules: {SG-NP-033: warn}", "alice", None, "warn")]
#[case::no_rule_stands_in_the_way_of_a_deletion("rules: {SG-NP-033: enforce}", "alice", None, "warn")]
#[case::exempt(
    "denyLostTargets: true, exemptSubjects: [{kind: ServiceAccount, name: sync, namespace: argocd}]",
    "system:serviceaccount:argocd:sync",
    None,
    "warn"
)]
#[case::another(
    "denyLostTargets: true, exemptSubjects: [{kind: ServiceAccount, name: sync, namespace: argocd}]",
    "system:serviceaccount:default:sync",
    None,
    "deny"
)]
fn a_loss_is_refused_where_the_guard_says_so(
    #[case] enforcement: &str,
    #[case] name: &str,
    #[case] mode: Option<Mode>,
    #[case] action: &str,
) {
    let user = User { name, groups: &[] };
    assert_eq!(answer(&deletion(), enforcement, &user, mode), [format!("{action} {LOST}")]);
}

#[test]
fn who_does_not_want_to_hear_of_it_does_not() {
    assert_eq!(answer(&deletion(), "rules: {SG-NP-033: ignore}", &User::default(), None), [""; 0]);
}

#[test]
fn a_prometheus_may_go() {
    let asked = Asked::delete("Prometheus", "monitoring", "k8s");
    let told = answer(&asked, "denyLostTargets: true", &User::default(), None);
    assert!(matches!(told.as_slice(), [line] if line.starts_with("warn SG-GEN-006 cuts")), "{told:?}");
}

#[test]
fn nothing_is_refused_elsewhere() {
    let deny = Asked::put("NetworkPolicy", "shop", "deny", "spec: {podSelector: {}, policyTypes: [Ingress]}");
    let expected = "warn SG-NP-033 cuts Prometheus off from 2 targets: shop/api-1:8080, shop/web-0:8080";
    assert_eq!(answer(&deny, "denyLostTargets: true", &User::default(), None), [expected]);
}

#[test]
fn what_is_in_doubt_is_told_and_never_refused() {
    let policy = "spec: {podSelector: {matchLabels: {app.kubernetes.io/name: grafana}}, \
                  ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: Like}]}}]}]}";
    let asked = Asked::put("NetworkPolicy", "monitoring", "grafana", policy);
    let told = answer(&asked, "denyLostTargets: true", &User::default(), None);
    assert_eq!(
        told,
        [
            "warn SG-GEN-008 leaves 1 target of Prometheus in doubt: monitoring/grafana-1:3000",
            "warn SG-GEN-008 may open 1 way to guarded ports",
        ]
    );
}

#[test]
fn what_is_broken_otherwise_may_go() {
    // With the other policy it is cut off before and after.
    let broken = Asked::put("NetworkPolicy", "monitoring", "grafana", "spec: {podSelector: {}}");
    let analysis = analysis(guards("denyLostTargets: true"));
    let request = broken.request();
    let snapshot = analysis.snapshot().with(&[crate::model::snapshot::Change::Put {
        resource: crate::model::Resource::NetworkPolicy,
        json: request.object.unwrap().to_owned(),
    }]);
    let analysis = crate::engine::analysis::Analysis::of(
        std::sync::Arc::new(snapshot),
        std::sync::Arc::clone(analysis.guards()),
        &CIRCUMSTANCES,
    );
    assert!(analysis.scrape_path_counts().all.blocked > 0);
    let consequences = analysis.consequences(&deletion().request(), &User::default(), &CIRCUMSTANCES);
    assert!(lines(&consequences).iter().all(|line| line.starts_with("warn SG-GEN-007")), "{consequences:?}");
}

#[test]
fn an_annotation_spares_the_warning() {
    let text = "metadata: {annotations: {scrapeguard.io/exempt: SG-NP-033, scrapeguard.io/exempt-reason: moving, \
                scrapeguard.io/exempt-until: '2027-01-01'}}\nspec: {podSelector: {}, policyTypes: [Ingress]}";
    let asked = Asked::put("NetworkPolicy", "shop", "deny", text);
    let told = answer(&asked, "", &User::default(), None);
    assert_eq!(told, ["record SG-NP-033 cuts Prometheus off from 2 targets: shop/api-1:8080, shop/web-0:8080"]);
}

#[test]
fn the_first_line_fits_the_terminal_and_the_second_says_what_to_do() {
    let deny = Asked::put("NetworkPolicy", "shop", "a-policy-with-a-long-name", "spec: {podSelector: {}}");
    let analysis = analysis(guards(""));
    let consequences = analysis.consequences(&deny.request(), &User::default(), &CIRCUMSTANCES);
    let outcome = crate::engine::admission::Outcome { judgements: consequences.judgements, ..Default::default() };
    let warnings = message::warnings(&outcome);
    insta::assert_snapshot!(warnings.join("\n"), @r"
    [SG-NP-033] NetworkPolicy shop/a-policy-with-a-long-name: cuts Prometheus off from 2 targets: shop/api-1:8080, ...
    [SG-NP-033] spec.ingress: let NetworkPolicy shop/a-policy-with-a-long-name admit pods with label app.kubernetes.io/name=prometheus of namespace monitoring to port 8080
    ");
    assert!(warnings.iter().step_by(2).all(|line| line.chars().count() <= message::HEADLINE_LIMIT));
}
