//! The lines of a file that a finding is about, with a pointer under the place.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Origin, Snippet};

use crate::model::Span;
use crate::report::File;

/// Lines longer than this many bytes, as in JSON without line breaks, are not shown: nobody would find the place.
const LONGEST_LINE: usize = 2_000;

/// Places further apart than this many lines are told by position only.
const MOST_LINES: usize = 400;

/// A place to point at, and what to write beside the pointer.
pub(super) struct Place {
    pub(super) span: Span,
    pub(super) label: String,
}

/// The excerpt for one place that needs no label.
pub(super) fn single(file: File<'_>, span: Span) -> Element<'_> {
    of(file, &[Place { span, label: String::new() }])
}

/// The excerpt that shows all these places.
pub(super) fn of<'a>(file: File<'a>, places: &[Place]) -> Element<'a> {
    let line_of = |place: &Place| file.source.position(place.span.start).line;
    let first = places.iter().map(line_of).min().unwrap_or(1);
    let last = places.iter().map(line_of).max().unwrap_or(1);
    let shown = file.source.lines(first, last);
    let text = file.source.slice(shown);
    if last - first > MOST_LINES || text.lines().any(|line| line.len() > LONGEST_LINE) {
        return position(file, places);
    }
    let annotations = places.iter().enumerate().map(|(index, place)| {
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(within(shown, place.span));
        if place.label.is_empty() { annotation } else { annotation.label(place.label.clone()) }
    });
    Snippet::source(text).line_start(first).path(file.name).annotations(annotations).into()
}

/// A span of the file as a range of bytes within the lines that are shown.
fn within(shown: Span, span: Span) -> Range<usize> {
    let end = span.end.clamp(span.start, shown.end.max(span.start));
    span.start.saturating_sub(shown.start)..end.saturating_sub(shown.start)
}

fn position<'a>(file: File<'a>, places: &[Place]) -> Element<'a> {
    let start = places.first().map(|place| place.span.start).unwrap_or_default();
    let position = file.source.position(start);
    Origin::path(file.name).line(position.line).char_column(position.column).into()
}
