//! Steps that the operator or Prometheus does not accept.

use crate::engine::rules::Monitor;
use crate::engine::rules::findings::Findings;
use crate::engine::rules::monitor::shortened;
use crate::model::guard::Guard;
use crate::model::relabeling::validity::check;
use crate::model::relabeling::{InvalidRelabeling, PrometheusVersion, RelabelConfig};

pub(super) fn expression(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, step) in monitor.steps() {
        if let Some(InvalidRelabeling::Expression(error)) = refusal(step).filter(|_| step.regex.is_some()) {
            findings.report(
                path.key("regex"),
                shortened(&error.to_string(), 60),
                "write the expression in RE2 syntax (https://github.com/google/re2/wiki/Syntax)",
            );
        }
    }
}

pub(super) fn fields(monitor: &Monitor<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    for (path, step) in monitor.steps() {
        let Some(refusal) = refusal(step) else { continue };
        let (path, fix) = match &refusal {
            InvalidRelabeling::NoModulus => (path, "add modulus: <number of shards>".to_owned()),
            InvalidRelabeling::NoTarget(_) => (path, "add targetLabel: <name of the label to write>".to_owned()),
            InvalidRelabeling::UnusedField(_, field) => (path.key(field), format!("remove {field}")),
            InvalidRelabeling::InvalidTarget(_) | InvalidRelabeling::InvalidReplacement(_) => {
                (path.key(refusal.field()), "write the name of a label".to_owned())
            }
            InvalidRelabeling::Expression(_) | InvalidRelabeling::UnknownAction(_) | InvalidRelabeling::TooNew(..) => {
                continue;
            }
        };
        findings.report(path, shortened(&refusal.to_string(), 60), fix);
    }
}

/// Why the newest Prometheus or its operator refuses a step; not what is only too much for us to read.
fn refusal(step: &RelabelConfig<'_>) -> Option<InvalidRelabeling> {
    check(step, PrometheusVersion::LATEST).err().filter(|error| !error.is_ours())
}
