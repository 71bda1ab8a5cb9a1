//! Fields of one JSON object that belong to two views.

use std::ops::Deref;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A view of a JSON object, and another one of fields that Go's types inline among them (`json:",inline"`).
///
/// The object is read once for each, as serde's `flatten` could not borrow from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inlining<T, U> {
    /// The object's own fields, which are also reached directly.
    pub own: T,
    /// The fields that are inlined.
    pub inlined: U,
}

impl<T, U> Deref for Inlining<T, U> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.own
    }
}

impl<'de, T: Deserialize<'de>, U: Deserialize<'de>> Deserialize<'de> for Inlining<T, U> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = <&RawValue>::deserialize(deserializer)?.get();
        let own = serde_json::from_str(object).map_err(D::Error::custom)?;
        let inlined = serde_json::from_str(object).map_err(D::Error::custom)?;
        Ok(Self { own, inlined })
    }
}
