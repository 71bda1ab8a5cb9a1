//! A second evaluator of AuthorizationPolicies, which reads them as JSON and decides by regular expressions, as Envoy
//! does for sidecars. It is slow, two-valued, and shares nothing with the first.

use std::net::IpAddr;

use regex::Regex;
use serde_json::Value as Json;

use super::random::Known;

/// The proxy that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    SidecarHttp,
    SidecarTcp,
    Ztunnel,
}

const HTTP: [&str; 3] = ["hosts", "methods", "paths"];
const ZTUNNEL: [&str; 10] = [
    "principals",
    "namespaces",
    "serviceAccounts",
    "ipBlocks",
    "ports",
    "source.principal",
    "source.namespace",
    "source.ip",
    "destination.ip",
    "destination.port",
];

/// Whether policies of the namespace `shop` let the connection through, in a mesh `td` that was once called `old`.
pub(super) fn is_open(policies: &[Json], known: &Known, proxy: Proxy) -> bool {
    let of = |action: &'static str| policies.iter().filter(move |policy| policy["action"] == action);
    let is_hit = |policy: &Json| list(&policy["rules"]).iter().any(|rule| rule_hits(rule, policy, known, proxy));
    !of("DENY").any(is_hit) && (of("ALLOW").next().is_none() || of("ALLOW").any(is_hit))
}

fn rule_hits(rule: &Json, policy: &Json, known: &Known, proxy: Proxy) -> bool {
    let sources = list(&rule["from"]).iter().map(|item| pairs(&item["source"])).collect::<Vec<_>>();
    let operations = list(&rule["to"]).iter().map(|item| pairs(&item["operation"])).collect::<Vec<_>>();
    let conditions = list(&rule["when"]).iter().map(|it| {
        let key = it["key"].as_str().unwrap().to_owned();
        vec![(key.clone(), false, words(&it["values"])), (key, true, words(&it["notValues"]))]
    });
    let conditions: Vec<_> = conditions.collect();
    let everything = || sources.iter().chain(&operations).chain(&conditions).flatten();
    let is_foreign = |(name, _, values): &(String, bool, Vec<String>)| match proxy {
        Proxy::SidecarHttp => false,
        Proxy::Ztunnel if name.contains('.') => !ZTUNNEL.contains(&name.as_str()),
        Proxy::SidecarTcp | Proxy::Ztunnel => HTTP.contains(&name.as_str()) && !values.is_empty(),
    };
    if policy["action"] == "ALLOW" && everything().any(is_foreign) {
        return false;
    }
    let one_of = |items: &[Vec<Field>]| items.is_empty() || items.iter().any(|item| item_hits(item, known, proxy));
    one_of(&sources) && one_of(&operations) && conditions.iter().all(|condition| item_hits(condition, known, proxy))
}

type Field = (String, bool, Vec<String>);

fn item_hits(fields: &[Field], known: &Known, proxy: Proxy) -> bool {
    let is_seen = |name: &str| match proxy {
        Proxy::SidecarHttp => true,
        Proxy::SidecarTcp => !HTTP.contains(&name),
        Proxy::Ztunnel => ZTUNNEL.contains(&name),
    };
    let seen: Vec<_> = fields.iter().filter(|(name, _, values)| is_seen(name) && !values.is_empty()).collect();
    if proxy == Proxy::Ztunnel && seen.is_empty() {
        return false;
    }
    seen.iter()
        .all(|(name, is_negated, values)| values.iter().any(|it| value_hits(name, it, known, proxy)) != *is_negated)
}

fn value_hits(name: &str, value: &str, known: &Known, proxy: Proxy) -> bool {
    match name {
        "principals" | "source.principal" => {
            let domains: &[&str] = if proxy == Proxy::Ztunnel { &[] } else { &["td", "old"] };
            aliases(value, domains).iter().any(|it| identity_is(known, &format!("spiffe://{}", wild(it, ".*"))))
                || value == "*" && known.identity.is_some()
        }
        "namespaces" | "source.namespace" if proxy == Proxy::Ztunnel => {
            identity_is(known, &format!("spiffe://[^/]+/ns/{}/sa/[^/]+", wild(value, "[^/]*")))
        }
        "namespaces" | "source.namespace" => identity_is(known, &format!(".*/ns/{}/.*", wild(value, ".*"))),
        "serviceAccounts" | "source.serviceAccount" => {
            let (namespace, account) = value.split_once('/').unwrap_or(("shop", value));
            identity_is(known, &format!("spiffe://.+/ns/{namespace}/(.+/|)sa/{account}(/.+)?"))
        }
        "trustDomains" | "source.trustDomain" => {
            let both = if ["td", "old"].contains(&value) { vec!["td", "old"] } else { vec![value] };
            both.iter().any(|it| identity_is(known, &format!("spiffe://{}/.*", wild(it, "[^/]*"))))
        }
        "ipBlocks" | "source.ip" => is_within(known.from, value),
        "destination.ip" => is_within(known.to, value),
        "ports" | "destination.port" => known.port.to_string() == value,
        "methods" => is_all(known.method, &wild(value, ".*")),
        "paths" => is_all(known.path, &wild(value, ".*")),
        "hosts" => is_all(known.host, &format!("(?i:{})", wild(value, ".*"))),
        _ => panic!("{name}"),
    }
}

/// The regular expression of a text with stars.
fn wild(text: &str, star: &str) -> String {
    text.split('*').map(regex::escape).collect::<Vec<_>>().join(star)
}

fn identity_is(known: &Known, expression: &str) -> bool {
    known.identity.is_some_and(|identity| is_all(identity, expression))
}

fn is_all(text: &str, expression: &str) -> bool {
    Regex::new(&format!("^(?:{expression})$")).unwrap().is_match(text)
}

/// What a principal stands for: its trust domain is one of the mesh's, by name, by a leading star, or `cluster.local`.
fn aliases(principal: &str, domains: &[&str]) -> Vec<String> {
    let parts: Vec<_> = principal.split('/').collect();
    let is_ours =
        |first: &str| first == "cluster.local" || domains.iter().any(|domain| is_all(domain, &wild(first, ".*")));
    if domains.is_empty() || parts.len() != 5 || parts[0] == "*" || !is_ours(parts[0]) {
        return vec![principal.to_owned()];
    }
    let rest = parts[1..].join("/");
    let kept = |domain: &str| parts[0].starts_with('*') && is_all(domain, &wild(parts[0], ".*"));
    domains.iter().map(|domain| if kept(domain) { principal.to_owned() } else { format!("{domain}/{rest}") }).collect()
}

/// By comparing the leading bits of both.
fn is_within(address: IpAddr, range: &str) -> bool {
    let (base, length) = range.split_once('/').unwrap_or((range, "32"));
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => format!("4{:032b}", u32::from(address)),
        IpAddr::V6(address) => format!("6{:0128b}", u128::from(address)),
    };
    let length = 1 + length.parse::<usize>().unwrap();
    bits(address)[..length] == bits(base.parse().unwrap())[..length]
}

fn pairs(object: &Json) -> Vec<Field> {
    let field = |(name, values): (&String, &Json)| match name.strip_prefix("not") {
        Some(name) => (format!("{}{}", name[..1].to_lowercase(), &name[1..]), true, words(values)),
        None => (name.clone(), false, words(values)),
    };
    object.as_object().unwrap().iter().map(field).collect()
}

fn words(values: &Json) -> Vec<String> {
    list(values).iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}
