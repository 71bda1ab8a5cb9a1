//! Label selectors that cannot be read (`k8s.io/apimachinery`, `LabelSelectorAsSelector`). The schemas of the custom
//! resources let them pass.

use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::shortened;
use crate::model::selector::{LabelSelector, Requirement};
use crate::model::{FieldPath, label_syntax};

const VALUES: &str = "use at most 63 letters, digits, '-', '_' and '.', with a letter or digit first and last";

pub(super) fn check(selector: &LabelSelector<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    let labels = path.key("matchLabels");
    for (key, value) in selector.match_labels.iter() {
        self::key(key, labels.key(key), findings);
        self::value(value, labels.key(key), findings);
    }
    let expressions = path.key("matchExpressions");
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        check_requirement(requirement, &expressions.index(index), findings);
    }
}

fn check_requirement(requirement: &Requirement<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    key(&requirement.key, path.key("key"), findings);
    match requirement.operator.as_str() {
        "In" | "NotIn" if requirement.values.is_empty() => {
            let message = format!("{} without values", requirement.operator);
            findings.report(path.key("values"), message, "add values, or use Exists or DoesNotExist");
        }
        "In" | "NotIn" => {
            for (index, value) in requirement.values.iter().enumerate() {
                self::value(value, path.key("values").index(index), findings);
            }
        }
        "Exists" | "DoesNotExist" if requirement.values.is_empty() => {}
        "Exists" | "DoesNotExist" => {
            let message = format!("{} takes no values", requirement.operator);
            findings.report(path.key("values"), message, "remove values, or use In or NotIn");
        }
        operator => {
            let message = format!("{:?} is no operator", shortened(operator, 20));
            findings.report(path.key("operator"), message, "use In, NotIn, Exists or DoesNotExist");
        }
    }
}

fn key(key: &str, path: FieldPath, findings: &mut Findings<'_>) {
    if !label_syntax::is_key(key) {
        let message = format!("{:?} can be no key of a label", shortened(key, 24));
        findings.report(path, message, format!("{VALUES}; a prefix before '/' is a domain in lower case"));
    }
}

fn value(value: &str, path: FieldPath, findings: &mut Findings<'_>) {
    if !label_syntax::is_value(value) {
        findings.report(path, format!("{:?} can be no value of a label", shortened(value, 24)), VALUES);
    }
}
