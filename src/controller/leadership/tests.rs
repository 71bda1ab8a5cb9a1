//! The election against an API server that is played by the test.

use http::{Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower_test::mock;

use super::*;
use crate::controller::settings::Management;

type Handle = mock::Handle<Request<Body>, Response<Body>>;

fn settings() -> Settings {
    Settings {
        namespace: "ours".to_owned(),
        service: "scrapeguard".to_owned(),
        identity: "a".to_owned(),
        service_port: 443,
        guards: Management::Own,
        certificates: Management::Given,
        registration: Management::Given,
        certificate_lifetime: Duration::from_hours(1),
        staleness: Duration::from_mins(1),
    }
}

/// Answers the next request, which must be this one, and returns its body.
async fn answer(handle: &mut Handle, method: &str, code: u16, body: &Value) -> Value {
    let (request, send) = handle.next_request().await.unwrap();
    assert_eq!(request.method(), method);
    assert!(request.uri().path().starts_with("/apis/coordination.k8s.io/v1/namespaces/ours/leases"));
    let body_sent = request.into_body().collect().await.unwrap().to_bytes();
    send.send_response(Response::builder().status(code).body(Body::from(body.to_string().into_bytes())).unwrap());
    serde_json::from_slice(&body_sent).unwrap_or_default()
}

fn lease(holder: &str, version: &str) -> Value {
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": LEASE, "resourceVersion": version},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": 6, "leaseTransitions": 1}})
}

fn failure(code: u16, reason: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": reason})
}

fn start() -> (Handle, watch::Receiver<bool>, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let (service, handle) = mock::pair::<Request<Body>, Response<Body>>();
    let (leading, told) = watch::channel(false);
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let stop = async move { drop(stopped.await) };
        run(Client::new(service, "ours"), &settings(), leading, stop).await;
    });
    (handle, told, stop, task)
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_nobody_has_is_made_renewed_and_given_up() {
    let (mut handle, mut told, stop, task) = start();
    answer(&mut handle, "GET", 404, &failure(404, "NotFound")).await;
    let made = answer(&mut handle, "POST", 201, &lease("a", "1")).await;
    assert_eq!(made["spec"]["holderIdentity"], "a");
    told.wait_for(|leads| *leads).await.unwrap();
    answer(&mut handle, "GET", 200, &lease("a", "1")).await;
    let renewed = answer(&mut handle, "PUT", 200, &lease("a", "2")).await;
    assert_eq!(
        (&renewed["metadata"]["resourceVersion"], &renewed["spec"]["leaseTransitions"]),
        (&json!("1"), &json!(1))
    );
    stop.send(()).unwrap();
    answer(&mut handle, "GET", 200, &lease("a", "2")).await;
    let given_up = answer(&mut handle, "PUT", 200, &lease("", "3")).await;
    assert_eq!(given_up["spec"].get("holderIdentity"), None);
    task.await.unwrap();
    assert!(!*told.borrow());
}

#[tokio::test(start_paused = true)]
async fn whoever_loses_the_race_for_a_lease_does_not_lead() {
    let (mut handle, mut told, _stop, _task) = start();
    answer(&mut handle, "GET", 200, &lease("", "1")).await;
    answer(&mut handle, "PUT", 409, &failure(409, "Conflict")).await;
    answer(&mut handle, "GET", 200, &lease("b", "2")).await;
    assert!(!*told.borrow_and_update());
    // The other has gone.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(6) {
        answer(&mut handle, "GET", 200, &lease("b", "2")).await;
    }
    let taken = answer(&mut handle, "PUT", 200, &lease("a", "3")).await;
    assert_eq!(taken["spec"]["leaseTransitions"], 2);
    told.wait_for(|leads| *leads).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_leader_without_an_api_server_stops_leading_in_time() {
    let (mut handle, mut told, _stop, _task) = start();
    answer(&mut handle, "GET", 200, &lease("a", "1")).await;
    let begun = Instant::now();
    answer(&mut handle, "PUT", 200, &lease("a", "2")).await;
    told.wait_for(|leads| *leads).await.unwrap();
    let hung = handle.next_request().await.unwrap();
    told.wait_for(|leads| !*leads).await.unwrap();
    assert!(begun.elapsed() <= Terms::default().deadline, "{:?}", begun.elapsed());
    drop(hung);
}
