//! The registration in an API server that is played by the test.

mod api_server;

use std::sync::Arc;

use rstest::rstest;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::advance;

use self::api_server::ApiServer;
use super::keeper::Keeper;
use super::*;
use crate::controller::Settings;
use crate::model::guard::Guards;
use crate::state::State;
use crate::webhook::Shared;

/// A replica that leads, or not, with the built-in guard from a file.
fn context(api_server: &ApiServer, identity: &str, leads: bool) -> Context {
    let settings = Settings {
        namespace: "scrapeguard-system".to_owned(),
        service: "scrapeguard".to_owned(),
        identity: identity.to_owned(),
        service_port: 443,
        guards: Management::Given,
        certificates: Management::Own,
        registration: Management::Own,
        certificate_lifetime: Duration::from_secs(100),
        staleness: Duration::from_secs(30),
    };
    Context {
        client: api_server.client(),
        settings: Arc::new(settings),
        shared: Shared::new(State::of(Guards::built_in())),
        leading: watch::channel(leads).1,
    }
}

/// An API server with our ClusterRole, in which a replica renews its Lease.
fn installed() -> ApiServer {
    let api_server = ApiServer::default();
    api_server.install();
    api_server.renew("one");
    api_server
}

/// So many looks, a second apart, with the Lease of one replica renewed.
async fn looks(api_server: &ApiServer, keeper: &mut Keeper, times: u32) {
    for _ in 0..times {
        api_server.renew("one");
        keeper.look().await.unwrap();
        advance(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_for_us_before_a_self_test_is_refused() {
    let api_server = installed();
    let mut keeper = Keeper::new(context(&api_server, "one", true));
    looks(&api_server, &mut keeper, 5).await;
    assert_eq!(api_server.policies(), ["Ignore"], "the self-test is admitted");
    api_server.set_answers(true);
    looks(&api_server, &mut keeper, 3).await;
    assert_eq!(api_server.policies(), ["Fail", "Ignore"]);
    api_server.set_answers(false);
    looks(&api_server, &mut keeper, 14).await;
    assert_eq!(api_server.policies(), ["Ignore"], "self-tests are admitted again");
}

#[tokio::test(start_paused = true)]
async fn what_is_right_is_not_written_again() {
    let api_server = installed();
    api_server.set_answers(true);
    let mut keeper = Keeper::new(context(&api_server, "one", true));
    looks(&api_server, &mut keeper, 5).await;
    let writes = api_server.writes();
    assert_eq!(writes, 3, "two are made, one of them gets Fail");
    looks(&api_server, &mut keeper, 60).await;
    assert_eq!(api_server.writes(), writes);
}

#[tokio::test(start_paused = true)]
async fn what_the_api_server_fills_in_is_no_reason_to_write() {
    let api_server = installed();
    api_server.fill_in("aFieldOfTomorrow");
    let mut keeper = Keeper::new(context(&api_server, "one", true));
    looks(&api_server, &mut keeper, 10).await;
    assert_eq!(api_server.writes(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_changed_is_put_right() {
    let api_server = installed();
    let mut keeper = Keeper::new(context(&api_server, "one", true));
    looks(&api_server, &mut keeper, 2).await;
    let before = api_server.validating();
    api_server.tamper(|validating| {
        validating["webhooks"][0]["rules"] = json!([]);
        validating["webhooks"][0]["clientConfig"]["caBundle"] = json!("somebody's");
    });
    looks(&api_server, &mut keeper, 1).await;
    let after = api_server.validating();
    assert_eq!(after["webhooks"][0]["rules"], before["webhooks"][0]["rules"]);
    assert_eq!(after["webhooks"][0]["clientConfig"]["caBundle"], "somebody's", "that is not ours to say");
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_where_webhooks_do_not_trust_the_same() {
    let api_server = installed();
    api_server.set_answers(true);
    let mut keeper = Keeper::new(context(&api_server, "one", true));
    looks(&api_server, &mut keeper, 3).await;
    assert_eq!(api_server.policies(), ["Fail", "Ignore"]);
    api_server.tamper(|validating| validating["webhooks"][0]["clientConfig"]["caBundle"] = json!("somebody's"));
    looks(&api_server, &mut keeper, 1).await;
    assert_eq!(api_server.policies(), ["Ignore"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_when_nobody_renews_a_lease() {
    let api_server = installed();
    api_server.set_answers(true);
    let mut keeper = Keeper::new(context(&api_server, "one", true));
    looks(&api_server, &mut keeper, 3).await;
    for _ in 0..30 {
        keeper.look().await.unwrap();
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(api_server.policies(), ["Ignore"]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_lead_asks_and_writes_nothing() {
    let api_server = installed();
    let mut keeper = Keeper::new(context(&api_server, "one", false));
    looks(&api_server, &mut keeper, 5).await;
    assert_eq!(api_server.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_that_nobody_would_remove() {
    let api_server = ApiServer::default();
    let mut keeper = Keeper::new(context(&api_server, "one", true));
    let trouble = keeper.look().await.unwrap_err().to_string();
    assert!(trouble.contains("there is no ClusterRole scrapeguard"), "{trouble}");
    assert_eq!(api_server.writes(), 0);
}

#[rstest]
#[case::the_last_one(None, "Ignore")]
#[case::another_serves(Some("other"), "Fail")]
#[tokio::test(start_paused = true)]
async fn who_leaves_as_the_last_one_has_nothing_wait_for_it(#[case] other: Option<&str>, #[case] expected: &str) {
    let api_server = installed();
    api_server.set_answers(true);
    let context = context(&api_server, "one", true);
    let mut keeper = Keeper::new(context.clone());
    looks(&api_server, &mut keeper, 3).await;
    assert_eq!(api_server.policies(), ["Fail", "Ignore"]);
    if let Some(other) = other {
        api_server.renew(other);
    }
    withdraw(&context).await;
    assert_eq!(api_server.policies()[0], expected);
    assert!(!api_server.has_lease("one"));
    let writes = api_server.writes();
    keeper.look().await.unwrap();
    assert_eq!(api_server.writes(), writes, "it has left, and writes nothing else");
}
