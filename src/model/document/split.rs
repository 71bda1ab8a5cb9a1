//! A file as separate documents, so that a broken one does not take the others with it.
//!
//! kubectl does it before it parses anything: in YAML at every line that begins with `---`, in JSON after every object.

use serde::de::IgnoredAny;

use crate::model::Span;
use crate::model::source::BYTE_ORDER_MARK;

/// The stretches of a text that hold one document each, in order. They cover everything but a byte order mark.
pub(super) fn split(text: &str) -> Vec<Span> {
    yaml_documents(text).into_iter().flat_map(|span| json_objects(text, span)).collect()
}

fn yaml_documents(text: &str) -> Vec<Span> {
    let mut start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let mut spans = Vec::new();
    for (line_break, _) in text.match_indices("\n---") {
        let separator = line_break + 1;
        let between = text.get(start..separator).unwrap_or_default();
        if is_separator(text, separator) && !is_prologue(between) {
            spans.push(Span::new(start, separator));
            start = separator;
        }
    }
    spans.push(Span::new(start, text.len()));
    spans
}

/// Whether the three dashes at this offset stand alone, so that they are not the beginning of a word.
fn is_separator(text: &str, offset: usize) -> bool {
    let after = text.get(offset + "---".len()..).unwrap_or_default();
    after.chars().next().is_none_or(char::is_whitespace)
}

/// Whether this text may stand before the `---` of the document that it belongs to: blank lines, comments and
/// directives such as `%YAML 1.2`.
fn is_prologue(text: &str) -> bool {
    let mut lines = text.lines();
    lines.all(|line| line.trim_start().is_empty() || line.starts_with('%') || line.trim_start().starts_with('#'))
}

/// The JSON objects that follow each other in a stretch of text; the stretch as it is when it holds anything else.
fn json_objects(text: &str, span: Span) -> Vec<Span> {
    let json = text.get(span.range()).unwrap_or_default();
    if !json.trim_start().starts_with('{') {
        return vec![span];
    }
    let mut objects = serde_json::Deserializer::from_str(json).into_iter::<IgnoredAny>();
    let mut spans = Vec::new();
    let mut start = 0;
    while let Some(object) = objects.next() {
        if object.is_err() {
            return vec![span];
        }
        spans.push(Span::new(span.start + start, span.start + objects.byte_offset()));
        start = objects.byte_offset();
    }
    spans
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a: 1\n---\nb: 2\n", &["a: 1\n", "---\nb: 2\n"])]
    #[case("a: 1\r\n---\r\nb: 2\r\n", &["a: 1\r\n", "---\r\nb: 2\r\n"])]
    #[case("---\na: 1\n--- # next\nb: 2", &["---\na: 1\n", "--- # next\nb: 2"])]
    #[case("# only\n%YAML 1.2\n---\na: 1\n", &["# only\n%YAML 1.2\n---\na: 1\n"])]
    #[case("a: |\n  x\n  ---\n  y\n", &["a: |\n  x\n  ---\n  y\n"])]
    #[case("a: 1\n----\n", &["a: 1\n----\n"])]
    #[case("\u{feff}a: 1", &["a: 1"])]
    #[case("{\"a\": 1}\n{\"b\": 2}", &["{\"a\": 1}", "\n{\"b\": 2}"])]
    #[case("{a: 1}\n---\n{\"b\": 2}", &["{a: 1}\n", "---\n{\"b\": 2}"])]
    fn a_file_is_split_as_kubectl_splits_it(#[case] text: &str, #[case] expected: &[&str]) {
        let pieces: Vec<&str> = split(text).into_iter().map(|span| &text[span.range()]).collect();
        assert_eq!(pieces, expected);
    }
}
