//! Objects of a file that are not read any further than to tell their kind and place, which is all that a snapshot of a
//! large cluster has time for.

use std::borrow::Cow;
use std::{iter, vec};

use serde_json::Value as Json;

use super::items::may_be_list;
use super::json_list::{DEPTH_OF_ITEMS, JsonList};
use super::plain_json::{self, Look};
use super::{Document, DocumentError, Inherited, Unfolder, reader, split};
use crate::model::{Source, Span, Text};

/// One Kubernetes object of a file, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct RawDocument<'a> {
    api_version: Text<'a>,
    kind: Text<'a>,
    start: usize,
    body: Body<'a>,
}

#[derive(Clone, Debug, PartialEq)]
enum Body<'a> {
    Json(Cow<'a, str>),
    Nodes(Document<'a>),
}

type Read<'a> = Result<RawDocument<'a>, DocumentError>;

impl<'a> RawDocument<'a> {
    /// Reads the objects of a text: the same as [`Document::read_all`] does, with the same errors.
    ///
    /// JSON as kubectl prints it is handed out as it is written. All else is read into a [`Document`].
    pub fn read_all<'s>(source: &'s Source<'a>) -> impl Iterator<Item = Read<'a>> + use<'a, 's> {
        split::split(source.text()).into_iter().flat_map(move |span| read_stretch(source, span))
    }

    /// API group; empty for the core group.
    pub fn group(&self) -> &str {
        super::group(&self.api_version)
    }

    /// API group and version.
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// Kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Where the object begins, as an offset in its source.
    pub const fn start(&self) -> usize {
        self.start
    }

    /// The object as JSON, with white space as it was written.
    ///
    /// # Errors
    /// None that is known of; the serializer's signature has one.
    pub fn json(&self) -> serde_json::Result<Cow<'_, str>> {
        match &self.body {
            Body::Json(json) => Ok(Cow::Borrowed(json)),
            Body::Nodes(document) => document.json().map(Cow::Owned),
        }
    }

    /// The object that stands in a text; `None` if it takes more than a look to read it.
    fn plain(source: &Source<'a>, text: &'a str, look: Look<'a>, list: &Heading<'a>) -> Option<Self> {
        let own = [("apiVersion", look.api_version.is_some()), ("kind", look.kind.is_some())];
        let api_version = look.api_version.or_else(|| list.api_version.clone()).filter(|text| !text.is_empty())?;
        let kind = look.kind.or_else(|| list.kind.clone()).filter(|text| !text.is_empty())?;
        let is_list = look.has_items && kind.ends_with("List");
        (look.is_plain && !is_list).then_some(())?;
        let missing = own.iter().zip([&api_version, &kind]).filter(|((_, is_own), _)| !is_own);
        let json = completed(text, missing.map(|((key, _), value)| (*key, value.as_str())));
        let first_key = text.find('"').or_else(|| text.find('{')).unwrap_or_default();
        let start = offset(source, text) + first_key;
        Some(Self { api_version, kind, start, body: Body::Json(json) })
    }
}

impl<'a> From<Document<'a>> for RawDocument<'a> {
    fn from(document: Document<'a>) -> Self {
        Self {
            api_version: Text::from(document.api_version().to_owned()),
            kind: Text::from(document.kind().to_owned()),
            start: document.start().start,
            body: Body::Nodes(document),
        }
    }
}

fn read_stretch<'a, 's>(source: &'s Source<'a>, span: Span) -> Box<dyn Iterator<Item = Read<'a>> + 's> {
    let text = source.slice(span);
    if text.trim_start().starts_with('{') && plain_json::has_plain_characters(text) {
        if let Some(items) = Items::of(source, text) {
            return Box::new(items.flatten());
        }
        let look = plain_json::look(text, 0);
        let plain = look.and_then(|look| RawDocument::plain(source, text, look, &Heading::default()));
        if let Some(document) = plain {
            return Box::new(iter::once(Ok(document)));
        }
    }
    Box::new(Document::read_stretch(source, span).map(|document| document.map(RawDocument::from)))
}

/// Where a part of the text of a source begins in it.
fn offset(source: &Source<'_>, part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(source.text().as_ptr().addr())
}

/// What the items of a typed list need not say themselves; nothing for others.
#[derive(Clone, Debug, Default)]
struct Heading<'a> {
    api_version: Option<Text<'a>>,
    kind: Option<Text<'a>>,
}

impl<'a> Heading<'a> {
    fn of(list: &JsonList<'a>) -> Self {
        let kind = list.kind.strip_suffix("List").filter(|kind| !kind.is_empty());
        match (&list.api_version, kind) {
            (Some(api_version), Some(kind)) => {
                Self { api_version: Some(api_version.clone()), kind: Some(Text::from(kind.to_owned())) }
            }
            _ => Self::default(),
        }
    }
}

/// The items of a list of JSON, which are looked at all together beforehand: what is not JSON to readers of YAML spoils
/// the list, and not only an item.
struct Items<'a, 's> {
    source: &'s Source<'a>,
    heading: Heading<'a>,
    looks: vec::IntoIter<(&'a str, Look<'a>)>,
    has_ended: bool,
}

impl<'a, 's> Items<'a, 's> {
    fn of(source: &'s Source<'a>, text: &'a str) -> Option<Self> {
        let list = JsonList::of(text).filter(|_| may_be_list(text))?;
        let heading = Heading::of(&list);
        let looks = list.items.into_iter().map(|item| Some((item, plain_json::look(item, DEPTH_OF_ITEMS)?)));
        let looks = looks.collect::<Option<Vec<_>>>()?.into_iter();
        Some(Self { source, heading, looks, has_ended: false })
    }

    /// Reads an item that is not plain. After one that cannot be read there are no more.
    fn read(&mut self, item: &'a str) -> Vec<Read<'a>> {
        let start = offset(self.source, item);
        match reader::read_value(self.source, Span::new(start, start + item.len()), DEPTH_OF_ITEMS) {
            Ok(node) => {
                let inherited = Inherited::new(self.heading.api_version.clone(), self.heading.kind.clone());
                let documents = Unfolder { source: self.source }.unfold(inherited.complete(node));
                documents.into_iter().map(|document| document.map(RawDocument::from)).collect()
            }
            Err(error) => {
                self.has_ended = true;
                vec![Err(error)]
            }
        }
    }
}

impl<'a> Iterator for Items<'a, '_> {
    type Item = Vec<Read<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let (item, look) = self.looks.next()?;
        let plain = RawDocument::plain(self.source, item, look, &self.heading);
        Some(plain.map_or_else(|| self.read(item), |document| vec![Ok(document)]))
    }
}

/// The text of an object with further entries.
fn completed<'a, 'e>(object: &'a str, entries: impl Iterator<Item = (&'e str, &'e str)>) -> Cow<'a, str> {
    let entries: Vec<String> = entries.map(|(key, value)| format!("\"{key}\":{}", Json::from(value))).collect();
    if entries.is_empty() {
        return Cow::Borrowed(object);
    }
    let own = object.trim_start().strip_prefix('{').unwrap_or(object);
    let comma = if own.trim_start().starts_with('}') { "" } else { "," };
    Cow::Owned(format!("{{{}{comma}{own}", entries.join(",")))
}

#[cfg(test)]
mod tests;
