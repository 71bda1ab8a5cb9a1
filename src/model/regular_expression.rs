//! Regular expressions as Go reads them (RE2 syntax), run by Rust's engine.
//!
//! The two languages look alike and differ: `\Q..\E`, `{` as a literal, `a**`, `(?x)`, `[a&&b]`, `\d` beyond ASCII. So a
//! pattern is never handed to Rust as text. It is parsed by the rules of Go's `regexp/syntax` ([`Pattern`]), and the
//! resulting tree is compiled ([`RegularExpression`]). What a replacement makes of a match is in [`template`].

mod class;
mod cursor;
mod escape;
mod group;
mod parser;
mod repetition;
pub mod template;
#[cfg(test)]
mod tests;

use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_syntax::hir::Hir;
use thiserror::Error;

use crate::model::regular_expression::template::{Part, Template};

/// A pattern that Go accepts, with its groups; not compiled yet, which is what costs.
#[derive(Clone, Debug)]
pub struct Pattern {
    hir: Hir,
    names: Vec<Option<String>>,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct RegularExpression {
    regex: Regex,
    names: Vec<Option<String>>,
}

/// Why Go does not accept a pattern, or, for the `TooLarge` ones, why we do not compile it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PatternError {
    /// A group is not closed.
    #[error("missing closing )")]
    MissingParenthesis,
    /// `)` without a group.
    #[error("unexpected )")]
    UnexpectedParenthesis,
    /// A character class is not closed.
    #[error("missing closing ]")]
    MissingBracket,
    /// A character class or range that does not exist.
    #[error("invalid character class or range {0}")]
    InvalidClass(String),
    /// An escape that does not exist.
    #[error("invalid escape sequence {0}")]
    InvalidEscape(String),
    /// The pattern ends in a backslash.
    #[error("trailing backslash")]
    TrailingBackslash,
    /// `(?` followed by something else than flags or a name, such as a look-around.
    #[error("invalid or unsupported group {0}")]
    InvalidGroup(String),
    /// A group name that is none.
    #[error("invalid group name {0}")]
    InvalidGroupName(String),
    /// A repetition with nothing to repeat.
    #[error("nothing to repeat before {0}")]
    NothingToRepeat(String),
    /// A repetition of a repetition, such as `a**`.
    #[error("repetition {0} of a repetition")]
    RepeatedRepetition(String),
    /// A repetition of more than 1000 times, also in the product of nested ones, or of an impossible range.
    #[error("invalid repeat count {0}")]
    InvalidRepetition(String),
    /// Groups are nested deeper than we follow; Go would accept some of these.
    #[error("groups are nested too deeply")]
    NestedTooDeeply,
    /// The compiled pattern would take too much memory; Go accepts it.
    #[error("expression is too large to be compiled here")]
    TooLarge,
}

/// Memory that one compiled pattern may take, in bytes.
const SIZE_LIMIT: usize = 10 << 20;

impl Pattern {
    /// Reads a pattern as Go's `regexp.Compile` does.
    ///
    /// # Errors
    /// What Go refuses, and what is nested too deeply.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        parser::parse(pattern)
    }

    /// Reads a pattern as relabeling does, which must match the whole text: `^(?s:PATTERN)$`, put together as text
    /// (`prometheus/model/relabel`, `NewRegexp`).
    ///
    /// # Errors
    /// What Go refuses, and what is nested too deeply.
    pub fn anchored(pattern: &str) -> Result<Self, PatternError> {
        Self::parse(&format!("^(?s:{pattern})$"))
    }

    /// How many capture groups there are.
    pub fn group_count(&self) -> usize {
        self.names.len()
    }

    /// Whether a group has this name.
    pub fn has_group(&self, name: &str) -> bool {
        self.names.iter().flatten().any(|known| known == name)
    }

    /// Compiles the pattern.
    ///
    /// # Errors
    /// [`PatternError::TooLarge`].
    pub fn compile(self) -> Result<RegularExpression, PatternError> {
        // A pattern is matched a few times and thrown away: automata that match faster take ten times as long to build
        // as all that they would ever save.
        let config = Regex::config().nfa_size_limit(Some(SIZE_LIMIT)).dfa(false).hybrid(false);
        let regex = Regex::builder().configure(config).build_from_hir(&self.hir).map_err(|_| PatternError::TooLarge)?;
        Ok(RegularExpression { regex, names: self.names })
    }
}

impl PatternError {
    /// Whether Go may accept the pattern all the same.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::NestedTooDeeply | Self::TooLarge)
    }
}

impl RegularExpression {
    /// Whether the pattern matches somewhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The first match and its groups, if there is one.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Match<'_, 't>> {
        let mut captures = self.regex.create_captures();
        self.regex.captures(text, &mut captures);
        captures.is_match().then_some(Match { captures, text, names: &self.names })
    }

    /// The text with every match replaced, as Go's `ReplaceAllString` does.
    pub fn replace_all(&self, text: &str, replacement: &Template) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut copied = 0;
        for captures in self.regex.captures_iter(text) {
            let Some(span) = captures.get_match().map(|found| found.range()) else { continue };
            replaced.push_str(text.get(copied..span.start).unwrap_or_default());
            copied = span.end;
            Match { captures, text, names: &self.names }.expand_into(replacement, &mut replaced);
        }
        replaced.push_str(text.get(copied..).unwrap_or_default());
        replaced
    }
}

/// A match in a text.
#[derive(Debug)]
pub struct Match<'r, 't> {
    captures: Captures,
    text: &'t str,
    names: &'r [Option<String>],
}

impl<'t> Match<'_, 't> {
    /// The text of a group, of which number 0 is the whole match; `None` where the group took no part or is not there.
    pub fn group(&self, number: usize) -> Option<&'t str> {
        self.captures.get_group(number).and_then(|span| self.text.get(span.range()))
    }

    /// The text of the first group of this name that took part.
    fn named(&self, name: &str) -> Option<&'t str> {
        let groups = (1..).zip(self.names);
        groups.filter(|(_, known)| known.as_deref() == Some(name)).find_map(|(number, _)| self.group(number))
    }

    /// The template with its references replaced by the text of their groups; by nothing where there is no such group.
    pub fn expand(&self, template: &Template) -> String {
        let mut expanded = String::new();
        self.expand_into(template, &mut expanded);
        expanded
    }

    fn expand_into(&self, template: &Template, expanded: &mut String) {
        for part in template.parts() {
            expanded.push_str(match part {
                Part::Text(text) => text,
                Part::Number(number) => self.group(*number).unwrap_or_default(),
                Part::Name(name) => self.named(name).unwrap_or_default(),
            });
        }
    }
}
