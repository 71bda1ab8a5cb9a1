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
    /// A list, such as a whole `spec.volumes` where there was none.
    List(Vec<Added>),
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

    /// Adds a value at the end of these keys, of which the first `existing` lead to something that is there. The maps
    /// that are missing on the way are added with it, and shared with what else is added below them.
    pub fn insert(&mut self, keys: &[&str], existing: usize, value: Added) {
        let (there, missing) = keys.split_at(existing.min(keys.len().saturating_sub(1)));
        let Some((first, rest)) = missing.split_first() else { return };
        let pointer = pointer(there.iter().copied().chain([*first]));
        self.extend(Self(vec![Addition { pointer, value: Added::below(rest, value) }]));
    }

    /// Adds an element to the end of the list at these keys, or the list itself where there is none.
    pub fn append(&mut self, keys: &[&str], existing: usize, element: Added) {
        if existing < keys.len() {
            self.insert(keys, existing, Added::List(vec![element]));
        } else {
            self.add(pointer(keys.iter().copied()) + "/-", element);
        }
    }

    /// Takes over another patch for the same object. Where both add the same map, it gets the entries of both.
    pub fn extend(&mut self, other: Self) {
        for addition in other.0 {
            let same = self.0.iter_mut().find(|known| known.pointer == addition.pointer);
            match (same.map(|known| &mut known.value), addition.value) {
                (Some(known @ Added::Map(_)), value @ Added::Map(_)) if !addition.pointer.ends_with("/-") => {
                    known.merge(value);
                }
                (_, value) => self.add(addition.pointer, value),
            }
        }
    }
}

impl Added {
    /// A map of texts.
    pub fn texts<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), Self::Text(value.to_owned()))).collect())
    }

    /// Takes over the entries of another map.
    fn merge(&mut self, other: Self) {
        let (Self::Map(entries), Self::Map(others)) = (self, other) else { return };
        for (key, value) in others {
            match entries.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => known.merge(value),
                None => entries.push((key, value)),
            }
        }
    }

    fn below(keys: &[&str], value: Self) -> Self {
        keys.iter().rfold(value, |inner, key| Self::Map(vec![((*key).to_owned(), inner)]))
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
            Self::List(elements) => serializer.collect_seq(elements),
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

    fn written(patch: &Patch) -> String {
        serde_json::to_string(patch).unwrap()
    }

    #[test]
    fn is_written_as_the_api_server_reads_it() {
        let mut patch = Patch::default();
        patch.insert(&["metadata", "labels", "a"], 1, Added::Text("b".to_owned()));
        assert_eq!(written(&patch), r#"[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]"#);
    }

    #[test]
    fn what_is_missing_on_the_way_is_added_once() {
        let mut patch = Patch::default();
        patch.insert(&["spec", "podMetadata", "labels", "a"], 1, Added::Text("1".to_owned()));
        patch.insert(&["spec", "podMetadata", "annotations", "b"], 1, Added::Text("2".to_owned()));
        patch.insert(&["spec", "podMetadata", "labels", "c"], 1, Added::Text("3".to_owned()));
        let value = r#"{"labels":{"a":"1","c":"3"},"annotations":{"b":"2"}}"#;
        assert_eq!(written(&patch), format!(r#"[{{"op":"add","path":"/spec/podMetadata","value":{value}}}]"#));
    }

    #[test]
    fn an_element_goes_to_the_end_of_a_list_or_makes_one() {
        let element = || Added::texts([("name", "v")]);
        let mut patch = Patch::default();
        patch.append(&["spec", "volumes"], 2, element());
        patch.append(&["spec", "volumeMounts"], 1, element());
        assert_eq!(
            written(&patch),
            r#"[{"op":"add","path":"/spec/volumes/-","value":{"name":"v"}},{"op":"add","path":"/spec/volumeMounts","value":[{"name":"v"}]}]"#
        );
    }
}
