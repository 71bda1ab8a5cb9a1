//! What a change does, for people and for machines.

pub mod json;
pub mod text;

use std::collections::HashSet;

use crate::engine::audit::{Changed, Difference};
use crate::engine::reach::Verdict;
use crate::model::snapshot::Snapshot;
use crate::model::{FieldPath, ObjectReference, RuleId, Severity};
use crate::report::audit::Found;

/// All there is to tell.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What is different.
    pub difference: &'a Difference<'a, 'a>,
    /// The cluster as it is.
    pub before: Side<'a>,
    /// The cluster as it would be.
    pub after: Side<'a>,
}

/// One of the two.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its objects.
    pub snapshot: &'a Snapshot,
    /// What is wrong with them.
    pub found: &'a [Found],
}

/// What becomes of something that gets through or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// It got through, and does no more.
    Lost,
    /// It gets through, and did not.
    Gained,
    /// It did not get through, and still does not, for another reason or because it was not there.
    Otherwise,
}

impl Report<'_> {
    /// Whether something is lost that was wanted, somebody gets in who is not, or there is a new error.
    pub fn is_worse(&self) -> bool {
        let Difference { scrape_paths, connections, exposures } = self.difference;
        let is_error = |found: &&Found| found.finding.severity == Severity::Error;
        scrape_paths.iter().any(|it| turn(it, |path| path.path.verdict()) == Turn::Lost)
            || connections.iter().any(|it| turn(it, |(_, path)| path.verdict()) == Turn::Lost)
            || exposures.iter().any(|it| turn(it, |exposure| exposure.verdict) == Turn::Gained)
            || self.appeared().iter().any(is_error)
    }

    /// Findings that were not there before.
    fn appeared(&self) -> Vec<&Found> {
        beyond(self.after.found, self.before.found)
    }

    /// Findings that are gone.
    fn gone(&self) -> Vec<&Found> {
        beyond(self.before.found, self.after.found)
    }
}

fn turn<T: Copy>(changed: &Changed<T>, verdict: impl Fn(T) -> Verdict) -> Turn {
    let is_open = |side: Option<T>| side.map(&verdict) == Some(Verdict::Open);
    match (is_open(changed.before), is_open(changed.after)) {
        (true, _) => Turn::Lost,
        (false, true) => Turn::Gained,
        (false, false) => Turn::Otherwise,
    }
}

/// What is in the first list and not in the second. What is exempted is no complaint.
fn beyond<'f>(found: &'f [Found], others: &[Found]) -> Vec<&'f Found> {
    type Said<'f> = (RuleId, &'f ObjectReference, &'f FieldPath, &'f str);
    fn said(found: &Found) -> Said<'_> {
        let finding = &found.finding;
        (finding.rule, &finding.object, &finding.path, &finding.message)
    }
    fn held(found: &[Found]) -> impl Iterator<Item = &Found> {
        found.iter().filter(|found| found.exempted.is_none())
    }
    let known: HashSet<Said<'_>> = held(others).map(said).collect();
    held(found).filter(|found| !known.contains(&said(found))).collect()
}
