//! Exemptions that an object asks for, but does not get.

use jiff::Timestamp;

use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::labels::Labels;
use crate::model::object_exemption::{InvalidExemption, ObjectExemption};

pub(in crate::engine::rules) fn invalid(annotations: &Labels<'_>, now: Timestamp, findings: &mut Findings<'_>) {
    let Err(invalid) = ObjectExemption::read(annotations, now) else { return };
    let annotation = invalid.annotation();
    let message = match &invalid {
        InvalidExemption::Rule(_) => "the exemption names something that is no rule".to_owned(),
        InvalidExemption::MalformedEnd(_) => "the end of the exemption is no time".to_owned(),
        other => other.to_string(),
    };
    let fix = match invalid {
        InvalidExemption::Rule(_) => "write rule ids separated by commas, such as SG-PM-008".to_owned(),
        InvalidExemption::NoReason => format!("add {annotation} with the reason"),
        InvalidExemption::NoEnd | InvalidExemption::MalformedEnd(_) => {
            format!("write {annotation} as a day such as \"2027-01-01\"")
        }
        InvalidExemption::Ended(_) => {
            format!("mend the object and remove the annotations, or write a new {annotation}")
        }
    };
    findings.report(FieldPath::of("metadata.annotations").key(annotation), message, fix);
}

#[cfg(test)]
mod tests {
    use crate::engine::admission::Action;
    use crate::engine::rules::examples::judgements;
    use crate::engine::rules::rule;

    /// What is done about SG-NP-010 in an example of this rule, and for which reason it is spared.
    fn of_the_policy(example: &str) -> (Action, Option<String>) {
        let judgements = judgements(example);
        let found = judgements.iter().find(|judgement| judgement.finding.rule.to_string() == "SG-NP-010").unwrap();
        (found.action, found.exempted.clone())
    }

    #[test]
    fn only_a_valid_exemption_spares_the_warning() {
        let rule = rule("SG-GEN-003".parse().unwrap()).unwrap();
        let reason = "every namespace pulls images from here".to_owned();
        assert_eq!(of_the_policy(rule.bad), (Action::Warn, None));
        assert_eq!(of_the_policy(rule.good), (Action::Record, Some(reason)));
    }
}
