//! What a review found, as values, and one writer per output format.

pub mod audit;
pub mod diff;
pub mod difference;
pub mod json;
pub mod rules;
pub mod text;
pub mod trace;

use crate::engine::admission::{Action, Judgement, Unknown};
use crate::engine::inject::patch::Patch;
use crate::model::{Document, ObjectReference, Severity, Source};

/// A file under review.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its name as people know it; `<stdin>` for standard input.
    pub name: &'a str,
    /// Its text.
    pub source: &'a Source<'a>,
}

/// What admission says to one object.
#[derive(Clone, Debug)]
pub struct Reviewed<'a> {
    /// The object as it was written.
    pub document: Document<'a>,
    /// How it is called.
    pub object: ObjectReference,
    /// What injection adds.
    pub patch: Patch,
    /// All findings and what is done about each, most severe first.
    pub judgements: Vec<Judgement>,
    /// What was not considered.
    pub unknowns: Vec<Unknown>,
    /// The warnings that the API server would pass on to the user.
    pub warnings: Vec<String>,
}

impl Reviewed<'_> {
    /// Whether the API server would store the object.
    pub fn is_allowed(&self) -> bool {
        self.count(Action::Deny) == 0
    }

    /// Whether there is anything to tell about it.
    pub fn is_remarkable(&self) -> bool {
        !(self.patch.is_empty() && self.judgements.is_empty() && self.unknowns.is_empty())
    }

    /// How many findings are acted upon like this. Exempted ones are acted upon in no way.
    pub fn count(&self, action: Action) -> usize {
        self.held_against().filter(|judgement| judgement.action == action).count()
    }

    fn held_against(&self) -> impl Iterator<Item = &Judgement> {
        self.judgements.iter().filter(|judgement| judgement.exempted.is_none())
    }
}

/// The counts at the end of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Objects of the kinds that scrapeguard reads.
    pub objects: usize,
    /// Objects of other kinds, passed over.
    pub skipped: usize,
    /// Objects that injection adds something to.
    pub patched: usize,
    /// Objects that would be refused.
    pub denied: usize,
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity info.
    pub infos: usize,
    /// Findings that an exemption accepts; they are counted nowhere else.
    pub exempted: usize,
    /// Things that could not be decided.
    pub unknowns: usize,
    /// Files and documents that could not be read.
    pub unreadable: usize,
}

impl Summary {
    /// Counts an object in.
    pub fn add(&mut self, reviewed: &Reviewed<'_>) {
        self.objects += 1;
        self.patched += usize::from(!reviewed.patch.is_empty());
        self.denied += usize::from(!reviewed.is_allowed());
        self.unknowns += reviewed.unknowns.len();
        self.add_judgements(&reviewed.judgements);
    }

    /// Counts findings in.
    pub fn add_judgements(&mut self, judgements: &[Judgement]) {
        for judgement in judgements {
            match judgement.exempted {
                Some(_) => self.exempted += 1,
                None => *self.of_severity(judgement.finding.severity) += 1,
            }
        }
    }

    fn of_severity(&mut self, severity: Severity) -> &mut usize {
        match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Info => &mut self.infos,
        }
    }
}

#[cfg(test)]
pub(crate) mod samples;
