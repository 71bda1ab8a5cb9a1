//! A value as it was written: what it is, and where it stands.

use serde::ser::{Serialize, Serializer};
use serde_json::Number;

use crate::model::field_path::{FieldPath, Segment};
use crate::model::{Span, Text};

/// A value of a document together with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// What it is.
    pub value: Value<'a>,
    /// Where it stands. For maps and lists in block style it is the place of the first element.
    pub span: Span,
}

/// A JSON value that borrows from the text it was read from whenever it can.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`, or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Text<'a>),
    /// A list.
    List(Vec<Node<'a>>),
    /// A map, in the order in which it was written. No key occurs twice.
    Map(Vec<Entry<'a>>),
}

/// One key of a map and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    /// The key.
    pub key: Text<'a>,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The entries, when this is a map; none otherwise.
    pub fn entries(&self) -> &[Entry<'a>] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items, when this is a list; none otherwise.
    pub fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text, when this is a string.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entry of a key, when this is a map that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries().iter().find(|entry| &*entry.key == key)
    }

    /// The value of a key, when this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of a field, when it exists.
    pub fn find(&self, path: &FieldPath) -> Option<&Self> {
        path.segments().iter().try_fold(self, |node, segment| match segment {
            Segment::Key(key) => node.get(key),
            Segment::Index(index) => node.items().get(*index),
        })
    }

    /// Where to point for a field: at its value when that fits on one line, and at its key otherwise. For a field that
    /// does not exist it is the place of the closest ancestor that does.
    ///
    /// `start` is the place for the object itself.
    pub fn place_of(&self, path: &FieldPath, start: Span) -> Span {
        let mut node = self;
        let mut place = start;
        for segment in path.segments() {
            let (child, name) = match segment {
                Segment::Key(key) => match node.entry(key) {
                    Some(entry) => (&entry.value, entry.key_span),
                    None => break,
                },
                Segment::Index(index) => match node.items().get(*index) {
                    Some(item) => (item, item.head()),
                    None => break,
                },
            };
            place = if child.is_inline() { child.span } else { name };
            node = child;
        }
        place
    }

    /// What one sees first of an item: its first key, when it is a map.
    fn head(&self) -> Span {
        self.entries().first().map_or(self.span, |entry| entry.key_span)
    }

    /// Whether the whole value stands at its span: a scalar, or a map or list in flow style.
    fn is_inline(&self) -> bool {
        !self.span.is_empty()
    }

    /// How many values this is made of, itself included.
    pub(super) fn size(&self) -> usize {
        let children: usize = match &self.value {
            Value::List(items) => items.iter().map(Self::size).sum(),
            Value::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
            _ => 0,
        };
        children + 1
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => number.serialize(serializer),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Map(entries) => serializer.collect_map(entries.iter().map(|entry| (&*entry.key, &entry.value))),
        }
    }
}
