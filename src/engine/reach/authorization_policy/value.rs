//! One value of a field of a policy, compiled.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::reach::authorization_policy::asked::{Asked, Enforcer};
use crate::engine::reach::authorization_policy::pattern::{glob_matches, trust_domain_with_aliases, with_aliases};
use crate::engine::reach::mesh::MeshSettings;
use crate::model::Truth;
use crate::model::principal::{Principal, value_matches};

/// The scheme of identities, which policies leave out.
pub(super) const SCHEME: &str = "spiffe://";

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A principal: as sidecars take it, and as it was written, which is how ztunnels take it.
    Principal { meant: Vec<String>, written: String },
    /// A namespace: as sidecars look for it in an identity, and as it was written.
    Namespace { pattern: String, written: String },
    /// A service account of a namespace.
    ServiceAccount { namespace: String, name: String },
    /// Trust domains, as patterns.
    TrustDomain(Vec<String>),
    /// A range of addresses that the connection comes from.
    From(IpNet),
    /// A range of addresses that the connection goes to.
    To(IpNet),
    /// A container port.
    Port(u16),
    /// A method of HTTP.
    Method(String),
    /// A host, in lower case.
    Host(String),
    /// A path.
    Path(String),
    /// Something that is not known of a connection, or not understood.
    Undecided,
}

impl Value {
    pub(super) fn principal(written: &str, settings: &MeshSettings) -> Self {
        let meant = with_aliases(written, &trust_domains(settings));
        Self::Principal { meant, written: written.to_owned() }
    }

    pub(super) fn namespace(written: &str) -> Self {
        Self::Namespace { pattern: format!("*/ns/{written}/*"), written: written.to_owned() }
    }

    /// Without a namespace it is of that of the policy.
    pub(super) fn service_account(written: &str, own_namespace: &str) -> Self {
        let (namespace, name) = written.split_once('/').unwrap_or((own_namespace, written));
        Self::ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    pub(super) fn trust_domain(written: &str, settings: &MeshSettings) -> Self {
        Self::TrustDomain(trust_domain_with_aliases(written, &trust_domains(settings)))
    }

    pub(super) fn from(written: &str) -> Self {
        range(written).map_or(Self::Undecided, Self::From)
    }

    pub(super) fn to(written: &str) -> Self {
        range(written).map_or(Self::Undecided, Self::To)
    }

    pub(super) fn port(number: Option<u16>) -> Self {
        number.map_or(Self::Undecided, Self::Port)
    }

    pub(super) fn host(written: &str) -> Self {
        Self::Host(written.to_ascii_lowercase())
    }

    /// Templates (`{*}`, `{**}`) are not modelled.
    pub(super) fn path(written: &str) -> Self {
        if written.contains('{') { Self::Undecided } else { Self::Path(written.to_owned()) }
    }

    /// Whether it is what is asked about.
    pub(super) fn matches(&self, asked: &Asked<'_>) -> Truth {
        let is_ztunnel = asked.enforcer == Enforcer::Ztunnel;
        match self {
            Self::Principal { written, .. } if is_ztunnel => asked.identity_is(|uri| is_principal(written, uri)),
            Self::Principal { meant, .. } => asked.identity_is(|uri| meant.iter().any(|it| is_principal(it, uri))),
            Self::Namespace { written, .. } if is_ztunnel => {
                asked.identity_is(|uri| parsed(uri).is_some_and(|caller| value_matches(written, caller.namespace)))
            }
            Self::Namespace { pattern, .. } => asked.identity_is(|uri| glob_matches(pattern, uri)),
            Self::ServiceAccount { namespace, name } => asked.identity_is(|uri| {
                parsed(uri).is_some_and(|caller| caller.namespace == namespace && caller.service_account == name)
            }),
            Self::TrustDomain(patterns) => asked.identity_is(|uri| {
                parsed(uri).is_some_and(|caller| patterns.iter().any(|it| glob_matches(it, caller.trust_domain)))
            }),
            Self::From(range) => within(range, asked.from),
            Self::To(range) => within(range, asked.to),
            Self::Port(number) => Truth::from(*number == asked.port),
            Self::Method(method) => asked.request_is(|it| it.method.as_ref(), |text| value_matches(method, text)),
            Self::Host(host) => {
                asked.request_is(|it| it.host.as_ref(), |text| value_matches(host, &text.to_ascii_lowercase()))
            }
            Self::Path(path) => asked.request_is(|it| it.path.as_ref(), |text| value_matches(path, text)),
            Self::Undecided => Truth::Unknown,
        }
    }
}

fn trust_domains(settings: &MeshSettings) -> Vec<&str> {
    let aliases = settings.trust_domain_aliases.iter().map(String::as_str);
    std::iter::once(settings.trust_domain.as_str()).chain(aliases).collect()
}

fn range(written: &str) -> Option<IpNet> {
    written.parse().ok().or_else(|| written.parse::<IpAddr>().ok().map(IpNet::from))
}

fn is_principal(pattern: &str, uri: &str) -> bool {
    uri.strip_prefix(SCHEME).is_some_and(|principal| value_matches(pattern, principal))
}

fn parsed(uri: &str) -> Option<Principal<'_>> {
    uri.strip_prefix(SCHEME).and_then(Principal::parse)
}

/// Whether an address is in the range; not known where only some that it may be are.
fn within(range: &IpNet, addresses: &[IpAddr]) -> Truth {
    let mut answers = addresses.iter().map(|address| range.contains(address));
    match answers.next() {
        Some(first) if answers.all(|answer| answer == first) => Truth::from(first),
        _ => Truth::Unknown,
    }
}
