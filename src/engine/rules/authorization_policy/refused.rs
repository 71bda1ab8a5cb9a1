//! What Istio's own validation refuses (`pkg/config/validation`, `pkg/config/security`) beyond empty parts, ports and
//! targets, which have rules of their own. What a newer Istio may accept is left to Istio: attributes of conditions and
//! kinds of targets that are not known here.

use std::net::IpAddr;

use super::{parts, scope};
use crate::engine::rules::findings::Findings;
use crate::model::guard::Guard;
use crate::model::principal::has_literal_star;
use crate::model::resource::AuthorizationPolicy;
use crate::model::resource::authorization_policy::{Condition, Source};
use crate::model::{FieldPath, Text};

const PEER_IDENTITIES: [&str; 10] = [
    "principals",
    "notPrincipals",
    "requestPrincipals",
    "notRequestPrincipals",
    "namespaces",
    "notNamespaces",
    "serviceAccounts",
    "notServiceAccounts",
    "trustDomains",
    "notTrustDomains",
];
const MOST_ACCOUNTS: usize = 16;
const LONGEST_ACCOUNT: usize = 320;

pub(super) fn unfit_for_action(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    let spec = &policy.spec;
    let custom = spec.has_action("CUSTOM");
    if spec.rules.is_empty() && (custom || spec.has_action("DENY")) {
        let action = spec.action.as_ref().map_or("", Text::as_str);
        findings.report(
            FieldPath::of("spec.rules"),
            format!("{action} without rules never does anything"),
            "add rules with from and to; an empty rule {} matches every request",
        );
    }
    match &spec.provider {
        None if custom => unnamed_provider(findings),
        Some(provider) if custom && provider.name.is_empty() => unnamed_provider(findings),
        Some(_) if !custom => {
            findings.report(FieldPath::of("spec.provider"), "provider is for action CUSTOM only", "remove provider");
        }
        _ => {}
    }
    if custom {
        custom_identities(policy, findings);
    }
}

fn unnamed_provider(findings: &mut Findings<'_>) {
    findings.report(
        FieldPath::of("spec.provider"),
        "CUSTOM needs the name of a provider",
        "add provider: {name: <name of an extensionProvider of the mesh>}",
    );
}

fn custom_identities(policy: &AuthorizationPolicy<'_>, findings: &mut Findings<'_>) {
    let of_sources = parts::sources(policy).flat_map(|(path, source)| {
        let given =
            source.lists().into_iter().filter(|(field, list)| PEER_IDENTITIES.contains(field) && !list.is_empty());
        given.map(move |(field, _)| path.key(field)).collect::<Vec<_>>()
    });
    let is_identity = |key: &str| {
        let exact = ["source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"];
        exact.contains(&key) || key.starts_with("request.auth.")
    };
    let of_conditions =
        parts::conditions(policy).filter(|(_, condition)| is_identity(&condition.key)).map(|(path, _)| path.key("key"));
    for path in of_sources.chain(of_conditions) {
        findings.report(path, "CUSTOM rules cannot look at identities", "remove it, and let the provider decide");
    }
}

pub(super) fn refused_values(policy: &AuthorizationPolicy<'_>, _: &Guard, findings: &mut Findings<'_>) {
    scope::refused_dry_run(policy, findings);
    for (path, source) in parts::sources(policy) {
        addresses(&path, source, findings);
        accounts(&path, source, findings);
        trust_domains(&path, source, findings);
    }
    for (path, operation) in parts::operations(policy) {
        for (field, list) in [("paths", &operation.paths), ("notPaths", &operation.not_paths)] {
            each(
                &path.key(field),
                list,
                is_unsupported_template,
                findings,
                (
                    "this path template is not understood by Istio",
                    "use {*} for one segment and {**} for any number of them, and nothing else in braces",
                ),
            );
        }
    }
    for (path, condition) in parts::conditions(policy) {
        attribute(&path, condition, findings);
    }
}

type Wrong = (&'static str, &'static str);

const NO_ADDRESS: Wrong =
    ("neither an address nor a range of addresses", "write an address or CIDR, such as 10.0.0.0/8 or fd00::/8");
const NO_ACCOUNT: Wrong =
    ("not a service account as Istio reads it", "write <namespace>/<service account>, or <service account> alone");
const NO_TRUST_DOMAIN: Wrong =
    ("not a trust domain as Istio reads it", "write the trust domain alone, with at most one * at one of its ends");

/// Reports every item that is given and wrong. Empty ones are another rule's.
fn each(
    list: &FieldPath,
    items: &[Text<'_>],
    is_wrong: impl Fn(&str) -> bool,
    findings: &mut Findings<'_>,
    (message, fix): Wrong,
) {
    for (path, _) in parts::with_paths(list, items).filter(|(_, item)| !item.is_empty() && is_wrong(item)) {
        findings.report(path, message, fix);
    }
}

fn addresses(path: &FieldPath, source: &Source<'_>, findings: &mut Findings<'_>) {
    let fields = ["ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"];
    for (field, list) in source.lists().into_iter().filter(|(field, _)| fields.contains(field)) {
        each(&path.key(field), list, |text| !is_address(text), findings, NO_ADDRESS);
    }
}

fn accounts(path: &FieldPath, source: &Source<'_>, findings: &mut Findings<'_>) {
    let lists = [("serviceAccounts", &source.service_accounts), ("notServiceAccounts", &source.not_service_accounts)];
    for (field, list) in lists {
        each(&path.key(field), list, |text| !is_account(text), findings, NO_ACCOUNT);
        if list.len() > MOST_ACCOUNTS {
            let message = format!("at most {MOST_ACCOUNTS} service accounts are possible");
            findings.report(path.key(field), message, "split the source in two");
        }
    }
    let others = ["principals", "notPrincipals", "namespaces", "notNamespaces"];
    if source.has_any(&["serviceAccounts", "notServiceAccounts"]) && source.has_any(&others) {
        findings.report(
            path.clone(),
            "serviceAccounts stand beside principals or namespaces",
            "keep serviceAccounts alone, or make two sources of it",
        );
    }
}

fn trust_domains(path: &FieldPath, source: &Source<'_>, findings: &mut Findings<'_>) {
    let lists = [("trustDomains", &source.trust_domains), ("notTrustDomains", &source.not_trust_domains)];
    for (field, list) in lists {
        each(&path.key(field), list, |text| text.contains('/') || has_literal_star(text), findings, NO_TRUST_DOMAIN);
    }
}

fn attribute(path: &FieldPath, condition: &Condition<'_>, findings: &mut Findings<'_>) {
    let key = condition.key.as_str();
    for (field, values) in condition.lists() {
        let path = path.key(field);
        match key {
            "source.ip" | "remote.ip" | "destination.ip" => {
                each(&path, values, |text| !is_address(text), findings, NO_ADDRESS);
            }
            "source.serviceAccount" => each(&path, values, |text| !is_account(text), findings, NO_ACCOUNT),
            "source.trustDomain" => each(&path, values, has_literal_star, findings, NO_TRUST_DOMAIN),
            _ => {}
        }
    }
    let with_name = ["request.headers", "request.auth.claims", "experimental.envoy.filters."];
    if with_name.iter().any(|prefix| key.starts_with(prefix)) && !has_name_in_brackets(key) {
        findings.report(
            path.key("key"),
            "the attribute needs a name in brackets",
            "write it as request.headers[x-name]",
        );
    }
}

fn is_address(text: &str) -> bool {
    match text.split_once('/') {
        None => text.split_once('%').map_or(text, |(address, _)| address).parse::<IpAddr>().is_ok(),
        Some((address, bits)) => address.parse::<IpAddr>().is_ok_and(|address| is_prefix_length(bits, address)),
    }
}

fn is_prefix_length(bits: &str, address: IpAddr) -> bool {
    let plain = bits.bytes().all(|byte| byte.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
    plain && bits.parse::<u8>().is_ok_and(|bits| bits <= if address.is_ipv4() { 32 } else { 128 })
}

fn is_account(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    parts.len() <= 2
        && parts.iter().all(|part| !part.is_empty())
        && !text.contains('*')
        && text.len() <= LONGEST_ACCOUNT
}

fn has_name_in_brackets(key: &str) -> bool {
    key.find('[').is_some_and(|open| open > 0 && open + 2 < key.len()) && key.ends_with(']')
}

/// Whether Istio cannot read a path: braces are for segments that are `{*}` or `{**}` as a whole, `{**}` is the last of
/// these, and beside them stand literal segments only.
fn is_unsupported_template(path: &str) -> bool {
    let is_template = path.contains("{*}") || path.contains("{**}");
    let mut ended = false;
    path.trim_matches('/').split('/').any(|segment| match segment {
        "{*}" | "{**}" if ended => true,
        "{*}" => false,
        "{**}" => {
            ended = true;
            false
        }
        text => text.contains(['{', '}']) || (is_template && !is_literal(text)),
    })
}

/// Whether a segment consists of the characters of RFC 3986 for a path, without the `*`.
fn is_literal(segment: &str) -> bool {
    !segment.is_empty()
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("10.0.0.1", true)]
    #[case("10.0.0.0/8", true)]
    #[case("fd00::/8", true)]
    #[case("fe80::1%eth0", true)]
    #[case("10.0.0.0/33", false)]
    #[case("10.0.0.0/08", false)]
    #[case("10.0.0", false)]
    #[case("any", false)]
    fn addresses_are_what_go_takes_for_them(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_address(text), expected);
    }

    #[rstest]
    #[case("prometheus", true)]
    #[case("monitoring/prometheus", true)]
    #[case("/prometheus", false)]
    #[case("monitoring/", false)]
    #[case("a/b/c", false)]
    #[case("monitoring/*", false)]
    fn accounts_have_one_or_two_parts(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_account(text), expected);
    }

    #[rstest]
    #[case("/foo/{*}", false)]
    #[case("/foo/{**}", false)]
    #[case("/foo/*", false)]
    #[case("/{*}/foo/{bar}", true)]
    #[case("/{*}/foo/*", true)]
    #[case("/{*}/*/foo", true)]
    #[case("/foo/{bar}", true)]
    #[case("/{**}/foo", false)]
    #[case("/{**}/{*}", true)]
    #[case("/{*}//foo", true)]
    fn templates_hold_nothing_but_stars(#[case] path: &str, #[case] expected: bool) {
        assert_eq!(is_unsupported_template(path), expected);
    }

    #[rstest]
    #[case("request.headers[x-name]", true)]
    #[case("request.headers[]", false)]
    #[case("request.headers", false)]
    fn names_stand_in_brackets(#[case] key: &str, #[case] expected: bool) {
        assert_eq!(has_name_in_brackets(key), expected);
    }
}
