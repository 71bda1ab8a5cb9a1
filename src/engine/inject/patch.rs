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
    /// A map, such as a whole `metadata.labels` where there was none.
    Map(Vec<(String, Added)>),
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

/// The JSON Pointer that leads through these keys: `~` and `/` inside a key are escaped (RFC 6901, section 3).
pub fn pointer<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    keys.into_iter().fold(String::new(), |pointer, key| pointer + "/" + &key.replace('~', "~0").replace('/', "~1"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_keys_are_escaped() {
        assert_eq!(pointer(["metadata", "labels", "a.io/b~c"]), "/metadata/labels/a.io~1b~0c");
    }

    #[test]
    fn is_written_as_the_api_server_reads_it() {
        let mut patch = Patch::default();
        patch.add("/metadata/labels".to_owned(), Added::Map(vec![("a".to_owned(), Added::Text("b".to_owned()))]));
        let json = r#"[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]"#;
        assert_eq!(serde_json::to_string(&patch).unwrap(), json);
    }
}
