//! How findings are put into words for people: headlines, warnings and the message of a denial.
//!
//! Limits come from what shows the words: a terminal line, and the `Warning` header of the Kubernetes API server,
//! which drops texts with control characters, and shortens them once there are more than 4096 characters
//! (`k8s.io/apiserver/pkg/endpoints/filters/warning.go`).

use std::fmt::Write;
use std::time::Duration;

use crate::engine::admission::{Outcome, Refusal, Unknown};
use crate::model::Finding;

/// The most characters in a headline.
pub const HEADLINE_LIMIT: usize = 120;
/// The most characters in any other line.
pub const LINE_LIMIT: usize = 256;
/// The most bytes in all warnings of one answer together.
pub const WARNINGS_LIMIT: usize = 4096;
/// The most findings that one denial spells out.
pub const DENIALS_LIMIT: usize = 20;

/// What is known of the cluster may be so old without anybody being told.
pub const REMARKABLE_AGE: Duration = Duration::from_secs(10);

/// The most characters that the object may take when a headline is too long.
const OBJECT_LIMIT: usize = 60;

/// What is wrong, in one line of at most [`HEADLINE_LIMIT`] characters without control characters.
///
/// Where it is too long, first the object and then the message are cut short; the rule id never is.
pub fn headline(finding: &Finding) -> String {
    let rule = format!("[{}] ", finding.rule);
    let object = printable(&finding.object.to_string());
    let message = printable(&finding.message);
    let room = HEADLINE_LIMIT.saturating_sub(length(&rule) + length(": "));
    let object = if length(&object) + length(&message) > room { shortened(object, OBJECT_LIMIT) } else { object };
    let message = shortened(message, room.saturating_sub(length(&object)));
    format!("{rule}{object}: {message}")
}

/// What to do about it, in one line of at most [`LINE_LIMIT`] characters without control characters.
pub fn remedy(finding: &Finding) -> String {
    let path = finding.path.to_string();
    let place = if path.is_empty() { String::new() } else { format!("{path}: ") };
    shortened(printable(&format!("[{}] {place}{}", finding.rule, finding.fix)), LINE_LIMIT)
}

/// The warnings of an answer, each a line of its own: headline and remedy of every finding that is warned of, then
/// what was not checked. Together at most [`WARNINGS_LIMIT`] bytes; if there are more, the last line counts the rest.
pub fn warnings(outcome: &Outcome) -> Vec<String> {
    let findings = outcome.warnings().map(|finding| vec![headline(finding), remedy(finding)]);
    let unknowns = outcome.unknowns.iter().map(|unknown| vec![not_checked(unknown)]);
    let age = outcome.cluster_age.filter(|age| *age > REMARKABLE_AGE).map(|age| vec![old(age)]);
    let groups: Vec<_> = findings.chain(unknowns).chain(age).collect();
    let mut room = WARNINGS_LIMIT;
    let mut lines = Vec::new();
    for (shown, group) in groups.iter().enumerate() {
        let rest = groups.len() - shown;
        let reserved = if rest > 1 { more(rest).len() } else { 0 };
        let size = group.iter().map(String::len).sum::<usize>();
        if size + reserved > room {
            lines.push(more(rest));
            break;
        }
        room -= size;
        lines.extend_from_slice(group);
    }
    lines
}

/// The message of a denial: for every denied finding its headline, the place, and the fix. The headline is the first
/// line, so that it follows what `kubectl` prints before it.
pub fn denial(outcome: &Outcome) -> String {
    let mut message = outcome.refusals.iter().map(refusal).collect::<Vec<_>>().join("\n");
    for finding in outcome.denials().take(DENIALS_LIMIT) {
        if !message.is_empty() {
            message.push('\n');
        }
        message.push_str(&headline(finding));
        detail(&mut message, "at ", &finding.path.to_string());
        detail(&mut message, "fix", &finding.fix);
    }
    let rest = outcome.denials().skip(DENIALS_LIMIT).count();
    if rest > 0 {
        let _infallible = write!(message, "\n{}", more(rest));
    }
    message
}

fn refusal(refusal: &Refusal) -> String {
    let mut message = shortened(printable(&format!("{}: {}", refusal.object, refusal.message)), LINE_LIMIT);
    detail(&mut message, "at ", &refusal.path.to_string());
    message
}

fn detail(message: &mut String, label: &str, text: &str) {
    if !text.is_empty() {
        let text = shortened(printable(text), LINE_LIMIT);
        let _infallible = write!(message, "\n  {label} {text}");
    }
}

fn old(age: Duration) -> String {
    format!("this is by the cluster as it was {} seconds ago", age.as_secs())
}

fn not_checked(unknown: &Unknown) -> String {
    shortened(printable(&format!("not checked: {}: {}", unknown.object, unknown.reason)), LINE_LIMIT)
}

fn more(count: usize) -> String {
    let noun = if count == 1 { "finding" } else { "findings" };
    format!("{count} more {noun}; `scrapeguard review` shows all")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn shortened(text: String, limit: usize) -> String {
    if length(&text) <= limit {
        return text;
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::admission::{Action, Judgement};
    use crate::model::finding::Family;
    use crate::model::{FieldPath, ObjectReference, RuleId, Severity};

    fn finding(name: &str, message: &str, fix: &str) -> Finding {
        Finding {
            rule: RuleId::new(Family::NetworkPolicy, 4),
            severity: Severity::Error,
            object: ObjectReference {
                kind: "NetworkPolicy".to_owned(),
                namespace: Some("monitoring".to_owned()),
                name: name.to_owned(),
            },
            path: FieldPath::of("spec.ingress").index(0).key("ports").index(0).key("port"),
            message: message.to_owned(),
            fix: fix.to_owned(),
        }
    }

    fn outcome(findings: Vec<Finding>, action: Action) -> Outcome {
        let judgements = findings.into_iter().map(|finding| Judgement { finding, action, exempted: None }).collect();
        Outcome { judgements, ..Outcome::default() }
    }

    #[test]
    fn a_finding_that_fits_is_shown_whole() {
        let finding = finding("x", "port 443 is the Service port", "write 10250");
        assert_eq!(headline(&finding), "[SG-NP-004] NetworkPolicy monitoring/x: port 443 is the Service port");
        assert_eq!(remedy(&finding), "[SG-NP-004] spec.ingress[0].ports[0].port: write 10250");
    }

    #[test]
    fn a_long_message_is_cut_and_keeps_the_object() {
        let line = headline(&finding("x", &"long ".repeat(40), "fix"));
        assert!(line.starts_with("[SG-NP-004] NetworkPolicy monitoring/x: long long"), "{line}");
        assert!(line.ends_with("long…"), "{line}");
    }

    #[test]
    fn a_long_name_leaves_room_for_the_message() {
        let line = headline(&finding(&"n".repeat(253), "port 443 is the Service port", "fix"));
        assert!(line.ends_with("nnn…: port 443 is the Service port"), "{line}");
    }

    #[test]
    fn a_denial_has_three_lines_a_finding() {
        let outcome = outcome(vec![finding("x", "wrong", "mend"), finding("x", "worse", "replace")], Action::Deny);
        insta::assert_snapshot!(denial(&outcome), @r"
        [SG-NP-004] NetworkPolicy monitoring/x: wrong
          at  spec.ingress[0].ports[0].port
          fix mend
        [SG-NP-004] NetworkPolicy monitoring/x: worse
          at  spec.ingress[0].ports[0].port
          fix replace
        ");
    }

    #[test]
    fn a_denial_of_everything_counts_the_rest() {
        let outcome = outcome(vec![finding("x", "wrong", "mend"); DENIALS_LIMIT + 1], Action::Deny);
        assert!(denial(&outcome).ends_with("\n1 more finding; `scrapeguard review` shows all"));
    }

    #[test]
    fn what_was_not_checked_is_a_warning() {
        let object = finding("x", "", "").object;
        let unknown = Unknown { object, reason: "spec.frobnicate is not known".to_owned() };
        let outcome = Outcome { unknowns: vec![unknown], ..Outcome::default() };
        assert_eq!(warnings(&outcome), ["not checked: NetworkPolicy monitoring/x: spec.frobnicate is not known"]);
    }

    #[test]
    fn warnings_that_do_not_fit_are_counted() {
        let outcome = outcome(vec![finding("x", &"m".repeat(200), &"f".repeat(300)); 30], Action::Warn);
        let lines = warnings(&outcome);
        let shown = (lines.len() - 1) / 2;
        assert_eq!(lines.last(), Some(&format!("{} more findings; `scrapeguard review` shows all", 30 - shown)));
    }

    proptest! {
        #[test]
        fn every_line_keeps_to_its_limit(
            name in "\\PC{0,300}", message in any::<String>(), fix in any::<String>(), count in 0_usize..40,
        ) {
            let finding = finding(&name, &message, &fix);
            let line = headline(&finding);
            prop_assert!(line.starts_with("[SG-NP-004] "));
            prop_assert!(length(&line) <= HEADLINE_LIMIT);
            prop_assert!(length(&remedy(&finding)) <= LINE_LIMIT);
            let lines = warnings(&outcome(vec![finding; count], Action::Warn));
            prop_assert!(lines.iter().map(String::len).sum::<usize>() <= WARNINGS_LIMIT);
            prop_assert!(lines.iter().flat_map(|line| line.chars()).all(|character| !character.is_control()));
            prop_assert_eq!(lines.is_empty(), count == 0);
        }
    }
}
