//! Where a rule puts what it finds.

use crate::engine::rules::Rule;
use crate::model::{FieldPath, Finding, ObjectReference, Severity};

/// Takes the findings of one rule about one object.
#[derive(Debug)]
pub struct Findings<'a> {
    rule: &'static Rule,
    object: &'a ObjectReference,
    scope: Scope,
    found: &'a mut Vec<Finding>,
}

/// Where an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a guarded namespace.
    Guarded,
    /// Anywhere else: what would be an error is only a warning, because nobody asked to have it guarded.
    Elsewhere,
}

impl<'a> Findings<'a> {
    /// Findings of this rule about this object are appended to `found`.
    pub fn new(rule: &'static Rule, object: &'a ObjectReference, scope: Scope, found: &'a mut Vec<Finding>) -> Self {
        Self { rule, object, scope, found }
    }

    /// The object that the findings are about.
    pub fn object(&self) -> &ObjectReference {
        self.object
    }

    /// Reports that something is wrong at a field. `message` is one short sentence without a full stop; `fix` is the
    /// exact change.
    pub fn report(&mut self, path: FieldPath, message: impl Into<String>, fix: impl Into<String>) {
        self.report_as(self.rule.severity, path, message, fix);
    }

    /// Reports something that is better or worse than what the rule usually finds.
    pub fn report_as(
        &mut self,
        severity: Severity,
        path: FieldPath,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.found.push(Finding {
            rule: self.rule.id,
            severity: self.scope.severity(severity),
            object: self.object.clone(),
            path,
            message: message.into(),
            fix: fix.into(),
        });
    }
}

impl Scope {
    fn severity(self, severity: Severity) -> Severity {
        match self {
            Self::Guarded => severity,
            Self::Elsewhere => severity.min(Severity::Warning),
        }
    }
}
