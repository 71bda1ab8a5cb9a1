//! Whom policies speak of, for who looks for those who could come.

use ipnet::IpNet;

use crate::engine::reach::authorization_policy::AuthorizationPolicies;
use crate::engine::reach::authorization_policy::rule::Rule;
use crate::engine::reach::authorization_policy::value::Value;
use crate::model::snapshot::Pod;

/// A caller that a policy names, to admit or to refuse it. Texts may have `*`, where any text may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mentioned<'p> {
    /// A principal, without its scheme.
    Principal(&'p str),
    /// A namespace.
    Namespace(&'p str),
    /// A service account of a namespace.
    ServiceAccount(&'p str, &'p str),
    /// Addresses.
    Addresses(IpNet),
}

impl AuthorizationPolicies {
    /// All callers that are named by policies which hold for the proxy of this pod.
    pub fn mentioned<'p>(&'p self, pod: &'p Pod) -> impl Iterator<Item = Mentioned<'p>> {
        let rules = self.selecting(pod).flat_map(|policy| &policy.rules);
        let values = rules.flat_map(Rule::fields).flat_map(|field| field.any_of.iter().chain(&field.none_of));
        values.filter_map(|value| match value {
            Value::Principal { written, .. } => Some(Mentioned::Principal(written)),
            Value::Namespace { written, .. } => Some(Mentioned::Namespace(written)),
            Value::ServiceAccount { namespace, name } => Some(Mentioned::ServiceAccount(namespace, name)),
            Value::From(range) => Some(Mentioned::Addresses(*range)),
            _ => None,
        })
    }
}
