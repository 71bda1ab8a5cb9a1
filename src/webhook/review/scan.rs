//! One pass over the text of a review: is it JSON, is it safe to read, and where in it are the objects?
//!
//! Valid JSON is refused too where two readers may understand it differently, or where it costs readers their stack:
//! duplicate keys, half characters, deep nesting.
//!
//! The pass is our own because a body is several times larger than what a decision reads of it: after it, nobody has
//! to go over the objects again to find their end or to check their syntax.

mod key;
mod string;

use std::ops::Range;

use key::Key;
use string::StringShape;

/// The most lists and maps inside each other, the review included. Kubernetes objects stay below thirty.
pub const DEPTH_LIMIT: usize = 128;

/// Why a text is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    /// It is not JSON.
    #[error("not JSON at line {line} column {column}")]
    Syntax {
        /// Line of the first byte that does not fit, from one.
        line: usize,
        /// Its column, in bytes, from one.
        column: usize,
    },
    /// A map has the same key twice.
    #[error("the key {key:?} occurs twice in one map, the second time at line {line} column {column}")]
    DuplicateKey {
        /// The key, cut short where it is long.
        key: String,
        /// Line of the second one, from one.
        line: usize,
        /// Column of its opening quote, in bytes, from one.
        column: usize,
    },
    /// A string has an escape such as `\ud800` without its other half.
    #[error("the string at line {line} column {column} has half a surrogate pair, which is no character")]
    HalfCharacter {
        /// Line of the string, from one.
        line: usize,
        /// Column of its opening quote, in bytes, from one.
        column: usize,
    },
    /// Lists and maps are nested too deep.
    #[error("the body nests lists and maps deeper than {DEPTH_LIMIT} levels")]
    TooDeep,
}

/// Where the maps `request.object` and `request.oldObject` are, as positions of bytes. Other values are not of interest.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// From the opening brace of `request.object` to after its closing one.
    pub object: Option<Range<usize>>,
    /// The same for `request.oldObject`.
    pub old_object: Option<Range<usize>>,
}

/// Checks the text of one JSON value from its first byte to its last, and finds the objects of a review in it.
///
/// # Errors
/// The first fault in the order of the text; a duplicate key counts where its map ends.
pub fn scan(text: &str) -> Result<Objects, Fault> {
    let mut scan = Scan { text, position: 0, depth: 0, keys: Vec::with_capacity(64), objects: Objects::default() };
    scan.value(Place::Review)?;
    match scan.token() {
        None => Ok(scan.objects),
        Some(_) => Err(scan.syntax()),
    }
}

/// Which value of a review one is in, as far as that matters for finding the objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Review,
    Request,
    Elsewhere,
}

struct Scan<'a> {
    text: &'a str,
    /// Of the next byte.
    position: usize,
    depth: usize,
    /// The keys of all open maps.
    keys: Vec<Key<'a>>,
    objects: Objects,
}

impl<'a> Scan<'a> {
    fn value(&mut self, place: Place) -> Result<(), Fault> {
        match self.token() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.map(place),
            Some(b'[') => self.list(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.number(),
        }
    }

    fn map(&mut self, place: Place) -> Result<(), Fault> {
        self.enter()?;
        let first_key = self.keys.len();
        if self.token() != Some(b'}') {
            self.members(place)?;
        }
        self.expect(b'}')?;
        self.depth -= 1;
        let keys = self.keys.get(first_key..).unwrap_or_default();
        if let Some(second) = key::duplicate(keys) {
            return Err(self.duplicate_key(second));
        }
        self.keys.truncate(first_key);
        Ok(())
    }

    fn members(&mut self, place: Place) -> Result<(), Fault> {
        loop {
            if self.token() != Some(b'"') {
                return Err(self.syntax());
            }
            let key = self.string()?;
            self.keys.push(key);
            self.token();
            self.expect(b':')?;
            match place {
                Place::Review if key.means("request") => self.value(Place::Request)?,
                Place::Review | Place::Elsewhere => self.value(Place::Elsewhere)?,
                Place::Request => self.member_of_request(key)?,
            }
            if self.token() != Some(b',') {
                return Ok(());
            }
            self.position += 1;
        }
    }

    fn member_of_request(&mut self, key: Key<'a>) -> Result<(), Fault> {
        let is_map = self.token() == Some(b'{');
        let start = self.position;
        self.value(Place::Elsewhere)?;
        let map = is_map.then_some(start..self.position);
        if key.means("object") {
            self.objects.object = map;
        } else if key.means("oldObject") {
            self.objects.old_object = map;
        }
        Ok(())
    }

    fn list(&mut self) -> Result<(), Fault> {
        self.enter()?;
        if self.token() != Some(b']') {
            self.value(Place::Elsewhere)?;
            while self.token() == Some(b',') {
                self.position += 1;
                self.value(Place::Elsewhere)?;
            }
        }
        self.depth -= 1;
        self.expect(b']')
    }

    /// Passes the bracket that opens a list or map.
    fn enter(&mut self) -> Result<(), Fault> {
        if self.depth == DEPTH_LIMIT {
            return Err(Fault::TooDeep);
        }
        self.depth += 1;
        self.position += 1;
        Ok(())
    }

    /// Passes a string, from its opening quote to its closing one.
    fn string(&mut self) -> Result<Key<'a>, Fault> {
        let start = self.position + 1;
        let StringShape { end, respelt, valid } = string::shape(self.text.as_bytes(), start);
        self.position = end;
        if !valid {
            return Err(self.syntax());
        }
        self.position = end + 1;
        let key = Key { start, text: self.text.get(start..end).unwrap_or_default(), respelt };
        // What is left that can be wrong with an escape is a surrogate without its other half.
        if respelt && key.meaning().is_none() {
            let (line, column) = self.place(start - 1);
            return Err(Fault::HalfCharacter { line, column });
        }
        Ok(key)
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        let rest = self.text.as_bytes().get(self.position..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.syntax());
        }
        self.position += word.len();
        Ok(())
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, as RFC 8259 section 6 has it.
    fn number(&mut self) -> Result<(), Fault> {
        self.accept(b"-");
        if !self.accept(b"0") {
            self.digits()?;
        }
        if self.accept(b".") {
            self.digits()?;
        }
        if self.accept(b"eE") {
            self.accept(b"+-");
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.position;
        while self.accept(b"0123456789") {}
        if self.position == start { Err(self.syntax()) } else { Ok(()) }
    }

    fn accept(&mut self, any_of: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| any_of.contains(&byte));
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.syntax());
        }
        self.position += 1;
        Ok(())
    }

    /// The next byte that is not white space, which is passed.
    fn token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.position += 1;
        }
        self.peek()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn duplicate_key(&self, key: Key<'a>) -> Fault {
        let (line, column) = self.place(key.start - 1);
        Fault::DuplicateKey { key: key.text.chars().take(64).collect(), line, column }
    }

    fn syntax(&self) -> Fault {
        let (line, column) = self.place(self.position);
        Fault::Syntax { line, column }
    }

    /// Line and column of a byte, both from one.
    fn place(&self, position: usize) -> (usize, usize) {
        let mut lines =
            self.text.as_bytes().get(..position).unwrap_or(self.text.as_bytes()).split(|byte| *byte == b'\n');
        let column = lines.next_back().unwrap_or_default().len() + 1;
        (lines.count() + 1, column)
    }
}

#[cfg(test)]
mod tests;
