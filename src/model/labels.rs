//! Labels and annotations: small maps of text, read without allocating.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::model::Text;

/// A map of labels or annotations in the order in which they were written. JSON `null` reads as the empty map, as the
/// API server reads it.
#[derive(Clone)]
pub struct Labels<'a>(Entries<'a>);

#[derive(Clone)]
enum Entries<'a> {
    Own(Vec<(Text<'a>, Text<'a>)>),
    /// Of many objects together.
    Shared(Arc<SharedEntries>),
}

type SharedEntries = [(Box<str>, Box<str>)];

/// Label sets of many objects, each kept once: the pods of a workload have the same.
#[derive(Clone, Debug, Default)]
pub struct LabelSets(HashSet<Arc<SharedEntries>>);

impl LabelSets {
    /// Takes note of labels that are shared already.
    pub fn learn(&mut self, labels: &Labels<'_>) {
        if let Entries::Shared(shared) = &labels.0 {
            self.0.insert(Arc::clone(shared));
        }
    }

    /// The same labels, in the memory of those that were shared before if there are such.
    pub fn share(&mut self, labels: &Labels<'_>) -> Labels<'static> {
        let entries: Vec<_> = labels.iter().map(|(key, value)| (Box::from(key), Box::from(value))).collect();
        if let Some(known) = self.0.get(entries.as_slice()) {
            return Labels(Entries::Shared(Arc::clone(known)));
        }
        let shared: Arc<SharedEntries> = entries.into();
        self.0.insert(Arc::clone(&shared));
        Labels(Entries::Shared(shared))
    }
}

impl Labels<'_> {
    /// No labels.
    pub const fn none() -> Self {
        Self(Entries::Own(Vec::new()))
    }

    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The same labels, which borrow from nothing.
    pub fn to_static(&self) -> Labels<'static> {
        match &self.0 {
            Entries::Own(_) => self.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            Entries::Shared(shared) => Labels(Entries::Shared(Arc::clone(shared))),
        }
    }

    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let (own, shared): (&[_], &SharedEntries) = match &self.0 {
            Entries::Own(own) => (own, &[]),
            Entries::Shared(shared) => (&[], shared),
        };
        let own = own.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        own.chain(shared.iter().map(|(key, value)| (&**key, &**value)))
    }

    /// Whether every one of these labels is here, with the same value.
    pub fn contains_all<'b>(&self, labels: impl IntoIterator<Item = (&'b str, &'b str)>) -> bool {
        labels.into_iter().all(|(key, value)| self.get(key) == Some(value))
    }
}

impl Default for Labels<'_> {
    fn default() -> Self {
        Self::none()
    }
}

impl PartialEq for Labels<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Labels<'_> {}

// As they are compared: whether they are shared makes no difference.
impl Hash for Labels<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.iter().for_each(|entry| entry.hash(hasher));
        self.iter().count().hash(hasher);
    }
}

impl fmt::Debug for Labels<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl<'a, K: Into<Text<'a>>, V: Into<Text<'a>>> FromIterator<(K, V)> for Labels<'a> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(Entries::Own(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Labels<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LabelsVisitor;

        impl<'de> Visitor<'de> for LabelsVisitor {
            type Value = Labels<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of strings")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Labels::default())
            }

            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(Labels::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(8));
                while let Some((key, value)) = map.next_entry::<Text<'de>, Option<Text<'de>>>()? {
                    entries.push((key, value.unwrap_or_default()));
                }
                Ok(Labels(Entries::Own(entries)))
            }
        }

        deserializer.deserialize_any(LabelsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_labels_are_shared() {
        let mut sets = LabelSets::default();
        let labels = Labels::from_iter([("app", "web"), ("team", "a")]);
        let (one, two) = (sets.share(&labels), sets.share(&labels.clone()));
        assert_eq!((&one, one.get("team"), one.is_empty()), (&labels, Some("a"), false));
        let (Entries::Shared(one), Entries::Shared(two)) = (&one.0, &two.0) else { panic!("not shared") };
        assert!(Arc::ptr_eq(one, two));
        assert_ne!(sets.share(&Labels::from_iter([("app", "web")])), labels);
        assert!(sets.share(&Labels::none()).is_empty());
    }

    #[test]
    fn null_is_no_labels() {
        assert_eq!(serde_json::from_str::<Labels<'_>>("null").unwrap(), Labels::default());
        let null_value: Labels<'_> = serde_json::from_str(r#"{"a": null}"#).unwrap();
        assert_eq!(null_value.get("a"), Some(""));
    }
}
