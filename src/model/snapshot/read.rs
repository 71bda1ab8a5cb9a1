//! From the JSON of an object to the value that a snapshot has for it, with the defaults of the API server filled in.
//!
//! These views hold more than those of [`crate::model::resource`], which admission reads and wants short.

pub(super) mod endpoint_slice;
pub(super) mod keys;
pub(super) mod node;
pub(super) mod operated;
pub(super) mod pod;
pub(super) mod service;
pub(super) mod workload;

use serde::{Deserialize, Deserializer, de};

use crate::model::Protocol;
use crate::model::Text;

/// A number or a name, as ports are given.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum NumberOrName<'a> {
    Number(u16),
    Name(#[serde(borrow)] Text<'a>),
}

/// Reads a protocol; TCP where nothing is said (`SetDefaults_ContainerPort` and its like in `k8s.io/kubernetes`).
fn protocol<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Protocol, D::Error> {
    Ok(protocol_if_any(deserializer)?.unwrap_or_default())
}

/// Reads a protocol; `None` where nothing is said.
fn protocol_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Protocol>, D::Error> {
    let name = Option::<Text<'de>>::deserialize(deserializer)?.filter(|name| !name.is_empty());
    let parse = |name: Text<'_>| {
        Protocol::parse(&name).ok_or_else(|| de::Error::custom(format!("{:?} is not a protocol", name.as_str())))
    };
    name.map(parse).transpose()
}

/// The text on its own, unless it is empty, which says nothing.
fn said(text: Option<&Text<'_>>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(ToString::to_string)
}
