use super::*;
use crate::engine::registration::{Ability, FailurePolicies, Place, registration};
use crate::model::guard::Guards;

fn wanted() -> Configuration {
    let name = |name: &str| name.to_owned();
    let place = Place { service: name("scrapeguard"), namespace: name("system"), port: 443, cert_manager: false };
    registration(&Guards::built_in(), &place, Ability::Cluster, FailurePolicies::FAIL).validating
}

/// As it would be stored, each webhook with this bundle.
fn stored(bundle: &str) -> DynamicObject {
    let mut object = object(None);
    for webhook in object.data["webhooks"].as_array_mut().unwrap() {
        webhook["clientConfig"]["caBundle"] = json!(bundle);
    }
    object
}

fn object(read: Option<&DynamicObject>) -> DynamicObject {
    wanted_object(read, &wanted(), &Kind::Validating.resource()).unwrap()
}

fn bundles(object: &DynamicObject) -> Vec<&str> {
    each(object).map(|webhook| bundle(webhook).and_then(Value::as_str).unwrap_or_default()).collect()
}

#[test]
fn whom_the_api_server_trusts_is_kept() {
    let mut read = stored("old");
    read.data["webhooks"][1]["clientConfig"]["caBundle"] = json!("new");
    let next = object(Some(&read));
    assert_eq!(bundles(&next)[..3], ["old", "new", "old"]);
}

#[test]
fn a_new_webhook_trusts_whom_the_others_do() {
    let mut read = stored("ours");
    read.data["webhooks"].as_array_mut().unwrap().truncate(1);
    assert!(bundles(&object(Some(&read))).iter().all(|bundle| *bundle == "ours"));
    assert!(bundles(&object(None)).iter().all(|bundle| bundle.is_empty()));
}

#[test]
fn what_others_wrote_beside_us_stays() {
    let mut read = stored("ours");
    read.labels_mut().insert("team".to_owned(), "platform".to_owned());
    read.metadata.resource_version = Some("7".to_owned());
    let next = object(Some(&read));
    assert_eq!(next.labels()["team"], "platform");
    assert_eq!(next.metadata.resource_version.as_deref(), Some("7"));
}

#[test]
fn questions_have_policies_of_their_own() {
    let mut read = stored("ours");
    assert_eq!(policy_of(Some(&read), "/validate"), FailurePolicy::Fail);
    assert_eq!(policy_of(Some(&read), "/consequences"), FailurePolicy::Ignore);
    assert_eq!(policy_of(Some(&read), "/val"), FailurePolicy::Ignore);
    assert_eq!(policy_of(None, "/validate"), FailurePolicy::Ignore);
    assert!(disarmed(&mut read));
    assert_eq!(policy_of(Some(&read), "/validate"), FailurePolicy::Ignore);
    assert!(!disarmed(&mut read), "nothing was left to be done");
}

#[test]
fn one_that_trusts_another_is_noticed() {
    let mut read = stored("ours");
    assert!(trusts_alike(&read));
    read.data["webhooks"][2]["clientConfig"].as_object_mut().unwrap().remove("caBundle");
    assert!(!trusts_alike(&read));
}
