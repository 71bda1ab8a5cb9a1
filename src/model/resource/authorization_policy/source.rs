//! Who calls, as an AuthorizationPolicy tells it.

use serde::Deserialize;

use crate::model::Text;
use crate::model::resource::authorization_policy::Others;
use crate::model::resource::null_as_default;

/// Who calls: all fields that are given must match.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Source<'a> {
    /// `<trust domain>/ns/<namespace>/sa/<service account>`.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub principals: Vec<Text<'a>>,
    /// Principals that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_principals: Vec<Text<'a>>,
    /// Identities of end users, `<issuer>/<subject>`.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub request_principals: Vec<Text<'a>>,
    /// Identities of end users that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_request_principals: Vec<Text<'a>>,
    /// Namespaces of the caller's identity.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub namespaces: Vec<Text<'a>>,
    /// Namespaces that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_namespaces: Vec<Text<'a>>,
    /// `<service account>` or `<namespace>/<service account>`.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub service_accounts: Vec<Text<'a>>,
    /// Service accounts that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_service_accounts: Vec<Text<'a>>,
    /// Trust domains of the caller's identity.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub trust_domains: Vec<Text<'a>>,
    /// Trust domains that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_trust_domains: Vec<Text<'a>>,
    /// Addresses of the peer that opened the connection.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub ip_blocks: Vec<Text<'a>>,
    /// Addresses of the peer that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_ip_blocks: Vec<Text<'a>>,
    /// Addresses of the client as proxies in between report them.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub remote_ip_blocks: Vec<Text<'a>>,
    /// Such addresses that are left out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub not_remote_ip_blocks: Vec<Text<'a>>,
    /// Fields that are not modelled here, by name.
    #[serde(borrow, flatten)]
    pub others: Others<'a>,
}

impl<'a> Source<'a> {
    /// Every list of the source with the name of its field.
    pub fn lists(&self) -> [(&'static str, &[Text<'a>]); 14] {
        [
            ("principals", &self.principals),
            ("notPrincipals", &self.not_principals),
            ("requestPrincipals", &self.request_principals),
            ("notRequestPrincipals", &self.not_request_principals),
            ("namespaces", &self.namespaces),
            ("notNamespaces", &self.not_namespaces),
            ("serviceAccounts", &self.service_accounts),
            ("notServiceAccounts", &self.not_service_accounts),
            ("trustDomains", &self.trust_domains),
            ("notTrustDomains", &self.not_trust_domains),
            ("ipBlocks", &self.ip_blocks),
            ("notIpBlocks", &self.not_ip_blocks),
            ("remoteIpBlocks", &self.remote_ip_blocks),
            ("notRemoteIpBlocks", &self.not_remote_ip_blocks),
        ]
    }

    /// Whether nothing stands in the source. Istio takes an empty list for an absent one.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty() && self.lists().iter().all(|(_, list)| list.is_empty())
    }

    /// Whether something stands in one of these fields.
    pub fn has_any(&self, fields: &[&str]) -> bool {
        self.lists().iter().any(|(field, list)| fields.contains(field) && !list.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_items_leaves_a_source_empty() {
        let source: Source<'_> = serde_json::from_str(r#"{"principals": []}"#).unwrap();
        assert!(source.is_empty());
        let newer: Source<'_> = serde_json::from_str(r#"{"passports": ["x"]}"#).unwrap();
        assert!(!newer.is_empty());
    }
}
