//! What an audit found, with where it stands, for people and for machines.

pub mod json;
pub mod text;

use std::collections::HashSet;

use serde::Serialize;

use crate::engine::audit::Audit;
use crate::engine::reach::Verdict;
use crate::model::snapshot::Snapshot;
use crate::model::{FieldPath, Finding, ObjectReference, Position, RuleId, Severity};

/// All there is to tell.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was audited.
    pub snapshot: &'a Snapshot,
    /// What came of it.
    pub audit: &'a Audit<'a>,
    /// Every finding, those about single objects among them; see [`gather`].
    pub found: &'a [Found],
    /// The objects that lack what injection would add.
    pub lacking: &'a [Lacking],
    /// The counts.
    pub summary: Summary,
}

/// An object that lacks what injection would add, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lacking {
    /// The object.
    pub object: ObjectReference,
    /// Where it begins; `None` where it is in no file.
    pub place: Option<Place>,
}

/// A finding and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What was found.
    pub finding: Finding,
    /// The reason of the exemption that accepts it, if one does.
    pub exempted: Option<String>,
    /// Where; `None` where the object is in no file.
    pub place: Option<Place>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Where the object begins.
    pub object: Option<Position>,
    /// Where the field is, or what would hold it.
    pub field: Option<Position>,
}

/// The counts at the end of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Objects of the kinds that scrapeguard reads.
    pub objects: usize,
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity info.
    pub infos: usize,
    /// Findings that an exemption accepts; they are counted nowhere else.
    pub exempted: usize,
    /// Objects that lack what injection would add.
    pub injections: usize,
    /// Scrapes.
    pub scrape_paths: Verdicts,
    /// Connections that the guard wants.
    pub connections: Verdicts,
    /// Others who reach what is guarded, or may.
    pub exposures: usize,
    /// Things that have a say and were not considered.
    pub not_considered: usize,
    /// Files, documents and objects that could not be read.
    pub unreadable: usize,
}

/// How many there are of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdicts {
    /// That get through.
    pub open: usize,
    /// That do not.
    pub blocked: usize,
    /// Of which nobody knows.
    pub unknown: usize,
}

impl Summary {
    /// The counts of an audit. `objects` is how many were read, `injections` how many lack something.
    pub fn of(snapshot: &Snapshot, audit: &Audit<'_>, found: &[Found], objects: usize, injections: usize) -> Self {
        let held = || found.iter().filter(|found| found.exempted.is_none());
        let count = |severity| held().filter(|found| found.finding.severity == severity).count();
        Self {
            objects,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            infos: count(Severity::Info),
            exempted: found.len() - held().count(),
            injections,
            scrape_paths: audit.scrape_paths.iter().map(|scrape| scrape.path.verdict()).collect(),
            connections: audit.connections.iter().map(|(_, path)| path.verdict()).collect(),
            exposures: audit.exposures.len(),
            not_considered: audit.not_considered.len(),
            unreadable: snapshot.problems().iter().filter(|problem| problem.is_loss()).count(),
        }
    }
}

impl FromIterator<Verdict> for Verdicts {
    fn from_iter<I: IntoIterator<Item = Verdict>>(verdicts: I) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Open => &mut counts.open,
                Verdict::Blocked => &mut counts.blocked,
                Verdict::Unknown => &mut counts.unknown,
            } += 1;
        }
        counts
    }
}

impl Verdicts {
    /// How many there are in all.
    pub const fn all(&self) -> usize {
        self.open + self.blocked + self.unknown
    }
}

/// The findings about single objects and those of the audit, by object, the worst first. What a rule says of a field
/// by itself is not said again for what comes of it.
pub fn gather(mut reviewed: Vec<Found>, audit: &Audit<'_>, snapshot: &Snapshot) -> Vec<Found> {
    let place = |object: &ObjectReference| {
        let place = snapshot.place_of(object)?;
        Some(Place { file: place.file.to_owned(), object: place.position, field: None })
    };
    let held = audit.findings.iter().map(|finding| (finding, None));
    let exempted = audit.exempted.iter().map(|judgement| (&judgement.finding, judgement.exempted.clone()));
    let of_cluster = held.chain(exempted).map(|(finding, exempted)| Found {
        place: place(&finding.object),
        finding: finding.clone(),
        exempted,
    });
    let known: HashSet<_> = reviewed.iter().map(Found::subject).collect();
    let new: Vec<Found> = of_cluster.filter(|found| !known.contains(&found.subject())).collect();
    reviewed.extend(new);
    reviewed.sort_by(|a, b| a.key().cmp(&b.key()));
    reviewed
}

impl Found {
    fn key(&self) -> impl Ord {
        let finding = &self.finding;
        (finding.object.clone(), std::cmp::Reverse(finding.severity), finding.rule, finding.path.clone())
    }

    /// What it is about: the rule, the object and the field.
    fn subject(&self) -> (RuleId, ObjectReference, FieldPath) {
        (self.finding.rule, self.finding.object.clone(), self.finding.path.clone())
    }
}
