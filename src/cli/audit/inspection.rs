//! Everything that is read for an audit, each document once: it goes into the snapshot, and is reviewed on its own.

use jiff::Timestamp;

use crate::cli::input::Input;
use crate::cli::review::admission::Reviewer;
use crate::cli::review::beforehand::Beforehand;
use crate::cli::review::together::Together;
use crate::cli::snapshot;
use crate::engine::admission::Judgement;
use crate::model::guard::Guards;
use crate::model::snapshot::{Builder, Snapshot};
use crate::report::audit::{Found, Place};
use crate::report::{File, Reviewed};

/// What was read, and what is wrong with single objects of it. Findings are kept, and of the text what the snapshot
/// needs.
#[derive(Debug, Default)]
pub(in crate::cli) struct Inspection {
    pub(in crate::cli) snapshot: Snapshot,
    pub(in crate::cli) found: Vec<Found>,
    /// What could not be judged, and why.
    pub(in crate::cli) not_judged: Vec<String>,
    /// How many objects of kinds that are read.
    pub(in crate::cli) objects: usize,
    /// How many of them lack what injection would add.
    pub(in crate::cli) injections: usize,
}

impl Inspection {
    /// Reads all inputs. The guards learn what their Prometheus picks up.
    ///
    /// # Errors
    /// When an object cannot be reviewed, which no object is known to bring about.
    pub(in crate::cli) fn of(
        inputs: &[Input],
        guards: &mut Guards,
        now: Timestamp,
        default_namespace: &str,
    ) -> anyhow::Result<Self> {
        let beforehand = Beforehand::of(inputs, default_namespace);
        beforehand.teach(guards);
        let reviewer = Reviewer { guards, now, default_namespace, beforehand, together: Together::default() };
        Self::read(Builder::new(default_namespace), inputs, reviewer)
    }

    /// Reads inputs into a snapshot that is under way.
    fn read(mut builder: Builder, inputs: &[Input], mut reviewer: Reviewer<'_>) -> anyhow::Result<Self> {
        let mut inspection = Self::default();
        let mut problem = None;
        let mut documents = 0;
        snapshot::read_into(&mut builder, inputs, |file, document| {
            documents += 1;
            match reviewer.review(document) {
                Ok(Some(object)) => inspection.add(file, &object),
                Ok(None) => {}
                Err(error) => problem = problem.take().or(Some(error)),
            }
        });
        if let Some(problem) = problem {
            return Err(problem);
        }
        inspection.found.extend(reviewer.review_together().into_iter().map(|judgement| found(judgement, None)));
        inspection.snapshot = snapshot::finish(builder);
        inspection.objects = documents - inspection.snapshot.passed_over();
        Ok(inspection)
    }

    fn add(&mut self, file: File<'_>, reviewed: &Reviewed<'_>) {
        self.injections += usize::from(!reviewed.patch.is_empty());
        let object = file.source.position(reviewed.document.start().start);
        let of = |judgement: &Judgement| {
            let field = file.source.position(reviewed.document.place_of(&judgement.finding.path).start);
            Place { file: file.name.to_owned(), object: Some(object), field: Some(field) }
        };
        self.found.extend(reviewed.judgements.iter().map(|it| found(it.clone(), Some(of(it)))));
        let not_judged = reviewed.unknowns.iter();
        self.not_judged.extend(not_judged.map(|it| format!("{} could not be judged: {}", it.object, it.reason)));
    }
}

fn found(judgement: Judgement, place: Option<Place>) -> Found {
    Found { finding: judgement.finding, exempted: judgement.exempted, place }
}
