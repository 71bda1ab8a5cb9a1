//! Whether a stretch of JSON may be taken as it is written, told by one look at all of it.
//!
//! Most of what is read is what kubectl prints. There is nothing in it that would have to be resolved, refused or spelt
//! differently, so that its objects need not become trees of nodes. Whatever is not as simple as that is left to the
//! reader of YAML, which knows all the cases and has the words for what is wrong.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;

use super::reader::DEEPEST;
use crate::model::Text;

/// The longest key that YAML takes for one, as it is written and with some room for what stands around it.
const LONGEST_KEY: usize = 1000;
/// How many bytes an escape such as `\u0041` may take for one byte of what it means.
const LONGEST_ESCAPE: usize = 6;

/// What one look at a JSON object tells.
#[derive(Debug, Default)]
pub(super) struct Look<'a> {
    /// Whether the object can be taken as it is written.
    pub(super) is_plain: bool,
    /// `apiVersion`, if it is a string.
    pub(super) api_version: Option<Text<'a>>,
    /// `kind`, if it is a string.
    pub(super) kind: Option<Text<'a>>,
    /// Whether it has a list of items.
    pub(super) has_items: bool,
}

/// Looks at an object that is `depth` levels deep in its document. `None` if nothing can be told without reading all of
/// the document as YAML.
pub(super) fn look(json: &str, depth: usize) -> Option<Look<'_>> {
    let mut state = State { is_plain: true, has_long_key: false, keys: Vec::new() };
    let mut deserializer = Deserializer::from_str(json);
    let root = Root { state: &mut state, depth };
    let mut look = deserializer.deserialize_any(root).and_then(|look| deserializer.end().map(|()| look)).ok()?;
    look.is_plain = state.is_plain;
    (!state.has_long_key).then_some(look)
}

/// Whether YAML allows all characters of a JSON text.
pub(super) fn has_plain_characters(json: &str) -> bool {
    let is_ascii = json.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~'));
    is_ascii || !json.chars().any(is_forbidden)
}

/// Characters that YAML wants escaped, and JSON does not (`nb-json` and `c-printable` in YAML 1.2, chapter 5.1).
fn is_forbidden(character: char) -> bool {
    let is_control = character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    is_control || matches!(character, '\u{fffe}' | '\u{ffff}')
}

struct State<'a> {
    is_plain: bool,
    has_long_key: bool,
    /// The keys of all open maps.
    keys: Vec<Text<'a>>,
}

impl<'a> State<'a> {
    fn key(&mut self, key: Text<'a>) {
        let written = if key.is_borrowed() { key.len() } else { key.len() * LONGEST_ESCAPE };
        self.has_long_key |= written > LONGEST_KEY;
        self.keys.push(key);
    }

    /// Ends the map whose keys begin at this number.
    fn end_map(&mut self, first: usize) {
        let keys = self.keys.get_mut(first..).unwrap_or_default();
        keys.sort_unstable();
        self.is_plain &= !keys.array_windows().any(|[left, right]| left == right);
        self.keys.truncate(first);
    }
}

/// The object itself.
struct Root<'s, 'a> {
    state: &'s mut State<'a>,
    depth: usize,
}

impl<'de> Visitor<'de> for Root<'_, 'de> {
    type Value = Look<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Look<'de>, A::Error> {
        let mut look = Look::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let value = map.next_value_seed(Inside { state: self.state, depth: self.depth + 1 })?;
            match (key.as_str(), value) {
                ("apiVersion", Seen::Text(text)) => look.api_version = Some(text),
                ("kind", Seen::Text(text)) => look.kind = Some(text),
                ("items", Seen::List) => look.has_items = true,
                ("apiVersion" | "kind", _) => self.state.is_plain = false,
                _ => {}
            }
            self.state.key(key);
        }
        self.state.end_map(0);
        Ok(look)
    }
}

/// A value somewhere inside of the object.
struct Inside<'s, 'a> {
    state: &'s mut State<'a>,
    depth: usize,
}

enum Seen<'a> {
    Text(Text<'a>),
    List,
    Other,
}

impl Inside<'_, '_> {
    fn check_depth(&mut self) {
        self.state.is_plain &= self.depth <= DEEPEST;
    }
}

impl<'de> DeserializeSeed<'de> for Inside<'_, 'de> {
    type Value = Seen<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Seen<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inside<'_, 'de> {
    type Value = Seen<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(mut self) -> Result<Seen<'de>, E> {
        self.check_depth();
        Ok(Seen::Other)
    }

    fn visit_bool<E: Error>(mut self, _: bool) -> Result<Seen<'de>, E> {
        self.check_depth();
        Ok(Seen::Other)
    }

    fn visit_i64<E: Error>(mut self, _: i64) -> Result<Seen<'de>, E> {
        self.check_depth();
        Ok(Seen::Other)
    }

    fn visit_u64<E: Error>(mut self, _: u64) -> Result<Seen<'de>, E> {
        self.check_depth();
        Ok(Seen::Other)
    }

    /// There are several spellings of it, of which one is kept.
    fn visit_f64<E: Error>(self, _: f64) -> Result<Seen<'de>, E> {
        self.state.is_plain = false;
        Ok(Seen::Other)
    }

    fn visit_borrowed_str<E: Error>(mut self, text: &'de str) -> Result<Seen<'de>, E> {
        self.check_depth();
        Ok(Seen::Text(Text::from(text)))
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<Seen<'de>, E> {
        self.check_depth();
        Ok(Seen::Text(Text::from(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Seen<'de>, A::Error> {
        self.check_depth();
        let depth = self.depth + 1;
        while list.next_element_seed(Inside { state: self.state, depth })?.is_some() {}
        Ok(Seen::List)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Seen<'de>, A::Error> {
        self.check_depth();
        let first = self.state.keys.len();
        while let Some(key) = map.next_key()? {
            self.state.key(key);
            map.next_value_seed(Inside { state: self.state, depth: self.depth + 1 })?;
        }
        self.state.end_map(first);
        Ok(Seen::Other)
    }
}
