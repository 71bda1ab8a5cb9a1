//! Who is reported, and how.

pub(in crate::engine::audit) mod laws;
mod opened;
pub(in crate::engine::audit) mod random;

use rstest::rstest;

use super::*;
use crate::engine::companion::companions;
use crate::engine::reach::MeshSettings;
use crate::engine::reach::network_policy::HostNetwork;
use crate::model::Source;
use crate::model::snapshot::Builder;

const CLUSTER: [&str; 4] = [
    include_str!("../../../../examples/cluster/namespaces.yaml"),
    include_str!("../../../../examples/cluster/monitoring.yaml"),
    include_str!("../../../../examples/cluster/ingress-nginx.yaml"),
    include_str!("../../../../examples/cluster/shop.yaml"),
];
const SEED: &str = include_str!("../../../../examples/seed.yaml");
const AS_WRITTEN: [&str; 2] = [
    include_str!("../../../../examples/seed/as-written/network-policies.yaml"),
    include_str!("../../../../examples/seed/as-written/authorization-policy.yaml"),
];

fn snapshot(texts: &[&str]) -> Snapshot {
    let mut builder = Builder::new("default");
    for text in texts {
        assert_eq!(builder.add_source("input", &Source::new(text)), []);
    }
    let snapshot = builder.finish();
    assert_eq!(snapshot.problems(), []);
    snapshot
}

fn told(exposure: &Exposure<'_>) -> String {
    let Exposure { target, port, protocol, from, verdict, object, reason } = exposure;
    let from = match from {
        Intruder::Existing(pod, number) => format!("{} ({number})", pod.full_name()),
        Intruder::Possible(words) | Intruder::Outside(words) => words.clone(),
    };
    let object = object.as_ref().map_or_else(|| "no object".to_owned(), ToString::to_string);
    format!("{} {port} {protocol}: {from}: {} by {object}, for {reason}", target.object.name, verdict.label())
}

fn of(guards: &Guards, texts: &[&str]) -> (Vec<String>, Vec<String>) {
    let snapshot = snapshot(texts);
    let mesh = guards.iter().next().map(|guard| MeshSettings::from(&guard.mesh)).unwrap_or_default();
    let evaluator = Evaluator::new(&snapshot, mesh, HostNetwork::default());
    let exposures = exposures(&snapshot, &evaluator, guards);
    (exposures.all.iter().map(told).collect(), exposures.not_considered)
}

fn rendered(guards: &Guards) -> String {
    let of_guard = |guard| companions(guard).objects;
    let objects = guards.iter().flat_map(of_guard);
    let documents: Vec<String> = objects.map(|object| serde_json::to_string(&object).unwrap()).collect();
    documents.join("\n---\n")
}

const LEFT_OUT: [&str; 2] = [
    "port 10250 of monitoring/prometheus-operator-kube-p-operator is called by the API server, so it is open to everybody",
    "port 9100 of monitoring/prometheus-operator-prometheus-node-exporter is on the host network, where no policy keeps anybody out",
];

/// A policy for Grafana whose peer is so entangled that nobody finds out in time that it can be none.
pub(in crate::engine::audit) fn entangled() -> String {
    let choice = |number: usize| format!("{{key: k{number}, operator: In, values: [a, b, c]}}");
    let choices: Vec<String> = (0..40).map(choice).collect();
    let contradiction = "{key: z, operator: In, values: [v]}, {key: z, operator: In, values: [w]}";
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: entangled, namespace: monitoring}}, \
         spec: {{podSelector: {{matchLabels: {{app.kubernetes.io/name: grafana}}}}, \
         ingress: [{{from: [{{podSelector: {{matchExpressions: [{}, {contradiction}]}}}}]}}]}}}}",
        choices.join(", ")
    )
}

#[test]
fn who_was_not_found_in_time_is_in_doubt() {
    let (exposures, _) = of(&Guards::built_in(), &[&CLUSTER[..], &[&entangled()]].concat());
    let of_grafana: Vec<&String> = exposures.iter().filter(|it| it.contains("grafana 3000")).collect();
    assert_eq!(
        of_grafana,
        [
            "prometheus-operator-grafana 3000 TCP: pods with labels that were not found in time: unknown by no object, for \
             the selectors around it are so entangled that the search for labels that get through was given up"
        ]
    );
}

#[rstest]
#[case::built_in(Guards::built_in())]
#[case::seed(Guards::parse(SEED).unwrap())]
fn what_is_rendered_exposes_nothing(#[case] guards: Guards) {
    let rendered = rendered(&guards);
    let (exposures, not_considered) = of(&guards, &[&CLUSTER[..], &[&rendered]].concat());
    assert_eq!(exposures, [""; 0]);
    assert_eq!(not_considered, LEFT_OUT);
}

#[test]
fn what_the_guide_leaves_open_is_told() {
    let guards = Guards::parse(SEED).unwrap();
    let (exposures, _) = of(&guards, &[&CLUSTER[..], &AS_WRITTEN[..]].concat());
    insta::assert_snapshot!(exposures.join("\n"));
}

const GRAFANA: &str = "
apiVersion: v1
kind: Pod
metadata: {name: grafana, namespace: monitoring, labels: {app.kubernetes.io/name: grafana}}
spec: {containers: [{name: grafana}]}
status: {phase: Running, podIP: 10.0.0.1}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: grafana, namespace: monitoring}
spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop}
spec: {containers: [{name: cart}, {name: istio-proxy}]}
status: {phase: Running, podIP: 10.0.0.2}
";

fn of_grafana(more: &str) -> Vec<String> {
    let (exposures, _) = of(&Guards::built_in(), &[GRAFANA, more]);
    let short = |it: &String| it.split(" by ").next().unwrap_or_default().to_owned();
    exposures.iter().filter(|it| it.starts_with("grafana 3000")).map(short).collect()
}

/// As long as the labels of its namespace are not known, nobody knows how Grafana takes part in the mesh.
#[test]
fn who_is_in_the_mesh_is_told_apart_from_who_is_not() {
    assert_eq!(
        of_grafana(""),
        [
            "grafana 3000 TCP: any pod in namespaces with label team=a, outside the mesh: open",
            "grafana 3000 TCP: any pod in namespaces with label team=a, in the mesh: unknown"
        ]
    );
}

#[test]
fn what_is_not_evaluated_leaves_everybody_in_doubt() {
    let more = "
apiVersion: v1
kind: Namespace
metadata: {name: monitoring}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: other, namespace: monitoring}
spec: {}
";
    assert_eq!(of_grafana(more), ["grafana 3000 TCP: any pod anywhere, and any address outside the cluster: unknown"]);
}
