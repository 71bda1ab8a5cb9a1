//! Replacement templates: text with references to groups, as Go's `Regexp.Expand` reads them.

use std::sync::LazyLock;

use regex_syntax::hir::ClassUnicode;

use super::class;

/// A replacement, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text that stays as it is.
    Text(String),
    /// `$1` or `${1}`.
    Number(usize),
    /// `$name` or `${name}`.
    Name(String),
}

impl Template {
    /// Takes a template apart. After `$` comes the longest name of letters, digits and `_`: `$1x` is a reference to the
    /// name `1x`, not to group 1. A `$` that begins no reference stands for itself, and so does `$$`, once.
    pub fn parse(mut text: &str) -> Self {
        let mut parts = Vec::new();
        while let Some((before, after)) = text.split_once('$') {
            parts.push(Part::Text(before.to_owned()));
            let dollar = |rest| (Part::Text("$".to_owned()), rest);
            let (part, rest) = match after.strip_prefix('$') {
                Some(rest) => dollar(rest),
                None => reference(after).unwrap_or_else(|| dollar(after)),
            };
            parts.push(part);
            text = rest;
        }
        parts.push(Part::Text(text.to_owned()));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Self(parts)
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }
}

/// The reference whose text, behind the `$`, the text begins with, and the rest.
fn reference(text: &str) -> Option<(Part, &str)> {
    let (name, rest) = match text.strip_prefix('{') {
        Some(inner) => {
            let (name, rest) = word(inner);
            (name, rest.strip_prefix('}')?)
        }
        None => word(text),
    };
    (!name.is_empty()).then(|| (number(name).map_or_else(|| Part::Name(name.to_owned()), Part::Number), rest))
}

/// The longest name at the beginning.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character| !is_word(character)).unwrap_or(text.len()))
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_ascii_alphanumeric() || (!character.is_ascii() && is_letter_or_digit(character))
}

/// Letters and decimal digits of all scripts, as Go's `unicode.IsLetter` and `unicode.IsDigit` have them.
fn is_letter_or_digit(character: char) -> bool {
    static CLASS: LazyLock<ClassUnicode> = LazyLock::new(|| {
        let mut class = class::property("L").unwrap_or_else(ClassUnicode::empty);
        class.union(&class::property("Nd").unwrap_or_else(ClassUnicode::empty));
        class
    });
    CLASS.ranges().iter().any(|range| (range.start()..=range.end()).contains(&character))
}

/// A number below a hundred million (Go's limit) without leading zeros; anything else is a name.
fn number(name: &str) -> Option<usize> {
    let well_formed = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    name.parse().ok().filter(|number| well_formed && *number < 1_000_000_000)
}
