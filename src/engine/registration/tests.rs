use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::model::guard::Guards;

const OWN: &str = "scrapeguard-system";

fn place() -> Place {
    Place { service: "scrapeguard".to_owned(), namespace: OWN.to_owned(), port: 443, cert_manager: false }
}

/// A guard for each specification.
fn guards(specifications: &[&str]) -> Guards {
    let document = |(number, spec): (usize, &&str)| {
        format!("apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {{name: g{number}}}\nspec: {spec}\n")
    };
    Guards::parse(&specifications.iter().enumerate().map(document).collect::<Vec<_>>().join("---\n")).unwrap()
}

fn webhooks(specifications: &[&str]) -> Vec<Value> {
    let guards = if specifications.is_empty() { Guards::none() } else { guards(specifications) };
    let registration = registration(&guards, &place(), Ability::Cluster, FailurePolicies::FAIL);
    let all = [registration.mutating, registration.validating].map(|it| serde_json::to_value(it).unwrap());
    all.iter().flat_map(|configuration| configuration["webhooks"].as_array().unwrap()).cloned().collect()
}

/// A request as the API server matches it, conditions aside.
#[derive(Clone, Copy, Debug)]
struct Asked<'a> {
    namespace: &'a str,
    mode: Option<&'a str>,
    group: &'a str,
    resource: &'a str,
    operation: &'a str,
}

impl Asked<'_> {
    fn matches(&self, webhook: &Value) -> bool {
        let rules = webhook["rules"].as_array().unwrap();
        let is_scoped = self.resource != "scrapeguards";
        rules.iter().any(|rule| self.follows(rule))
            && webhook["objectSelector"] == json!({})
            && (!is_scoped || self.is_selected(&webhook["namespaceSelector"]))
    }

    fn follows(&self, rule: &Value) -> bool {
        let lists = |field: &str, value: &str| rule[field].as_array().unwrap().contains(&json!(value));
        lists("apiGroups", self.group) && lists("resources", self.resource) && lists("operations", self.operation)
    }

    fn is_selected(&self, selector: &Value) -> bool {
        let meets = |requirement: &Value| {
            let value = match requirement["key"].as_str().unwrap() {
                "kubernetes.io/metadata.name" => Some(self.namespace),
                "scrapeguard.io/mode" => self.mode,
                other => panic!("{other} is no label that we know"),
            };
            let is_listed =
                value.is_some_and(|value| requirement["values"].as_array().unwrap().contains(&json!(value)));
            is_listed == (requirement["operator"] == "In")
        };
        selector["matchExpressions"].as_array().is_none_or(|requirements| requirements.iter().all(meets))
    }
}

const RESOURCES: &[(&str, &str)] = &[
    ("", "pods"),
    ("", "namespaces"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("batch", "cronjobs"),
    ("networking.k8s.io", "networkpolicies"),
    ("networking.k8s.io", "ingresses"),
    ("security.istio.io", "authorizationpolicies"),
    ("monitoring.coreos.com", "podmonitors"),
    ("monitoring.coreos.com", "prometheuses"),
    ("scrapeguard.io", "scrapeguards"),
    ("coordination.k8s.io", "leases"),
    ("", "nodes"),
];

/// Every request there is, in a namespace with this name.
fn asked(namespace: &str) -> impl Iterator<Item = Asked<'_>> {
    [None, Some("enforce"), Some("warn"), Some("audit"), Some("lenient")].into_iter().flat_map(move |mode| {
        RESOURCES.iter().flat_map(move |&(group, resource)| {
            let asked = move |operation| Asked { namespace, mode, group, resource, operation };
            ["CREATE", "UPDATE", "DELETE"].map(asked)
        })
    })
}

/// The question that a webhook asks, from its path.
fn question(webhook: &Value) -> &str {
    let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap();
    path.split('/').nth(1).unwrap()
}

const VARIETY: &[&[&str]] = &[
    &["{}"],
    &["{enforcement: {mode: warn}}"],
    &["{enforcement: {denyLostTargets: true}}"],
    &[
        "{namespace: a, enforcement: {denyLostTargets: true}}",
        "{namespace: b}",
        "{namespace: c, enforcement: {mode: audit}}",
    ],
];

#[test]
fn nothing_is_asked_twice() {
    for specifications in VARIETY {
        let webhooks = webhooks(specifications);
        for asked in ["monitoring", "a", "b", "c", "elsewhere"].into_iter().flat_map(asked) {
            let called = webhooks.iter().filter(|webhook| asked.matches(webhook));
            let questions: Vec<_> = called.map(question).collect();
            let different: BTreeSet<_> = questions.iter().collect();
            assert_eq!(questions.len(), different.len(), "{asked:?}: {questions:?}");
        }
    }
}

#[rstest]
#[case("kube-system")]
#[case("kube-public")]
#[case("kube-node-lease")]
#[case(OWN)]
fn what_a_cluster_starts_with_is_never_matched(#[case] namespace: &str) {
    let guarded = format!("{{namespace: {namespace}, enforcement: {{denyLostTargets: true}}}}");
    for specifications in VARIETY.iter().copied().chain([&["{}", guarded.as_str()][..]]) {
        let webhooks = webhooks(specifications);
        for asked in asked(namespace).filter(|asked| asked.resource != "scrapeguards") {
            let called: Vec<_> = webhooks.iter().filter(|webhook| asked.matches(webhook)).collect();
            assert!(called.is_empty(), "{asked:?}: {called:?}");
        }
    }
}

#[test]
fn only_policies_and_monitors_of_enforcing_guards_wait_for_us() {
    for specifications in VARIETY {
        let webhooks = webhooks(specifications);
        let failing = webhooks.iter().filter(|webhook| webhook["failurePolicy"] == "Fail").collect::<Vec<_>>();
        for asked in ["monitoring", "a", "b", "c", "elsewhere"].into_iter().flat_map(asked) {
            let waits = failing.iter().any(|webhook| asked.matches(webhook));
            let may_wait = matches!(
                asked.resource,
                "networkpolicies" | "authorizationpolicies" | "podmonitors" | "prometheuses" | "scrapeguards"
            );
            assert!(!waits || may_wait, "{asked:?}");
            assert!(!waits || asked.operation != "DELETE", "{asked:?}");
            assert!(!waits || asked.namespace != "elsewhere" || asked.resource == "scrapeguards", "{asked:?}");
            assert!(!waits || !matches!(asked.mode, Some("warn" | "audit")) || asked.resource == "scrapeguards");
        }
    }
}

#[rstest]
#[case::by_default("{}", None, true)]
#[case::warns("{enforcement: {mode: warn}}", None, false)]
#[case::warns_of_all_but_one("{enforcement: {mode: warn, rules: {SG-NP-004: enforce}}}", None, true)]
#[case::hardened_by_its_label("{enforcement: {mode: warn}}", Some("enforce"), true)]
#[case::softened_by_its_label("{}", Some("warn"), false)]
fn policies_wait_where_they_may_be_refused(#[case] guard: &str, #[case] mode: Option<&str>, #[case] expected: bool) {
    let asked = Asked {
        namespace: "monitoring",
        mode,
        group: "networking.k8s.io",
        resource: "networkpolicies",
        operation: "CREATE",
    };
    let called: Vec<_> = webhooks(&[guard]).into_iter().filter(|webhook| asked.matches(webhook)).collect();
    assert_eq!(called.iter().any(|webhook| webhook["failurePolicy"] == "Fail"), expected, "{called:?}");
    assert!(called.iter().any(|webhook| question(webhook) == "validate"), "nobody asks about it");
}

#[test]
fn without_a_guard_only_guards_are_looked_at() {
    let names: Vec<_> = webhooks(&[]).iter().map(|webhook| webhook["name"].as_str().unwrap().to_owned()).collect();
    let expected =
        ["guards.validate.scrapeguard.io", "guards.consequences.scrapeguard.io", "objects.self-test.scrapeguard.io"];
    assert_eq!(names, expected);
}

#[test]
fn monitors_elsewhere_are_left_alone_where_no_label_is_added() {
    let is_called =
        |guard: &str| webhooks(&[guard]).iter().any(|webhook| webhook["name"] == "elsewhere.mutate.scrapeguard.io");
    assert!(is_called("{}"));
    assert!(!is_called("{monitors: {inject: false}}"));
}

#[test]
fn names_are_unlike_each_other_and_lead_to_us() {
    for specifications in VARIETY {
        let webhooks = webhooks(specifications);
        let names: BTreeSet<_> = webhooks.iter().map(|webhook| webhook["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), webhooks.len());
        assert!(webhooks.iter().all(|webhook| webhook["timeoutSeconds"].as_u64().unwrap() <= 3));
        assert!(webhooks.iter().all(|webhook| webhook["clientConfig"]["service"]["namespace"] == OWN));
    }
}

#[test]
fn the_order_of_guards_makes_no_difference() {
    let [one, other] = ["{namespace: a}", "{namespace: b}"];
    assert_eq!(webhooks(&[one, other]), webhooks(&[other, one]));
}

#[test]
fn nothing_waits_before_we_are_proven() {
    let registration = registration(
        &guards(&["{enforcement: {denyLostTargets: true}}"]),
        &place(),
        Ability::Cluster,
        FailurePolicies::IGNORE,
    );
    let all = registration.validating.webhooks.iter().chain(&registration.mutating.webhooks);
    assert!(all.map(|webhook| webhook.failure_policy).all(|policy| policy == FailurePolicy::Ignore));
}
