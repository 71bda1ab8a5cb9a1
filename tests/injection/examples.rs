//! The laws over the manifests of the catalogue, which are what people write.

use scrapeguard::engine::rules::catalogue;
use scrapeguard::model::Resource;
use scrapeguard::model::guard::Guards;
use serde_json::Value;

use crate::trees::is_kept;
use crate::{patched, review};

/// Every object of every example, with the guard that the example brings along.
fn objects() -> Vec<(Guards, Resource, String, Value)> {
    let mut objects = Vec::new();
    for example in catalogue().flat_map(|rule| [rule.bad, rule.good]) {
        let documents: Vec<Value> = serde_saphyr::from_multiple(example).unwrap();
        let (guards, manifests): (Vec<_>, Vec<_>) = documents.into_iter().partition(|it| it["kind"] == "ScrapeGuard");
        let guards = guards.first().map_or_else(Guards::built_in, |guard| Guards::parse(&guard.to_string()).unwrap());
        for manifest in manifests {
            let version = manifest["apiVersion"].as_str().unwrap();
            let group = version.rsplit_once('/').map_or("", |(group, _)| group);
            if let Some(resource) = Resource::of(group, manifest["kind"].as_str().unwrap()) {
                let namespace = manifest["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
                objects.push((guards.clone(), resource, namespace, manifest));
            }
        }
    }
    objects
}

#[test]
fn the_laws_hold_over_all_examples() {
    let mut patches = 0;
    for (guards, resource, namespace, before) in objects() {
        let outcome = review(&guards, resource, &namespace, &before);
        let after = patched(&before, &outcome);
        assert!(is_kept(&before, &after), "{before} became {after}");
        let again = review(&guards, resource, &namespace, &after);
        assert!(again.patch.is_empty(), "{after} gets {:?}", again.patch);
        patches += usize::from(!outcome.patch.is_empty());
    }
    assert!(patches > 2, "only {patches} examples get a patch");
}
