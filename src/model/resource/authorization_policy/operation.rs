//! What is called, as an AuthorizationPolicy tells it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::Text;
use crate::model::resource::authorization_policy::Others;
use crate::model::resource::null_as_default;

/// What is called: all fields that are given must match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Operation<'a> {
    /// Container ports, as decimal strings.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub ports: Vec<WrittenPort<'a>>,
    /// Container ports that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_ports: Vec<WrittenPort<'a>>,
    /// Hosts of HTTP requests.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub hosts: Vec<Text<'a>>,
    /// Hosts that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_hosts: Vec<Text<'a>>,
    /// Methods of HTTP requests.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub methods: Vec<Text<'a>>,
    /// Methods that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_methods: Vec<Text<'a>>,
    /// Paths of HTTP requests.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub paths: Vec<Text<'a>>,
    /// Paths that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_paths: Vec<Text<'a>>,
    /// Fields that are not modelled here, by name.
    #[serde(borrow, flatten)]
    pub others: Others<'a>,
}

/// A port as it was written. The API demands text; manifests that no API server has seen may hold anything.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum WrittenPort<'a> {
    /// Text, as the API demands.
    #[serde(borrow)]
    Text(Text<'a>),
    /// A number that lacks its quotes.
    Number(i64),
    /// Anything else.
    Other(IgnoredAny),
}

impl<'a> Operation<'a> {
    /// Every list of the operation but those of ports, with the name of its field. All of them are about HTTP.
    pub fn lists(&self) -> [(&'static str, &[Text<'a>]); 6] {
        [
            ("hosts", &self.hosts),
            ("notHosts", &self.not_hosts),
            ("methods", &self.methods),
            ("notMethods", &self.not_methods),
            ("paths", &self.paths),
            ("notPaths", &self.not_paths),
        ]
    }

    /// Both lists of ports with the names of their fields.
    pub fn port_lists(&self) -> [(&'static str, &[WrittenPort<'a>]); 2] {
        [("ports", &self.ports), ("notPorts", &self.not_ports)]
    }

    /// Whether nothing stands in the operation. Istio takes an empty list for an absent one.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty() && !self.names_ports() && self.lists().iter().all(|(_, list)| list.is_empty())
    }

    /// Whether ports stand in the operation.
    pub fn names_ports(&self) -> bool {
        self.port_lists().iter().any(|(_, list)| !list.is_empty())
    }
}

impl WrittenPort<'_> {
    /// The number, however it was written; `None` where it is none.
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            Self::Number(number) => u16::try_from(*number).ok(),
            Self::Text(_) | Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_any_type_are_read() {
        let json = r#"{"ports": ["9090", 9090, 90909, -1, 1.5, null, true, {}]}"#;
        let operation: Operation<'_> = serde_json::from_str(json).unwrap();
        let numbers: Vec<_> = operation.ports.iter().map(WrittenPort::number).collect();
        assert_eq!(numbers, [Some(9090), Some(9090), None, None, None, None, None, None]);
    }
}
