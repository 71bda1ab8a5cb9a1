//! What holds of all policies.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::agreement::{PROXIES, answer, read, runner};
use super::random::{connections, policies, policy, rule};

fn with_rule(mut policy: Json, rule: Json, action: &str) -> (Json, Json) {
    policy["action"] = json!(action);
    let before = policy.clone();
    policy["rules"].as_array_mut().unwrap().push(rule);
    (before, policy)
}

#[test]
fn a_further_allow_rule_closes_nothing() {
    let result = runner().run(&(policies(), policy(), rule(), connections()), |(others, policy, rule, known)| {
        let (before, after) = with_rule(policy, rule, "ALLOW");
        let of = |policy: Json| read(&[others.clone(), vec![policy]].concat());
        let (before, after) = (of(before), of(after));
        for proxy in PROXIES {
            prop_assert!(answer(&after, &known, proxy) <= answer(&before, &known, proxy));
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_further_deny_rule_opens_nothing() {
    let result = runner().run(&(policies(), policy(), rule(), connections()), |(others, policy, rule, known)| {
        let (before, after) = with_rule(policy, rule, "DENY");
        let of = |policy: Json| read(&[others.clone(), vec![policy]].concat());
        let (before, after) = (of(before), of(after));
        for proxy in PROXIES {
            prop_assert!(answer(&after, &known, proxy) >= answer(&before, &known, proxy));
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn the_order_of_policies_does_not_matter() {
    let result = runner().run(&(policies(), connections()), |(written, known)| {
        let reversed: Vec<_> = written.iter().rev().cloned().collect();
        let (one, other) = (read(&written), read(&reversed));
        for proxy in PROXIES {
            prop_assert_eq!(answer(&one, &known, proxy), answer(&other, &known, proxy));
        }
        Ok(())
    });
    result.unwrap();
}

/// `m` and `b` take each other's place wherever they are namespaces.
fn renamed(text: &str) -> String {
    let swaps = [("ns/m/", "ns/b/"), ("\"m/", "\"b/"), ("\"m\"", "\"b\""), ("\"m*\"", "\"b*\""), ("\"*m\"", "\"*b\"")];
    swaps.iter().fold(text.to_owned(), |text, (one, other)| {
        text.replace(one, "\u{1}").replace(other, one).replace('\u{1}', other)
    })
}

#[test]
fn names_of_namespaces_mean_nothing() {
    let result = runner().run(&(policies(), connections()), |(written, mut known)| {
        let swapped: Vec<Json> = serde_json::from_str(&renamed(&json!(written).to_string())).unwrap();
        let before = read(&written);
        let before = PROXIES.map(|proxy| answer(&before, &known, proxy));
        let uri = known.identity.map(renamed);
        known.identity = uri.and_then(|uri| SWAPPED.into_iter().find(|swapped| *swapped == uri));
        let after = read(&swapped);
        prop_assert_eq!(before, PROXIES.map(|proxy| answer(&after, &known, proxy)));
        Ok(())
    });
    result.unwrap();
}

/// The identities of callers after that.
const SWAPPED: [&str; 4] =
    ["spiffe://td/ns/b/sa/x", "spiffe://td/ns/m/sa/x", "spiffe://td/ns/m/sa/y", "spiffe://old/ns/b/sa/y"];
