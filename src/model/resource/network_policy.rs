//! NetworkPolicy (`networking.k8s.io/v1`).

use serde::Deserialize;

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
    /// `Ingress` and `Egress`; what is left out is derived by [`NetworkPolicySpec::isolates_ingress`].
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

/// One element of `from`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Peer<'a> {
    /// Pods, of the policy's own namespace unless a namespace selector stands beside it.
    #[serde(borrow)]
    pub pod_selector: Option<LabelSelector<'a>>,
    /// Namespaces.
    #[serde(borrow)]
    pub namespace_selector: Option<LabelSelector<'a>>,
    /// Addresses outside the cluster.
    #[serde(borrow)]
    pub ip_block: Option<IpBlock<'a>>,
}

/// A range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IpBlock<'a> {
    /// The range in CIDR notation.
    #[serde(borrow)]
    pub cidr: Text<'a>,
}

/// One element of `ports`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyPort<'a> {
    /// Number or name of the container port; all ports if absent.
    #[serde(borrow)]
    pub port: Option<PortReference<'a>>,
    /// Last port of a range that begins with `port`.
    pub end_port: Option<u16>,
    /// Protocol; TCP if absent.
    #[serde(borrow)]
    pub protocol: Option<Text<'a>>,
}

/// A port by number or by name (`k8s.io/apimachinery/pkg/util/intstr.IntOrString`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum PortReference<'a> {
    /// By number.
    Number(u16),
    /// By the name that the pod's container gives it.
    #[serde(borrow)]
    Name(Text<'a>),
}

impl NetworkPolicySpec<'_> {
    /// Whether the selected pods accept only what some policy allows in: the API server's defaulting of `policyTypes`
    /// always includes `Ingress` (`k8s.io/kubernetes/pkg/apis/networking/v1/defaults.go`).
    pub fn isolates_ingress(&self) -> bool {
        self.policy_types.is_empty() || self.policy_types.iter().any(|policy_type| policy_type == "Ingress")
    }
}

impl PolicyPort<'_> {
    /// Whether a TCP connection to this container port is covered. `names` are the names the port goes by.
    pub fn covers_tcp<'b>(&self, number: u16, mut names: impl Iterator<Item = &'b str>) -> bool {
        let tcp = self.protocol.as_ref().is_none_or(|protocol| protocol == "TCP");
        tcp && match &self.port {
            None => true,
            Some(PortReference::Number(first)) => (*first..=self.end_port.unwrap_or(*first)).contains(&number),
            Some(PortReference::Name(name)) => names.any(|known| name == known),
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
}
