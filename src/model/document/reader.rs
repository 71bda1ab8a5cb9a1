//! One stretch of YAML or JSON read into nodes: anchors, aliases and merge keys resolved, duplicate keys refused.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, StrInput, StructureStyle, Tag};

use super::node::{Entry, Node, Value};
use super::problem::{DocumentError, Problem};
use super::{merge, scalar};
use crate::model::{Source, Span, Text};

/// Deeper than any Kubernetes object, and shallow enough for every JSON parser that comes after us.
pub(super) const DEEPEST: usize = 120;

/// How many values the aliases of one document may stand for. Real manifests have a few thousand.
const MOST_COPIES: usize = 1_000_000;

/// Reads all documents of a stretch of a text. Documents that are empty or null are left out.
pub(super) fn read<'a>(source: &Source<'a>, span: Span) -> Result<Vec<Node<'a>>, DocumentError> {
    let mut reader = Reader::new(source, span);
    let mut roots = Vec::new();
    while let Some((event, span)) = reader.next_event()? {
        match event {
            Event::StreamStart | Event::DocumentEnd => {}
            Event::DocumentStart(..) => reader.begin_document(),
            Event::StreamEnd => break,
            node => roots.push(reader.node(node, span, 0)?),
        }
    }
    roots.retain(|root| root.value != Value::Null);
    Ok(roots)
}

/// Reads the only value of a stretch of a text, which is `depth` levels deep in its document.
pub(super) fn read_value<'a>(source: &Source<'a>, span: Span, depth: usize) -> Result<Node<'a>, DocumentError> {
    let mut reader = Reader::new(source, span);
    loop {
        match reader.expect_event(span)? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (event, span) => return reader.node(event, span, depth),
        }
    }
}

/// Turns events of the parser into nodes.
pub(super) struct Reader<'a, 's> {
    parser: Parser<'a, StrInput<'a>>,
    source: &'s Source<'a>,
    /// Where the stretch begins in the source; the parser counts from there.
    offset: usize,
    anchors: HashMap<usize, Node<'a>>,
    copies: usize,
}

impl<'a, 's> Reader<'a, 's> {
    pub(super) fn new(source: &'s Source<'a>, span: Span) -> Self {
        let parser = Parser::new_from_str_with_options(source.slice(span), options());
        Self { parser, source, offset: span.start, anchors: HashMap::new(), copies: 0 }
    }

    fn begin_document(&mut self) {
        self.anchors.clear();
        self.copies = 0;
    }

    /// Goes to the first key of the map that the text begins with; `false` if it begins with anything else.
    pub(super) fn begin_map(&mut self) -> Result<bool, DocumentError> {
        loop {
            match self.next_event()? {
                Some((Event::StreamStart | Event::DocumentStart(..), _)) => {}
                event => return Ok(matches!(event, Some((Event::MappingStart(_, 0, None), _)))),
            }
        }
    }

    /// The next key of the map; `None` at its end, and for a key that is no text.
    pub(super) fn key(&mut self) -> Result<Option<Text<'a>>, DocumentError> {
        Ok(match self.next_event()? {
            Some((Event::Scalar(Cow::Borrowed(key), _, 0, None), _)) => Some(Text::from(key)),
            _ => None,
        })
    }

    /// Goes to the end of the value that begins with this event.
    pub(super) fn pass_over(&mut self, first: &Event<'_>) -> Result<(), DocumentError> {
        let mut depth = level(first);
        while depth > 0 {
            let (event, _) = self.expect_event(Span::default())?;
            depth += level(&event);
        }
        Ok(())
    }

    /// Whether the document that was read is the last.
    pub(super) fn is_at_end(&mut self) -> bool {
        let ends = |event: &Event<'_>| matches!(event, Event::DocumentEnd | Event::StreamEnd);
        while let Ok(Some((event, _))) = self.next_event() {
            if event == Event::StreamEnd || !ends(&event) {
                return event == Event::StreamEnd;
            }
        }
        false
    }

    fn next_event(&mut self) -> Result<Option<(Event<'a>, Span)>, DocumentError> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, self.span(span)))),
            Some(Err(error)) => Err(self.syntax_error(&error)),
        }
    }

    /// The value that begins with this event.
    pub(super) fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node<'a>, DocumentError> {
        if depth > DEEPEST {
            return Err(self.error(span, Problem::TooDeep(DEEPEST)));
        }
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (self.scalar(text, style, tag.as_deref(), span)?, anchor),
            Event::SequenceStart(style, anchor, _) => (self.list(style, span, depth)?, anchor),
            Event::MappingStart(style, anchor, _) => (self.map(style, span, depth)?, anchor),
            Event::Alias(anchor) => return self.alias(anchor, span),
            other => return Err(self.error(span, Problem::Syntax(format!("unexpected {other:?}")))),
        };
        if anchor != 0 {
            self.count_copies(&node, span)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn scalar(
        &self,
        text: Cow<'a, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Node<'a>, DocumentError> {
        let text = match text {
            Cow::Borrowed(text) => Text::from(text),
            Cow::Owned(text) => Text::from(text),
        };
        let value = match tag {
            None if style == ScalarStyle::Plain => scalar::plain(text),
            None => Ok(Value::Text(text)),
            Some(tag) => scalar::tagged(tag.core_suffix().unwrap_or_default(), text),
        };
        let value = value.map_err(|problem| self.error(span, problem))?;
        let span = if self.is_on_one_line(span) { span } else { Span::new(span.start, span.start) };
        Ok(Node { value, span })
    }

    fn list(&mut self, style: StructureStyle, start: Span, depth: usize) -> Result<Node<'a>, DocumentError> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.expect_event(start)?;
            if event == Event::SequenceEnd {
                return Ok(Node { value: Value::List(items), span: self.collection_span(style, start, span) });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, style: StructureStyle, start: Span, depth: usize) -> Result<Node<'a>, DocumentError> {
        let mut entries = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.expect_event(start)?;
            if event == Event::MappingEnd {
                self.refuse_duplicates(&entries)?;
                merge::into(&mut entries, merged);
                return Ok(Node { value: Value::Map(entries), span: self.collection_span(style, start, span) });
            }
            let is_merge = is_merge_key(&event);
            let key = self.node(event, span, depth + 1)?;
            let (event, value_span) = self.expect_event(start)?;
            let value = self.node(event, value_span, depth + 1)?;
            if is_merge {
                merged.extend(merge::sources(value).map_err(|problem| self.error(span, problem))?);
            } else {
                let key = key_text(key.value).ok_or_else(|| self.error(span, Problem::KeyIsNotText))?;
                entries.push(Entry { key, key_span: span, value });
            }
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node<'a>, DocumentError> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(self.error(span, Problem::EndlessAlias));
        };
        self.count_copies(&node, span)?;
        Ok(node)
    }

    fn count_copies(&mut self, node: &Node<'_>, span: Span) -> Result<(), DocumentError> {
        self.copies += node.size();
        if self.copies > MOST_COPIES {
            return Err(self.error(span, Problem::TooManyAliases(MOST_COPIES)));
        }
        Ok(())
    }

    fn refuse_duplicates(&self, entries: &[Entry<'_>]) -> Result<(), DocumentError> {
        let mut sorted: Vec<&Entry<'_>> = entries.iter().collect();
        sorted.sort_by(|left, right| left.key.cmp(&right.key));
        let twins = sorted.array_windows().find(|[left, right]| left.key == right.key);
        let Some([first, second]) = twins else { return Ok(()) };
        let problem = Problem::DuplicateKey {
            key: first.key.as_str().to_owned(),
            first: self.source.position(first.key_span.start),
        };
        Err(self.error(second.key_span, problem))
    }

    pub(super) fn expect_event(&mut self, start: Span) -> Result<(Event<'a>, Span), DocumentError> {
        let event = self.next_event()?;
        event.ok_or_else(|| self.error(start, Problem::Syntax("the text ends in the middle".to_owned())))
    }

    /// A collection in flow style stands at its brackets when they are on one line; others only begin somewhere.
    fn collection_span(&self, style: StructureStyle, start: Span, end: Span) -> Span {
        let whole = Span::new(start.start, end.end);
        if style == StructureStyle::Flow && self.is_on_one_line(whole) {
            return whole;
        }
        Span::new(start.start, start.start)
    }

    fn is_on_one_line(&self, span: Span) -> bool {
        !self.source.slice(span).contains('\n')
    }

    fn span(&self, span: granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or_default();
        Span::new(self.offset + range.start, self.offset + range.end)
    }

    fn syntax_error(&self, error: &ScanError) -> DocumentError {
        let offset = self.offset + error.marker().byte_offset().unwrap_or_default();
        self.error(Span::new(offset, offset), Problem::Syntax(error.info()))
    }

    fn error(&self, span: Span, problem: Problem) -> DocumentError {
        DocumentError { problem, position: self.source.position(span.start), span }
    }
}

/// Any number of comments is fine; depth is our own limit, which has its own sentence. Keys stay limited to 1024
/// characters: to allow longer ones the parser would hold a whole JSON file back until its last bracket.
fn options() -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = usize::MAX;
    options.block_nesting_limit = usize::MAX;
    options
}

/// How many levels deeper one is after an event.
fn level(event: &Event<'_>) -> isize {
    match event {
        Event::SequenceStart(..) | Event::MappingStart(..) => 1,
        Event::SequenceEnd | Event::MappingEnd => -1,
        _ => 0,
    }
}

fn is_merge_key(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<")
}

/// A key as JSON has it: numbers and truth values become strings.
fn key_text(value: Value<'_>) -> Option<Text<'_>> {
    match value {
        Value::Text(text) => Some(text),
        Value::Number(number) => Some(Text::from(number.to_string())),
        Value::Bool(value) => Some(Text::from(value.to_string())),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}
