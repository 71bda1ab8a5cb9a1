//! References to groups that an expression does not have.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::shortened;
use crate::model::guard::Guard;
use crate::model::regular_expression::Pattern;
use crate::model::regular_expression::template::{Part, Template};
use crate::model::relabeling::validity::check;
use crate::model::relabeling::{Action, PrometheusVersion, RelabelConfig};

pub(super) fn missing(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, step) in monitor.steps() {
        let Ok((action, pattern)) = check(step, PrometheusVersion::LATEST) else { continue };
        for (field, template) in templates(action, step) {
            let Some(name) = first_missing(template, &pattern) else { continue };
            if field == "replacement" && step.replacement.is_none() {
                findings.report(
                    path.key("regex"),
                    "no group in the regex, so the label is deleted",
                    "put what is to be written in parentheses, or add replacement",
                );
            } else {
                let message = format!("${} refers to no group of the regex", shortened(&name, 20));
                findings.report(path.key(field), message, fix(&name, &pattern));
            }
        }
    }
}

/// The fields in which references are replaced.
fn templates<'s>(action: Action, step: &'s RelabelConfig<'_>) -> Vec<(&'static str, &'s str)> {
    match action {
        Action::Replace => vec![("targetLabel", step.target()), ("replacement", step.replacement())],
        Action::LabelMap => vec![("replacement", step.replacement())],
        _ => Vec::new(),
    }
}

/// The first reference to a group that is not there.
fn first_missing(template: &str, pattern: &Pattern) -> Option<String> {
    Template::parse(template).parts().iter().find_map(|part| match part {
        Part::Number(number) if *number > pattern.group_count() => Some(number.to_string()),
        Part::Name(name) if !pattern.has_group(name) => Some(name.clone()),
        _ => None,
    })
}

/// What was probably meant: the shortest number of a group that the name begins with, and the rest as text.
fn fix(name: &str, pattern: &Pattern) -> String {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let is_group = |number: usize| (1..=pattern.group_count()).contains(&number);
    let meant = (1..=digits)
        .filter_map(|end| name.split_at_checked(end))
        .find(|(number, rest)| !rest.is_empty() && number.parse().is_ok_and(is_group));
    match meant {
        Some((number, rest)) => format!("write ${{{number}}}{rest} instead of ${name}"),
        None => format!("add the group to the regex, which has {}, or refer to another", pattern.group_count()),
    }
}
