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
