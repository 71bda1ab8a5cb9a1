//! A guard that is edited: its companions close and open.

use std::sync::Arc;

use rstest::rstest;

use super::fixture::{CIRCUMSTANCES, guards, lines, snapshot};
use crate::engine::analysis::Analysis;
use crate::engine::companion::{Companion, companions};
use crate::model::guard::{Guard, Guards, User};
use crate::model::snapshot::Change;
use crate::model::{ObjectReference, Resource};

const NO_METRICS: &str = "connections: [{from: {component: prometheus}, to: grafana, ports: [], purpose: metrics}]";

fn guard(spec: &str) -> Guard {
    let text =
        format!("{{apiVersion: scrapeguard.io/v1alpha1, kind: ScrapeGuard, metadata: {{name: m}}, spec: {{{spec}}}}}");
    Guards::parse(&text).unwrap().iter().next().unwrap().clone()
}

/// The cluster with the policies of a guard instead of its own for Grafana.
fn guarded_by(guard: Option<&Guard>) -> Analysis {
    let own = ["deny", "grafana"].map(|name| {
        let (kind, namespace) = ("NetworkPolicy".to_owned(), Some("monitoring".to_owned()));
        Change::Delete(ObjectReference { kind, namespace, name: name.to_owned() })
    });
    let written = guard.map(companions).unwrap_or_default().objects;
    let written = written.iter().filter(|it| matches!(it, Companion::NetworkPolicy(_)));
    let written =
        written.map(|it| Change::Put { resource: Resource::NetworkPolicy, json: serde_json::to_string(it).unwrap() });
    let changes: Vec<Change> = own.into_iter().chain(written).collect();
    Analysis::of(Arc::new(snapshot().with(&changes)), Arc::new(guards("")), &CIRCUMSTANCES)
}

#[rstest]
#[case::as_before(Some(""), Some(""), &[])]
#[case::another_mode(Some(""), Some("enforcement: {mode: warn}"), &[])]
#[case::nothing_at_all(None, None, &[])]
#[case::new(None, Some(""), &[])]
#[case::a_connection_less(
    Some(""),
    Some(NO_METRICS),
    &["warn SG-NP-033 cuts Prometheus off from 1 target: monitoring/grafana-1:3000"]
)]
#[case::a_connection_less_is_refused(
    Some(""),
    Some("connections: [{from: {component: prometheus}, to: grafana, ports: [], purpose: metrics}], \
          enforcement: {denyLostTargets: true}"),
    &["deny SG-NP-033 cuts Prometheus off from 1 target: monitoring/grafana-1:3000"]
)]
#[case::only_reported(Some(NO_METRICS), Some("companions: {networkPolicies: report}"), &[OPENED])]
#[case::gone(Some(""), None, &[OPENED])]
fn an_edit_is_answered_with_what_its_companions_close_and_open(
    #[case] before: Option<&str>,
    #[case] after: Option<&str>,
    #[case] expected: &[&str],
) {
    let (before, after) = (before.map(guard), after.map(guard));
    let analysis = guarded_by(before.as_ref());
    let found = analysis.consequences_of_guard(before.as_ref(), after.as_ref(), &User::default(), &CIRCUMSTANCES);
    assert_eq!(lines(&found), expected);
}

const OPENED: &str = "warn SG-GEN-007 opens 3 ways to guarded ports";
