//! The `ScrapeGuard` objects as they are declared: who owns what is written, and what their status says now.
//!
//! What they mean is read elsewhere, and is part of the state. This is what only the leader needs, so only the leader
//! watches it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, pin_mut};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_objects};
use kube::{Api, Client, ResourceExt};
use serde_json::Value;
use tokio::sync::watch;

use crate::model::guard::Guard;
use crate::model::guard::document::{API_VERSION, KIND};

/// How long to wait after a watch broke. There are few guards, so the next try costs little.
const PAUSE: Duration = Duration::from_secs(2);

/// All guards that exist, by name.
pub type Declared = BTreeMap<String, Declaration>;

/// One `ScrapeGuard` object.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// Its unique identifier.
    pub uid: String,
    /// Counts the changes of its `spec`.
    pub generation: i64,
    /// Whether it is on its way out.
    pub is_leaving: bool,
    /// Its status, as it is stored.
    pub status: Value,
    /// What it means, or what is wrong with it.
    pub guard: Result<Guard, String>,
}

/// How `ScrapeGuard` objects are asked for.
pub fn resource() -> ApiResource {
    let (group, version) = API_VERSION.split_once('/').unwrap_or_default();
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, KIND), "scrapeguards")
}

/// Watches the guards, and tells all of them whenever one changes. Nothing is told until all have been read.
pub async fn run(client: Client, told: watch::Sender<Option<Arc<Declared>>>) {
    let api: Api<DynamicObject> = Api::all_with(client, &resource());
    let events = watch_objects(api, watcher::Config::default()).backoff(Steady);
    pin_mut!(events);
    let mut book = Book::default();
    let mut is_broken = false;
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                is_broken = false;
                if book.take(event) {
                    told.send_replace(Some(Arc::new(book.declared.clone())));
                }
            }
            Err(error) if !is_broken => {
                is_broken = true;
                tracing::warn!(%error, "the guards cannot be watched");
            }
            Err(_) => {}
        }
    }
}

#[derive(Debug, Default)]
struct Book {
    declared: Declared,
    /// What has been listed so far, while a list is read.
    listed: Option<Declared>,
}

impl Book {
    /// Takes over an event. Returns whether there is something to tell.
    fn take(&mut self, event: Event<DynamicObject>) -> bool {
        match event {
            Event::Init => self.listed = Some(Declared::new()),
            Event::InitApply(object) => {
                self.listed.get_or_insert_default().insert(object.name_any(), Declaration::of(&object));
            }
            Event::InitDone => {
                self.declared = self.listed.take().unwrap_or_default();
                return true;
            }
            Event::Apply(object) => {
                self.declared.insert(object.name_any(), Declaration::of(&object));
                return true;
            }
            Event::Delete(object) => {
                self.declared.remove(&object.name_any());
                return true;
            }
        }
        false
    }
}

impl Declaration {
    fn of(object: &DynamicObject) -> Self {
        let json = serde_json::to_string(object).map_err(|error| error.to_string());
        Self {
            uid: object.uid().unwrap_or_default(),
            generation: object.metadata.generation.unwrap_or_default(),
            is_leaving: object.metadata.deletion_timestamp.is_some(),
            status: object.data.get("status").cloned().unwrap_or_default(),
            guard: json.and_then(|json| Guard::from_json(&json)),
        }
    }
}

/// Always the same pause.
#[derive(Debug)]
struct Steady;

impl Iterator for Steady {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(PAUSE)
    }
}

impl Backoff for Steady {
    fn reset(&mut self) {}
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(name: &str, generation: i64, spec: &Value) -> DynamicObject {
        serde_json::from_value(json!({"apiVersion": API_VERSION, "kind": KIND,
            "metadata": {"name": name, "uid": format!("uid-{name}"), "generation": generation}, "spec": spec}))
        .unwrap()
    }

    #[test]
    fn nothing_is_told_before_all_are_known_and_what_a_new_list_lacks_is_gone() {
        let mut book = Book::default();
        assert!(!book.take(Event::Init));
        assert!(!book.take(Event::InitApply(object("a", 1, &json!({})))));
        assert!(book.take(Event::InitDone));
        assert!(book.take(Event::Apply(object("b", 2, &json!({"namspace": 1})))));
        let b = &book.declared["b"];
        assert_eq!((b.uid.as_str(), b.generation, b.guard.is_err()), ("uid-b", 2, true));
        assert_eq!(book.declared["a"].guard.as_ref().unwrap().namespace, "monitoring");
        book.take(Event::Init);
        assert_eq!(book.declared.len(), 2);
        assert!(book.take(Event::InitDone));
        assert!(book.declared.is_empty());
    }
}
