//! JSON Patch (RFC 6902) as injection needs it: additions only, built without parsing the object into a tree.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A list of additions. It can hold nothing else: what is not expressible here is never done to a user's object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch(Vec<Addition>);

/// One `add` operation of a [`Patch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Where, as a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// What.
    pub value: Added,
}

/// The values that injection adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// A string, such as the value of a label.
    Text(String),
    /// A map of strings, such as a whole `metadata.labels`.
    Map(Vec<(String, String)>),
}

impl Patch {
    /// Whether there is nothing to do. Such a patch must not be sent: the API server does needless work for it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The additions in the order in which they apply.
    pub fn additions(&self) -> &[Addition] {
        &self.0
    }

    /// Appends an addition.
    pub fn add(&mut self, pointer: String, value: Added) {
        self.0.push(Addition { pointer, value });
    }
}

/// A key as one step of a JSON Pointer: `~` and `/` are escaped (RFC 6901, section 3).
pub fn pointer_step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

impl Serialize for Patch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl Serialize for Addition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut operation = serializer.serialize_map(Some(3))?;
        operation.serialize_entry("op", "add")?;
        operation.serialize_entry("path", &self.pointer)?;
        operation.serialize_entry("value", &self.value)?;
        operation.end()
    }
}

impl Serialize for Added {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
        }
    }
}
