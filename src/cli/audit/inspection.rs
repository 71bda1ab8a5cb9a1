//! Everything that is read for an audit, each document once: it goes into the snapshot, and is reviewed on its own.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::cli::input::Input;
use crate::cli::review::admission::Reviewer;
use crate::cli::review::beforehand::Beforehand;
use crate::cli::review::together::Together;
use crate::cli::snapshot;
use crate::engine::admission::{Circumstances, Judgement};
use crate::engine::audit::Audit;
use crate::engine::reach::network_policy::HostNetwork;
use crate::engine::reach::{Evaluator, MeshSettings};
use crate::model::guard::Guards;
use crate::model::snapshot::{Builder, Snapshot};
use crate::model::{Document, ObjectReference, Source};
use crate::report::audit::{Found, Lacking, Place};
use crate::report::{File, Reviewed};

/// What was read, and what is wrong with single objects of it. Findings are kept, and of the text what the snapshot
/// needs.
#[derive(Debug)]
pub(in crate::cli) struct Inspection {
    pub(in crate::cli) snapshot: Snapshot,
    /// What every object was reviewed with.
    pub(in crate::cli) guards: Guards,
    pub(in crate::cli) reviews: Vec<Review>,
    /// What was found in all objects together.
    together: Vec<Found>,
    /// How many objects of kinds that are read.
    pub(in crate::cli) objects: usize,
    beforehand: Beforehand,
}

/// What is wrong with one object.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Review {
    object: ObjectReference,
    found: Vec<Found>,
    /// What could not be judged, and why.
    not_judged: Vec<String>,
    /// Where it begins, if it lacks what injection would add.
    lacking: Option<Place>,
}

/// What all objects are held against.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Standards<'a> {
    pub(in crate::cli) guards: &'a Guards,
    pub(in crate::cli) now: Timestamp,
    pub(in crate::cli) default_namespace: &'a str,
}

impl Inspection {
    /// Reads all inputs. The guards learn what their Prometheus picks up.
    ///
    /// # Errors
    /// When an object cannot be reviewed, which no object is known to bring about.
    pub(in crate::cli) fn of(inputs: &[Input], standards: Standards<'_>) -> anyhow::Result<Self> {
        let beforehand = Beforehand::of(inputs, standards.default_namespace);
        let builder = Builder::new(standards.default_namespace);
        let Read { snapshot, guards, mut reviews, documents } = read(builder, inputs, &beforehand, standards)?;
        reviews.retain(Review::is_remarkable);
        let objects = documents - snapshot.passed_over();
        Ok(Self { objects, ..Self::new(snapshot, guards, reviews, beforehand, standards) })
    }

    /// The same after a change: with what is read from other inputs, and without some objects. What is not changed is
    /// read again only if the change has a say in it.
    ///
    /// # Errors
    /// As [`Inspection::of`].
    pub(in crate::cli) fn changed(
        &self,
        inputs: &[Input],
        changes: &[Input],
        deleted: &[ObjectReference],
        standards: Standards<'_>,
    ) -> anyhow::Result<Self> {
        let mut builder = Builder::from(self.snapshot.clone()).with_default_namespace(standards.default_namespace);
        for object in deleted {
            builder.remove(object);
        }
        let Read { snapshot, guards, reviews: new, .. } = read(builder, changes, &self.beforehand, standards)?;
        let beforehand = Beforehand::of_snapshot(&snapshot);
        let replaced: HashSet<&ObjectReference> = new.iter().map(|review| &review.object).chain(deleted).collect();
        let is_kept = |review: &&Review| !replaced.contains(&review.object);
        if beforehand == Beforehand::of_snapshot(&self.snapshot) {
            let reviews = self.reviews.iter().filter(is_kept).chain(&new).cloned().collect();
            return Ok(Self::new(snapshot, guards, reviews, beforehand, standards));
        }
        let mut guards = standards.guards.clone();
        beforehand.teach(&mut guards);
        let again = Standards { guards: &guards, ..standards };
        let unchanged = review_all(inputs, &beforehand, again)?;
        let mut reviews: Vec<Review> = unchanged.iter().filter(is_kept).cloned().collect();
        reviews.extend(review_all(changes, &beforehand, again)?);
        Ok(Self::new(snapshot, guards, reviews, beforehand, standards))
    }

    fn new(
        snapshot: Snapshot,
        guards: Guards,
        reviews: Vec<Review>,
        beforehand: Beforehand,
        standards: Standards<'_>,
    ) -> Self {
        let together = Together::of(&snapshot);
        let reviewer = reviewer(&beforehand, Standards { guards: &guards, ..standards });
        let together = Reviewer { together, ..reviewer }.review_together();
        let together = together.into_iter().map(|judgement| found(judgement, None)).collect();
        Self { snapshot, reviews, together, objects: 0, guards, beforehand }
    }

    /// The audit of all that was read.
    pub(in crate::cli) fn audit(&self, mesh: &MeshSettings, now: Timestamp) -> Audit<'_> {
        let evaluator = Evaluator::new(&self.snapshot, mesh.clone(), HostNetwork::default());
        let circumstances = Circumstances { now, namespace_mode: None };
        let mut audit = Audit::of(&self.snapshot, &evaluator, &self.guards, &circumstances);
        audit.not_considered.extend(self.reviews.iter().flat_map(|review| &review.not_judged).cloned());
        audit
    }

    /// What is wrong with single objects, and with all together.
    pub(in crate::cli) fn found(&self) -> Vec<Found> {
        self.reviews.iter().flat_map(|review| &review.found).chain(&self.together).cloned().collect()
    }

    /// The objects that lack what injection would add, in order.
    pub(in crate::cli) fn lacking(&self) -> Vec<Lacking> {
        let of = |review: &Review| {
            let place = review.lacking.clone()?;
            Some(Lacking { object: review.object.clone(), place: Some(place) })
        };
        let mut all: Vec<Lacking> = self.reviews.iter().filter_map(of).collect();
        all.sort();
        all
    }
}

impl Review {
    fn is_remarkable(&self) -> bool {
        self.lacking.is_some() || !self.found.is_empty() || !self.not_judged.is_empty()
    }
}

fn reviewer<'a>(beforehand: &Beforehand, standards: Standards<'a>) -> Reviewer<'a> {
    let Standards { guards, now, default_namespace } = standards;
    Reviewer { guards, now, default_namespace, beforehand: beforehand.clone(), together: Together::default() }
}

/// What was read.
struct Read {
    snapshot: Snapshot,
    guards: Guards,
    reviews: Vec<Review>,
    documents: usize,
}

/// Reads inputs into a snapshot that is under way.
fn read(
    mut builder: Builder,
    inputs: &[Input],
    beforehand: &Beforehand,
    standards: Standards<'_>,
) -> anyhow::Result<Read> {
    let mut guards = standards.guards.clone();
    beforehand.teach(&mut guards);
    let mut reviews = Reviews::new(reviewer(beforehand, Standards { guards: &guards, ..standards }));
    let mut documents = 0;
    snapshot::read_into(&mut builder, inputs, |file, document| {
        documents += 1;
        reviews.add(file, document);
    });
    let reviews = reviews.finish()?;
    Ok(Read { snapshot: snapshot::finish(builder), guards, reviews, documents })
}

/// Reviews all objects without reading them into a snapshot. What is broken was told before.
fn review_all(inputs: &[Input], beforehand: &Beforehand, standards: Standards<'_>) -> anyhow::Result<Vec<Review>> {
    let mut reviews = Reviews::new(reviewer(beforehand, standards));
    for input in inputs {
        let Ok(text) = input.read() else { continue };
        let (name, source) = (input.name(), Source::new(&text));
        for document in Document::read_all(&source).filter_map(Result::ok) {
            reviews.add(File { name: &name, source: &source }, document);
        }
    }
    reviews.finish()
}

/// Reviews under way.
struct Reviews<'a> {
    reviewer: Reviewer<'a>,
    all: Vec<Review>,
    problem: Option<anyhow::Error>,
}

impl<'a> Reviews<'a> {
    const fn new(reviewer: Reviewer<'a>) -> Self {
        Self { reviewer, all: Vec::new(), problem: None }
    }

    fn add(&mut self, file: File<'_>, document: Document<'_>) {
        match self.reviewer.review(document) {
            Ok(Some(reviewed)) => self.all.push(review(file, &reviewed)),
            Ok(None) => {}
            Err(error) => self.problem = self.problem.take().or(Some(error)),
        }
    }

    fn finish(self) -> anyhow::Result<Vec<Review>> {
        self.problem.map_or(Ok(self.all), Err)
    }
}

fn review(file: File<'_>, reviewed: &Reviewed<'_>) -> Review {
    let object = file.source.position(reviewed.document.start().start);
    let of = |judgement: &Judgement| {
        let field = file.source.position(reviewed.document.place_of(&judgement.finding.path).start);
        Place { file: file.name.to_owned(), object: Some(object), field: Some(field) }
    };
    let not_judged = reviewed.unknowns.iter();
    let here = Place { file: file.name.to_owned(), object: Some(object), field: None };
    Review {
        object: reviewed.object.clone(),
        found: reviewed.judgements.iter().map(|it| found(it.clone(), Some(of(it)))).collect(),
        not_judged: not_judged.map(|it| format!("{} could not be judged: {}", it.object, it.reason)).collect(),
        lacking: (!reviewed.patch.is_empty()).then_some(here),
    }
}

fn found(judgement: Judgement, place: Option<Place>) -> Found {
    Found { finding: judgement.finding, exempted: judgement.exempted, place }
}
