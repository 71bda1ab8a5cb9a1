//! The grammar of Go's `regexp/syntax` with the flags of `regexp.Compile`, without recursion.

use regex_syntax::hir::{self, Capture, Class, ClassUnicode, Hir, Look};

use super::cursor::Cursor;
use super::group::{Flags, Opening, opening};
use super::repetition::{LIMIT, Repetition};
use super::{Pattern, PatternError, class, escape};

/// How deep groups may be nested. Go's own limit is higher, but what is compiled is walked by recursion.
const NESTING: usize = 200;

/// Reads a whole pattern.
pub(super) fn parse(pattern: &str) -> Result<Pattern, PatternError> {
    let mut parser = Parser {
        cursor: Cursor::new(pattern),
        flags: Flags::default(),
        names: Vec::new(),
        around: Vec::new(),
        group: Group::default(),
    };
    let mut after_repetition = false;
    while let Some(next) = parser.cursor.peek() {
        after_repetition = parser.step(next, after_repetition)?;
    }
    if parser.around.is_empty() {
        Ok(Pattern { hir: parser.group.close().hir, names: parser.names })
    } else {
        Err(PatternError::MissingParenthesis)
    }
}

struct Parser<'p> {
    cursor: Cursor<'p>,
    flags: Flags,
    /// The name of each capture group, in the order in which they open.
    names: Vec<Option<String>>,
    /// The groups around the one that is read, with the flags to go back to.
    around: Vec<(Group, Flags)>,
    group: Group,
}

/// A piece of the pattern.
struct Piece {
    hir: Hir,
    /// The product of the counts of nested repetitions, as Go limits it.
    repeated: u32,
}

/// A group that is being read.
#[derive(Default)]
struct Group {
    /// The number, if it captures.
    number: Option<u32>,
    alternatives: Vec<Piece>,
    sequence: Vec<Piece>,
}

impl Group {
    fn push(&mut self, hir: Hir) {
        self.sequence.push(Piece { hir, repeated: 1 });
    }

    /// Ends an alternative.
    fn end(&mut self) {
        let sequence = std::mem::take(&mut self.sequence);
        self.alternatives.push(joined(sequence, Hir::concat));
    }

    fn close(mut self) -> Piece {
        self.end();
        let Piece { hir, repeated } = joined(self.alternatives, Hir::alternation);
        let hir = match self.number {
            Some(index) => Hir::capture(Capture { index, name: None, sub: Box::new(hir) }),
            None => hir,
        };
        Piece { hir, repeated }
    }
}

fn joined(pieces: Vec<Piece>, join: fn(Vec<Hir>) -> Hir) -> Piece {
    let repeated = pieces.iter().map(|piece| piece.repeated).max().unwrap_or(1);
    Piece { hir: join(pieces.into_iter().map(|piece| piece.hir).collect()), repeated }
}

impl Parser<'_> {
    /// Reads what begins with `next`, and tells whether it was a repetition.
    fn step(&mut self, next: char, after_repetition: bool) -> Result<bool, PatternError> {
        match next {
            '(' => self.open()?,
            ')' => self.close()?,
            '|' => {
                self.cursor.next();
                self.group.end();
            }
            '*' | '+' | '?' | '{' => return self.repeat(after_repetition),
            '[' => {
                self.cursor.next();
                let class = class::bracketed(&mut self.cursor, self.flags.fold)?;
                self.class(class);
            }
            '\\' => self.backslash()?,
            '^' => self.look(if self.flags.multiline { Look::StartLF } else { Look::Start }),
            '$' => self.look(if self.flags.multiline { Look::EndLF } else { Look::End }),
            '.' => {
                self.cursor.next();
                self.group.push(Hir::dot(if self.flags.dot_all {
                    hir::Dot::AnyChar
                } else {
                    hir::Dot::AnyCharExceptLF
                }));
            }
            _ => {
                self.cursor.next();
                self.literal(u32::from(next));
            }
        }
        Ok(false)
    }

    fn open(&mut self) -> Result<(), PatternError> {
        let number = match opening(&mut self.cursor, self.flags)? {
            Opening::Flags(flags) => {
                self.flags = flags;
                return Ok(());
            }
            Opening::Capture(name) => {
                self.names.push(name);
                u32::try_from(self.names.len()).ok()
            }
            Opening::Plain(flags) => return self.enter(None, flags),
        };
        self.enter(number, self.flags)
    }

    fn enter(&mut self, number: Option<u32>, flags: Flags) -> Result<(), PatternError> {
        if self.around.len() >= NESTING {
            return Err(PatternError::NestedTooDeeply);
        }
        let around = std::mem::replace(&mut self.group, Group { number, ..Group::default() });
        self.around.push((around, self.flags));
        self.flags = flags;
        Ok(())
    }

    fn close(&mut self) -> Result<(), PatternError> {
        self.cursor.next();
        let (around, flags) = self.around.pop().ok_or(PatternError::UnexpectedParenthesis)?;
        self.flags = flags;
        let closed = std::mem::replace(&mut self.group, around).close();
        self.group.sequence.push(closed);
        Ok(())
    }

    fn repeat(&mut self, after_repetition: bool) -> Result<bool, PatternError> {
        let start = self.cursor;
        let Some(repetition) = Repetition::read(&mut self.cursor)? else {
            self.cursor.next();
            self.literal(u32::from('{'));
            return Ok(false);
        };
        let lazy = self.cursor.eat("?");
        let written = || self.cursor.since(start).to_owned();
        if after_repetition {
            return Err(PatternError::RepeatedRepetition(written()));
        }
        let Some(Piece { hir, repeated }) = self.group.sequence.pop() else {
            return Err(PatternError::NothingToRepeat(written()));
        };
        let repeated = repetition.times(repeated);
        if repetition.is_limited() && repeated > LIMIT {
            return Err(PatternError::InvalidRepetition(written()));
        }
        let Repetition { min, max, .. } = repetition;
        let hir =
            Hir::repetition(hir::Repetition { min, max, greedy: lazy == self.flags.swap_greed, sub: Box::new(hir) });
        self.group.sequence.push(Piece { hir, repeated });
        Ok(true)
    }

    fn backslash(&mut self) -> Result<(), PatternError> {
        let asserted =
            [("\\A", Look::Start), ("\\z", Look::End), ("\\b", Look::WordAscii), ("\\B", Look::WordAsciiNegate)];
        for (text, look) in asserted {
            if self.cursor.eat(text) {
                self.group.push(Hir::look(look));
                return Ok(());
            }
        }
        if self.cursor.eat("\\Q") {
            self.quoted();
            return Ok(());
        }
        let fold = self.flags.fold;
        if let Some(class) = class::unicode(&mut self.cursor, fold)?.or_else(|| class::perl(&mut self.cursor, fold)) {
            self.class(class);
            return Ok(());
        }
        let code = escape::character(&mut self.cursor)?;
        self.literal(code);
        Ok(())
    }

    /// Everything up to `\E`, or to the end, stands for itself.
    fn quoted(&mut self) {
        while !self.cursor.eat("\\E") {
            let Some(character) = self.cursor.next() else { return };
            self.literal(u32::from(character));
        }
    }

    fn look(&mut self, look: Look) {
        self.cursor.next();
        self.group.push(Hir::look(look));
    }

    fn class(&mut self, class: ClassUnicode) {
        self.group.push(Hir::class(Class::Unicode(class)));
    }

    fn literal(&mut self, code: u32) {
        self.class(class::folded(class::between(code, code), self.flags.fold));
    }
}
