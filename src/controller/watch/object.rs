//! One object as the API server sends it, reduced at the edge to what may matter.
//!
//! Nothing is expected of it but a name, so that a malformed object is an event like any other. Whoever evaluates it
//! finds out what is wrong with it.

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::kinds::Kind;
use crate::model::ObjectReference;

/// What kubectl writes down for itself.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object of a kind by namespace and name, in little memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(Box<str>);

/// An object that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    /// Which one it is.
    pub(super) key: Key,
    /// Stands for its resource version; equal versions are equal objects.
    pub(super) version: u64,
    /// Its JSON, without what does not matter.
    pub(super) json: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity<'a> {
    #[serde(borrow)]
    namespace: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    resource_version: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Heading<'a> {
    #[serde(borrow)]
    metadata: Identity<'a>,
}

impl Key {
    fn new(namespace: &str, name: &str) -> Self {
        Self(if namespace.is_empty() { name.into() } else { format!("{namespace}/{name}").into() })
    }

    /// The object of a kind that is called like this.
    pub(super) fn reference(&self, kind: &Kind) -> ObjectReference {
        let (namespace, name) = match self.0.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, &*self.0),
        };
        ObjectReference { kind: kind.name.to_owned(), namespace, name: name.to_owned() }
    }
}

impl Watched {
    /// Reads an object of a kind.
    ///
    /// # Errors
    /// When it does not even have a name.
    pub(super) fn read(kind: &Kind, object: &RawValue) -> serde_json::Result<Self> {
        let Heading { metadata } = serde_json::from_str(object.get())?;
        let mut hasher = DefaultHasher::new();
        metadata.resource_version.hash(&mut hasher);
        Ok(Self {
            key: Key::new(&metadata.namespace, &metadata.name),
            version: hasher.finish(),
            json: reduced(object, kind.is_kept_as_text())?,
        })
    }
}

/// An object without the books that the API server and kubectl keep, and without its status where nobody reads that.
fn reduced(object: &RawValue, without_status: bool) -> serde_json::Result<String> {
    let mut json = String::with_capacity(object.get().len());
    write(&mut json, object, |json, key, value| match key {
        "status" if without_status => Ok(false),
        "metadata" => member(json, key, |json| write(json, value, metadata)),
        _ => member(json, key, |json| verbatim(json, value)),
    })?;
    Ok(json)
}

fn metadata(json: &mut String, key: &str, value: &RawValue) -> serde_json::Result<bool> {
    match key {
        "managedFields" => Ok(false),
        "annotations" => member(json, key, |json| write(json, value, annotation)),
        _ => member(json, key, |json| verbatim(json, value)),
    }
}

fn annotation(json: &mut String, key: &str, value: &RawValue) -> serde_json::Result<bool> {
    if key == LAST_APPLIED { Ok(false) } else { member(json, key, |json| verbatim(json, value)) }
}

/// Writes one member of an object. Returns that there is one.
fn member(
    json: &mut String,
    key: &str,
    value: impl FnOnce(&mut String) -> serde_json::Result<()>,
) -> serde_json::Result<bool> {
    json.push_str(&serde_json::to_string(key)?);
    json.push(':');
    value(json)?;
    Ok(true)
}

#[expect(clippy::unnecessary_wraps, reason = "it is one of several ways to write a value")]
fn verbatim(json: &mut String, value: &RawValue) -> serde_json::Result<()> {
    json.push_str(value.get());
    Ok(())
}

/// Writes an object member by member, as `each` wants; it tells whether it wrote anything. What is no object is written
/// as it is.
fn write(
    json: &mut String,
    object: &RawValue,
    each: impl Fn(&mut String, &str, &RawValue) -> serde_json::Result<bool>,
) -> serde_json::Result<()> {
    if !object.get().starts_with('{') {
        return verbatim(json, object);
    }
    let Members(members) = serde_json::from_str(object.get())?;
    json.push('{');
    let mut is_after_another = false;
    for (key, value) in members {
        let start = json.len();
        if is_after_another {
            json.push(',');
        }
        if each(json, &key, value)? {
            is_after_another = true;
        } else {
            json.truncate(start);
        }
    }
    json.push('}');
    Ok(())
}

/// The members of an object, in their order.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<BorrowedKey<'de>, &'de RawValue>()? {
                    members.push((key.0, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A key, borrowed unless it is escaped.
#[derive(Deserialize)]
struct BorrowedKey<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::kinds;
    use super::*;

    fn read(kind: &str, json: &str) -> serde_json::Result<Watched> {
        let kind = kinds::watched(true).find(|known| known.name == kind).unwrap();
        Watched::read(kind, serde_json::from_str(json).unwrap())
    }

    #[rstest]
    #[case::books(
        "Pod",
        r#"{"metadata": {"managedFields": [1], "name": "x", "annotations": {"a/b": "c",
            "kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "status": {"phase": "Running"}}"#,
        r#"{"metadata":{"name":"x","annotations":{"a/b":"c"}},"status":{"phase": "Running"}}"#
    )]
    #[case::status(
        "NetworkPolicy",
        r#"{"status": {"conditions": []}, "metadata": {"name": "x"}, "spec": { "podSelector": {} }}"#,
        r#"{"metadata":{"name":"x"},"spec":{ "podSelector": {} }}"#
    )]
    #[case::nothing_left(
        "PodMonitor",
        r#"{"metadata": {"name": "x", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}}"#,
        r#"{"metadata":{"name":"x","annotations":{}}}"#
    )]
    #[case::malformed(
        "PodMonitor",
        r#"{"metadata": {"name": "x", "annotations": 7}, "spec": [{"\"": "}"}]}"#,
        r#"{"metadata":{"name":"x","annotations":7},"spec":[{"\"": "}"}]}"#
    )]
    fn only_what_may_matter_is_kept(#[case] kind: &str, #[case] sent: &str, #[case] kept: &str) {
        assert_eq!(read(kind, sent).unwrap().json, kept);
    }

    #[test]
    fn an_object_is_told_by_namespace_and_name_and_its_state_by_its_version() {
        let pod = |version: &str| {
            let json = format!(r#"{{"metadata": {{"namespace": "a", "name": "x", "resourceVersion": "{version}"}}}}"#);
            read("Pod", &json).unwrap()
        };
        let kind = kinds::watched(true).find(|kind| kind.name == "Pod").unwrap();
        assert_eq!(pod("1").key.reference(kind).to_string(), "Pod a/x");
        assert_eq!(pod("1").version, pod("1").version);
        assert_ne!(pod("1").version, pod("2").version);
        let namespace = read("Namespace", r#"{"metadata": {"name": "a"}}"#).unwrap();
        assert_eq!(namespace.key.reference(kind).namespace, None);
    }

    #[test]
    fn what_has_no_metadata_is_no_object() {
        assert!(read("Pod", "{}").is_err());
        assert!(read("Pod", "7").is_err());
    }
}
