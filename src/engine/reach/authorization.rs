//! Whether the ALLOW rules of an AuthorizationPolicy admit a caller to a container port.
//!
//! Semantics: istio.io/api `security/v1beta1/authorization_policy.proto`. Fields that depend on the request (hosts,
//! methods, paths, addresses, most conditions) leave the answer open.

use crate::model::Truth;
use crate::model::principal::{Principal, value_matches};
use crate::model::resource::authorization_policy::{
    AuthorizationPolicySpec, Condition, From, Operation, Rule, Source, To, WrittenPort,
};
use crate::model::text::Text;

/// Who calls, as the called sidecar sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity<'a> {
    /// A workload in the mesh, by its principal.
    Principal(&'a str),
    /// A caller outside the mesh, who presents no certificate.
    Unauthenticated,
}

impl<'a> Identity<'a> {
    fn principal(self) -> &'a str {
        match self {
            Self::Principal(principal) => principal,
            Self::Unauthenticated => "",
        }
    }

    fn parsed(self) -> Option<Principal<'a>> {
        Principal::parse(self.principal())
    }

    fn namespace(self) -> &'a str {
        self.parsed().map_or("", |parsed| parsed.namespace)
    }
}

/// Whether some rule admits the caller to the port.
pub fn admits(policy: &AuthorizationPolicySpec<'_>, caller: Identity<'_>, port: u16) -> Truth {
    Truth::any(policy.rules.iter().map(|rule| rule_admits(rule, caller, port)))
}

/// Whether one of the operations of a rule is about the port. No operations are about every port.
pub fn reaches(rule: &Rule<'_>, port: u16) -> Truth {
    any_of(rule.to.as_deref(), |to: &To<'_>| {
        to.operation.as_ref().map_or(Truth::Unknown, |to| operation_matches(to, port))
    })
}

fn rule_admits(rule: &Rule<'_>, caller: Identity<'_>, port: u16) -> Truth {
    let from = any_of(rule.from.as_deref(), |from: &From<'_>| {
        from.source.as_ref().map_or(Truth::Unknown, |source| source_matches(source, caller))
    });
    let when = Truth::all(rule.when.iter().map(|condition| condition_holds(condition, caller, port)));
    from.and(reaches(rule, port)).and(when)
}

/// Istio reads an empty list as it reads an absent one: nothing is demanded.
fn any_of<T>(items: Option<&[T]>, matches: impl Fn(&T) -> Truth) -> Truth {
    match items {
        None | Some([]) => Truth::Yes,
        Some(items) => Truth::any(items.iter().map(matches)),
    }
}

/// Fields of a source that depend on the request.
const UNDECIDED: [&str; 6] =
    ["requestPrincipals", "notRequestPrincipals", "ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"];

fn source_matches(source: &Source<'_>, caller: Identity<'_>) -> Truth {
    let parsed = caller.parsed();
    let trust_domain = parsed.map_or("", |parsed| parsed.trust_domain);
    let is_caller = |pattern: &Text<'_>| principal_matches(pattern, caller.principal());
    let is_account = |account: &Text<'_>| is_service_account(account, parsed);
    let is_undecided = source.has_any(&UNDECIDED) || !source.others.is_empty();
    Truth::all([
        Truth::from(source.principals.is_empty() || source.principals.iter().any(is_caller)),
        Truth::from(!source.not_principals.iter().any(is_caller)),
        one_of(&source.namespaces, caller.namespace()),
        none_of(&source.not_namespaces, caller.namespace()),
        one_of(&source.trust_domains, trust_domain),
        none_of(&source.not_trust_domains, trust_domain),
        Truth::from(source.service_accounts.is_empty() || source.service_accounts.iter().any(is_account)),
        Truth::from(!source.not_service_accounts.iter().any(is_account)),
        if is_undecided { Truth::Unknown } else { Truth::Yes },
    ])
}

fn operation_matches(operation: &Operation<'_>, port: u16) -> Truth {
    let is_port = |written: &WrittenPort<'_>| written.number() == Some(port);
    let about_http = operation.lists().iter().any(|(_, list)| !list.is_empty());
    Truth::all([
        Truth::from(operation.ports.is_empty() || operation.ports.iter().any(is_port)),
        Truth::from(!operation.not_ports.iter().any(is_port)),
        if about_http || !operation.others.is_empty() { Truth::Unknown } else { Truth::Yes },
    ])
}

fn condition_holds(condition: &Condition<'_>, caller: Identity<'_>, port: u16) -> Truth {
    let port = port.to_string();
    let value = match condition.key.as_str() {
        "destination.port" => port.as_str(),
        "source.principal" => caller.principal(),
        "source.namespace" => caller.namespace(),
        _ => return Truth::Unknown,
    };
    one_of(&condition.values, value).and(none_of(&condition.not_values, value))
}

/// Callers are of the mesh's own trust domain, for which `cluster.local` always stands too (`pilot/pkg/trustdomain`).
fn principal_matches(pattern: &str, principal: &str) -> bool {
    let alias = pattern.strip_prefix("cluster.local/").zip(principal.split_once('/'));
    value_matches(pattern, principal) || alias.is_some_and(|(pattern, (_, rest))| value_matches(pattern, rest))
}

fn one_of(patterns: &[Text<'_>], value: &str) -> Truth {
    Truth::from(patterns.is_empty() || patterns.iter().any(|pattern| value_matches(pattern, value)))
}

fn none_of(patterns: &[Text<'_>], value: &str) -> Truth {
    Truth::from(!patterns.iter().any(|pattern| value_matches(pattern, value)))
}

/// `<service account>` is one of the policy's own namespace, which is not known here, so any namespace will do.
fn is_service_account(written: &str, caller: Option<Principal<'_>>) -> bool {
    caller.is_some_and(|caller| match written.split_once('/') {
        Some((namespace, account)) => caller.namespace == namespace && caller.service_account == account,
        None => caller.service_account == written,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const CALLER: &str = "cluster.local/ns/ingress-nginx/sa/ingress-nginx";

    #[rstest]
    #[case::nobody("[]", Truth::No)]
    #[case::everybody("[{}]", Truth::Yes)]
    #[case::empty_list(r#"[{"from": [], "to": []}]"#, Truth::Yes)]
    #[case::principal(
        r#"[{"from": [{"source": {"principals": ["cluster.local/ns/ingress-nginx/sa/ingress-nginx"]}}]}]"#,
        Truth::Yes
    )]
    #[case::prefix(r#"[{"from": [{"source": {"principals": ["cluster.local/ns/ingress-nginx/*"]}}]}]"#, Truth::Yes)]
    #[case::both_must_hold(r#"[{"from": [{"source": {"principals": ["*"], "namespaces": ["other"]}}]}]"#, Truth::No)]
    #[case::left_out(r#"[{"from": [{"source": {"notNamespaces": ["ingress-nginx"]}}]}]"#, Truth::No)]
    #[case::account(r#"[{"from": [{"source": {"serviceAccounts": ["ingress-nginx/ingress-nginx"]}}]}]"#, Truth::Yes)]
    #[case::other_account(
        r#"[{"from": [{"source": {"notServiceAccounts": ["ingress-nginx/ingress-nginx"]}}]}]"#,
        Truth::No
    )]
    #[case::trust_domain(r#"[{"from": [{"source": {"trustDomains": ["cluster.*"]}}]}]"#, Truth::Yes)]
    #[case::end_user(r#"[{"from": [{"source": {"requestPrincipals": ["*"]}}]}]"#, Truth::Unknown)]
    #[case::addresses(r#"[{"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]}]"#, Truth::Unknown)]
    #[case::port(r#"[{"to": [{"operation": {"ports": ["9090"]}}]}]"#, Truth::Yes)]
    #[case::other_port(r#"[{"to": [{"operation": {"ports": ["8080"]}}]}]"#, Truth::No)]
    #[case::method(r#"[{"to": [{"operation": {"ports": ["9090"], "methods": ["GET"]}}]}]"#, Truth::Unknown)]
    #[case::bare_number(r#"[{"to": [{"operation": {"ports": [9090]}}]}]"#, Truth::Yes)]
    #[case::port_condition(r#"[{"when": [{"key": "destination.port", "values": ["8080"]}]}]"#, Truth::No)]
    #[case::identity_condition(
        r#"[{"when": [{"key": "source.namespace", "notValues": ["ingress-nginx"]}]}]"#,
        Truth::No
    )]
    #[case::condition(r#"[{"when": [{"key": "request.headers[x]", "values": ["y"]}]}]"#, Truth::Unknown)]
    fn a_rule_admits_what_all_its_parts_admit(#[case] rules: &str, #[case] expected: Truth) {
        let policy = format!(r#"{{"rules": {rules}}}"#);
        let policy: AuthorizationPolicySpec<'_> = serde_json::from_str(&policy).unwrap();
        assert_eq!(admits(&policy, Identity::Principal(CALLER), 9090), expected);
    }

    #[test]
    fn cluster_local_stands_for_the_trust_domain_of_the_mesh() {
        let policy = r#"{"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/a/sa/b"]}}]}]}"#;
        let policy: AuthorizationPolicySpec<'_> = serde_json::from_str(policy).unwrap();
        assert_eq!(admits(&policy, Identity::Principal("example.com/ns/a/sa/b"), 9090), Truth::Yes);
        assert_eq!(admits(&policy, Identity::Principal("example.com/ns/a/sa/c"), 9090), Truth::No);
    }

    #[test]
    fn who_presents_no_certificate_matches_no_identity() {
        let policy = r#"{"rules": [{"from": [{"source": {"principals": ["*"]}}]}]}"#;
        let policy: AuthorizationPolicySpec<'_> = serde_json::from_str(policy).unwrap();
        assert_eq!(admits(&policy, Identity::Unauthenticated, 9090), Truth::No);
    }
}
