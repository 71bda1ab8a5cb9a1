//! What clusters write into objects for themselves, and what says nothing of what an object is to do.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::Text;

/// Fields that change although nobody changes the object.
const IN_OBJECT: [&str; 1] = ["status"];
const IN_METADATA: [&str; 3] = ["generation", "managedFields", "resourceVersion"];

/// An object without its status, and without those metadata that only tell of its versions. What is no JSON object stays
/// as it is.
pub fn without_bookkeeping(json: &str) -> Cow<'_, str> {
    let Ok(Entries(mut entries)) = serde_json::from_str(json) else { return Cow::Borrowed(json) };
    for (key, value) in &mut entries {
        if key == "metadata"
            && let Ok(Entries(metadata)) = serde_json::from_str(value)
        {
            *value = Cow::Owned(written(&metadata, &IN_METADATA));
        }
    }
    Cow::Owned(written(&entries, &IN_OBJECT))
}

fn written(entries: &[(Text<'_>, Cow<'_, str>)], left_out: &[&str]) -> String {
    let entries = entries.iter().filter(|(key, _)| !left_out.contains(&key.as_str()));
    let entries = entries.map(|(key, value)| format!("{}:{value}", serde_json::Value::from(key.as_str())));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}

/// The entries of an object, in order, each value as it is written.
struct Entries<'a>(Vec<(Text<'a>, Cow<'a, str>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    entries.push((key, Cow::Borrowed(value.get())));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::status(r#"{"kind": "A", "status": {"metadata": 1}}"#, r#"{"kind":"A"}"#)]
    #[case::versions(
        r#"{"metadata": {"name": "a", "managedFields": [{}], "resourceVersion": "1", "generation": 2, "uid": "u"}}"#,
        r#"{"metadata":{"name":"a","uid":"u"}}"#
    )]
    #[case::only_where_they_are_meant(
        r#"{"spec": {"status": 1, "generation": 2}, "generation": 3}"#,
        r#"{"spec":{"status": 1, "generation": 2},"generation":3}"#
    )]
    #[case::quotes(r#"{"a\"b": "c\"d"}"#, r#"{"a\"b":"c\"d"}"#)]
    #[case::metadata_of_another_form(r#"{"metadata": 1}"#, r#"{"metadata":1}"#)]
    #[case::no_object("[1, 2]", "[1, 2]")]
    #[case::no_json("{", "{")]
    fn what_says_nothing_is_left_out(#[case] json: &str, #[case] expected: &str) {
        assert_eq!(without_bookkeeping(json), expected);
    }
}
