//! Effects in words: one finding for each rule and kind of effect, with the first few that it is about.

use std::collections::BTreeMap;

use crate::engine::admission::{Circumstances, Consequence, Unknown, judge_consequences};
use crate::engine::analysis::consequences::{Consequences, Found};
use crate::engine::analysis::effect::{Effect, Kind, Subject};
use crate::engine::message::HEADLINE_LIMIT;
use crate::engine::rules::{self, Rule};
use crate::model::finding::Family;
use crate::model::guard::{Guard, User};
use crate::model::labels::Labels;
use crate::model::snapshot::Snapshot;
use crate::model::{FieldPath, Finding, ObjectReference, Resource, RuleId, Severity};

/// Something is cut off, and no rule about an object says why.
const CUT_OFF: RuleId = RuleId::new(Family::General, 6);
/// A guarded port is opened to others.
const OPENED: RuleId = RuleId::new(Family::General, 7);
/// Nobody knows any more.
const IN_DOUBT: RuleId = RuleId::new(Family::General, 8);
/// The kinds that scrape.
const PROMETHEUSES: [Resource; 2] = [Resource::Prometheus, Resource::PrometheusAgent];
/// Of the characters of a headline, the object gets so many at most (see [`crate::engine::message`]).
const OBJECT_LIMIT: usize = 60;

/// A change under review, and who judges it.
#[derive(Clone, Copy)]
pub(super) struct Review<'r> {
    pub(super) snapshot: &'r Snapshot,
    pub(super) object: &'r ObjectReference,
    pub(super) annotations: &'r Labels<'r>,
    pub(super) is_deletion: bool,
    pub(super) is_guarded: bool,
    pub(super) guard: &'r Guard,
    pub(super) user: &'r User<'r>,
    pub(super) circumstances: &'r Circumstances,
}

/// Effects of one kind that one rule is about.
type Group<'e> = ((Kind, Subject, RuleId), Vec<&'e Effect>);

/// Puts effects into words and judges them.
pub(super) fn consequences(found: Found, review: &Review<'_>) -> Consequences {
    let Found { mut effects, fix } = found;
    effects.sort_by(|one, other| (one.subject, one.kind, &one.name).cmp(&(other.subject, other.kind, &other.name)));
    effects.dedup_by(|one, other| (one.subject, one.kind, &one.name) == (other.subject, other.kind, &other.name));
    let mut groups: BTreeMap<(Kind, Subject, RuleId), Vec<&Effect>> = BTreeMap::new();
    for effect in effects.iter().filter(|effect| effect.kind != Kind::Gained) {
        groups.entry((effect.kind, effect.subject, rule_of(effect))).or_default().push(effect);
    }
    let told = groups.into_iter().filter_map(|group| told(&group, fix.as_deref(), review));
    let judgements =
        judge_consequences(told.collect(), review.guard, review.is_guarded, review.annotations, review.circumstances);
    Consequences { judgements, unknowns: unread(review).into_iter().collect(), effects }
}

/// What nobody can tell, because a kind could not be read that says what is scraped. Where others could not be read, the
/// verdicts say so.
fn unread(review: &Review<'_>) -> Option<Unknown> {
    let unread = review.snapshot.unread().iter().find(|kind| kind.affects().is_none())?;
    let reason = format!("there may be more that it closes, for {unread}");
    Some(Unknown { object: review.object.clone(), reason })
}

fn rule_of(effect: &Effect) -> RuleId {
    match (effect.subject, effect.kind) {
        (Subject::Exposure, Kind::Lost) => OPENED,
        (Subject::Exposure, _) | (_, Kind::Doubtful) => IN_DOUBT,
        _ => effect.step.as_ref().and_then(|step| step.rule).unwrap_or(CUT_OFF),
    }
}

/// The finding of a group, and what may be done about it; `None` where the guard does not want to hear of it.
fn told(group: &Group<'_>, fix: Option<&str>, review: &Review<'_>) -> Option<Consequence> {
    let ((kind, subject, id), effects) = group;
    let rule = rules::rule(*id)?;
    let step = effects.iter().find_map(|effect| effect.step.as_ref());
    let own = step.filter(|step| step.object.as_ref() == Some(review.object) && !review.is_deletion);
    let room = HEADLINE_LIMIT
        .saturating_sub(format!("[{id}] : ").chars().count())
        .saturating_sub(review.object.to_string().chars().count().min(OBJECT_LIMIT));
    let exact = fix.filter(|_| (*kind, *subject) == (Kind::Lost, Subject::Scrape));
    let finding = Finding {
        rule: *id,
        severity: Severity::Warning,
        object: review.object.clone(),
        path: own.map_or_else(FieldPath::root, |step| step.path.clone()),
        message: message(*kind, *subject, effects, room),
        fix: exact.map_or_else(|| remedy(rule, effects), str::to_owned),
    };
    let is_denied = review.guard.enforcement.denies_lost_targets_to(review.user);
    // Who takes a Prometheus away wants nothing of it to be scraped.
    let is_meant = review.is_deletion && PROMETHEUSES.iter().any(|resource| resource.kind() == review.object.kind);
    let is_loss = (*kind, *subject) == (Kind::Lost, Subject::Scrape) && !is_meant;
    Some(Consequence { finding, is_refused: is_loss && is_denied, is_deletion: review.is_deletion })
}

/// What the rule says, or why nobody knows, and for whom.
fn remedy(rule: &Rule, effects: &[&Effect]) -> String {
    let doubt = effects.iter().find_map(|effect| effect.step.as_ref()).filter(|_| rule.id == IN_DOUBT);
    let what = match doubt {
        Some(step) => format!("find out about {}: {}", step.hop.label(), step.reason),
        None => lower_case(rule.fix.trim_end_matches('.')),
    };
    effects.first().map_or(what.clone(), |effect| format!("{what} ({})", effect.name))
}

fn message(kind: Kind, subject: Subject, effects: &[&Effect], room: usize) -> String {
    let number = effects.len();
    let targets = counted(number, "target");
    let connections = counted(number, "wanted connection");
    let ports = counted(number, "way");
    let head = match (subject, kind) {
        (Subject::Scrape, Kind::Lost | Kind::Gained) => format!("cuts Prometheus off from {targets}"),
        (Subject::Scrape, Kind::Shut) => format!("closes {targets} that were in doubt"),
        (Subject::Scrape, Kind::Unreached) => format!("adds {targets} out of reach of Prometheus"),
        (Subject::Scrape, Kind::Doubtful) => format!("leaves {targets} of Prometheus in doubt"),
        (Subject::Connection, Kind::Doubtful) => format!("leaves {connections} in doubt"),
        (Subject::Connection, _) => format!("blocks {connections}"),
        (Subject::Exposure, Kind::Lost) => format!("opens {ports} to guarded ports"),
        (Subject::Exposure, _) => format!("may open {ports} to guarded ports"),
    };
    named(head, effects, room)
}

/// With the names that there is room for.
fn named(head: String, effects: &[&Effect], room: usize) -> String {
    let mut text = head;
    for (place, effect) in effects.iter().enumerate() {
        let name = format!("{}{}", if place == 0 { ": " } else { ", " }, effect.name);
        let rest = if place + 1 < effects.len() { ", ...".len() } else { 0 };
        if text.chars().count() + name.chars().count() + rest > room {
            text.push_str(if place == 0 { "" } else { ", ..." });
            break;
        }
        text.push_str(&name);
    }
    text
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// As the beginning of a fix, which goes on in lower case.
fn lower_case(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
