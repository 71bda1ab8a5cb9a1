//! Whether the ALLOW rules of an AuthorizationPolicy admit a caller to a container port.
//!
//! Semantics: istio.io/api `security/v1beta1/authorization_policy.proto`. Fields that depend on the request (hosts,
//! methods, paths, conditions, addresses) leave the answer open.

use crate::model::Truth;
use crate::model::principal::{Principal, value_matches};
use crate::model::resource::authorization_policy::{AuthorizationPolicySpec, Operation, Rule, Source};
use crate::model::text::Text;

/// Who calls, as the called sidecar sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity<'a> {
    /// A workload in the mesh, by its principal.
    Principal(&'a str),
    /// A caller outside the mesh, who presents no certificate.
    Unauthenticated,
}

/// Whether some rule admits the caller to the port.
pub fn admits(policy: &AuthorizationPolicySpec<'_>, caller: Identity<'_>, port: u16) -> Truth {
    Truth::any(policy.rules.iter().map(|rule| rule_admits(rule, caller, port)))
}

fn rule_admits(rule: &Rule<'_>, caller: Identity<'_>, port: u16) -> Truth {
    let from = rule
        .from
        .as_ref()
        .map_or(Truth::Yes, |sources| Truth::any(sources.iter().map(|from| source_matches(&from.source, caller))));
    let to = rule.to.as_ref().map_or(Truth::Yes, |operations| {
        Truth::any(operations.iter().map(|to| operation_matches(&to.operation, port)))
    });
    let when = if rule.when.as_ref().is_none_or(Vec::is_empty) { Truth::Yes } else { Truth::Unknown };
    from.and(to).and(when)
}

fn source_matches(source: &Source<'_>, caller: Identity<'_>) -> Truth {
    let principal = match caller {
        Identity::Principal(principal) => principal,
        Identity::Unauthenticated => "",
    };
    let parsed = Principal::parse(principal);
    let namespace = parsed.map_or("", |parsed| parsed.namespace);
    let is_account = |account: &Text<'_>| is_service_account(account, parsed);
    let undecided = |empty: bool| if empty { Truth::Yes } else { Truth::Unknown };
    Truth::all([
        one_of(&source.principals, principal),
        none_of(&source.not_principals, principal),
        one_of(&source.namespaces, namespace),
        none_of(&source.not_namespaces, namespace),
        Truth::from(source.service_accounts.is_empty() || source.service_accounts.iter().any(is_account)),
        undecided(source.ip_blocks.is_empty()),
        undecided(source.others.is_empty()),
    ])
}

fn operation_matches(operation: &Operation<'_>, port: u16) -> Truth {
    let port = port.to_string();
    let others = if operation.others.is_empty() { Truth::Yes } else { Truth::Unknown };
    one_of(&operation.ports, &port).and(none_of(&operation.not_ports, &port)).and(others)
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
    #[case::principal(
        r#"[{"from": [{"source": {"principals": ["cluster.local/ns/ingress-nginx/sa/ingress-nginx"]}}]}]"#,
        Truth::Yes
    )]
    #[case::prefix(r#"[{"from": [{"source": {"principals": ["cluster.local/ns/ingress-nginx/*"]}}]}]"#, Truth::Yes)]
    #[case::both_must_hold(r#"[{"from": [{"source": {"principals": ["*"], "namespaces": ["other"]}}]}]"#, Truth::No)]
    #[case::left_out(r#"[{"from": [{"source": {"notNamespaces": ["ingress-nginx"]}}]}]"#, Truth::No)]
    #[case::account(r#"[{"from": [{"source": {"serviceAccounts": ["ingress-nginx/ingress-nginx"]}}]}]"#, Truth::Yes)]
    #[case::addresses(r#"[{"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]}]"#, Truth::Unknown)]
    #[case::port(r#"[{"to": [{"operation": {"ports": ["9090"]}}]}]"#, Truth::Yes)]
    #[case::other_port(r#"[{"to": [{"operation": {"ports": ["8080"]}}]}]"#, Truth::No)]
    #[case::method(r#"[{"to": [{"operation": {"ports": ["9090"], "methods": ["GET"]}}]}]"#, Truth::Unknown)]
    #[case::condition(r#"[{"when": [{"key": "request.headers[x]", "values": ["y"]}]}]"#, Truth::Unknown)]
    fn a_rule_admits_what_all_its_parts_admit(#[case] rules: &str, #[case] expected: Truth) {
        let policy = format!(r#"{{"rules": {rules}}}"#);
        let policy: AuthorizationPolicySpec<'_> = serde_json::from_str(&policy).unwrap();
        assert_eq!(admits(&policy, Identity::Principal(CALLER), 9090), expected);
    }

    #[test]
    fn who_presents_no_certificate_matches_no_identity() {
        let policy = r#"{"rules": [{"from": [{"source": {"principals": ["*"]}}]}]}"#;
        let policy: AuthorizationPolicySpec<'_> = serde_json::from_str(policy).unwrap();
        assert_eq!(admits(&policy, Identity::Unauthenticated, 9090), Truth::No);
    }
}
