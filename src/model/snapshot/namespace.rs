//! Namespaces and what is known of their labels.

use std::borrow::Cow;
use std::sync::Arc;

use imbl::OrdMap;

use crate::model::labels::Labels;
use crate::model::snapshot::Origin;
use crate::model::snapshot::counted::Counted;
use crate::model::{ObjectReference, Resource};

/// The label that the API server puts on every namespace (KEP-2161).
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    name: String,
    /// `None` where the object itself was not given.
    labels: Option<Labels<'static>>,
    annotations: Labels<'static>,
    origin: Option<Origin>,
}

impl Namespace {
    /// A namespace whose object is known.
    pub const fn new(name: String, labels: Labels<'static>) -> Self {
        Self { name, labels: Some(labels), annotations: Labels::none(), origin: None }
    }

    /// The same with these annotations.
    #[must_use]
    pub fn with_annotations(self, annotations: Labels<'static>) -> Self {
        Self { annotations, ..self }
    }

    /// A namespace of which only the name is known.
    pub const fn named(name: String) -> Self {
        Self { name, labels: None, annotations: Labels::none(), origin: None }
    }

    /// The same, which stands there.
    #[must_use]
    pub fn at(self, origin: Option<Origin>) -> Self {
        Self { origin, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The object.
    pub fn reference(&self) -> ObjectReference {
        ObjectReference { kind: Resource::Namespace.kind().to_owned(), namespace: None, name: self.name.clone() }
    }

    /// Where it stands; `None` if it comes from no file.
    pub const fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// Whether the object itself is given, so that its labels are known.
    pub const fn is_given(&self) -> bool {
        self.labels.is_some()
    }

    /// Its labels, without the one that the API server puts on it; `None` where the object itself was not given.
    pub const fn labels(&self) -> Option<&Labels<'static>> {
        self.labels.as_ref()
    }

    /// Its annotations; none where the object itself was not given.
    pub const fn annotations(&self) -> &Labels<'static> {
        &self.annotations
    }

    /// The value of a label: `Some(Some(value))` for one that is known to be there, `Some(None)` for one that is known
    /// to be absent, `None` where it is not known. The label [`NAME_LABEL`] is always known.
    pub fn label(&self, key: &str) -> Option<Option<&str>> {
        if key == NAME_LABEL {
            return Some(Some(&self.name));
        }
        self.labels.as_ref().map(|labels| labels.get(key))
    }
}

/// All namespaces that are given or that objects are in.
#[derive(Clone, Debug, Default)]
pub struct Namespaces {
    all: OrdMap<String, Arc<Namespace>>,
    /// One for every object that is in a namespace.
    inhabited: Counted<String>,
}

impl Namespaces {
    /// The namespace of this name; one of which only the name is known where it was not given.
    pub fn get(&self, name: &str) -> Cow<'_, Namespace> {
        self.find(name).map_or_else(|| Cow::Owned(Namespace::named(name.to_owned())), Cow::Borrowed)
    }

    /// The namespace of this name, if an object is in it or it was given.
    pub fn find(&self, name: &str) -> Option<&Namespace> {
        self.all.get(name).map(|namespace| &**namespace)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Namespace> {
        self.all.values().map(|namespace| &**namespace)
    }

    /// Puts a namespace that is given, instead of what was known of it before.
    pub(super) fn give(&mut self, namespace: Namespace) {
        self.all.insert(namespace.name.clone(), Arc::new(namespace));
    }

    /// Takes back what was given; the name stays as long as an object is in the namespace. Whether any was given.
    pub(super) fn take(&mut self, name: &str) -> bool {
        if !self.find(name).is_some_and(Namespace::is_given) {
            return false;
        }
        if self.inhabited.contains(name) {
            self.give(Namespace::named(name.to_owned()));
        } else {
            self.all.remove(name);
        }
        true
    }

    /// Notes that one more object is in a namespace. Those of the cluster are in the empty one, which is none.
    pub(super) fn enter(&mut self, name: &str) {
        let is_first = !name.is_empty() && self.inhabited.add(name, || name.to_owned());
        if is_first && self.find(name).is_none() {
            self.give(Namespace::named(name.to_owned()));
        }
    }

    /// Notes that one less is in it.
    pub(super) fn leave(&mut self, name: &str) {
        let was_last = self.inhabited.remove(name);
        if was_last && !self.find(name).is_some_and(Namespace::is_given) {
            self.all.remove(name);
        }
    }
}

impl FromIterator<Namespace> for Namespaces {
    /// Of several with the same name, one with labels wins.
    fn from_iter<I: IntoIterator<Item = Namespace>>(namespaces: I) -> Self {
        let mut all = Self::default();
        for namespace in namespaces {
            if !all.find(&namespace.name).is_some_and(Namespace::is_given) {
                all.give(namespace);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_label_is_known_even_where_nothing_else_is() {
        let namespaces = Namespaces::default();
        let namespace = namespaces.get("shop");
        assert_eq!(namespace.label(NAME_LABEL), Some(Some("shop")));
        assert_eq!(namespace.label("team"), None);
    }

    #[test]
    fn a_namespace_that_is_given_wins_over_one_that_is_only_named() {
        let given = Namespace::new("shop".to_owned(), Labels::from_iter([("team", "a")]));
        for order in
            [[Namespace::named("shop".to_owned()), given.clone()], [given, Namespace::named("shop".to_owned())]]
        {
            let namespaces = Namespaces::from_iter(order);
            assert_eq!(namespaces.get("shop").label("team"), Some(Some("a")));
            assert_eq!(namespaces.get("shop").label("none"), Some(None));
        }
    }
}
