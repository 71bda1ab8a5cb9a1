//! The answer in every shape, and that none of them could be refused.

use rstest::rstest;
use serde_json::Value;

use super::*;
use crate::engine::admission::{Judgement, Unknown};
use crate::engine::inject::patch::Added;
use crate::model::finding::Family;
use crate::model::{FieldPath, ObjectReference, RuleId, Severity};
use crate::webhook::review::decode;

fn body(operation: &str, object: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u-1",
        "kind":{{"group":"networking.k8s.io","version":"v1","kind":"NetworkPolicy"}},"name":"x",
        "namespace":"monitoring","operation":"{operation}","object":{object}}}}}"#
    )
}

fn judgement(number: u16, action: Action) -> Judgement {
    let finding = Finding {
        rule: RuleId::new(Family::NetworkPolicy, number),
        severity: Severity::Error,
        object: object(),
        path: FieldPath::of("spec.ingress").index(0),
        message: "port 443 is the Service port".to_owned(),
        fix: "write 10250".to_owned(),
    };
    Judgement { finding, action, exempted: None }
}

fn object() -> ObjectReference {
    ObjectReference { kind: "NetworkPolicy".to_owned(), namespace: Some("monitoring".to_owned()), name: "x".to_owned() }
}

fn patch() -> Patch {
    let mut patch = Patch::default();
    patch.add("/metadata/labels/app".to_owned(), Added::Text("prometheus".to_owned()));
    patch
}

fn answer(operation: &str, object: &str, step: Step, outcome: &Outcome) -> Value {
    let body = body(operation, object);
    let review = decode(body.as_bytes()).unwrap();
    serde_json::from_slice(&encode(&review, step, outcome)).unwrap()
}

#[test]
fn nothing_to_say_is_said_briefly() {
    let answer = answer("CREATE", "{}", Step::Mutate, &Outcome::default());
    let expected = serde_json::json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {"uid": "u-1", "allowed": true},
    });
    assert_eq!(answer, expected);
}

#[test]
fn a_patch_comes_with_its_type() {
    let outcome = Outcome { patch: patch(), ..Outcome::default() };
    let answer = answer("CREATE", "{}", Step::Mutate, &outcome);
    let response = &answer["response"];
    assert_eq!(response["patchType"], "JSONPatch");
    let json = STANDARD.decode(response["patch"].as_str().unwrap()).unwrap();
    assert_eq!(json, br#"[{"op":"add","path":"/metadata/labels/app","value":"prometheus"}]"#);
    assert_eq!(response["auditAnnotations"]["injected"], "/metadata/labels/app");
}

#[test]
fn what_audit_mode_withholds_is_in_the_audit_log_alone() {
    let outcome = Outcome { withheld: patch(), ..Outcome::default() };
    let answer = answer("CREATE", "{}", Step::Mutate, &outcome);
    let expected = serde_json::json!({"verdict": "allowed", "withheld": "/metadata/labels/app"});
    assert_eq!(answer["response"]["auditAnnotations"], expected);
    assert!(answer["response"].get("patch").is_none());
}

#[rstest]
#[case::validating("CREATE", "{}", Step::Validate, None)]
#[case::deleting("DELETE", "null", Step::Mutate, None)]
#[case::no_object("CONNECT", "null", Step::Mutate, None)]
#[case::refused("CREATE", "{}", Step::Mutate, Some(Action::Deny))]
fn a_patch_is_held_back_where_it_would_be_an_error(
    #[case] operation: &str,
    #[case] object: &str,
    #[case] step: Step,
    #[case] action: Option<Action>,
) {
    let judgements = action.map(|action| judgement(4, action)).into_iter().collect();
    let outcome = Outcome { patch: patch(), judgements, ..Outcome::default() };
    let answer = answer(operation, object, step, &outcome);
    assert_eq!((answer["response"].get("patch"), answer["response"].get("patchType")), (None, None));
}

#[test]
fn a_denial_in_full() {
    let judgements = vec![
        judgement(4, Action::Deny),
        judgement(1, Action::Deny),
        judgement(7, Action::Warn),
        judgement(9, Action::Record),
    ];
    let unknown = Unknown { object: object(), reason: "spec.frobnicate is not known".to_owned() };
    let outcome = Outcome { judgements, unknowns: vec![unknown], ..Outcome::default() };
    insta::assert_yaml_snapshot!(answer("CREATE", "{}", Step::Validate, &outcome));
}
