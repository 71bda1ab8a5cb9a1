//! NetworkPolicy (`networking.k8s.io/v1`).
//!
//! Also reads what the API server would refuse, such as a port of 70000 or a peer without any selector, so that a
//! review can say where it stands.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::model::Text;
use crate::model::resource::{Metadata, null_as_default};
use crate::model::selector::LabelSelector;

/// A NetworkPolicy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NetworkPolicy<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
    /// What it selects and allows.
    #[serde(borrow, default)]
    pub spec: NetworkPolicySpec<'a>,
}

/// What a NetworkPolicy selects and allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicySpec<'a> {
    /// The pods of the policy's namespace that it holds for.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub pod_selector: LabelSelector<'a>,
    /// Traffic that may come in.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub ingress: Vec<IngressRule<'a>>,
    /// Traffic that may go out.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub egress: Vec<EgressRule<'a>>,
    /// `Ingress` and `Egress`; what is left out is derived by [`NetworkPolicySpec::isolates_ingress`] and [`NetworkPolicySpec::isolates_egress`].
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub policy_types: Vec<Text<'a>>,
}

/// One element of `ingress`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressRule<'a> {
    /// Who may come in; everybody if empty.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub from: Vec<Peer<'a>>,
    /// To which ports; all if empty.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub ports: Vec<PolicyPort<'a>>,
}

/// One element of `egress`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EgressRule<'a> {
    /// Where to; everywhere if empty.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub to: Vec<Peer<'a>>,
    /// To which ports; all if empty.
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub ports: Vec<PolicyPort<'a>>,
}

/// One element of `from` or `to`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer<'a> {
    /// Pods, of the policy's own namespace unless a namespace selector stands beside it.
    pub pod_selector: Option<LabelSelector<'a>>,
    /// Namespaces.
    pub namespace_selector: Option<LabelSelector<'a>>,
    /// Addresses outside the cluster.
    pub ip_block: Option<IpBlock<'a>>,
    /// Whether it has a field that is not known here, such as one of a newer version. Nobody can tell then whom it
    /// means.
    pub has_unknown_field: bool,
}

/// A range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IpBlock<'a> {
    /// The range in CIDR notation.
    #[serde(borrow)]
    pub cidr: Text<'a>,
    /// Ranges that are left out of it.
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    pub except: Vec<Text<'a>>,
}

/// One element of `ports`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyPort<'a> {
    /// Number or name of the container port; all ports if absent.
    #[serde(borrow)]
    pub port: Option<PortReference<'a>>,
    /// Last port of a range that begins with `port`. Valid only as a number.
    #[serde(borrow)]
    pub end_port: Option<PortReference<'a>>,
    /// Protocol; TCP if absent.
    #[serde(borrow)]
    pub protocol: Option<Text<'a>>,
}

/// A port by number or by name (`k8s.io/apimachinery/pkg/util/intstr.IntOrString`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortReference<'a> {
    /// By number.
    Number(u16),
    /// By the name that the pod's container gives it.
    Name(Text<'a>),
    /// A number that no port can have, as it was written.
    Impossible(String),
}

impl<'de: 'a, 'a> Deserialize<'de> for PortReference<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl<'de> Visitor<'de> for PortVisitor {
            type Value = PortReference<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the number or the name of a port")
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(u16::try_from(number)
                    .map_or_else(|_| PortReference::Impossible(number.to_string()), PortReference::Number))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(PortReference::Impossible(number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(PortReference::Impossible(number.to_string()))
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(PortReference::Name(Text::from(name)))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(PortReference::Name(Text::from(name.to_owned())))
            }
        }

        deserializer.deserialize_any(PortVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Peer<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PeerVisitor;

        impl<'de> Visitor<'de> for PeerVisitor {
            type Value = Peer<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a peer")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Peer::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut peer = Peer::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match key.as_str() {
                        "podSelector" => peer.pod_selector = map.next_value()?,
                        "namespaceSelector" => peer.namespace_selector = map.next_value()?,
                        "ipBlock" => peer.ip_block = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            peer.has_unknown_field = true;
                        }
                    }
                }
                Ok(peer)
            }
        }

        deserializer.deserialize_any(PeerVisitor)
    }
}

impl NetworkPolicySpec<'_> {
    /// Whether the selected pods accept only what some policy allows in: the API server's defaulting of `policyTypes`
    /// always includes `Ingress` (`k8s.io/kubernetes/pkg/apis/networking/v1/defaults.go`).
    pub fn isolates_ingress(&self) -> bool {
        self.policy_types.is_empty() || self.names_type("Ingress")
    }

    /// Whether the selected pods may go out only where some policy allows it: named, or derived by the API server from
    /// rules that are there.
    pub fn isolates_egress(&self) -> bool {
        self.names_type("Egress") || self.policy_types.is_empty() && !self.egress.is_empty()
    }

    /// Whether `policyTypes` was written with this type in it.
    pub fn names_type(&self, name: &str) -> bool {
        self.policy_types.iter().any(|policy_type| policy_type == name)
    }
}

impl<'a> Peer<'a> {
    /// The pod selector, if it alone says who is meant: pods of the policy's own namespace.
    pub fn only_pods(&self) -> Option<&LabelSelector<'a>> {
        let alone = self.namespace_selector.is_none() && self.ip_block.is_none() && !self.has_unknown_field;
        self.pod_selector.as_ref().filter(|_| alone)
    }

    /// The namespace selector, if it alone says who is meant: all pods of these namespaces.
    pub fn only_namespaces(&self) -> Option<&LabelSelector<'a>> {
        let alone = self.pod_selector.is_none() && self.ip_block.is_none() && !self.has_unknown_field;
        self.namespace_selector.as_ref().filter(|_| alone)
    }
}

impl PolicyPort<'_> {
    /// Whether a TCP connection to this container port is covered. `names` are the names the port goes by.
    pub fn covers_tcp<'b>(&self, number: u16, names: impl Iterator<Item = &'b str>) -> bool {
        self.covers("TCP", number, names)
    }

    /// Whether traffic of this protocol to this container port is covered. `names` are the names the port goes by.
    pub fn covers<'b>(&self, protocol: &str, number: u16, mut names: impl Iterator<Item = &'b str>) -> bool {
        self.protocol() == protocol
            && match &self.port {
                None => true,
                Some(PortReference::Name(name)) => names.any(|known| name == known),
                Some(_) => self.numbers().is_some_and(|(first, last)| (first..=last).contains(&number)),
            }
    }

    /// The protocol that is meant.
    pub fn protocol(&self) -> &str {
        self.protocol.as_deref().unwrap_or("TCP")
    }

    /// First and last number of the ports that are meant; `None` for a name, for all ports, and for what no port can
    /// be.
    pub fn numbers(&self) -> Option<(u16, u16)> {
        let Some(PortReference::Number(first)) = self.port else { return None };
        match self.end_port {
            None => Some((first, first)),
            Some(PortReference::Number(last)) => Some((first, last)),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(r#"{"port": 10250}"#, true)]
    #[case(r#"{"port": "https"}"#, true)]
    #[case(r#"{"port": 10000, "endPort": 11000}"#, true)]
    #[case("{}", true)]
    #[case(r#"{"port": 443}"#, false)]
    #[case(r#"{"port": 10250, "protocol": "UDP"}"#, false)]
    #[case(r#"{"port": "http"}"#, false)]
    fn a_port_is_covered_by_number_name_or_range(#[case] port: &str, #[case] covered: bool) {
        let port: PolicyPort<'_> = serde_json::from_str(port).unwrap();
        assert_eq!(port.covers_tcp(10250, ["https"].into_iter()), covered);
    }

    #[test]
    fn ingress_is_isolated_unless_only_egress_is_named() {
        let isolates = |json: &str| serde_json::from_str::<NetworkPolicySpec<'_>>(json).unwrap().isolates_ingress();
        assert!(isolates("{}"));
        assert!(isolates(r#"{"policyTypes": ["Ingress", "Egress"]}"#));
        assert!(!isolates(r#"{"policyTypes": ["Egress"]}"#));
    }

    #[test]
    fn egress_is_isolated_where_it_is_named_or_has_rules() {
        let isolates = |json: &str| serde_json::from_str::<NetworkPolicySpec<'_>>(json).unwrap().isolates_egress();
        assert!(isolates(r#"{"policyTypes": ["Egress"]}"#));
        assert!(isolates(r#"{"egress": [{}]}"#));
        assert!(!isolates(r#"{"egress": [{}], "policyTypes": ["Ingress"]}"#));
        assert!(!isolates("{}"));
    }

    #[rstest]
    #[case("9090", PortReference::Number(9090))]
    #[case(r#""web""#, PortReference::Name(Text::from("web")))]
    #[case("70000", PortReference::Impossible("70000".to_owned()))]
    #[case("-1", PortReference::Impossible("-1".to_owned()))]
    fn a_port_is_read_however_it_is_written(#[case] json: &str, #[case] expected: PortReference<'_>) {
        assert_eq!(serde_json::from_str::<PortReference<'_>>(json).unwrap(), expected);
    }

    #[test]
    fn a_peer_of_a_newer_version_is_not_taken_for_an_empty_one() {
        let peer = |json| serde_json::from_str::<Peer<'_>>(json).unwrap();
        assert_eq!(peer("{}"), Peer::default());
        assert_eq!(peer(r#"{"podSelector": null}"#), Peer::default());
        assert_eq!(peer(r#"{"names": ["a"]}"#), Peer { has_unknown_field: true, ..Peer::default() });
        assert!(peer(r#"{"podSelector": {}, "names": ["a"]}"#).only_pods().is_none());
    }
}
