//! The list that `kubectl get -o json` prints, cut into its items without reading them.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::plain_json;
use crate::model::Text;

/// How deep the items are in their document.
pub(super) const DEPTH_OF_ITEMS: usize = 2;

/// A list that nothing is wrong with outside of its items.
#[derive(Debug)]
pub(super) struct JsonList<'a> {
    /// Its `apiVersion`, if it has one.
    pub(super) api_version: Option<Text<'a>>,
    /// Its `kind`.
    pub(super) kind: Text<'a>,
    /// Its items as they are written.
    pub(super) items: Vec<&'a str>,
}

impl<'a> JsonList<'a> {
    /// The list that a JSON text is; `None` if it is anything else.
    pub(super) fn of(json: &'a str) -> Option<Self> {
        let top = serde_json::from_str::<Top<'a>>(json).ok().filter(|top| top.is_regular)?;
        let kind = top.text("kind").ok()?.filter(|kind| kind.ends_with("List"))?;
        let api_version = top.text("apiVersion").ok()?;
        top.others.iter().all(|(_, value)| is_plain(value)).then_some(())?;
        Some(Self { api_version, kind, items: top.items? })
    }
}

fn is_plain(value: &RawValue) -> bool {
    // A scalar or a list is looked at as the only value of an object, which is then not as deep itself.
    let object = format!("{{\"\":{}}}", value.get());
    plain_json::look(&object, 0).is_some_and(|look| look.is_plain)
}

/// The entries of the list itself.
struct Top<'a> {
    /// Whether no key is there twice or is written in a way that YAML readers treat differently.
    is_regular: bool,
    others: Vec<(Text<'a>, &'a RawValue)>,
    items: Option<Vec<&'a str>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Top<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TopVisitor;

        impl<'de> Visitor<'de> for TopVisitor {
            type Value = Top<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top<'de>, A::Error> {
                let mut top = Top { is_regular: true, others: Vec::new(), items: None };
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    let is_new = top.items.is_none() || key != "items";
                    top.is_regular &= is_new && key.is_borrowed() && key != "<<" && top.get(&key).is_none();
                    if key == "items" && is_new {
                        top.items = Some(map.next_value_seed(Items)?);
                    } else {
                        top.others.push((key, map.next_value()?));
                    }
                }
                Ok(top)
            }
        }

        deserializer.deserialize_map(TopVisitor)
    }
}

impl<'a> Top<'a> {
    fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.others.iter().find(|(known, _)| known == key).map(|(_, value)| *value)
    }

    /// A string of the list; an error if it is anything else.
    fn text(&self, key: &str) -> serde_json::Result<Option<Text<'a>>> {
        self.get(key).map(|value| serde_json::from_str(value.get())).transpose()
    }
}

/// The items of a list, each as it is written.
struct Items;

impl<'de> DeserializeSeed<'de> for Items {
    type Value = Vec<&'de str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<&'de RawValue>()? {
            items.push(item.get());
        }
        Ok(items)
    }
}
