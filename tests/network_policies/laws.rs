//! Agreement with the reference evaluator on random clusters, and laws.

use proptest::prelude::*;
use scrapeguard::engine::reach::network_policy::Direction;
use scrapeguard::engine::reach::{Connection, Step, Verdict};
use scrapeguard::model::Protocol;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::random::{Case, case, gaps, policy, rule, with_gaps};
use crate::reference::{Question, World, lets_through};

/// So many random clusters; `DIFFERENTIAL_CASES` says another number.
pub(crate) fn cases() -> ProptestConfig {
    let number = std::env::var("DIFFERENTIAL_CASES").ok().and_then(|number| number.parse().ok()).unwrap_or(2_000);
    ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(number) }
}

fn connection<'c>(cluster: &'c Cluster, question: &Question) -> Connection<'c> {
    Connection {
        from: cluster.end(&question.from),
        to: cluster.end(&question.to),
        port: question.port,
        protocol: Protocol::parse(question.protocol).unwrap(),
    }
}

/// The answers to all questions in both directions.
fn verdicts(cluster: &Value, questions: &[Question]) -> Vec<Verdict> {
    let cluster = Cluster::new(cluster);
    let ask = |question| Direction::ALL.map(|direction| cluster.verdict(direction, &connection(&cluster, question)));
    questions.iter().flat_map(ask).collect()
}

fn steps(cluster: &Value, questions: &[Question]) -> Vec<Step> {
    let cluster = Cluster::new(cluster);
    let ask = |question| {
        let connection = connection(&cluster, question);
        [
            cluster.policies.egress(&connection, &cluster.namespaces),
            cluster.policies.ingress(&connection, &cluster.namespaces),
        ]
    };
    questions.iter().flat_map(ask).collect()
}

/// What all worlds have in common.
fn expected(cluster: &Value, question: &Question, direction: Direction) -> Verdict {
    let ingress = direction == Direction::Ingress;
    let answers: Vec<bool> = World::all().map(|world| lets_through(cluster, world, ingress, question)).collect();
    match (answers.contains(&true), answers.contains(&false)) {
        (true, false) => Verdict::Open,
        (false, _) => Verdict::Blocked,
        (true, true) => Verdict::Unknown,
    }
}

fn all_expected(case: &Case) -> Vec<Verdict> {
    let ask = |question| Direction::ALL.map(|direction| expected(&case.cluster, question, direction));
    case.questions.iter().flat_map(ask).collect()
}

fn named(mut policy: Value, name: &str) -> Value {
    policy["metadata"]["name"] = Value::from(name);
    policy
}

fn with_policy(cluster: &Value, policy: Value) -> Value {
    let mut cluster = cluster.clone();
    cluster["policies"].as_array_mut().unwrap().push(policy);
    cluster
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_reference_evaluator_agrees(case in case()) {
        prop_assert_eq!(verdicts(&case.cluster, &case.questions), all_expected(&case));
    }

    #[test]
    fn what_is_decided_with_gaps_stays_so_when_they_are_filled(case in case(), gaps in gaps()) {
        let with_gaps = with_gaps(&case, &gaps);
        for (known, filled) in verdicts(&with_gaps.cluster, &case.questions).into_iter().zip(all_expected(&case)) {
            prop_assert!(known == filled || known == Verdict::Unknown, "{known:?} becomes {filled:?}: {with_gaps:?}");
        }
    }

    #[test]
    fn another_rule_never_closes(case in case(), policy in policy(), rule in rule()) {
        let policy = named(policy, "growing");
        let mut more = policy.clone();
        let mut rules = policy["spec"]["ingress"].as_array().cloned().unwrap_or_default();
        rules.push(rule);
        more["spec"]["ingress"] = Value::from(rules);
        let before = verdicts(&with_policy(&case.cluster, policy), &case.questions);
        let after = verdicts(&with_policy(&case.cluster, more), &case.questions);
        prop_assert!(before.iter().zip(&after).all(|(before, after)| after <= before), "{before:?} becomes {after:?}");
    }

    #[test]
    fn a_policy_that_selects_no_pod_changes_nothing(case in case(), policy in policy()) {
        let mut policy = named(policy, "idle");
        policy["spec"]["podSelector"] = json!({"matchLabels": {"app": "nobody"}});
        let more = with_policy(&case.cluster, policy);
        prop_assert_eq!(steps(&case.cluster, &case.questions), steps(&more, &case.questions));
    }

    #[test]
    fn names_of_namespaces_do_not_matter(case in case()) {
        let renamed = case.cluster.to_string().replace("ns-x", "sun").replace("ns-y", "moon").replace("ns-z", "earth");
        let renamed: Value = serde_json::from_str(&renamed).unwrap();
        prop_assert_eq!(verdicts(&case.cluster, &case.questions), verdicts(&renamed, &case.questions));
    }

    #[test]
    fn the_order_of_policies_does_not_matter(case in case()) {
        let mut reversed = case.clone();
        reversed.cluster["policies"].as_array_mut().unwrap().reverse();
        prop_assert_eq!(steps(&case.cluster, &case.questions), steps(&reversed.cluster, &case.questions));
    }
}
