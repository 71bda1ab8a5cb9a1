//! The fixes of the rules for NetworkPolicies, applied: a fix after which the rule still complains is no fix.

use rstest::rstest;
use serde_json::{Value, json};

use crate::engine::rules::examples::rules_of;
use crate::engine::rules::rule;
use crate::model::RuleId;

/// What a fix does to the object.
enum Fix {
    Set(&'static str, Value),
    Add(&'static str, Value),
    Remove(&'static str),
}

impl Fix {
    fn apply(self, object: &mut Value) {
        match self {
            Self::Set(pointer, value) => {
                let (parent, key) = parent(object, pointer);
                match parent {
                    Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
                    map => map[key] = value,
                }
            }
            Self::Add(pointer, value) => object.pointer_mut(pointer).unwrap().as_array_mut().unwrap().push(value),
            Self::Remove(pointer) => {
                let (parent, key) = parent(object, pointer);
                match parent {
                    Value::Array(list) => drop(list.remove(key.parse().unwrap())),
                    map => drop(map.as_object_mut().unwrap().remove(&key).unwrap()),
                }
            }
        }
    }
}

fn parent<'v>(object: &'v mut Value, pointer: &'static str) -> (&'v mut Value, String) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    (object.pointer_mut(parent).unwrap(), key.replace("~1", "/"))
}

/// Both selectors in one peer.
fn ingress_controller() -> Value {
    json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "ingress-nginx"}},
    })
}

fn monitoring() -> Value {
    json!({"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}})
}

#[rstest]
#[case("SG-NP-001", Fix::Set("/spec/ingress/0/from", json!([ingress_controller()])))]
#[case("SG-NP-002", Fix::Remove("/spec/ingress/0"))]
#[case("SG-NP-003", Fix::Add("/spec/ingress", json!({"ports": [{"port": 10250, "protocol": "TCP"}]})))]
#[case("SG-NP-004", Fix::Set("/spec/ingress/0/ports/0/port", json!(10250)))]
#[case("SG-NP-008", Fix::Set("/spec/ingress/0/from/0/namespaceSelector", monitoring()))]
#[case("SG-NP-009", Fix::Set("/spec/ingress/0/from", json!([ingress_controller()])))]
#[case("SG-NP-010", Fix::Set("/spec/ingress/0/from/0/namespaceSelector", monitoring()))]
#[case("SG-NP-011", Fix::Set("/spec/ingress/0/from/0/namespaceSelector", monitoring()))]
#[case("SG-NP-012", Fix::Set("/spec/ingress/0/from", json!([ingress_controller()])))]
#[case("SG-NP-014", Fix::Remove("/spec/podSelector/matchLabels/app.kubernetes.io~1instance"))]
#[case("SG-NP-015", Fix::Remove("/spec/podSelector/matchLabels/pod-template-hash"))]
#[case("SG-NP-017", Fix::Set("/spec/ingress/0/from/0/namespaceSelector", monitoring()))]
#[case("SG-NP-018", Fix::Remove("/spec/policyTypes/1"))]
#[case("SG-NP-019", Fix::Add("/spec/policyTypes", json!("Egress")))]
#[case("SG-NP-019", Fix::Remove("/spec/egress"))]
#[case("SG-NP-020", Fix::Add("/spec/policyTypes", json!("Ingress")))]
#[case("SG-NP-021", Fix::Add("/spec/egress", json!({"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]})))]
#[case("SG-NP-024", Fix::Set("/spec/ingress/0/from/0/ipBlock/cidr", json!("192.0.2.0/24")))]
#[case("SG-NP-026", Fix::Add("/spec/ingress/1/ports", json!({"port": 9094, "protocol": "UDP"})))]
#[case("SG-NP-031", Fix::Remove("/spec/ingress/0/ports/0"))]
#[case("SG-NP-035", Fix::Set("/spec/ingress/0/ports/0", json!({"port": 8080, "endPort": 8090})))]
#[case("SG-NP-036", Fix::Remove("/spec/ingress/0/ports/0/endPort"))]
fn a_fixed_policy_is_passed(#[case] id: &str, #[case] fix: Fix) {
    let id: RuleId = id.parse().unwrap();
    let mut policy: Value = serde_saphyr::from_str(rule(id).unwrap().bad).unwrap();
    assert!(rules_of(&policy.to_string()).contains(&id));
    fix.apply(&mut policy);
    assert!(!rules_of(&policy.to_string()).contains(&id));
}
