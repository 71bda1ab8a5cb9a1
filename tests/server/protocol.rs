//! Every way to ask, and every way to ask wrongly.

use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode};
use rstest::rstest;
use scrapeguard::webhook::endpoint::Endpoint;
use serde_json::Value;

use crate::client::Anything;
use crate::reviews::pod;
use crate::running::{settings, start};

fn body(bytes: impl Into<hyper::body::Bytes>) -> Anything {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

#[tokio::test]
async fn every_endpoint_answers_with_the_uid_it_was_asked() {
    let (_server, client) = start(settings()).await;
    for (path, _) in Endpoint::ALL {
        let reply = client.post(&format!("{path}?timeout=3s"), pod()).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.body);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let review: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(review["response"]["uid"], "u-1");
    }
}

#[rstest]
#[case::no_json("{", 400, "line 1 column 1")]
#[case::empty("", 400, "EOF")]
#[case::version(
    r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#,
    400,
    "expected apiVersion admission.k8s.io/v1"
)]
#[case::kind(r#"{"apiVersion":"v1","kind":"Pod"}"#, 400, "kind AdmissionReview")]
#[case::no_request(r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#, 400, "no request")]
#[case::duplicate(r#"{"apiVersion":"a","apiVersion":"b"}"#, 400, "occurs twice")]
#[case::trailing("{} {}", 400, "trailing characters")]
#[tokio::test]
async fn a_body_that_is_no_review_is_refused_with_a_sentence(
    #[case] review: &str,
    #[case] status: u16,
    #[case] sentence: &str,
) {
    let (_server, client) = start(settings()).await;
    let reply = client.post("/validate", review.to_owned()).await;
    assert_eq!(reply.status, status);
    assert!(reply.body.contains(sentence), "{}", reply.body);
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[rstest]
#[case::no_uid(r#""uid":"u-1","#, "", "no request.uid")]
#[case::duplicate_label(
    r#""name":"prometheus-0","namespace":"monitoring"}}"#,
    r#""name":"a","name":"b"}}"#,
    "\"name\" occurs twice"
)]
#[case::unknown_operation("CREATE", "PATCH", "unknown variant `PATCH`")]
#[tokio::test]
async fn a_review_with_one_mistake_is_refused(#[case] from: &str, #[case] to: &str, #[case] sentence: &str) {
    let (_server, client) = start(settings()).await;
    let review = pod().replace(from, to);
    assert_ne!(review, pod());
    let reply = client.post("/mutate", review).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(reply.body.contains(sentence), "{}", reply.body);
}

#[tokio::test]
async fn nesting_without_end_is_refused() {
    let (_server, client) = start(settings()).await;
    let object = format!(r#"{{"a":{}1{}}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
    let reply = client.post("/mutate", crate::reviews::review_of(&object)).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.body, "the body nests lists and maps deeper than 128 levels\n");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused() {
    let (_server, client) = start(settings()).await;
    let reply = client.post("/mutate", b"{\"kind\":\"\xff\"}".to_vec()).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.body, "the body is not UTF-8: byte 9 is invalid\n");
}

#[rstest]
#[case::path("POST", "/", "application/json", 404, "POST /mutate or POST /validate")]
#[case::mode("POST", "/mutate/strict", "application/json", 404, "/enforce, /warn or /audit")]
#[case::health_is_elsewhere("GET", "/metrics", "application/json", 404, "nothing here")]
#[case::method("GET", "/mutate", "application/json", 405, "sent with POST")]
#[case::put("PUT", "/validate/warn", "application/json", 405, "sent with POST")]
#[case::yaml("POST", "/mutate", "application/yaml", 415, "application/json")]
#[case::no_type("POST", "/mutate", "", 415, "application/json")]
#[case::with_charset("POST", "/mutate", "Application/JSON; charset=utf-8", 200, "u-1")]
#[tokio::test]
async fn a_request_is_judged_before_its_body(
    #[case] method: &str,
    #[case] path: &str,
    #[case] content_type: &str,
    #[case] status: u16,
    #[case] sentence: &str,
) {
    let (_server, client) = start(settings()).await;
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let request = request.header("content-type", content_type).body(body(pod())).unwrap();
    let reply = client.connect().await.unwrap().send(request).await.unwrap();
    assert_eq!(reply.status, status);
    assert!(reply.body.contains(sentence), "{}", reply.body);
    assert_eq!(reply.header("allow").is_some(), status == 405);
}

#[tokio::test]
async fn a_connection_goes_on_after_a_refusal() {
    let (server, client) = start(settings()).await;
    let mut connection = client.connect().await.unwrap();
    assert_eq!(connection.post("/mutate", "{").await.unwrap().status, StatusCode::BAD_REQUEST);
    assert_eq!(connection.post("/nowhere", pod()).await.unwrap().status, StatusCode::NOT_FOUND);
    assert_eq!(connection.post("/mutate", pod()).await.unwrap().status, StatusCode::OK);
    assert!(server.metrics().render().contains(r#"scrapeguard_protocol_errors_total{reason="malformed"} 1"#));
}
