//! The self-test: an object that nobody may have, in our own namespace, that is refused whenever we are asked.
//!
//! It is sent as a dry run, through the API server, by the webhook that is here for nothing else. If it is refused, the
//! API server reaches us, trusts our certificate, and gets an answer; then what we might refuse may wait for us. It is
//! refused by its label, whatever guards say, so that no setting makes us look dead.

use serde_json::{Value, json};

use super::Place;
use super::consequences;
use super::namespaces::Namespaces;
use super::rules::{self, CREATED};
use super::webhook::{Factory, Selector, Webhook};

/// The label that marks the object. Its value is the question that is tested.
pub const LABEL: &str = "scrapeguard.io/self-test";
/// The name of the object.
pub const NAME: &str = "scrapeguard-self-test";

/// The questions that can be tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Whether an object is right.
    Objects,
    /// What a change does to others.
    Consequences,
}

impl Question {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Objects, Self::Consequences];

    /// The value of the label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Objects => "objects",
            Self::Consequences => "consequences",
        }
    }

    /// The webhook that the API server names when we have refused the object.
    pub fn webhook(self) -> String {
        format!("{}.self-test.scrapeguard.io", self.label())
    }

    /// The path that is tested.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Objects => "/validate",
            Self::Consequences => consequences::PATH,
        }
    }
}

pub(super) fn webhooks(namespaces: &Namespaces, factory: &Factory<'_>) -> Vec<Webhook> {
    let waits_for_consequences = !namespaces.keeping_targets.is_empty();
    let tested = |question: &Question| *question == Question::Objects || waits_for_consequences;
    Question::ALL.into_iter().filter(tested).map(|question| webhook(question, factory)).collect()
}

fn webhook(question: Question, factory: &Factory<'_>) -> Webhook {
    let name = format!("{}.self-test", question.label());
    let webhook = factory.validating(&name, question.path(), None);
    let own = Selector::named(std::slice::from_ref(&factory.place.namespace));
    let policy = rules::of("networking.k8s.io", &["networkpolicies"], CREATED);
    webhook.on(&[policy]).within(own).of(Selector::label(LABEL, question.label()))
}

/// The object: a NetworkPolicy, which every API server knows. Even if it were stored it would select nothing.
pub fn object(question: Question, place: &Place) -> Value {
    let labels = json!({LABEL: question.label()});
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": NAME, "namespace": place.namespace, "labels": labels},
        "spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"]},
    })
}
