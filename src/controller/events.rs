//! Kubernetes Events, where a user would look for them: at the guard, and at the object that it is about.
//!
//! Events are a courtesy. They are told from a bounded queue at a bounded rate, equal ones are counted in one, and
//! nobody waits for them.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference as CoreReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::controller::FIELD_MANAGER;
use crate::controller::declared::Declaration;
use crate::model::guard::document::{API_VERSION, KIND};
use crate::model::{ObjectReference, Resource};

/// How many Events may wait to be told; what comes on top is lost.
const QUEUE: usize = 256;
/// The pause after each Event.
const PAUSE: Duration = Duration::from_millis(100);
/// How long one may take to be told.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest note that the API server takes (`k8s.io/kubernetes` `pkg/apis/core/validation/events.go`).
const LONGEST_NOTE: usize = 1024;

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Whom it is told.
    pub about: Subject,
    /// Whether somebody should do something about it.
    pub is_warning: bool,
    /// What happened, in one word: `CompanionRepaired`.
    pub reason: &'static str,
    /// What was done, in one word: `Apply`.
    pub action: &'static str,
    /// What happened, in a sentence.
    pub note: String,
}

/// The object under which an Event is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A guard, by name and unique identifier.
    Guard(String, String),
    /// Another object.
    Object(Resource, ObjectReference),
}

/// Whoever has something to tell has one of these.
#[derive(Clone, Debug)]
pub struct Teller(mpsc::Sender<Happening>);

impl Subject {
    /// The guard of this declaration.
    pub fn guard(name: &str, declaration: &Declaration) -> Self {
        Self::Guard(name.to_owned(), declaration.uid.clone())
    }

    fn reference(&self) -> CoreReference {
        match self {
            Self::Guard(name, uid) => CoreReference {
                api_version: Some(API_VERSION.to_owned()),
                kind: Some(KIND.to_owned()),
                name: Some(name.clone()),
                uid: Some(uid.clone()),
                ..CoreReference::default()
            },
            Self::Object(resource, object) => CoreReference {
                api_version: Some(api_version(*resource)),
                kind: Some(object.kind.clone()),
                namespace: object.namespace.clone(),
                name: Some(object.name.clone()),
                ..CoreReference::default()
            },
        }
    }
}

impl Teller {
    /// One whose happenings go to this receiver.
    pub fn new() -> (Self, mpsc::Receiver<Happening>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    /// Tells it some time, if not too much is told already.
    pub fn tell(&self, happening: Happening) {
        if self.0.try_send(happening).is_err() {
            tracing::debug!("too much happens to tell all of it");
        }
    }
}

/// Writes Events, for as long as it is polled. `instance` is the name of this replica.
pub async fn run(client: Client, instance: String, mut happenings: mpsc::Receiver<Happening>) {
    let reporter = Reporter { controller: format!("scrapeguard.io/{FIELD_MANAGER}"), instance: Some(instance) };
    let recorder = Recorder::new(client, reporter);
    while let Some(happening) = happenings.recv().await {
        let reference = happening.about.reference();
        let event = event(happening);
        match timeout(PATIENCE, recorder.publish(&event, &reference)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "an event cannot be written"),
            Err(_) => tracing::debug!("an event cannot be written in time"),
        }
        sleep(PAUSE).await;
    }
}

fn event(happening: Happening) -> Event {
    let mut note = happening.note;
    note.truncate(note.floor_char_boundary(LONGEST_NOTE));
    Event {
        type_: if happening.is_warning { EventType::Warning } else { EventType::Normal },
        reason: happening.reason.to_owned(),
        note: Some(note),
        action: happening.action.to_owned(),
        secondary: None,
    }
}

/// The version that events about objects of a kind name.
fn api_version(resource: Resource) -> String {
    match resource.group() {
        "" => "v1".to_owned(),
        group => format!("{group}/v1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happening(note: &str) -> Happening {
        let object =
            ObjectReference { kind: "NetworkPolicy".to_owned(), namespace: Some("a".to_owned()), name: "b".to_owned() };
        Happening {
            about: Subject::Object(Resource::NetworkPolicy, object),
            is_warning: true,
            reason: "NameTaken",
            action: "Apply",
            note: note.to_owned(),
        }
    }

    #[test]
    fn a_note_is_never_longer_than_the_api_server_takes() {
        let long = event(happening(&"ä".repeat(1000)));
        assert_eq!(long.note.unwrap().len(), LONGEST_NOTE);
    }

    #[test]
    fn an_event_is_told_at_its_object() {
        let reference = happening("").about.reference();
        assert_eq!(reference.api_version.unwrap(), "networking.k8s.io/v1");
        assert_eq!((reference.namespace.unwrap(), reference.name.unwrap()), ("a".to_owned(), "b".to_owned()));
    }

    #[tokio::test]
    async fn nobody_waits_for_events() {
        let (teller, mut told) = Teller::new();
        for _ in 0..2 * QUEUE {
            teller.tell(happening("x"));
        }
        let mut count = 0;
        while told.try_recv().is_ok() {
            count += 1;
        }
        assert_eq!(count, QUEUE);
    }
}
