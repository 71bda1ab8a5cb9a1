//! The items of a list, such as `kubectl get` prints, one by one: a list may be larger than all else, and nobody needs
//! the whole of it at once.

use std::collections::HashSet;

use granit_parser::Event;

use super::node::{Entry, Node};
use super::problem::DocumentError;
use super::reader::Reader;
use crate::model::{Source, Span, Text};

/// The items of one list, in their order. After an error there are no more.
pub(super) struct Items<'a, 's> {
    reader: Reader<'a, 's>,
    /// What the list says of itself: `apiVersion` and `kind`.
    pub(super) heading: Vec<Entry<'a>>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Within,
    After,
}

impl<'a, 's> Items<'a, 's> {
    /// The items of the list that is all that stands in a stretch of text; `None` if anything else stands there, or
    /// anything that is wrong with it outside of the items.
    pub(super) fn of(source: &'s Source<'a>, span: Span) -> Option<Self> {
        let text = source.slice(span);
        if !may_be_list(text) {
            return None;
        }
        // Its kind comes after its items, so the whole list is looked through for it first.
        let heading = heading(Reader::new(source, span))?;
        let kind = heading.iter().find(|entry| entry.key == "kind")?.value.text()?;
        kind.ends_with("List").then(|| Self { reader: Reader::new(source, span), heading, state: State::Before })
    }

    fn item(&mut self) -> Result<Option<Node<'a>>, DocumentError> {
        if self.state == State::Before {
            self.reader.begin_map()?;
            while let Some(key) = self.reader.key()? {
                let (event, span) = self.reader.expect_event(Span::default())?;
                if key == "items" {
                    self.state = State::Within;
                    break;
                }
                // It may hold anchors that items refer to.
                self.reader.node(event, span, 1)?;
            }
        }
        if self.state != State::Within {
            return Ok(None);
        }
        match self.reader.expect_event(Span::default())? {
            (Event::SequenceEnd, _) => Ok(None),
            (event, span) => self.reader.node(event, span, 2).map(Some),
        }
    }
}

impl<'a> Iterator for Items<'a, '_> {
    type Item = Result<Node<'a>, DocumentError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::After {
            return None;
        }
        let item = self.item().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.state = State::After;
        }
        item
    }
}

/// Whether a text has the words for a list. One that spells them with escapes is read in one go.
pub(super) fn may_be_list(text: &str) -> bool {
    text.contains("List") && text.contains("items")
}

/// What the only map of a text says of itself if it has a list of items.
fn heading<'a>(mut reader: Reader<'a, '_>) -> Option<Vec<Entry<'a>>> {
    let mut heading = Vec::new();
    let mut keys: HashSet<Text<'a>> = HashSet::new();
    let mut has_items = false;
    reader.begin_map().ok()?.then_some(())?;
    while let Some(key) = reader.key().ok()? {
        let (event, span) = reader.expect_event(Span::default()).ok()?;
        has_items |= key == "items" && matches!(event, Event::SequenceStart(_, 0, _));
        if key == "kind" || key == "apiVersion" {
            let value = reader.node(event, span, 1).ok()?;
            heading.push(Entry { key: key.clone(), key_span: span, value });
        } else {
            reader.pass_over(&event).ok()?;
        }
        if key == "<<" || !keys.insert(key) {
            return None;
        }
    }
    (has_items && reader.is_at_end()).then_some(heading)
}
