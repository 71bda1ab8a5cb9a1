//! What there is to say about a guard, from all that is known. No clock and no network.

use std::sync::Arc;

use crate::controller::companions::ledger::{Condition as How, Entry, Ledger};
use crate::controller::declared::Declaration;
use crate::controller::existing::Existing;
use crate::controller::status::totals::Totals;
use crate::model::guard::status::{
    CompanionsStatus, ComponentStatus, Condition, ExistingStatus, GuardStatus, LastChange, written,
};
use crate::model::guard::{Component, Guard};
use crate::model::snapshot::Snapshot;
use crate::state::{GuardProblem, GuardProblemKind, State};

/// The most names in a list.
const MOST: usize = 10;

/// All that is known.
#[derive(Clone, Debug)]
pub struct Known {
    /// The guards in force and the cluster.
    pub state: Arc<State>,
    /// The companions, once they are known.
    pub ledger: Option<Arc<Ledger>>,
    /// Scrape paths and exposures.
    pub totals: Arc<Totals>,
    /// What exists and lacks something, once it is known.
    pub existing: Option<Arc<Existing>>,
}

/// What is said in one condition: its status, and why in a word and in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    status: &'static str,
    reason: &'static str,
    message: String,
}

impl Said {
    fn new(status: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { status, reason, message: message.into() }
    }

    fn under(self, kind: &str, generation: i64) -> Condition {
        Condition {
            kind: kind.to_owned(),
            status: self.status.to_owned(),
            reason: self.reason.to_owned(),
            message: self.message,
            last_transition_time: String::new(),
            observed_generation: generation,
        }
    }
}

/// The status of a guard; the times in it are still to be filled in. There is none while what is in force lags behind
/// what is declared, or the companions behind what is in force.
pub fn report(name: &str, declaration: &Declaration, known: &Known) -> Option<GuardStatus> {
    let snapshot = &known.state.cluster.as_ref()?.snapshot;
    let in_force = known.state.guards.iter().find(|guard| guard.name == name);
    let problem = known.state.guard_problems.iter().find(|problem| problem.guard == name);
    if lags(declaration, in_force, problem) {
        return None;
    }
    let ledger = known.ledger.as_ref().filter(|ledger| ledger.guards == known.state.guards)?;
    let entries: Vec<&Entry> = ledger.entries.iter().filter(|entry| entry.guard == name).collect();
    let mistake = problem.map(mistake);
    let applied = companions_applied(&entries);
    let said = [
        ("Ready", ready(mistake.clone(), &applied)),
        ("Degraded", degraded(mistake, &applied, &entries)),
        ("CompanionsApplied", applied),
    ];
    let totals = known.totals.guards.get(name);
    let change = ledger.last_changes.get(name);
    Some(GuardStatus {
        observed_generation: declaration.generation,
        conditions: said.map(|(kind, said)| said.under(kind, declaration.generation)).into(),
        components: in_force.map(|guard| components(guard, snapshot)).unwrap_or_default(),
        companions: companions(&entries),
        scrape_paths: totals.map(|totals| totals.scrape_paths),
        exposures: totals.map(|totals| totals.exposures),
        existing: known.existing.as_ref().map(|it| existing(name, it)),
        last_change: change.map(|it| LastChange { time: written(it.time), message: it.message.clone() }),
    })
}

/// Whether what is in force is not yet what follows from the declaration. What a guard has learnt from Prometheus
/// resources is nothing that it declares.
fn lags(declaration: &Declaration, in_force: Option<&Guard>, problem: Option<&GuardProblem>) -> bool {
    let is_refused = matches!(problem.map(|it| &it.kind), Some(GuardProblemKind::NotUnderstood { .. }));
    match (&declaration.guard, in_force) {
        (Ok(declared), Some(in_force)) => {
            is_refused || Guard { monitors: in_force.monitors.clone(), ..declared.clone() } != *in_force
        }
        (Ok(_), None) => true,
        (Err(_), _) => !is_refused,
    }
}

/// What is wrong with the guard itself.
fn mistake(GuardProblem { kind, message, .. }: &GuardProblem) -> Said {
    match kind {
        GuardProblemKind::NotUnderstood { earlier_in_force: true } => {
            Said::new("False", "Invalid", format!("{message}; the version before it stays in force"))
        }
        GuardProblemKind::NotUnderstood { earlier_in_force: false } => Said::new("False", "Invalid", message),
        GuardProblemKind::Overlap { .. } => Said::new("False", "Overlap", message),
    }
}

fn ready(mistake: Option<Said>, applied: &Said) -> Said {
    match mistake {
        Some(mistake) => mistake,
        None if applied.status == "True" => Said::new("True", "InForce", "the guard is in force"),
        None => applied.clone(),
    }
}

fn degraded(mistake: Option<Said>, applied: &Said, entries: &[&Entry]) -> Said {
    let altered = entries.iter().find(|entry| entry.condition == How::Altered);
    match (mistake, altered) {
        (Some(mistake), _) => Said { status: "True", ..mistake },
        (None, _) if applied.status == "False" => Said { status: "True", ..applied.clone() },
        (None, Some(entry)) => Said::new("True", "CompanionsAltered", problem(entry).unwrap_or_default()),
        (None, None) => Said::new("False", "AsWanted", "everything is as the guard wants it"),
    }
}

fn companions_applied(entries: &[&Entry]) -> Said {
    let worst =
        entries.iter().filter_map(|entry| Some((weight(&entry.condition)?, entry))).max_by_key(|(weight, _)| *weight);
    if let Some(((_, reason), entry)) = worst {
        let others = entries.iter().filter(|entry| weight(&entry.condition).is_some()).count().saturating_sub(1);
        let others = if others > 0 { format!(" (and {others} more)") } else { String::new() };
        return Said::new("False", reason, problem(entry).unwrap_or_default() + &others);
    }
    if entries.iter().any(|entry| entry.condition == How::Pending) {
        return Said::new("Unknown", "Pending", "companions are being written");
    }
    match entries.iter().filter(|entry| is_wanted(&entry.condition)).count() {
        0 => Said::new("True", "NothingToApply", "the guard wants no companions to be applied"),
        count => Said::new("True", "Applied", format!("{count} companions are as the guard wants them")),
    }
}

/// How bad it is that a companion is not as it should be, and the word for it.
const fn weight(condition: &How) -> Option<(u8, &'static str)> {
    match condition {
        How::Withheld(_) => Some((6, "LoopBroken")),
        How::Foreign(_) => Some((5, "NameTaken")),
        How::Failed(_) => Some((4, "WriteFailed")),
        How::WantedBy(_) => Some((3, "Overlap")),
        How::KindUnknown => Some((2, "KindUnknown")),
        How::NoNamespace => Some((1, "NoNamespace")),
        How::Applied | How::Altered | How::Pending | How::Reported(_) => None,
    }
}

/// What is not as it should be with a companion, in a sentence.
fn problem(entry: &Entry) -> Option<String> {
    let what = match &entry.condition {
        How::Applied | How::Pending | How::Reported(true) => return None,
        How::Reported(false) => "is not there as the guard wants it, and is only reported".to_owned(),
        How::Altered => "is changed by something in the cluster whenever it is written".to_owned(),
        How::Foreign(manager) => {
            let who = manager.as_ref().map(|manager| format!(" by {manager}")).unwrap_or_default();
            format!(
                "was made{who} and not by us, so it stays as it is: delete it, or hand it over with the label \
                 scrapeguard.io/guard={}",
                entry.guard
            )
        }
        How::WantedBy(other) => format!("is wanted by the guard {other} as well, which comes first"),
        How::NoNamespace => "cannot be made, for its namespace does not exist".to_owned(),
        How::KindUnknown => "cannot be made, for the cluster does not know its kind".to_owned(),
        How::Failed(reason) => format!("cannot be written: {reason}"),
        How::Withheld(until) => {
            format!("was changed back again and again, and is left alone until {}", written(*until))
        }
    };
    Some(format!("{} {what}", entry.reference))
}

const fn is_wanted(condition: &How) -> bool {
    !matches!(condition, How::Reported(_))
}

fn companions(entries: &[&Entry]) -> CompanionsStatus {
    let number = |of: fn(&How) -> bool| count(entries.iter().filter(|entry| of(&entry.condition)).count());
    CompanionsStatus {
        wanted: number(is_wanted),
        applied: number(|condition| matches!(condition, How::Applied | How::Altered)),
        reported: number(|condition| matches!(condition, How::Reported(_))),
        problems: entries.iter().filter_map(|entry| problem(entry)).take(MOST).collect(),
    }
}

fn components(guard: &Guard, snapshot: &Snapshot) -> Vec<ComponentStatus> {
    let pods = snapshot.pods_in(&guard.namespace);
    let carries = |component: &Component| {
        let labels = || component.selector_labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        pods.iter().filter(|pod| pod.object.kind == "Pod" && pod.labels.contains_all(labels())).count()
    };
    let status =
        |component: &Component| ComponentStatus { name: component.name.clone(), pods: count(carries(component)) };
    guard.components.iter().map(status).collect()
}

fn existing(guard: &str, existing: &Existing) -> ExistingStatus {
    let lacking: Vec<String> = existing.of(guard).map(|lacking| lacking.object.to_string()).collect();
    ExistingStatus { lacking: count(lacking.len()), objects: lacking.into_iter().take(MOST).collect() }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
