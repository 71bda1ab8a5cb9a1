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
    let mut scan = Scan {
        bytes: text.as_bytes(),
        position: 0,
        depth: 0,
        keys: Vec::with_capacity(64),
        respelt: false,
        objects: Objects::default(),
        reason: Reason::Syntax,
    };
    match scan.document() {
        Ok(()) => Ok(scan.objects),
        Err(Stop) => Err(scan.fault()),
    }
}

/// Which value of a review one is in, as far as that matters for finding the objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Review,
    Request,
    Elsewhere,
}

/// The scan has stopped at a fault. What it is can be looked up: a result that says no more is the fastest.
struct Stop;

/// What is wrong at the position of the scan.
enum Reason {
    Syntax,
    DuplicateKey(String),
    HalfCharacter,
    TooDeep,
}

struct Scan<'a> {
    bytes: &'a [u8],
    /// Of the next byte.
    position: usize,
    depth: usize,
    /// The keys of all open maps.
    keys: Vec<Key>,
    /// Whether a key so far has an escape for which there is another spelling.
    respelt: bool,
    objects: Objects,
    reason: Reason,
}

impl Scan<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        self.value(Place::Review)?;
        if self.token().is_none() { Ok(()) } else { Err(Stop) }
    }

    fn value(&mut self, place: Place) -> Result<(), Stop> {
        match self.token() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.map(place),
            Some(b'[') => self.list(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn map(&mut self, place: Place) -> Result<(), Stop> {
        self.enter()?;
        let first_key = self.keys.len();
        if self.token() != Some(b'}') {
            self.members(place)?;
        }
        self.expect(b'}')?;
        self.depth -= 1;
        let keys = self.keys.get(first_key..).unwrap_or_default();
        let twice = if self.respelt { key::meant_twice } else { key::written_twice };
        if let Some(second) = twice(keys, self.bytes) {
            let key = String::from_utf8_lossy(second.written(self.bytes)).chars().take(64).collect();
            return Err(self.stop_at(second.start - 1, Reason::DuplicateKey(key)));
        }
        self.keys.truncate(first_key);
        Ok(())
    }

    fn members(&mut self, place: Place) -> Result<(), Stop> {
        loop {
            if self.token() != Some(b'"') {
                return Err(Stop);
            }
            let start = self.position + 1;
            self.respelt |= self.string()?;
            let key = Key { start, end: self.position - 1 };
            self.keys.push(key);
            self.token();
            self.expect(b':')?;
            match place {
                Place::Elsewhere => self.value(Place::Elsewhere)?,
                Place::Request => self.member_of_request(key)?,
                Place::Review => {
                    self.value(if self.means(key, "request") { Place::Request } else { Place::Elsewhere })?;
                }
            }
            if self.token() != Some(b',') {
                return Ok(());
            }
            self.position += 1;
        }
    }

    fn member_of_request(&mut self, key: Key) -> Result<(), Stop> {
        let is_map = self.token() == Some(b'{');
        let start = self.position;
        self.value(Place::Elsewhere)?;
        let map = is_map.then_some(start..self.position);
        if self.means(key, "object") {
            self.objects.object = map;
        } else if self.means(key, "oldObject") {
            self.objects.old_object = map;
        }
        Ok(())
    }

    /// Whether readers understand a key as this word.
    fn means(&self, key: Key, word: &str) -> bool {
        key.written(self.bytes) == word.as_bytes()
            || (self.respelt && key.meaning(self.bytes).is_some_and(|it| it == word))
    }

    fn list(&mut self) -> Result<(), Stop> {
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
    fn enter(&mut self) -> Result<(), Stop> {
        if self.depth == DEPTH_LIMIT {
            return Err(self.stop_at(self.position, Reason::TooDeep));
        }
        self.depth += 1;
        self.position += 1;
        Ok(())
    }

    /// Passes a string, from its opening quote to its closing one, and says whether there is another spelling for it.
    fn string(&mut self) -> Result<bool, Stop> {
        let start = self.position + 1;
        let StringShape { end, respelt, valid } = string::shape(self.bytes, start);
        self.position = end;
        if !valid {
            return Err(Stop);
        }
        self.position = end + 1;
        // What is left that can be wrong with an escape is a surrogate without its other half.
        if respelt && (Key { start, end }).meaning(self.bytes).is_none() {
            return Err(self.stop_at(start - 1, Reason::HalfCharacter));
        }
        Ok(respelt)
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Stop> {
        if !self.bytes.get(self.position..).unwrap_or_default().starts_with(word) {
            return Err(Stop);
        }
        self.position += word.len();
        Ok(())
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, as RFC 8259 section 6 has it.
    fn number(&mut self) -> Result<(), Stop> {
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

    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        if self.position == start { Err(Stop) } else { Ok(()) }
    }

    fn accept(&mut self, any_of: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| any_of.contains(&byte));
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.peek() != Some(byte) {
            return Err(Stop);
        }
        self.position += 1;
        Ok(())
    }

    /// The next byte that is not white space, which is passed.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.position += 1;
        }
        self.peek()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn stop_at(&mut self, position: usize, reason: Reason) -> Stop {
        self.position = position;
        self.reason = reason;
        Stop
    }

    /// The reason why the scan has stopped, with its place.
    fn fault(self) -> Fault {
        let mut lines = self.bytes.get(..self.position).unwrap_or(self.bytes).split(|byte| *byte == b'\n');
        let column = lines.next_back().unwrap_or_default().len() + 1;
        let line = lines.count() + 1;
        match self.reason {
            Reason::Syntax => Fault::Syntax { line, column },
            Reason::DuplicateKey(key) => Fault::DuplicateKey { key, line, column },
            Reason::HalfCharacter => Fault::HalfCharacter { line, column },
            Reason::TooDeep => Fault::TooDeep,
        }
    }
}

#[cfg(test)]
mod tests;
