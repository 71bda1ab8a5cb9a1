//! The client by which Prometheus scrapes, discovers or fetches a token: who it is, whom it trusts, and through which
//! proxy it goes (`HTTPConfig`, `OAuth2`, `TLSConfig`, `ProxyConfig` of `monitoring.coreos.com/v1`).
//!
//! Not every client has all of the fields; the API server prunes those that it has not.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Text;
use crate::model::resource::{Inlining, tolerant};

/// The settings of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpClient<'a> {
    /// A header with credentials.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub authorization: Option<Authorization<'a>>,
    /// Name and password.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub basic_auth: Option<BasicAuth<'a>>,
    /// A token that is fetched first.
    #[serde(borrow, rename = "oauth2", deserialize_with = "tolerant")]
    pub oauth2: Option<Box<Inlining<OAuth2<'a>, HttpClient<'a>>>>,
    /// A token in a Secret; deprecated.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub bearer_token_secret: Option<KeySelector<'a>>,
    /// How the other side proves who it is, and the client who it is.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub tls_config: Option<TlsConfig<'a>>,
    /// The proxy.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub proxy_url: Option<Text<'a>>,
    /// Addresses that are reached without the proxy.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub no_proxy: Option<Text<'a>>,
    /// Whether Prometheus' environment says which proxy is used.
    #[serde(deserialize_with = "tolerant")]
    pub proxy_from_environment: Option<bool>,
    /// Headers for the proxy, and where their values are.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub proxy_connect_header: BTreeMap<Text<'a>, Vec<KeySelector<'a>>>,
}

/// A header with credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Authorization<'a> {
    /// The kind of credentials; `Bearer` if absent.
    #[serde(borrow, rename = "type", deserialize_with = "tolerant")]
    pub kind: Option<Text<'a>>,
    /// Where they are.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub credentials: Option<KeySelector<'a>>,
}

/// Name and password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BasicAuth<'a> {
    /// Where the name is.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub username: KeySelector<'a>,
    /// Where the password is.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub password: KeySelector<'a>,
}

/// A token that is fetched first. TLS and proxy of that are inlined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OAuth2<'a> {
    /// Where the client's name is.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub client_id: SecretOrConfigMap<'a>,
    /// Where the client's password is.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub client_secret: KeySelector<'a>,
    /// Who gives the token.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub token_url: Text<'a>,
}

/// TLS settings. The files exist in ServiceMonitors only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsConfig<'a> {
    /// The certificate authority.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub ca: SecretOrConfigMap<'a>,
    /// Prometheus' own certificate.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub cert: SecretOrConfigMap<'a>,
    /// Prometheus' own key.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub key_secret: Option<KeySelector<'a>>,
    /// File with the certificate authority.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub ca_file: Option<Text<'a>>,
    /// File with Prometheus' own certificate.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub cert_file: Option<Text<'a>>,
    /// File with Prometheus' own key.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub key_file: Option<Text<'a>>,
    /// The name that the target's certificate must have.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub server_name: Option<Text<'a>>,
    /// Whether the target's certificate is taken unseen.
    #[serde(deserialize_with = "tolerant")]
    pub insecure_skip_verify: Option<bool>,
    /// The oldest version of TLS, such as `TLS12`.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub min_version: Option<Text<'a>>,
    /// The newest version of TLS.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub max_version: Option<Text<'a>>,
}

/// One key of a Secret, or of a ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct KeySelector<'a> {
    /// The name of the object.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub name: Text<'a>,
    /// The key in it.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub key: Text<'a>,
}

/// One key of either a Secret or a ConfigMap; absent if it names neither.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretOrConfigMap<'a> {
    /// A key of a Secret.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub secret: Option<KeySelector<'a>>,
    /// A key of a ConfigMap.
    #[serde(borrow, deserialize_with = "tolerant")]
    pub config_map: Option<KeySelector<'a>>,
}

impl KeySelector<'_> {
    /// Whether it may be there: an object and a key in it are named.
    pub fn is_complete(&self) -> bool {
        !self.name.is_empty() && !self.key.is_empty()
    }
}

impl TlsConfig<'_> {
    /// The same where there are no files, as in all but ServiceMonitors; nothing if that says nothing.
    pub fn without_files(&self) -> Option<Self> {
        let without = Self { ca_file: None, cert_file: None, key_file: None, ..self.clone() };
        (without != Self::default()).then_some(without)
    }
}

impl SecretOrConfigMap<'_> {
    /// Whether it names neither.
    pub fn is_empty(&self) -> bool {
        self.secret.is_none() && self.config_map.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_another_form_does_not_spoil_the_rest() {
        let json = r#"{"basicAuth": "me", "proxyUrl": 1, "oauth2": {"tokenUrl": "u", "noProxy": "a"}, "tlsConfig": null,
            "proxyConnectHeader": {"a": "b"}}"#;
        let client: HttpClient<'_> = serde_json::from_str(json).unwrap();
        assert_eq!((&client.basic_auth, &client.proxy_url, &client.tls_config), (&None, &None, &None));
        assert_eq!(client.proxy_connect_header, BTreeMap::new());
        let oauth2 = client.oauth2.unwrap();
        assert_eq!((oauth2.token_url.as_str(), oauth2.inlined.no_proxy.as_deref()), ("u", Some("a")));
    }
}
