//! What is said about a guard in each situation.

use jiff::Timestamp;
use rstest::rstest;
use serde_json::Value;

use super::*;
use crate::controller::companions::ledger::LastChange as Change;
use crate::controller::status::totals::GuardTotals;
use crate::model::guard::Guards;
use crate::model::guard::status::ScrapePathsStatus;
use crate::model::snapshot::Change as ObjectChange;
use crate::model::{ObjectReference, Resource};
use crate::state::Cluster;

fn guard(spec: &str) -> Result<Guard, String> {
    let head = r#""apiVersion": "scrapeguard.io/v1alpha1", "kind": "ScrapeGuard", "metadata": {"name": "m"}"#;
    Guard::from_json(&format!(r#"{{{head}, "spec": {spec}}}"#))
}

fn declared(spec: &str) -> Declaration {
    Declaration { uid: "u".to_owned(), generation: 3, is_leaving: false, status: Value::Null, guard: guard(spec) }
}

fn entry(name: &str, condition: How) -> Entry {
    let reference = ObjectReference {
        kind: "NetworkPolicy".to_owned(),
        namespace: Some("monitoring".to_owned()),
        name: name.to_owned(),
    };
    Entry { guard: "m".to_owned(), resource: Resource::NetworkPolicy, reference, condition }
}

/// A guard that is in force, with these companions.
fn known(conditions: Vec<How>) -> Known {
    let pod = r#"{"metadata": {"name": "g", "namespace": "monitoring", "labels": {"app.kubernetes.io/name": "grafana",
        "app.kubernetes.io/instance": "prometheus-operator"}}, "spec": {"containers": []}}"#;
    let snapshot = Snapshot::default().with(&[ObjectChange::Put { resource: Resource::Pod, json: pod.to_owned() }]);
    let cluster = Cluster { snapshot: Arc::new(snapshot), as_of: tokio::time::Instant::now() };
    let guards: Guards = [guard("{}").unwrap()].into_iter().collect();
    let entries = conditions.into_iter().map(|condition| entry("grafana", condition)).collect();
    Known {
        ledger: Some(Arc::new(Ledger { entries, guards: Arc::new(guards.clone()), ..Ledger::default() })),
        state: Arc::new(State { cluster: Some(cluster), ..State::of(guards) }),
        totals: Arc::default(),
        existing: None,
    }
}

fn said(status: &GuardStatus) -> Vec<String> {
    status.conditions.iter().map(|it| format!("{} {} {}", it.kind, it.status, it.reason)).collect()
}

#[rstest]
#[case::all_there(vec![How::Applied, How::Applied], "True InForce", "False AsWanted", "True Applied")]
#[case::none_wanted(vec![How::Reported(false)], "True InForce", "False AsWanted", "True NothingToApply")]
#[case::not_yet(vec![How::Applied, How::Pending], "Unknown Pending", "False AsWanted", "Unknown Pending")]
#[case::taken(vec![How::Foreign(None), How::Pending], "False NameTaken", "True NameTaken", "False NameTaken")]
#[case::the_worst_is_said(
    vec![How::NoNamespace, How::Withheld(Timestamp::UNIX_EPOCH), How::KindUnknown],
    "False LoopBroken", "True LoopBroken", "False LoopBroken"
)]
#[case::altered(vec![How::Altered], "True InForce", "True CompanionsAltered", "True Applied")]
fn conditions_follow_from_companions(
    #[case] conditions: Vec<How>,
    #[case] ready: &str,
    #[case] degraded: &str,
    #[case] applied: &str,
) {
    let status = report("m", &declared("{}"), &known(conditions)).unwrap();
    let expected = [format!("Ready {ready}"), format!("Degraded {degraded}"), format!("CompanionsApplied {applied}")];
    assert_eq!(said(&status), expected);
    assert_eq!((status.observed_generation, status.conditions[0].observed_generation), (3, 3));
}

#[test]
fn nothing_is_said_of_what_is_not_yet_in_force() {
    let known = known(vec![How::Applied]);
    assert_eq!(report("m", &declared(r#"{"release": "other"}"#), &known), None);
    assert_eq!(report("m", &declared(r#"{"release": "NO"}"#), &known), None);
    assert_eq!(report("new", &declared("{}"), &known), None);
    let early = Known { ledger: None, ..known.clone() };
    assert_eq!(report("m", &declared("{}"), &early), None);
    let late = Known { ledger: Some(Arc::default()), ..known.clone() };
    assert_eq!(report("m", &declared("{}"), &late), None);
    let unread = Known { state: Arc::new(State::of(Guards::none())), ..known };
    assert_eq!(report("m", &declared("{}"), &unread), None);
}

#[test]
fn a_bad_version_is_told_while_the_good_one_stays_in_force() {
    let known = known(vec![How::Applied]);
    let problem = GuardProblem {
        guard: "m".to_owned(),
        kind: GuardProblemKind::NotUnderstood { earlier_in_force: true },
        message: "spec.release is no text".to_owned(),
    };
    let state = State { guard_problems: [problem].into(), ..(*known.state).clone() };
    let status = report("m", &declared(r#"{"release": "NO"}"#), &Known { state: Arc::new(state), ..known }).unwrap();
    assert_eq!(said(&status), ["Ready False Invalid", "Degraded True Invalid", "CompanionsApplied True Applied"]);
    assert_eq!(status.conditions[0].message, "spec.release is no text; the version before it stays in force");
}

#[test]
fn problems_say_what_to_do_and_numbers_are_counted() {
    let foreign = How::Foreign(Some("helm".to_owned()));
    let mut known = known(vec![How::Applied, foreign, How::Reported(false), How::Reported(true)]);
    let scrape_paths = ScrapePathsStatus { open: 5, blocked: 1, unknown: 0 };
    let totals = GuardTotals { scrape_paths, exposures: 2 };
    known.totals = Arc::new(Totals { guards: [("m".to_owned(), totals)].into() });
    let change = Change { time: Timestamp::UNIX_EPOCH, message: "created".to_owned() };
    let ledger = known.ledger.as_deref().unwrap().clone();
    known.ledger = Some(Arc::new(Ledger { last_changes: [("m".to_owned(), change)].into(), ..ledger }));
    let status = report("m", &declared("{}"), &known).unwrap();
    let counts = (status.companions.wanted, status.companions.applied, status.companions.reported);
    assert_eq!(counts, (2, 1, 2));
    assert_eq!(
        status.companions.problems,
        [
            "NetworkPolicy monitoring/grafana was made by helm and not by us, so it stays as it is: delete it, or hand it \
             over with the label scrapeguard.io/guard=m",
            "NetworkPolicy monitoring/grafana is not there as the guard wants it, and is only reported",
        ]
    );
    assert_eq!((status.scrape_paths, status.exposures), (Some(scrape_paths), Some(2)));
    let grafana = status.components.iter().find(|component| component.name == "grafana").unwrap();
    assert_eq!(grafana.pods, 1);
    assert_eq!(status.last_change.unwrap().time, "1970-01-01T00:00:00Z");
}
