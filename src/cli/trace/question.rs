//! Questions as people and programs write them: `shop/web monitoring/prometheus:9090`, or a line of JSON.

use std::fmt;
use std::net::IpAddr;

use anyhow::{Context, bail};
use serde::{Deserialize, Deserializer, de};

use crate::engine::reach::authorization_policy::HttpRequest;
use crate::engine::reach::evaluator::Manner;
use crate::engine::reach::mesh::ClientTls;
use crate::model::Protocol;

/// Who is asked about, and how they would talk.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    pub(super) from: End,
    pub(super) to: End,
    pub(super) port: Port,
    #[serde(default)]
    pub(super) protocol: Protocol,
    /// The request, where the connection carries HTTP.
    #[serde(default)]
    pub(super) http: Option<HttpRequest>,
    #[serde(default)]
    pub(super) tls: Tls,
}

/// What the caller does about TLS by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "camelCase")]
pub(super) enum Tls {
    /// It calls a Service and leaves TLS to the mesh
    #[default]
    Mesh,
    /// It calls the address of the pod, without TLS
    None,
    /// It presents a certificate of Istio itself, as a Prometheus with mounted certificates does
    IstioCertificates,
}

/// An end of a connection by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Pod { namespace: String, name: String },
    Address(IpAddr),
    World,
}

/// A port of the called pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Port {
    Number(u16),
    Name(String),
}

impl Question {
    /// Reads the two arguments `FROM` and `TO:PORT`.
    pub(super) fn parse(from: &str, to: &str) -> anyhow::Result<Self> {
        let Some((to, port)) = to.rsplit_once(':').filter(|(end, _)| !end.is_empty()) else {
            bail!("{to:?} has no port: write TO:PORT, such as monitoring/prometheus-0:9090");
        };
        // An address of six bytes or more has colons of its own and stands in brackets.
        let to = to.strip_prefix('[').and_then(|to| to.strip_suffix(']')).unwrap_or(to);
        Ok(Self {
            from: End::parse(from)?,
            to: End::parse(to)?,
            port: Port::parse(port)?,
            protocol: Protocol::default(),
            http: None,
            tls: Tls::default(),
        })
    }

    /// How the connection is made.
    pub(super) fn manner(&self) -> Manner {
        let tls = match self.tls {
            Tls::Mesh => ClientTls::Mesh,
            Tls::None => ClientTls::None,
            Tls::IstioCertificates => ClientTls::IstioCertificates,
        };
        Manner { tls, request: self.http.clone() }
    }

    /// Reads one line of a batch.
    pub(super) fn from_json(line: &str) -> anyhow::Result<Self> {
        serde_json::from_str(line).context("not a question")
    }
}

impl End {
    fn parse(text: &str) -> anyhow::Result<Self> {
        if text == "world" {
            return Ok(Self::World);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self::Pod { namespace: namespace.to_owned(), name: name.to_owned() })
            }
            _ => bail!("{text:?} is neither NAMESPACE/POD, an address, nor world"),
        }
    }
}

impl Port {
    fn parse(text: &str) -> anyhow::Result<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return match text.parse() {
                Ok(number) if number > 0 => Ok(Self::Number(number)),
                _ => bail!("no port has the number {text}"),
            };
        }
        if text.is_empty() {
            bail!("the port is missing");
        }
        Ok(Self::Name(text.to_owned()))
    }
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod { namespace, name } => write!(formatter, "{namespace}/{name}"),
            Self::Address(address) => address.fmt(formatter),
            Self::World => formatter.write_str("world"),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn pod(namespace: &str, name: &str) -> End {
        End::Pod { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    #[rstest]
    #[case("a/b", "c/d:80", pod("a", "b"), pod("c", "d"), Port::Number(80))]
    #[case("world", "c/d:http", End::World, pod("c", "d"), Port::Name("http".to_owned()))]
    #[case("10.0.0.1", "10.0.0.2:443", End::Address([10, 0, 0, 1].into()), End::Address([10, 0, 0, 2].into()), Port::Number(443))]
    #[case("fd00::1", "[fd00::2]:80", End::Address("fd00::1".parse().unwrap()), End::Address("fd00::2".parse().unwrap()), Port::Number(80))]
    fn reads_arguments(#[case] from: &str, #[case] to: &str, #[case] a: End, #[case] b: End, #[case] port: Port) {
        let question = Question::parse(from, to).unwrap();
        assert_eq!((question.from, question.to, question.port), (a, b, port));
    }

    #[rstest]
    #[case("a/b", "c/d", "has no port")]
    #[case("a/b", ":80", "has no port")]
    #[case("a/b", "c/d:", "the port is missing")]
    #[case("a/b", "c/d:0", "no port has the number 0")]
    #[case("a/b", "c/d:65536", "no port has the number 65536")]
    #[case("prometheus", "c/d:80", "neither NAMESPACE/POD, an address, nor world")]
    #[case("a/b/c", "c/d:80", "neither NAMESPACE/POD")]
    fn says_what_it_cannot_read(#[case] from: &str, #[case] to: &str, #[case] sentence: &str) {
        let error = Question::parse(from, to).unwrap_err().to_string();
        assert!(error.contains(sentence), "{error}");
    }

    #[test]
    fn reads_a_line_of_json() {
        let line = r#"{"from": "a/b", "to": "world", "port": 53, "protocol": "UDP"}"#;
        let question = Question::from_json(line).unwrap();
        assert_eq!((question.to, question.port, question.protocol), (End::World, Port::Number(53), Protocol::Udp));
        let line = r#"{"from": "a/b", "to": "c/d", "port": "web", "http": {"method": "GET", "path": "/metrics"}}"#;
        let http = Question::from_json(line).unwrap().http.unwrap();
        assert_eq!((http.method.as_deref(), http.path.as_deref(), http.host), (Some("GET"), Some("/metrics"), None));
    }

    #[rstest]
    #[case("{}", "missing field `from`")]
    #[case(r#"{"from": "a/b", "to": "c/d", "port": 70000}"#, "no port has the number 70000")]
    #[case(
        r#"{"from": "a/b", "to": "c/d", "port": 1, "protocol": "ICMP"}"#,
        "unknown variant `ICMP`, expected one of `TCP`, `UDP`, `SCTP`"
    )]
    #[case(r#"{"from": "a/b", "to": "c/d", "port": 1, "htpp": {}}"#, "unknown field `htpp`")]
    fn says_what_is_wrong_with_a_line(#[case] line: &str, #[case] sentence: &str) {
        let error = format!("{:#}", Question::from_json(line).unwrap_err());
        assert!(error.contains(sentence), "{error}");
    }
}
