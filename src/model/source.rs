//! A text with its lines: where in a file something was read, and what stands there.

use std::ops::Range;

/// A place in a text as editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, counted from one.
    pub line: usize,
    /// Column in characters, counted from one.
    pub column: usize,
}

/// A stretch of a text: bytes from `start` up to and without `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// The stretch between two byte offsets.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Whether nothing stands there, as for a value that was left out.
    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The stretch as a range of byte offsets.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A text together with the index of its lines, which is made once and makes every look-up logarithmic.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    /// Offsets inside of long lines, such as JSON without line breaks, and the characters before them in their lines.
    marks: Vec<(usize, usize)>,
}

/// How many bytes there are between two marks in a long line.
const STRIDE: usize = 4096;

impl<'a> Source<'a> {
    /// Indexes the lines of a text.
    pub fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(offset, _)| offset + 1);
        let mut source = Self { text, line_starts: std::iter::once(0).chain(breaks).collect(), marks: Vec::new() };
        let ends = source.line_starts.iter().skip(1).copied().chain([text.len()]);
        let long = source.line_starts.iter().copied().zip(ends).filter(|(start, end)| end - start > STRIDE);
        source.marks = long.flat_map(|(start, end)| marks(text, start, end)).collect();
        source
    }

    /// The whole text.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Line and column of a byte offset. An offset beyond the end is taken for the end.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let mark = self.marks.partition_point(|&(mark, _)| mark <= offset).checked_sub(1);
        let mark = mark.and_then(|index| self.marks.get(index)).filter(|(mark, _)| *mark > start);
        let (from, before) = mark.copied().unwrap_or((first_character(self.text, start), 0));
        Position { line, column: before + characters(self.text, from, offset) + 1 }
    }

    /// The stretch of whole lines from `first` to `last`, both counted from one and included, without the last line
    /// break. Lines that the text does not have are left out.
    pub fn lines(&self, first: usize, last: usize) -> Span {
        let end_of_text = self.text.len();
        let start = self.line_starts.get(first.saturating_sub(1)).copied().unwrap_or(end_of_text);
        let end = self.line_starts.get(last).copied().unwrap_or(end_of_text).max(start);
        let lines = self.text.get(start..end).unwrap_or_default();
        Span::new(start, start + lines.trim_end_matches(['\r', '\n']).len())
    }

    /// The text of a stretch; empty when the stretch does not belong to this text.
    pub fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or_default()
    }
}

fn marks(text: &str, start: usize, end: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut reached = (first_character(text, start), 0);
    let offsets = (start..end).step_by(STRIDE).skip(1).map(|offset| text.floor_char_boundary(offset));
    offsets.map(move |offset| {
        let (from, before) = reached;
        reached = (offset, before + characters(text, from, offset));
        reached
    })
}

fn characters(text: &str, from: usize, to: usize) -> usize {
    text.get(from..to).unwrap_or_default().chars().count()
}

/// Where what one sees of a line begins.
fn first_character(text: &str, start: usize) -> usize {
    let line = text.get(start..).unwrap_or_default();
    start + line.len() - line.trim_start_matches(BYTE_ORDER_MARK).len()
}

/// Some editors begin a file with it. It takes no room on the screen and is no part of the first line.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn an_offset_is_found_by_line_and_column_in_characters() {
        let source = Source::new("a: é\r\nb: ü x\n");
        assert_eq!(source.position(0), at(1, 1));
        assert_eq!(source.position("a: é\r\n".len()), at(2, 1));
        assert_eq!(source.position("a: é\r\nb: ü ".len()), at(2, 6));
        assert_eq!(source.position(1_000), at(3, 1));
    }

    #[test]
    fn long_lines_are_counted_as_short_ones_are() {
        let text = format!("\u{feff}{}\n{}\nb", "é".repeat(3 * STRIDE), "aü".repeat(2 * STRIDE));
        let source = Source::new(&text);
        assert!(source.marks.len() > 6);
        for (line, start) in [(1, 0), (2, text.find('a').unwrap())] {
            let rest = text[start..].split('\n').next().unwrap().trim_start_matches(BYTE_ORDER_MARK);
            let first = start + text[start..].find(rest).unwrap();
            for (column, (offset, _)) in rest.char_indices().enumerate() {
                assert_eq!(source.position(first + offset), at(line, column + 1));
            }
        }
        assert_eq!(source.position(text.len()), at(3, 2));
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        assert_eq!(Source::new("\u{feff}a: 1").position('\u{feff}'.len_utf8()), at(1, 1));
    }

    #[test]
    fn lines_are_cut_out_whole() {
        let source = Source::new("one\ntwo\nthree");
        assert_eq!(source.slice(source.lines(2, 2)), "two");
        assert_eq!(source.slice(source.lines(2, 9)), "two\nthree");
        assert_eq!(source.slice(source.lines(7, 9)), "");
        let windows = Source::new("one\r\ntwo\r\n");
        assert_eq!(windows.slice(windows.lines(1, 1)), "one");
        assert_eq!(windows.slice(windows.lines(1, 2)), "one\r\ntwo");
    }
}
