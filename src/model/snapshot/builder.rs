//! How a snapshot is made: objects are added one by one, in any order, and put in order at the end.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::model::snapshot::commons::Commons;
use crate::model::snapshot::draft::Draft;
use crate::model::snapshot::given::{Given, settle};
use crate::model::snapshot::heading::heading;
use crate::model::snapshot::object::Object;
use crate::model::snapshot::unmodelled::{Unmodelled, UnmodelledKind};
use crate::model::snapshot::{Kept, Origin, Problem, ProblemKind, Snapshot, SourceId};
use crate::model::{Document, DocumentError, ObjectReference, RawDocument, Resource, Source};

/// A snapshot that is being made.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    default_namespace: String,
    /// What was there before.
    base: Snapshot,
    /// What is no longer there of that, even where nothing takes its place.
    removed: HashSet<ObjectReference>,
    sources: Arc<Vec<String>>,
    given: Vec<Given<Object>>,
    /// By API group, for kinds of several groups are called alike.
    unmodelled: BTreeMap<String, Vec<Given<Unmodelled>>>,
    commons: Commons,
    problems: Vec<Problem>,
    passed_over: usize,
}

impl From<Snapshot> for Builder {
    /// Begins with all objects of a snapshot. What is added replaces what is called alike.
    fn from(base: Snapshot) -> Self {
        let (sources, passed_over) = (Arc::clone(&base.sources), base.passed_over);
        Self { base, sources, passed_over, ..Self::new("default") }
    }
}

impl Builder {
    /// A snapshot without objects. Those that are in a namespace and do not say in which are in `default_namespace`.
    pub fn new(default_namespace: impl Into<String>) -> Self {
        Self { default_namespace: default_namespace.into(), ..Self::default() }
    }

    /// The namespace of objects that are in one and do not say in which.
    #[must_use]
    pub fn with_default_namespace(self, namespace: impl Into<String>) -> Self {
        Self { default_namespace: namespace.into(), ..self }
    }

    /// Removes an object, whether it was added to this builder or was there before.
    pub fn remove(&mut self, object: &ObjectReference) {
        self.given.retain(|given| given.reference != *object);
        // A kind that is evaluated is never meant by the name that another group has for one of its own.
        let is_evaluated = Resource::ALL.iter().any(|resource| resource.kind() == object.kind);
        if !is_evaluated {
            self.unmodelled.values_mut().for_each(|given| given.retain(|given| given.reference != *object));
        }
        let is_meant = |problem: &Problem| !is_evaluated || problem.group.is_none();
        self.problems.retain(|problem| problem.object.as_ref() != Some(object) || !is_meant(problem));
        self.removed.insert(object.clone());
    }

    /// Announces a file by its name in reports. What is read from it refers to it.
    pub fn source(&mut self, name: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        Arc::make_mut(&mut self.sources).push(name.into());
        id
    }

    /// Adds all objects of a text, one after the other. What is broken becomes a problem, and the rest is added.
    /// Returns what is broken, for showing it in the text.
    pub fn add_source(&mut self, name: impl Into<String>, source: &Source<'_>) -> Vec<DocumentError> {
        let id = self.source(name);
        let mut broken = Vec::new();
        for document in RawDocument::read_all(source) {
            match document {
                Ok(document) => {
                    let position = Some(source.position(document.start()));
                    let origin = Origin { source: id, position };
                    self.add_written(document.group(), document.kind(), || document.json(), origin);
                }
                Err(error) => {
                    self.add_broken(id, &error);
                    broken.push(error);
                }
            }
        }
        broken
    }

    /// The same, and hands each document on.
    pub fn add_source_and<'d>(
        &mut self,
        name: impl Into<String>,
        source: &'d Source<'_>,
        mut each: impl FnMut(Document<'d>),
    ) -> Vec<DocumentError> {
        let id = self.source(name);
        let mut broken = Vec::new();
        for document in Document::read_all(source) {
            match document {
                Ok(document) => {
                    let position = Some(source.position(document.start().start));
                    self.add_document(&document, Origin { source: id, position });
                    each(document);
                }
                Err(error) => {
                    self.add_broken(id, &error);
                    broken.push(error);
                }
            }
        }
        broken
    }

    /// Adds an object of a file. Kinds that have no say in who reaches what are passed over.
    pub fn add_document(&mut self, document: &Document<'_>, origin: Origin) {
        self.add_written(document.group(), document.kind(), || document.json().map(Cow::Owned), origin);
    }

    fn add_written<'j>(
        &mut self,
        group: &str,
        kind: &str,
        json: impl FnOnce() -> serde_json::Result<Cow<'j, str>>,
        origin: Origin,
    ) {
        let resource = Resource::of(group, kind);
        if resource.is_none() && UnmodelledKind::of(group, kind).is_none() {
            self.passed_over += 1;
            return;
        }
        match (json(), resource) {
            (Ok(json), Some(resource)) => self.add(resource, &json, Some(origin)),
            (Ok(json), None) => self.add_unmodelled(group, kind, &json, Some(origin)),
            (Err(error), _) => self.add_unreadable(origin, error.to_string()),
        }
    }

    /// Adds an object by its JSON. One that cannot be read becomes a problem.
    pub fn add(&mut self, resource: Resource, json: &str, origin: Option<Origin>) {
        let kind = (resource.kind(), resource.is_namespaced());
        let (reference, metadata) = match heading(kind, &self.default_namespace, json, origin) {
            Ok(heading) => heading,
            Err(problem) => {
                self.removed.extend(problem.object.clone());
                return self.problems.push(*problem);
            }
        };
        match Object::read(resource, &metadata, reference.clone(), json, origin) {
            Ok(object) => {
                let unreadable = object.unreadable().cloned();
                self.problems.extend(unreadable.map(|why| Problem::of_form(reference.clone(), origin, why)));
                let value = self.commons.share(object);
                self.given.push(Given { reference, origin, value });
            }
            Err(why) => {
                // What it was before is no longer true either.
                self.removed.insert(reference.clone());
                self.problems.push(Problem::of_form(reference, origin, why));
            }
        }
    }

    /// Adds an object of a kind that is not evaluated. Kinds that have no say in who reaches what are passed over.
    pub fn add_unmodelled(&mut self, group: &str, kind: &str, json: &str, origin: Option<Origin>) {
        let Some(known) = UnmodelledKind::of(group, kind) else {
            self.passed_over += 1;
            return;
        };
        match heading((kind, known.is_namespaced), &self.default_namespace, json, origin) {
            Ok((reference, _)) => {
                let object = Kept::new(reference.clone(), json, origin, None);
                let value = Unmodelled { group: group.to_owned(), affects: known.affects, object };
                self.unmodelled.entry(group.to_owned()).or_default().push(Given { reference, origin, value });
            }
            Err(problem) => self.problems.push(problem.of_group(group)),
        }
    }

    /// Notes a document that cannot be read.
    pub fn add_broken(&mut self, source: SourceId, error: &DocumentError) {
        let origin = Origin { source, position: Some(error.position) };
        self.add_unreadable(origin, error.problem.to_string());
    }

    /// Notes a file, or a part of one, that cannot be read, and why.
    pub fn add_unreadable(&mut self, origin: Origin, why: String) {
        let kind = ProblemKind::Unreadable(why);
        self.problems.push(Problem { object: None, origin: Some(origin), kind, group: None });
    }

    /// The snapshot of all objects that were added, and of those that the builder began with.
    pub fn finish(mut self) -> Snapshot {
        let given = settle(self.given, None, &mut self.problems);
        let mut draft = Draft::of(self.base, given.len());
        self.removed.iter().for_each(|object| draft.remove(object));
        for Given { reference, value, .. } in given {
            draft.put(&reference, value);
        }
        for (group, given) in self.unmodelled {
            let given = settle(given, Some(&group), &mut self.problems);
            for Given { value, .. } in given {
                draft.put_unmodelled(value);
            }
        }
        self.problems.into_iter().for_each(|problem| draft.add_problem(problem));
        draft.set_sources(self.sources, self.passed_over);
        draft.finish()
    }
}
