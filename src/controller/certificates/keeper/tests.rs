mod api_server;
mod laws;

use jiff::SignedDuration;
use serde_json::Value;
use tokio::time::advance;

use self::api_server::ApiServer;
use super::*;
use crate::controller::Settings;
use crate::controller::certificates::standing::Standing;
use crate::controller::settings::Management;
use crate::model::guard::Guards;
use crate::state::State;
use crate::webhook::Shared;

const MUTATING: &str = "mutatingwebhookconfigurations";
const VALIDATING: &str = "validatingwebhookconfigurations";
/// The time of the tests begins with the clock of tokio, which only moves when a test says so.
const BEGINNING: &str = "2026-11-22T00:00:00Z";

/// Replicas of one installation.
struct World {
    api_server: ApiServer,
    began: Instant,
}

impl World {
    fn new() -> Self {
        Self { api_server: ApiServer::default(), began: Instant::now() }
    }

    /// With configurations that have no bundle yet.
    fn registered() -> Self {
        let world = Self::new();
        world.api_server.stored().register();
        world
    }

    /// A replica that has just started. Leafs live for 100 seconds, and a new authority settles for 10.
    fn replica(&self) -> Keeper {
        let settings = Settings {
            namespace: "scrapeguard-system".to_owned(),
            service: "scrapeguard".to_owned(),
            identity: "scrapeguard-0".to_owned(),
            service_port: 443,
            guards: Management::Own,
            certificates: Management::Own,
            registration: Management::Given,
            certificate_lifetime: Duration::from_secs(100),
            staleness: Duration::from_secs(30),
        };
        let context = Context {
            client: self.api_server.client(),
            settings: Arc::new(settings),
            shared: Shared::new(State::of(Guards::built_in())),
            leading: watch::channel(false).1,
        };
        Keeper::new(&context, Arc::default())
    }

    fn now(&self) -> Timestamp {
        let since = SignedDuration::try_from(self.began.elapsed()).unwrap();
        BEGINNING.parse::<Timestamp>().unwrap() + since
    }

    async fn look(&self, replica: &mut Keeper) -> Pace {
        replica.look(self.now()).await.unwrap()
    }

    /// Both look once a second for so long.
    async fn pass(&self, replicas: &mut [&mut Keeper], seconds: u64) {
        for _ in 0..seconds {
            for replica in &mut *replicas {
                self.look(replica).await;
            }
            advance(POLL).await;
        }
    }
}

fn leaf(replica: &Keeper) -> &str {
    replica.remembered.as_ref().unwrap().leaf.chain()
}

fn standing(replica: &Keeper) -> Standing {
    *replica.standing.borrow()
}

fn counted(replica: &Keeper, line: &str) -> bool {
    replica.metrics.render().contains(line)
}

#[tokio::test(start_paused = true)]
async fn of_two_that_start_at_once_one_makes_the_certificate_and_both_serve_it() {
    let world = World::registered();
    let (mut one, mut other) = (world.replica(), world.replica());
    let now = world.now();
    let (first, second) = tokio::join!(one.look(now), other.look(now));
    let mut paces = [first.unwrap(), second.unwrap()];
    paces.sort_by_key(|pace| *pace == Pace::Later);
    assert_eq!(paces, [Pace::Soon, Pace::Later]);
    assert_eq!(world.api_server.stored().conflicts, 1);
    world.look(&mut one).await;
    world.look(&mut other).await;
    assert_eq!(leaf(&one), leaf(&other));
    assert_eq!(one.bundle().borrow().clone(), other.bundle().borrow().clone());
}

#[tokio::test(start_paused = true)]
async fn nobody_is_to_call_before_the_bundle_is_there() {
    let world = World::registered();
    let mut replica = world.replica();
    assert_eq!(standing(&replica).obstacle(world.now()), Some("there is no certificate yet"));
    world.look(&mut replica).await;
    assert!(standing(&replica).untrusted);
    world.look(&mut replica).await;
    assert_eq!(standing(&replica).obstacle(world.now()), None);
    assert!(counted(&replica, r#"webhook_bundle_state{configuration="mutating",state="current"} 1"#));
    assert_eq!(
        standing(&replica).obstacle(world.now() + SignedDuration::from_secs(101)),
        Some("the certificate has expired")
    );
}

#[tokio::test(start_paused = true)]
async fn without_configurations_there_is_nothing_to_wait_for() {
    let world = World::new();
    let mut replica = world.replica();
    world.look(&mut replica).await;
    assert_eq!(standing(&replica).obstacle(world.now()), None);
    assert!(counted(&replica, r#"webhook_bundle_state{configuration="validating",state="absent"} 1"#));
    world.api_server.stored().register();
    world.look(&mut replica).await;
    let bundles = world.api_server.stored().bundles_of(VALIDATING);
    assert!(bundles[0].is_string() && bundles[2] == bundles[0], "{bundles:?}");
    assert_eq!(bundles[1], Value::Null, "the bundle of a webhook that calls somebody else is none of ours");
}

#[tokio::test(start_paused = true)]
async fn what_is_well_is_not_written() {
    let world = World::registered();
    let (mut one, mut other) = (world.replica(), world.replica());
    world.pass(&mut [&mut one, &mut other], 3).await;
    let before = world.api_server.stored().writes;
    world.pass(&mut [&mut one, &mut other], 60).await;
    assert_eq!(world.api_server.stored().writes, before);
}

#[tokio::test(start_paused = true)]
async fn spoiled_bundles_are_put_right_and_the_replica_stays_ready() {
    let world = World::registered();
    let mut replica = world.replica();
    world.pass(&mut [&mut replica], 2).await;
    let good = world.api_server.stored().bundles_of(MUTATING);
    for (kind, bundle) in [(MUTATING, Value::Null), (MUTATING, "Zm9yZWlnbg==".into()), (VALIDATING, "".into())] {
        let before = world.api_server.stored().bundles_of(kind);
        world.api_server.stored().spoil(kind, &bundle);
        world.look(&mut replica).await;
        assert_eq!(standing(&replica).obstacle(world.now()), None);
        let now = world.api_server.stored().bundles_of(kind);
        assert_eq!((&now[0], &now[2]), (&before[0], &before[2]));
        assert_eq!(now[1], bundle, "the bundle of somebody else stays");
    }
    assert_eq!(world.api_server.stored().bundles_of(MUTATING)[0], good[0]);
    assert!(counted(&replica, r#"webhook_bundle_writes_total{configuration="mutating"} 3"#));
}

#[tokio::test(start_paused = true)]
async fn five_rotations_are_shared_and_the_third_comes_from_a_new_authority() {
    let world = World::registered();
    let (mut one, mut other) = (world.replica(), world.replica());
    world.pass(&mut [&mut one, &mut other], 2).await;
    let (mut leafs, mut authorities) = (vec![leaf(&one).to_owned()], vec![]);
    while leafs.len() <= 5 {
        world.pass(&mut [&mut one, &mut other], 1).await;
        // Whoever has written, both have looked since.
        world.look(&mut one).await;
        world.look(&mut other).await;
        world.look(&mut one).await;
        assert_eq!(leaf(&one), leaf(&other));
        if leafs.last().is_none_or(|last| last != leaf(&one)) {
            leafs.push(leaf(&one).to_owned());
        }
        let authority = one.remembered.as_ref().unwrap().authority.certificate().clone();
        if authorities.last() != Some(&authority) {
            authorities.push(authority);
        }
        assert!(world.began.elapsed() < Duration::from_secs(400), "{} rotations", leafs.len() - 1);
    }
    assert_eq!(authorities.len(), 2);
    assert!(counted(&one, r#"certificate_steps_total{step="switch"} 1"#));
}

#[tokio::test(start_paused = true)]
async fn a_lost_secret_comes_back_from_memory_with_new_keys_on_their_way() {
    let world = World::registered();
    let (mut one, mut other) = (world.replica(), world.replica());
    world.pass(&mut [&mut one, &mut other], 2).await;
    let before = leaf(&one).to_owned();
    world.api_server.stored().delete_secret();
    world.pass(&mut [&mut one, &mut other], 5).await;
    assert_eq!((leaf(&one), leaf(&other)), (before.as_str(), before.as_str()));
    world.api_server.stored().damage("authority.key");
    world.pass(&mut [&mut one, &mut other], 15).await;
    assert_ne!(leaf(&one), before);
    assert_eq!(leaf(&one), leaf(&other));
}

#[tokio::test(start_paused = true)]
async fn a_new_replica_waits_for_somebody_who_remembers_a_lost_secret() {
    let world = World::registered();
    let (mut old, mut new) = (world.replica(), world.replica());
    world.pass(&mut [&mut old], 2).await;
    world.api_server.stored().delete_secret();
    world.pass(&mut [&mut new], 2).await;
    assert_eq!(world.api_server.stored().secret(), &Value::Null);
    world.pass(&mut [&mut old, &mut new], 2).await;
    assert_eq!(leaf(&old), leaf(&new));
    // Where nobody is left, it does not wait for ever.
    world.api_server.stored().delete_secret();
    let mut last = world.replica();
    world.pass(&mut [&mut last], 8).await;
    assert_eq!(standing(&last).obstacle(world.now()), None);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_slept_past_rotations_has_what_the_others_have_after_one_look() {
    let world = World::registered();
    let (mut awake, mut asleep) = (world.replica(), world.replica());
    world.pass(&mut [&mut awake, &mut asleep], 2).await;
    world.pass(&mut [&mut awake], 250).await;
    world.look(&mut asleep).await;
    assert_eq!(leaf(&awake), leaf(&asleep));
}

#[tokio::test(start_paused = true)]
async fn when_all_slept_until_everything_had_expired_they_begin_again() {
    let world = World::registered();
    let mut replica = world.replica();
    world.pass(&mut [&mut replica], 2).await;
    advance(Duration::from_secs(5000)).await;
    world.pass(&mut [&mut replica], 2).await;
    assert_eq!(standing(&replica).obstacle(world.now()), None);
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_is_away_takes_nothing_away() {
    let world = World::registered();
    let mut replica = world.replica();
    world.pass(&mut [&mut replica], 2).await;
    world.api_server.stored().down = true;
    let error = replica.look(world.now()).await.unwrap_err();
    assert!(matches!(error, LookError::Read(_)), "{error}");
    assert_eq!(standing(&replica).obstacle(world.now()), None);
    world.api_server.stored().down = false;
    world.look(&mut replica).await;
}

#[tokio::test(start_paused = true)]
async fn labels_and_type_of_a_secret_stay() {
    let world = World::new();
    let mut secret = serde_json::json!({"apiVersion": "v1", "kind": "Secret", "type": "example.com/ours"});
    secret["metadata"] = serde_json::json!({"name": "scrapeguard-certificates", "labels": {"team": "metrics"}});
    world.api_server.stored().put("scrapeguard-certificates", secret);
    let mut replica = world.replica();
    world.look(&mut replica).await;
    let stored = world.api_server.stored().secret().clone();
    assert_eq!(
        (&stored["type"], &stored["metadata"]["labels"]["team"]),
        (&"example.com/ours".into(), &"metrics".into())
    );
    assert!(stored["data"]["tls.crt"].is_string());
}
