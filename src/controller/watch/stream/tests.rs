//! Watches of an API server that says what a script wants.

use std::time::Duration;

use futures::{StreamExt, stream};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use hyper::{Request, Response};
use kube::client::Body;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tower_test::mock;

use super::super::kinds;
use super::super::news::{self, News, What};
use super::*;

/// What the API server says to one request.
enum Answer {
    /// Something whole.
    Says(u16, Value),
    /// Events, and then the end of the watch.
    Watch(Vec<String>),
    /// Events, and then nothing for a long time.
    WatchOn(Vec<String>),
    /// The connection breaks.
    Breaks,
}
use Answer::{Breaks, Says, Watch, WatchOn};

/// The body of an answer.
type Sent = StreamBody<BoxStream<'static, std::io::Result<Frame<Bytes>>>>;
/// A request, by a part of its address, and the answer.
type Exchange = (&'static str, Answer);

fn pod(name: &str, version: u32) -> Value {
    json!({"metadata": {"namespace": "a", "name": name, "resourceVersion": version.to_string()}})
}

/// The type comes first, as the API server has it.
#[expect(clippy::needless_pass_by_value, reason = "it is made for this event")]
fn event(what: &str, object: Value) -> String {
    format!(r#"{{"type":"{what}","object":{object}}}"#)
}

fn bookmark(version: u32) -> String {
    let metadata = json!({"resourceVersion": version.to_string(), "creationTimestamp": null});
    event("BOOKMARK", json!({"kind": "Pod", "apiVersion": "v1", "metadata": metadata}))
}

fn status(code: u16, message: &str) -> Value {
    json!({"kind": "Status", "status": "Failure", "code": code, "message": message, "reason": "x", "metadata": {}})
}

fn list(version: u32, objects: &[Value]) -> Answer {
    Says(200, json!({"metadata": {"resourceVersion": version.to_string()}, "items": objects}))
}

fn refusal(code: u16, message: &str) -> Answer {
    Says(code, status(code, message))
}

impl Answer {
    fn response(self) -> Option<Response<Sent>> {
        let (code, lines, goes_on) = match self {
            Says(code, value) => (code, vec![value.to_string()], false),
            Watch(events) => (200, events, false),
            WatchOn(events) => (200, events, true),
            Breaks => return None,
        };
        let frames =
            lines.into_iter().map(|line| Ok::<_, std::io::Error>(Frame::data(Bytes::from(format!("{line}\n")))));
        let frames = stream::iter(frames);
        let frames = if goes_on { frames.chain(stream::pending()).boxed() } else { frames.boxed() };
        Some(Response::builder().status(code).body(StreamBody::new(frames)).unwrap())
    }
}

/// A stream whose API server follows a script.
struct Scene {
    place: watch::Sender<Place>,
    beat: watch::Sender<Option<Beat>>,
    news: mpsc::Receiver<News>,
    script: tokio::task::JoinHandle<()>,
}

fn play(kind: &str, script: Vec<Exchange>) -> Scene {
    let kind = kinds::watched(true).find(|known| known.name == kind).unwrap();
    let (service, mut handle) = mock::pair::<Request<Body>, Response<Sent>>();
    let script = tokio::spawn(async move {
        for (expected, answer) in script {
            let (request, send) = handle.next_request().await.unwrap();
            let asked = request.uri().to_string();
            assert!(asked.contains(expected), "{asked} is not about {expected}");
            match answer.response() {
                Some(response) => send.send_response(response),
                None => send.send_error(std::io::Error::other("connection reset")),
            }
        }
        // Whatever comes now is not answered.
        std::future::pending::<()>().await;
    });
    let served = kind.required.clone().unwrap_or_else(|| Served::at(kind.group, "v1", "things"));
    let (place, told) = watch::channel(Place::At(served));
    let (sender, news) = news::channel();
    let (beat, beats) = watch::channel(None);
    tokio::spawn(follow(Client::new(service, "default"), kind, told, beats, Outbox::new(kind, sender)));
    Scene { place, beat, news, script }
}

impl Scene {
    /// The next pieces of news, in words.
    async fn told(&mut self, count: usize) -> Vec<String> {
        let mut told = Vec::new();
        while told.len() < count {
            let next = timeout(Duration::from_mins(10), self.news.recv()).await;
            assert!(!self.script.is_finished(), "the script has failed after {told:?}");
            let news = next.unwrap_or_else(|_| panic!("no more news after {told:?}")).unwrap();
            told.push(words(&news));
        }
        told
    }
}

fn words(news: &News) -> String {
    match &news.what {
        What::Sign(sign) => format!("{sign:?}"),
        What::Objects(changes) => {
            let mut words: Vec<_> = changes.iter().map(|change| change_words(news.kind, change)).collect();
            words.sort();
            words.join(", ")
        }
    }
}

fn change_words(kind: &Kind, change: &ObjectChange) -> String {
    match change {
        ObjectChange::Gone(key) => format!("no {}", key.reference(kind).name),
        ObjectChange::Put { json, is_new } => {
            let object: Value = serde_json::from_str(json).unwrap();
            let name = object["metadata"]["name"].as_str().unwrap();
            format!("{} {name}", if *is_new { "new" } else { "changed" })
        }
    }
}

fn first_list() -> Exchange {
    ("/api/v1/pods?&limit=500", list(10, &[pod("a", 1), pod("b", 2)]))
}

#[rstest]
#[case::pages(
    vec![
        ("/api/v1/pods?&limit=500", Says(200, json!({
            "metadata": {"resourceVersion": "10", "continue": "more"}, "items": [pod("a", 1)]}))),
        ("continue=more", list(10, &[pod("b", 2)])),
        ("watch=true", WatchOn(vec![event("ADDED", pod("c", 11)), event("MODIFIED", pod("a", 12)), event("DELETED", pod("b", 13))])),
    ],
    &["new a", "new b", "Works", "changed a, new c, no b", "Works"]
)]
#[case::a_malformed_object_is_one_like_any_other(
    vec![
        ("limit", list(10, &[json!({"metadata": {"name": "a", "labels": 7}, "spec": "?"}), pod("b", 2)])),
        ("watch", WatchOn(vec![event("ADDED", json!({"metadata": {"name": "c"}, "spec": [{}]})), event("ADDED", pod("d", 9))])),
    ],
    &["new a, new b", "Works", "new c, new d", "Works"]
)]
#[case::what_is_no_object_is_passed_over(
    vec![("limit", list(10, &[json!(7), pod("b", 2)])), ("watch", WatchOn(vec![event("ADDED", json!("?")), event("ADDED", pod("d", 9))]))],
    &["new b", "Works", "new d", "Works"]
)]
#[case::an_ended_watch_is_taken_up_where_it_was(
    vec![
        first_list(),
        ("resourceVersion=10", Watch(vec![event("ADDED", pod("c", 11))])),
        ("resourceVersion=11", Watch(vec![bookmark(20)])),
        ("resourceVersion=20", WatchOn(vec![])),
    ],
    &["new a, new b", "Works", "new c", "Works", "Works", "Works", "Works"]
)]
#[case::what_happened_is_forgotten(
    vec![
        first_list(),
        ("resourceVersion=10", Watch(vec![event("ERROR", status(410, "too old"))])),
        ("limit", list(30, &[pod("b", 2), pod("c", 25)])),
        ("resourceVersion=30", WatchOn(vec![])),
    ],
    &["new a, new b", "Works", "new c", "no a", "Works"]
)]
#[case::what_happened_is_forgotten_at_the_start(
    vec![first_list(), ("watch", refusal(410, "too old")), ("limit", list(30, &[])), ("resourceVersion=30", WatchOn(vec![]))],
    &["new a, new b", "no a, no b", "Works"]
)]
#[case::a_broken_connection(
    vec![first_list(), ("watch", Breaks), ("resourceVersion=10", WatchOn(vec![]))],
    &["new a, new b", "Broken(\"ServiceError: connection reset\")", "Works"]
)]
#[case::the_store_is_away(
    vec![("limit", refusal(500, "etcdserver: request timed out")), first_list(), ("watch", WatchOn(vec![]))],
    &["Broken(\"etcdserver: request timed out (500)\")", "new a, new b", "Works"]
)]
#[case::a_list_that_breaks_off(
    vec![
        ("limit", Says(200, json!({"metadata": {"resourceVersion": "10", "continue": "more"}, "items": [pod("a", 1)]}))),
        ("continue=more", refusal(410, "the continue parameter is too old")),
        ("limit", list(12, &[pod("b", 2)])),
        ("resourceVersion=12", WatchOn(vec![])),
    ],
    &["new a", "new b", "no a", "Works"]
)]
#[case::a_watch_that_never_comes_back_is_listed_again(
    vec![
        first_list(),
        ("resourceVersion=10", refusal(504, "too large")),
        ("resourceVersion=10", refusal(504, "too large")),
        ("resourceVersion=10", refusal(504, "too large")),
        ("resourceVersion=10", refusal(504, "too large")),
        ("resourceVersion=10", refusal(504, "too large")),
        ("limit", list(5, &[pod("a", 1)])),
        ("resourceVersion=5", WatchOn(vec![])),
    ],
    &["new a, new b", BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, "no b", "Works"]
)]
#[case::silence(
    vec![first_list(), ("watch", WatchOn(vec![])), ("resourceVersion=10", WatchOn(vec![bookmark(11)])), ("resourceVersion=11", WatchOn(vec![]))],
    &["new a, new b", "Works", "Silent", "Works", "Works", "Silent", "Works"]
)]
#[case::what_must_be_there_is_not(
    vec![("limit", refusal(404, "no such thing")), ("limit", refusal(403, "no"))],
    &["Broken(\"no such thing\")", "Broken(\"no\")"]
)]
#[tokio::test(start_paused = true)]
async fn a_watch_tells_everything_whatever_happens(#[case] script: Vec<Exchange>, #[case] expected: &[&str]) {
    let mut scene = play("Pod", script);
    assert_eq!(scene.told(expected.len()).await, expected);
}

const BROKEN: &str = "Broken(\"too large (504)\")";

#[tokio::test(start_paused = true)]
async fn a_kind_that_not_every_cluster_has_comes_and_goes() {
    let mut scene = play(
        "PodMonitor",
        vec![
            ("/apis/monitoring.coreos.com/v1/things", list(10, &[pod("a", 1)])),
            ("watch", Watch(vec![event("DELETED", pod("x", 2))])),
            ("watch", refusal(404, "no")),
            ("limit", refusal(404, "no")),
            ("limit", list(20, &[pod("a", 1), pod("b", 1)])),
            ("resourceVersion=20", WatchOn(vec![])),
        ],
    );
    assert_eq!(scene.told(7).await, ["new a", "Works", "Works", "no a", "Absent", "Absent", "new a, new b"]);
    assert_eq!(scene.told(1).await, ["Works"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_may_be_dead_begins_anew_once() {
    let mut scene = play(
        "Pod",
        vec![
            first_list(),
            ("resourceVersion=10", WatchOn(vec![bookmark(11)])),
            ("resourceVersion=11", WatchOn(vec![])),
        ],
    );
    assert_eq!(scene.told(3).await, ["new a, new b", "Works", "Works"]);
    let told_since = |doubted_before| scene.beat.send_replace(Some(Beat { asked: Instant::now(), doubted_before }));
    told_since(None);
    tokio::time::advance(Duration::from_secs(1)).await;
    let doubted_before = Some(Instant::now());
    told_since(doubted_before);
    tokio::time::advance(Duration::from_secs(1)).await;
    told_since(doubted_before);
    assert_eq!(scene.told(1).await, ["Works"]);
    // Were it doubted again, the script would be at its end, and nobody would answer.
    assert!(timeout(Duration::from_secs(30), scene.news.recv()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_any_more_is_not_taken_back() {
    const FORBIDDEN: &str = "Broken(\"no\")";
    let mut scene = play(
        "PodMonitor",
        vec![
            ("limit", refusal(403, "no")),
            ("limit", list(10, &[pod("a", 1)])),
            ("resourceVersion=10", Watch(vec![bookmark(11)])),
            ("resourceVersion=11", refusal(403, "no")),
            ("resourceVersion=11", refusal(403, "no")),
            ("resourceVersion=11", refusal(403, "no")),
            ("resourceVersion=11", refusal(403, "no")),
            ("resourceVersion=11", refusal(403, "no")),
            ("limit", refusal(403, "no")),
            ("limit", list(20, &[pod("b", 1)])),
            ("resourceVersion=20", WatchOn(vec![])),
        ],
    );
    assert_eq!(scene.told(4).await, ["Forbidden(\"no\")", "new a", "Works", "Works"]);
    assert_eq!(scene.told(6).await, [FORBIDDEN; 6]);
    assert_eq!(scene.told(3).await, ["new b", "no a", "Works"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_served_is_gone_and_another_version_is_the_same_kind() {
    let mut scene = play(
        "PodMonitor",
        vec![
            ("/v1/things?&limit", list(10, &[pod("a", 1)])),
            ("/v1/things?&watch", WatchOn(vec![])),
            ("/v2/things?&limit", list(10, &[pod("a", 1), pod("b", 2)])),
            ("/v2/things?&watch", WatchOn(vec![])),
        ],
    );
    assert_eq!(scene.told(2).await, ["new a", "Works"]);
    scene.place.send_replace(Place::At(Served::at("monitoring.coreos.com", "v2", "things")));
    assert_eq!(scene.told(2).await, ["new b", "Works"]);
    scene.place.send_replace(Place::Nowhere);
    assert_eq!(scene.told(2).await, ["no a, no b", "Absent"]);
}

#[tokio::test(start_paused = true)]
async fn only_metadata_is_asked_for_where_nothing_else_counts() {
    let mut scene = play("ServiceAccount", vec![("/api/v1/serviceaccounts", list(1, &[pod("a", 1)]))]);
    assert_eq!(scene.told(1).await, ["new a"]);
}
