//! Whatever comes in: no panic, and never an answer that the API server would refuse.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use scrapeguard::model::guard::Guards;
use scrapeguard::webhook::answer;
use scrapeguard::webhook::endpoint::{Endpoint, Step};
use serde_json::{Value, json};

static GUARDS: LazyLock<Guards> = LazyLock::new(Guards::built_in);

/// Names that mean something to the decisions, and others.
fn key() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "metadata",
        "labels",
        "name",
        "namespace",
        "generateName",
        "ownerReferences",
        "spec",
        "template",
        "containers",
        "ports",
        "containerPort",
        "hostNetwork",
        "podSelector",
        "matchLabels",
        "ingress",
        "egress",
        "from",
        "to",
        "port",
        "rules",
        "source",
        "principals",
        "selector",
        "jobTemplate",
        "kind",
        "apiVersion",
    ];
    prop_oneof![4 => select(KNOWN).prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(&["monitoring", "prometheus", "Pod", "http-web", "<TBD>"][..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(key(), inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    let map = btree_map(key(), value(), 0..8).prop_map(|map| Value::Object(map.into_iter().collect()));
    prop_oneof![4 => map, 1 => Just(Value::Null)]
}

fn review() -> impl Strategy<Value = Value> {
    const KINDS: &[(&str, &str)] = &[
        ("", "Pod"),
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("batch", "CronJob"),
        ("", "Secret"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("security.istio.io", "AuthorizationPolicy"),
        ("monitoring.coreos.com", "PodMonitor"),
        ("monitoring.coreos.com", "Prometheus"),
    ];
    let operation = select(&["CREATE", "UPDATE", "DELETE", "CONNECT"][..]);
    let namespace = select(&["monitoring", "default", ""][..]);
    (".{1,20}", select(KINDS), operation, namespace, ".{0,10}", any::<bool>(), object(), object()).prop_map(
        |(uid, (group, kind), operation, namespace, name, dry_run, object, old_object)| {
            json!({
                "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                "request": {
                    "uid": uid, "kind": {"group": group, "version": "v1", "kind": kind}, "operation": operation,
                    "namespace": namespace, "name": name, "dryRun": dry_run, "object": object, "oldObject": old_object,
                },
            })
        },
    )
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    select(&Endpoint::ALL[..]).prop_map(|(_path, endpoint)| endpoint)
}

/// What `k8s.io/apiserver/pkg/admission/plugin/webhook` checks of an answer, and the rules for warnings and audit
/// annotations, which it drops when they are broken.
fn check(review: &Value, endpoint: Endpoint, body: &[u8]) -> Result<(), TestCaseError> {
    let answer: Value = serde_json::from_slice(body).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let response = &answer["response"];
    prop_assert_eq!(&answer["apiVersion"], "admission.k8s.io/v1");
    prop_assert_eq!(&answer["kind"], "AdmissionReview");
    prop_assert!(answer.get("request").is_none());
    prop_assert_eq!(&response["uid"], &review["request"]["uid"]);
    prop_assert!(response["allowed"].is_boolean());
    if response["allowed"] == false {
        prop_assert!(response["status"]["code"].as_u64().is_some_and(|code| code >= 400));
        prop_assert!(response["status"]["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
    check_patch(review, endpoint, response)?;
    for warning in response["warnings"].as_array().into_iter().flatten() {
        prop_assert!(warning.as_str().is_some_and(|text| !text.contains(char::is_control)));
    }
    for (key, value) in response["auditAnnotations"].as_object().into_iter().flatten() {
        prop_assert!(key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && key.len() <= 63);
        prop_assert!(value.is_string());
    }
    Ok(())
}

fn check_patch(review: &Value, endpoint: Endpoint, response: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(response.get("patch").is_some(), response.get("patchType").is_some());
    let Some(patch) = response.get("patch") else { return Ok(()) };
    prop_assert_eq!(&response["patchType"], "JSONPatch");
    prop_assert_eq!(endpoint.step, Step::Mutate);
    prop_assert_ne!(&review["request"]["operation"], "DELETE");
    let json = STANDARD.decode(patch.as_str().unwrap_or_default()).unwrap_or_default();
    let patch: json_patch::Patch =
        serde_json::from_slice(&json).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(!patch.0.is_empty());
    let mut object = review["request"]["object"].clone();
    json_patch::patch(&mut object, &patch).map_err(|error| TestCaseError::fail(error.to_string()))
}

/// One change to a text: bytes cut out, put in, repeated or replaced.
#[derive(Clone, Debug)]
enum Mutation {
    Cut(Index, u8),
    Insert(Index, Vec<u8>),
    Repeat(Index, u8),
    Truncate(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let pieces: Vec<Vec<u8>> =
        ["{", "}", "[", "]", "\"", ",", ":", "\\", "null", "\"a\":1,", "\u{0}", "1e999", "\\ud800"]
            .map(|piece| piece.as_bytes().to_vec())
            .into();
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, length)| Mutation::Cut(at, length)),
        (any::<Index>(), select(pieces)).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        (any::<Index>(), vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, length)| Mutation::Repeat(at, length)),
        any::<Index>().prop_map(Mutation::Truncate),
    ]
}

fn mutate(text: &mut Vec<u8>, mutation: Mutation) {
    let place = |at: Index| at.index(text.len() + 1);
    match mutation {
        Mutation::Cut(at, length) => {
            let start = place(at);
            let end = text.len().min(start + usize::from(length));
            text.drain(start..end);
        }
        Mutation::Insert(at, bytes) => {
            let start = place(at);
            text.splice(start..start, bytes);
        }
        Mutation::Repeat(at, length) => {
            let start = place(at);
            let end = text.len().min(start + usize::from(length));
            let piece = text[start..end].to_vec();
            text.splice(start..start, piece);
        }
        Mutation::Truncate(at) => {
            let end = place(at);
            text.truncate(end);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_review_gets_an_acceptable_answer(review in review(), endpoint in endpoint()) {
        let body = review.to_string();
        match answer(body.as_bytes(), endpoint, &GUARDS, Timestamp::UNIX_EPOCH) {
            Ok(answer) => check(&review, endpoint, &answer.body)?,
            Err(error) => return Err(TestCaseError::fail(format!("{error} for {body}"))),
        }
    }

    #[test]
    fn a_damaged_review_gets_an_acceptable_answer_or_a_sentence(
        review in review(), mutations in vec(mutation(), 1..4), endpoint in endpoint(),
    ) {
        let mut body = review.to_string().into_bytes();
        for mutation in mutations {
            mutate(&mut body, mutation);
        }
        match answer(&body, endpoint, &GUARDS, Timestamp::UNIX_EPOCH) {
            Ok(answer) => match serde_json::from_slice(&body) {
                Ok(review) => check(&review, endpoint, &answer.body)?,
                // Valid JSON all the same, and none of our business.
                Err(error) => prop_assert!(error.to_string().contains("number out of range"), "{error}"),
            },
            Err(error) => prop_assert!(!error.to_string().contains('\n'), "{error}"),
        }
    }
}
