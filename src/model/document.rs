//! Kubernetes objects as people write them: YAML or JSON files, with the place of every field remembered.

mod bookkeeping;
mod compact;
mod items;
mod json_list;
mod merge;
pub mod node;
mod plain_json;
mod problem;
mod raw;
mod reader;
mod scalar;
mod split;
pub mod yaml;

use std::iter;

pub use bookkeeping::without_bookkeeping;
pub use compact::compact;
pub use problem::{DocumentError, Problem};
pub use raw::RawDocument;

use crate::model::{FieldPath, Source, Span, Text};
use items::Items;
use node::{Entry, Node, Value};

/// One Kubernetes object of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    api_version: String,
    kind: String,
    start: Span,
    root: Node<'a>,
}

impl<'a> Document<'a> {
    /// Reads the objects of a multi-document YAML file or a stream of JSON objects, in the order of the file.
    ///
    /// Lists (`kind: List`, and typed ones such as `PodList`) are unfolded into their items. Empty documents are passed
    /// over. A broken document is an error in the place of its objects and does not touch the others; a list is read item
    /// by item, and what is broken in an item ends it there.
    pub fn read_all<'s>(source: &'s Source<'a>) -> impl Iterator<Item = Result<Self, DocumentError>> + use<'a, 's> {
        Self::read_where(source, |_| true)
    }

    /// Like [`Self::read_all`], of those documents only whose text is wanted. Nothing is read of the others.
    pub fn read_where<'s, W: Fn(&str) -> bool>(
        source: &'s Source<'a>,
        is_wanted: W,
    ) -> impl Iterator<Item = Result<Self, DocumentError>> + use<'a, 's, W> {
        let wanted = split::split(source.text()).into_iter().filter(move |span| is_wanted(source.slice(*span)));
        wanted.flat_map(move |span| Self::read_stretch(source, span))
    }

    fn read_stretch<'s>(
        source: &'s Source<'a>,
        span: Span,
    ) -> Box<dyn Iterator<Item = Result<Self, DocumentError>> + 's> {
        let unfolder = Unfolder { source };
        if let Some(items) = Items::of(source, span) {
            let inherited = Inherited::from(&items.heading);
            return Box::new(items.flat_map(move |item| match item {
                Ok(item) => unfolder.unfold(inherited.complete(item)),
                Err(error) => vec![Err(error)],
            }));
        }
        match reader::read(source, span) {
            Ok(roots) => Box::new(roots.into_iter().flat_map(move |root| unfolder.unfold(root))),
            Err(error) => Box::new(iter::once(Err(error))),
        }
    }

    /// API group and version, such as `networking.k8s.io/v1`.
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// API group, such as `networking.k8s.io`; empty for the core group.
    pub fn group(&self) -> &str {
        group(&self.api_version)
    }

    /// Kind, such as `NetworkPolicy`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// `metadata.name`; empty when it is absent.
    pub fn name(&self) -> &str {
        self.metadata("name").unwrap_or_default()
    }

    /// `metadata.generateName`; empty when it is absent.
    pub fn generate_name(&self) -> &str {
        self.metadata("generateName").unwrap_or_default()
    }

    /// `metadata.namespace`, unless it is absent or empty.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata("namespace").filter(|namespace| !namespace.is_empty())
    }

    /// The value of one of the object's own labels.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.root.get("metadata")?.get("labels")?.get(key)?.text()
    }

    /// The object with all its places.
    pub const fn root(&self) -> &Node<'a> {
        &self.root
    }

    /// Where the object begins.
    pub const fn start(&self) -> Span {
        self.start
    }

    /// Where to point for a field: at its value when that fits on one line, and at its key otherwise. For a field that
    /// does not exist it is the closest ancestor that does.
    pub fn place_of(&self, path: &FieldPath) -> Span {
        self.root.place_of(path, self.start)
    }

    /// The object as JSON, which is what kubectl would send.
    ///
    /// # Errors
    /// None that is known of; the serializer's signature has one.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&self.root)
    }

    fn metadata(&self, key: &str) -> Option<&str> {
        self.root.get("metadata")?.get(key)?.text()
    }
}

/// The API group of a group and version.
fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// Turns the root of a document into the objects that it holds.
struct Unfolder<'s, 'a> {
    source: &'s Source<'a>,
}

impl<'a> Unfolder<'_, 'a> {
    fn unfold(&self, root: Node<'a>) -> Vec<Result<Document<'a>, DocumentError>> {
        let is_list = root.get("kind").and_then(Node::text).is_some_and(|kind| kind.ends_with("List"));
        let has_items = root.get("items").is_some_and(|items| matches!(items.value, Value::List(_)));
        if is_list && has_items { self.unfold_list(root) } else { vec![self.document(root)] }
    }

    fn unfold_list(&self, root: Node<'a>) -> Vec<Result<Document<'a>, DocumentError>> {
        let Value::Map(mut entries) = root.value else { return Vec::new() };
        let Some(items) = take_items(&mut entries) else { return Vec::new() };
        let inherited = Inherited::from(&entries);
        items.into_iter().flat_map(|item| self.unfold(inherited.complete(item))).collect()
    }

    fn document(&self, root: Node<'a>) -> Result<Document<'a>, DocumentError> {
        let start = start_of(&root);
        let error = |problem| DocumentError { problem, position: self.source.position(start.start), span: start };
        if !matches!(root.value, Value::Map(_)) {
            return Err(error(Problem::NotAnObject));
        }
        let text = |key| {
            let value = root.get(key).and_then(Node::text).filter(|text| !text.is_empty());
            value.map(str::to_owned).ok_or_else(|| error(Problem::Missing(key)))
        };
        Ok(Document { api_version: text("apiVersion")?, kind: text("kind")?, start, root })
    }
}

/// What the items of a typed list, such as the `PodList` of the API, need not say themselves.
struct Inherited<'a> {
    entries: Vec<Entry<'a>>,
}

impl<'a> Inherited<'a> {
    fn from(list: &[Entry<'a>]) -> Self {
        let own = list.iter().filter(|entry| matches!(entry.key.as_str(), "apiVersion" | "kind"));
        let entries = own.cloned().filter_map(|mut entry| {
            if entry.key == "kind" {
                let kind = entry.value.text()?.strip_suffix("List").filter(|kind| !kind.is_empty())?.to_owned();
                entry.value.value = Value::Text(kind.into());
            }
            Some(entry)
        });
        let entries: Vec<_> = entries.collect();
        // The items of a plain `kind: List` may be of any kind, and must say it.
        if entries.len() < 2 { Self { entries: Vec::new() } } else { Self { entries } }
    }

    /// What a list of JSON says.
    fn new(api_version: Option<Text<'a>>, kind: Option<Text<'a>>) -> Self {
        let entry = |key, text| Entry {
            key: Text::from(key),
            key_span: Span::default(),
            value: Node { value: Value::Text(text), span: Span::default() },
        };
        let entries = [api_version.map(|it| entry("apiVersion", it)), kind.map(|it| entry("kind", it))];
        Self { entries: entries.into_iter().flatten().collect() }
    }

    /// The item with what it does not say itself. It begins where it did.
    fn complete(&self, mut item: Node<'a>) -> Node<'a> {
        let start = start_of(&item);
        if let Value::Map(entries) = &mut item.value {
            let missing: Vec<_> = self.entries.iter().filter(|own| !has_key(entries, &own.key)).cloned().collect();
            entries.extend(missing.into_iter().map(|entry| Entry { key_span: start, ..entry }));
        }
        item
    }
}

fn has_key(entries: &[Entry<'_>], key: &str) -> bool {
    entries.iter().any(|entry| &*entry.key == key)
}

fn take_items<'a>(entries: &mut Vec<Entry<'a>>) -> Option<Vec<Node<'a>>> {
    let index = entries.iter().position(|entry| entry.key == "items")?;
    match entries.swap_remove(index).value.value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

/// The first key of an object, which is what one sees of it first; or where the document begins.
fn start_of(root: &Node<'_>) -> Span {
    root.entries().iter().map(|entry| entry.key_span).min_by_key(|span| span.start).unwrap_or(root.span)
}

#[cfg(test)]
mod tests;
