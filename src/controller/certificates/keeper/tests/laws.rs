//! The law that rotation is for: a leaf that a replica serves is trusted by every bundle that any API server may hold,
//! whatever happens to Secret, bundles and replicas meanwhile.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use tokio::runtime::Builder;

use super::*;

/// How far behind an API server may be with what it was told; new authorities settle for 10 seconds.
const ALLOWED: Duration = Duration::from_secs(9);
/// The replica that is never away. If nobody remembers the Secret, nobody can write it again.
const FAITHFUL: usize = 0;

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    /// Nothing for so many seconds.
    Calm(u64),
    /// This replica sleeps for so many seconds.
    Sleep(usize, u64),
    /// This replica is killed, and another starts.
    Restart(usize),
    DeleteSecret,
    Damage(&'static str),
    SpoilBundle,
    RemoveBundle,
    /// The API server is away for so many seconds.
    Outage(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let field = prop::sample::select(vec!["tls.crt", "authority.key", "next-authority.crt", "retired-authorities.crt"]);
    prop_oneof![
        6 => (1_u64..60).prop_map(Event::Calm),
        2 => (1_usize..3, 1_u64..150).prop_map(|(replica, seconds)| Event::Sleep(replica, seconds)),
        1 => (1_usize..3).prop_map(Event::Restart),
        1 => Just(Event::DeleteSecret),
        1 => field.prop_map(Event::Damage),
        1 => Just(Event::SpoilBundle),
        1 => Just(Event::RemoveBundle),
        1 => (1_u64..30).prop_map(Event::Outage),
    ]
}

/// Three replicas and those who are asleep until some moment.
struct Play {
    world: World,
    replicas: Vec<Keeper>,
    asleep: Vec<Instant>,
    /// How far behind API servers are.
    lag: Duration,
    /// Leafs and bundles that were found to go together. Only time can change that, so signatures are verified once.
    accepted: HashSet<(String, String)>,
}

impl Play {
    fn begin(delays: Vec<u64>, lag: Duration) -> Self {
        let world = World::registered();
        world.api_server.stored().delays = delays;
        let replicas = (0..3).map(|_| world.replica()).collect();
        let asleep = vec![Instant::now(); 3];
        Self { world, replicas, asleep, lag, accepted: HashSet::new() }
    }

    async fn happen(&mut self, event: &Event) -> Result<(), TestCaseError> {
        let api_server = self.world.api_server.clone();
        match event {
            Event::Calm(seconds) => return self.pass(*seconds).await,
            Event::Sleep(replica, seconds) => {
                self.asleep[*replica] = Instant::now() + Duration::from_secs(*seconds);
            }
            Event::Restart(replica) => self.replicas[*replica] = self.world.replica(),
            Event::DeleteSecret => api_server.stored().delete_secret(),
            Event::Damage(field) => api_server.stored().damage(field),
            Event::SpoilBundle => api_server.stored().spoil(MUTATING, &"Zm9yZWlnbg==".into()),
            Event::RemoveBundle => api_server.stored().spoil(MUTATING, &Value::Null),
            Event::Outage(seconds) => {
                api_server.stored().down = true;
                self.pass(*seconds).await?;
                api_server.stored().down = false;
            }
        }
        self.pass(2).await
    }

    /// All who are awake look about once a second, at the same time. Their requests overlap as their delays will have
    /// it; no look takes a second.
    async fn pass(&mut self, seconds: u64) -> Result<(), TestCaseError> {
        for _ in 0..seconds {
            let (now, end) = (self.world.now(), Instant::now() + POLL);
            let awake = self.replicas.iter_mut().zip(&self.asleep).filter(|(_, until)| **until <= Instant::now());
            let looks = awake.map(|(replica, _)| replica.look(now));
            for look in futures::future::join_all(looks).await {
                let is_down = self.world.api_server.stored().down;
                prop_assert!(look.is_ok() || is_down, "{look:?}");
            }
            self.hold_the_law()?;
            tokio::time::sleep_until(end).await;
        }
        Ok(())
    }

    /// Whether all serve the same after a few looks at one moment. A rotation may fall into one of them.
    async fn agree_soon(&mut self) -> bool {
        let now = self.world.now();
        for _ in 0..4 {
            for replica in &mut self.replicas {
                replica.look(now).await.unwrap();
            }
            if self.replicas.iter().all(|replica| leaf(replica) == leaf(&self.replicas[FAITHFUL])) {
                return true;
            }
        }
        false
    }

    fn hold_the_law(&mut self) -> Result<(), TestCaseError> {
        let now = self.world.now();
        let bundles = self.held_somewhere();
        for (number, replica) in self.replicas.iter().enumerate() {
            let Some(contents) = &replica.remembered else { continue };
            if standing(replica).obstacle(now).is_some() {
                // Nobody is sent there. The one who is always there is asked about that in the end.
                continue;
            }
            prop_assert!(!contents.authority.is_expired(now), "replica {number} at {now}: its authority has expired");
            for bundle in &bundles {
                let pair = (contents.leaf.chain().to_owned(), bundle.clone());
                let accepted = self.accepted.contains(&pair) || is_accepted(contents, bundle, now);
                prop_assert!(accepted, "replica {number} at {now}: not trusted by\n{bundle}");
                self.accepted.insert(pair);
            }
        }
        Ok(())
    }

    /// Every bundle that we wrote and that some API server may not have seen replaced yet.
    fn held_somewhere(&self) -> Vec<String> {
        let stored = self.world.api_server.stored();
        let ends = stored.bundles.iter().skip(1).map(|(since, _)| Some(*since)).chain([None]);
        let recent = |end: &Option<Instant>| end.is_none_or(|end| end.elapsed() <= self.lag);
        let held = stored.bundles.iter().zip(ends).filter(|(_, end)| recent(end));
        held.map(|((_, bundle), _)| bundle.clone()).collect()
    }
}

fn is_accepted(contents: &Contents, bundle: &str, now: Timestamp) -> bool {
    let each = bundle.split_inclusive("-----END CERTIFICATE-----\n");
    let trusted: Vec<_> = each.map(|pem| Trusted::from_pem(pem).unwrap()).collect();
    contents.leaf.is_accepted(&trusted, &["scrapeguard.scrapeguard-system.svc".to_owned()], now)
}

/// Returns how many bundles were written: a measure of how well the law was tried.
async fn play(events: Vec<Event>, delays: Vec<u64>, lag: Duration) -> Result<usize, TestCaseError> {
    let mut play = Play::begin(delays, lag);
    // Until the first certificate is trusted everywhere, there is nothing to lose.
    for _ in 0..3 {
        for replica in &mut play.replicas {
            play.world.look(replica).await;
        }
    }
    tokio::time::sleep(lag + POLL).await;
    for event in &events {
        play.happen(event).await?;
    }
    play.asleep.fill(Instant::now());
    play.pass(3).await?;
    prop_assert!(play.agree_soon().await, "they do not agree in the end");
    prop_assert_eq!(standing(&play.replicas[FAITHFUL]).obstacle(play.world.now()), None);
    Ok(play.world.api_server.stored().bundles.len())
}

fn run(events: Vec<Event>, delays: Vec<u64>, lag: Duration) -> Result<usize, TestCaseError> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(play(events, delays, lag))
}

#[test]
fn what_is_served_is_trusted_everywhere_whatever_happens() {
    let config = ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() };
    let strategy = (prop::collection::vec(event(), 5..20), prop::collection::vec(1_u64..120, 1..7));
    TestRunner::new(config).run(&strategy, |(events, delays)| run(events, delays, ALLOWED).map(drop)).unwrap();
}

/// Otherwise the law would be worth nothing: authorities have to change often enough in these plays to break it.
#[test]
fn the_law_is_broken_where_api_servers_are_further_behind_than_allowed() {
    let quiet = || vec![Event::Calm(400)];
    let bundles = run(quiet(), vec![7, 30], ALLOWED).unwrap();
    assert!(bundles >= 3, "{bundles} bundles");
    let error = run(quiet(), vec![7, 30], ALLOWED * 3).unwrap_err().to_string();
    assert!(error.contains("not trusted by"), "{error}");
}
