//! Fields that are not modelled.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::model::Text;

/// The names of the fields of an object that are not modelled. Their presence makes a match undecidable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others<'a>(Vec<Text<'a>>);

impl Others<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Others<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Others<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("further fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Others(names))
            }
        }

        deserializer.deserialize_map(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_modelled_is_still_noticed() {
        let others: Others<'_> = serde_json::from_str(r#"{"flavours": ["sweet"]}"#).unwrap();
        assert_eq!(others, Others(vec!["flavours".into()]));
        assert!(!others.is_empty());
    }
}
