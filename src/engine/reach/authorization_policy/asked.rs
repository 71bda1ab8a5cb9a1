//! What policies are asked about.

use std::net::IpAddr;

use serde::Deserialize;

use crate::engine::reach::mesh::Identity;
use crate::model::Truth;

/// An HTTP request; what is `None` in it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpRequest {
    /// The method, such as `GET`.
    pub method: Option<String>,
    /// The path, without a query.
    pub path: Option<String>,
    /// The host as the request tells it, with its port if that is told.
    pub host: Option<String>,
}

/// Which proxy reads the policies, and as what it sees the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enforcer<'a> {
    /// A sidecar at a port of HTTP.
    Http(&'a HttpRequest),
    /// A sidecar at any other port.
    Tcp,
    /// A ztunnel, which knows of connections only.
    Ztunnel,
}

/// A connection as the called proxy sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) enforcer: Enforcer<'a>,
    pub(super) identity: Identity<'a>,
    /// Addresses of which the connection comes from one; none where they are not known.
    pub(super) from: &'a [IpAddr],
    /// Addresses of which it goes to one; none where they are not known.
    pub(super) to: &'a [IpAddr],
    pub(super) port: u16,
}

impl Asked<'_> {
    /// Whether the caller is one of those that `is_meant` says.
    pub(super) fn identity_is(&self, is_meant: impl Fn(&str) -> bool) -> Truth {
        match self.identity {
            Identity::Workload(uri) => Truth::from(is_meant(uri)),
            Identity::Nobody => Truth::No,
            Identity::Perhaps(uri) if !is_meant(uri) => Truth::No,
            Identity::Perhaps(_) | Identity::Unknown => Truth::Unknown,
        }
    }

    /// Whether the request has a property that `is_meant` says.
    pub(super) fn request_is(
        &self,
        property: impl Fn(&HttpRequest) -> Option<&String>,
        is_meant: impl Fn(&str) -> bool,
    ) -> Truth {
        match self.enforcer {
            Enforcer::Http(request) => property(request).map_or(Truth::Unknown, |text| Truth::from(is_meant(text))),
            Enforcer::Tcp | Enforcer::Ztunnel => Truth::Unknown,
        }
    }
}
