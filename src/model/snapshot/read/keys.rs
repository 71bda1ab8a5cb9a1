//! Names of the keys of Secrets and ConfigMaps.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::Text;

/// A Secret or a ConfigMap. What else is in it is not read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::model::snapshot) struct KeysView<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    string_data: Option<&'a RawValue>,
}

impl KeysView<'_> {
    /// The names, in order.
    ///
    /// # Errors
    /// It has something else than a map. What it is must not be told.
    pub(in crate::model::snapshot) fn names(&self) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for map in self.data.iter().chain(&self.string_data) {
            let map: Option<BTreeMap<Text<'_>, &RawValue>> =
                serde_json::from_str(map.get()).map_err(|_| "its data is no map".to_owned())?;
            names.extend(map.into_iter().flatten().map(|(name, _)| name.into_owned()));
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}
