//! What becomes of news.

use serde_json::value::RawValue;

use super::super::object::{Key, Watched};
use super::*;
use crate::model::guard::Guards;
use crate::model::snapshot::Pod;

fn kind(name: &str) -> &'static Kind {
    kinds::watched(true).find(|kind| kind.name == name).unwrap()
}

fn world() -> World {
    World::new(Shared::new(State::of(Guards::none())), Duration::from_mins(1), true, Arc::default())
}

fn tell(world: &mut World, kind: &'static Kind, what: What) {
    world.take(News { kind, at: Instant::now(), what });
}

fn json(name: &str) -> String {
    format!(r#"{{"metadata":{{"namespace":"a","name":"{name}"}},"spec":{{"containers":[{{"name":"c"}}]}}}}"#)
}

fn put(name: &str, is_new: bool) -> ObjectChange {
    ObjectChange::Put { json: json(name), is_new }
}

fn gone(name: &str) -> ObjectChange {
    let object = RawValue::from_string(json(name)).unwrap();
    let key: Key = Watched::read(kind("Pod"), &object).unwrap().key;
    ObjectChange::Gone(key)
}

fn pods(world: &mut World, changes: Vec<ObjectChange>) {
    tell(world, kind("Pod"), What::Objects(changes));
}

/// Every kind has been read, and the API server answers.
fn complete(world: &mut World) {
    for kind in kinds::watched(true) {
        tell(world, kind, What::Sign(Sign::Works));
    }
    world.freshness.beat(Beat { asked: Instant::now(), doubted_before: None });
}

fn names(world: &World) -> Vec<String> {
    let state = world.shared.state.kept();
    let names = |snapshot: &Snapshot| snapshot.pods().iter().map(|pod: &Pod| pod.object.name.clone()).collect();
    state.cluster.as_ref().map(|cluster| names(&cluster.snapshot)).unwrap_or_default()
}

#[tokio::test]
async fn nothing_is_published_and_nobody_answers_until_everything_has_been_read() {
    let mut world = world();
    pods(&mut world, vec![put("x", true)]);
    world.settle().await.unwrap();
    assert!(world.shared.state.now().cluster.is_none());
    assert!(!world.shared.readiness.can_answer());
    complete(&mut world);
    world.settle().await.unwrap();
    assert_eq!(names(&world), ["x"]);
    assert!(world.shared.readiness.can_answer(), "{:?}", world.shared.readiness.reasons());
}

#[tokio::test]
async fn what_comes_back_while_the_rest_is_read_is_there() {
    let mut world = world();
    pods(&mut world, vec![put("x", true), put("y", true), put("z", true)]);
    pods(&mut world, vec![gone("x"), gone("y"), put("x", true), put("z", false)]);
    complete(&mut world);
    world.settle().await.unwrap();
    assert_eq!(names(&world), ["x", "z"]);
    assert_eq!(world.shared.state.now().cluster.as_ref().unwrap().snapshot.problems(), []);
}

#[tokio::test(start_paused = true)]
async fn changes_follow_one_another_and_a_quiet_world_is_only_confirmed() {
    let mut world = world();
    complete(&mut world);
    world.settle().await.unwrap();
    let mut published = world.shared.state.subscribe();
    tokio::time::advance(PACE).await;
    pods(&mut world, vec![put("x", true)]);
    pods(&mut world, vec![gone("x"), put("y", true)]);
    world.settle().await.unwrap();
    assert_eq!(names(&world), ["y"]);
    assert!(published.has_changed().unwrap());
    published.mark_unchanged();
    tokio::time::advance(PACE).await;
    world.freshness.beat(Beat { asked: Instant::now(), doubted_before: None });
    world.settle().await.unwrap();
    assert!(!published.has_changed().unwrap(), "nothing has changed");
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_difference_is_not_published_and_known_to_hold() {
    let mut world = world();
    pods(&mut world, vec![put("x", true)]);
    complete(&mut world);
    world.settle().await.unwrap();
    let published = world.shared.state.subscribe();
    let state = world.shared.state.kept();
    let as_of = |state: &State| state.cluster.as_ref().unwrap().as_of;
    tokio::time::advance(PACE).await;
    let later = Instant::now();
    world.freshness.beat(Beat { asked: Instant::now(), doubted_before: None });
    let written_again = json("x").replace(r#""name":"x""#, r#""name":"x","resourceVersion":"7""#);
    pods(&mut world, vec![ObjectChange::Put { json: written_again, is_new: false }]);
    world.settle().await.unwrap();
    assert!(!world.pending.is_worth_publishing(), "it has been looked at");
    let after = world.shared.state.kept();
    assert!(!published.has_changed().unwrap() && after.is_based_on_the_same(&state));
    assert!(as_of(&after) >= later && as_of(&after) > as_of(&state));
    tokio::time::advance(PACE).await;
    pods(&mut world, vec![gone("x")]);
    world.settle().await.unwrap();
    assert!(published.has_changed().unwrap() && !world.shared.state.kept().is_based_on_the_same(&state));
}

#[tokio::test]
async fn what_may_not_be_read_is_told_and_forgotten_once_it_may() {
    let mut world = world();
    complete(&mut world);
    tell(&mut world, kind("EnvoyFilter"), What::Sign(Sign::Forbidden("no".to_owned())));
    world.settle().await.unwrap();
    let unread = |world: &World| world.shared.state.now().cluster.as_ref().unwrap().snapshot.unread().len();
    assert_eq!(unread(&world), 1);
    assert!(world.shared.readiness.can_answer());
    tell(&mut world, kind("EnvoyFilter"), What::Sign(Sign::Works));
    world.not_before = Instant::now();
    world.settle().await.unwrap();
    assert_eq!(unread(&world), 0);
}
