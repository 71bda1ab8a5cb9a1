//! From findings to what is done about them: default actions, settings, modes and exemptions.

use jiff::Timestamp;

use crate::engine::admission::{Action, Circumstances, Judgement};
use crate::engine::rules::findings::Scope;
use crate::engine::rules::{self, Rule};
use crate::model::guard::enforcement::MODE_LABEL;
use crate::model::guard::{Guard, Guards, Mode, RuleSetting};
use crate::model::labels::Labels;
use crate::model::object_exemption::ObjectExemption;
use crate::model::snapshot::Snapshot;
use crate::model::{Finding, RuleId, Severity};

/// Judges the findings under a guard, most severe first.
pub(super) fn judge(
    findings: Vec<Finding>,
    guard: &Guard,
    scope: Scope,
    circumstances: &Circumstances,
) -> Vec<Judgement> {
    let mut judgements: Vec<Judgement> = findings
        .into_iter()
        .map(|finding| {
            let by_default = by_severity(&finding);
            judgement(finding, by_default, guard, scope, circumstances)
        })
        .collect();
    sort(&mut judgements);
    judgements
}

/// Judges what was found in a cluster, each finding under the guard, in the mode and with the annotations that hold for
/// its object.
pub fn judge_cluster(
    findings: Vec<Finding>,
    snapshot: &Snapshot,
    guards: &Guards,
    circumstances: &Circumstances,
) -> Vec<Judgement> {
    findings.into_iter().flat_map(|finding| judge_one(finding, snapshot, guards, circumstances)).collect()
}

fn judge_one(finding: Finding, snapshot: &Snapshot, guards: &Guards, circumstances: &Circumstances) -> Vec<Judgement> {
    let namespace = finding.object.namespace.clone().unwrap_or_else(|| finding.object.name.clone());
    let Some(guard) = guards.governing(&namespace) else {
        return vec![Judgement { action: by_severity(&finding), finding, exempted: None }];
    };
    let scope = if guard.namespace == namespace { Scope::Guarded } else { Scope::Elsewhere };
    let mode = snapshot.namespaces().get(&namespace).label(MODE_LABEL).flatten().and_then(|mode| mode.parse().ok());
    let circumstances = Circumstances { namespace_mode: mode, ..*circumstances };
    let annotations = snapshot.annotations_of(&finding.object);
    let judgements = judge(vec![finding], guard, scope, &circumstances);
    excuse(judgements, annotations.as_deref().unwrap_or(&Labels::none()), circumstances.now)
}

/// A finding on what a change does.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Consequence {
    pub(in crate::engine) finding: Finding,
    /// Whether the guard refuses it to this user, unless a rule has a setting of its own.
    pub(in crate::engine) is_refused: bool,
    /// Whether the change is the end of an object: no rule may stand in its way.
    pub(in crate::engine) is_deletion: bool,
}

/// Judges what a change does under a guard, most severe first. What is not refused is warned of.
pub(in crate::engine) fn judge_consequences(
    consequences: Vec<Consequence>,
    guard: &Guard,
    is_guarded: bool,
    annotations: &Labels<'_>,
    circumstances: &Circumstances,
) -> Vec<Judgement> {
    let scope = if is_guarded { Scope::Guarded } else { Scope::Elsewhere };
    let is_on = |id| rules::rule(id).is_some_and(|rule| is_on(rule, guard));
    let heard = consequences.into_iter().filter(|consequence| is_on(consequence.finding.rule));
    let judgements = heard.map(|Consequence { finding, is_refused, is_deletion }| {
        let by_default = if is_refused { Action::Deny } else { Action::Warn };
        let mut judgement = judgement(finding, by_default, guard, scope, circumstances);
        if is_deletion && !is_refused {
            judgement.action = judgement.action.min(Action::Warn);
        }
        judgement
    });
    let mut judgements: Vec<Judgement> = judgements.collect();
    sort(&mut judgements);
    excuse(judgements, annotations, circumstances.now)
}

fn sort(judgements: &mut [Judgement]) {
    judgements.sort_by_key(|judgement| std::cmp::Reverse((judgement.action, judgement.finding.severity)));
}

/// Takes back the warnings that the object itself asks to be spared. Never a refusal: whoever writes the object writes
/// its annotations too, and could otherwise open what the guard closes.
pub(super) fn excuse(mut judgements: Vec<Judgement>, annotations: &Labels<'_>, now: Timestamp) -> Vec<Judgement> {
    let Ok(Some(exemption)) = ObjectExemption::read(annotations, now) else { return judgements };
    for judgement in judgements.iter_mut().filter(|judgement| judgement.action == Action::Warn) {
        if let Some(reason) = exemption.reason_for(judgement.finding.rule) {
            judgement.action = Action::Record;
            judgement.exempted = Some(reason.to_owned());
        }
    }
    sort(&mut judgements);
    judgements
}

/// Whether the guard lets this rule look at all.
pub(super) fn is_on(rule: &Rule, guard: &Guard) -> bool {
    guard.enforcement.rules.get(&rule.id) != Some(&RuleSetting::Ignore)
}

fn judgement(
    mut finding: Finding,
    by_default: Action,
    guard: &Guard,
    scope: Scope,
    circumstances: &Circumstances,
) -> Judgement {
    let covering = guard.exemptions.iter().filter(|exemption| exemption.covers(finding.rule, &finding.object));
    let (expired, valid): (Vec<_>, Vec<_>) = covering.partition(|exemption| exemption.has_expired(circumstances.now));
    if let Some(exemption) = valid.first() {
        return Judgement { finding, action: Action::Record, exempted: Some(exemption.reason.clone()) };
    }
    if let Some(exemption) = expired.first() {
        finding.fix = format!("{} (its exemption ended at {})", finding.fix, exemption.expires);
    }
    let action = action(finding.rule, by_default, guard, scope, circumstances.namespace_mode);
    Judgement { finding, action, exempted: None }
}

/// The namespace's own mode bounds everything. Below it, a setting of the rule stands above the mode of the guard.
fn action(rule: RuleId, by_default: Action, guard: &Guard, scope: Scope, namespace_mode: Option<Mode>) -> Action {
    let (wanted, bound) = match guard.enforcement.rules.get(&rule) {
        Some(setting) => (of_setting(*setting), namespace_mode.unwrap_or(Mode::Enforce)),
        None => (by_default, namespace_mode.unwrap_or(guard.enforcement.mode)),
    };
    let bounded = wanted.min(heaviest(bound));
    match scope {
        Scope::Guarded => bounded,
        Scope::Elsewhere => bounded.min(Action::Warn),
    }
}

fn by_severity(finding: &Finding) -> Action {
    match finding.severity {
        Severity::Info => Action::Record,
        Severity::Warning => Action::Warn,
        Severity::Error => rules::rule(finding.rule).map_or(Action::Warn, |rule| rule.action),
    }
}

fn of_setting(setting: RuleSetting) -> Action {
    match setting {
        RuleSetting::Enforce => Action::Deny,
        RuleSetting::Warn => Action::Warn,
        RuleSetting::Audit | RuleSetting::Ignore => Action::Record,
    }
}

fn heaviest(mode: Mode) -> Action {
    match mode {
        Mode::Enforce => Action::Deny,
        Mode::Warn => Action::Warn,
        Mode::Audit => Action::Record,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::guard::Exemption;
    use crate::model::{FieldPath, ObjectReference};
    use rstest::rstest;

    fn object() -> ObjectReference {
        ObjectReference {
            kind: "AuthorizationPolicy".to_owned(),
            namespace: Some("monitoring".to_owned()),
            name: "p".to_owned(),
        }
    }

    fn judged(rule: &str, guard: &Guard, scope: Scope, namespace_mode: Option<Mode>) -> Judgement {
        let rule = rules::rule(rule.parse().unwrap()).unwrap();
        let finding = Finding {
            rule: rule.id,
            severity: rule.severity,
            object: object(),
            path: FieldPath::root(),
            message: String::new(),
            fix: "mend it".to_owned(),
        };
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        judge(vec![finding], guard, scope, &Circumstances { now, namespace_mode }).remove(0)
    }

    fn guard(mode: Mode, setting: Option<RuleSetting>) -> Guard {
        let mut guard = crate::model::guard::Guard::built_in();
        guard.enforcement.mode = mode;
        guard.enforcement.rules.extend(setting.map(|setting| ("SG-AP-001".parse().unwrap(), setting)));
        guard
    }

    #[rstest]
    #[case::by_default(Mode::Enforce, None, None, Action::Deny)]
    #[case::guard_warns(Mode::Warn, None, None, Action::Warn)]
    #[case::guard_audits(Mode::Audit, None, None, Action::Record)]
    #[case::namespace_softens(Mode::Enforce, None, Some(Mode::Warn), Action::Warn)]
    #[case::namespace_hardens(Mode::Audit, None, Some(Mode::Enforce), Action::Deny)]
    #[case::setting_over_guard(Mode::Audit, Some(RuleSetting::Enforce), None, Action::Deny)]
    #[case::namespace_over_setting(Mode::Enforce, Some(RuleSetting::Enforce), Some(Mode::Audit), Action::Record)]
    #[case::setting_softens(Mode::Enforce, Some(RuleSetting::Warn), None, Action::Warn)]
    fn the_nearest_word_counts(
        #[case] mode: Mode,
        #[case] setting: Option<RuleSetting>,
        #[case] namespace_mode: Option<Mode>,
        #[case] expected: Action,
    ) {
        let judged = judged("SG-AP-001", &guard(mode, setting), Scope::Guarded, namespace_mode);
        assert_eq!(judged.action, expected);
    }

    #[test]
    fn nothing_is_refused_outside_the_guarded_namespace() {
        let guard = guard(Mode::Enforce, Some(RuleSetting::Enforce));
        assert_eq!(judged("SG-AP-001", &guard, Scope::Elsewhere, Some(Mode::Enforce)).action, Action::Warn);
    }

    #[rstest]
    #[case::warning(Mode::Warn, Action::Record, Some("known"))]
    #[case::refusal(Mode::Enforce, Action::Deny, None)]
    fn an_annotation_silences_warnings_and_no_refusal(
        #[case] mode: Mode,
        #[case] action: Action,
        #[case] reason: Option<&str>,
    ) {
        use crate::model::object_exemption::{REASON, RULES, UNTIL};
        let annotations = Labels::from_iter([(RULES, "SG-AP-001"), (REASON, "known"), (UNTIL, "2027-01-01")]);
        let judgements = vec![judged("SG-AP-001", &guard(mode, None), Scope::Guarded, None)];
        let excused = excuse(judgements.clone(), &annotations, "2026-11-22T12:00:00Z".parse().unwrap()).remove(0);
        assert_eq!((excused.action, excused.exempted.as_deref()), (action, reason));
        assert_eq!(excuse(judgements.clone(), &annotations, "2027-01-01T00:00:00Z".parse().unwrap()), judgements);
    }

    #[test]
    fn an_exemption_holds_until_it_ends() {
        let mut guard = guard(Mode::Enforce, None);
        guard.exemptions = vec![Exemption {
            rule: "SG-AP-001".parse().unwrap(),
            object: object(),
            reason: "migrating".to_owned(),
            expires: "2027-01-01T00:00:00Z".parse().unwrap(),
        }];
        let exempted = judged("SG-AP-001", &guard, Scope::Guarded, None);
        assert_eq!((exempted.action, exempted.exempted.as_deref()), (Action::Record, Some("migrating")));
        guard.exemptions[0].expires = "2026-11-01T00:00:00Z".parse().unwrap();
        let expired = judged("SG-AP-001", &guard, Scope::Guarded, None);
        assert_eq!(expired.action, Action::Deny);
        assert_eq!(expired.finding.fix, "mend it (its exemption ended at 2026-11-01T00:00:00Z)");
    }
}
