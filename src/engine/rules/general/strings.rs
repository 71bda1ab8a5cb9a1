//! A walk over every string below `spec`, straight from the raw JSON.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::FieldPath;
use crate::model::field_path::Segment;

/// Calls `visit` with the path and value of every string below `spec`. JSON that is malformed is walked as far as it
/// goes: the border has refused it before.
pub(super) fn visit(json: &str, visit: &mut dyn FnMut(&FieldPath, &str)) {
    let mut path = FieldPath::root();
    let walk = Walk { path: &mut path, visit, below_spec: false };
    let _ = serde_json::Deserializer::from_str(json).deserialize_any(walk);
}

struct Walk<'a> {
    path: &'a mut FieldPath,
    visit: &'a mut dyn FnMut(&FieldPath, &str),
    below_spec: bool,
}

impl Walk<'_> {
    fn below(&mut self) -> Walk<'_> {
        Walk { path: self.path, visit: self.visit, below_spec: true }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.below_spec {
            (self.visit)(self.path, text);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if !self.below_spec && key != "spec" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            self.path.push(Segment::Key(key));
            map.next_value_seed(self.below())?;
            self.path.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        loop {
            self.path.push(Segment::Index(index));
            let element = list.next_element_seed(self.below())?;
            self.path.pop();
            if element.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_below_spec_is_visited_with_its_path() {
        let json = r#"{"metadata": {"name": "n"}, "spec": {"a": ["x", 1, {"b": "y"}], "c": null, "d": true}}"#;
        let mut seen = Vec::new();
        visit(json, &mut |path, text| seen.push(format!("{path}={text}")));
        assert_eq!(seen, ["spec.a[0]=x", "spec.a[2].b=y"]);
    }
}
