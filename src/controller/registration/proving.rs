//! What is known of us from outside: who renews a Lease, and which questions are answered.

use std::time::Duration;

use kube::Client;
use kube::api::DynamicObject;
use tokio::time::Instant;

use super::configuration::{has, policy_of, trusts_alike};
use super::dead_man::{Leases, Pulses};
use super::decision::{Proof, policy};
use super::self_test;
use crate::controller::Context;
use crate::engine::registration::self_test::Question;
use crate::engine::registration::{FailurePolicies, Place};
use crate::telemetry::metrics::registration::RegistrationMetrics;

/// How often is tested while tests are answered.
const TEST: Duration = Duration::from_secs(10);
/// How often otherwise.
const TEST_AGAIN: Duration = Duration::from_secs(1);

/// What one leader has found out.
pub struct Proving {
    client: Client,
    leases: Leases,
    pulses: Pulses,
    /// Whether any replica serves, if that is known.
    is_served: Option<bool>,
    /// By question.
    proofs: [Proof; 2],
    next: Instant,
}

impl Proving {
    /// Nothing is known yet.
    pub fn new(context: &Context) -> Self {
        Self {
            client: context.client.clone(),
            leases: Leases::new(context.client.clone(), &context.settings),
            pulses: Pulses::default(),
            is_served: None,
            proofs: [Proof::Untried; 2],
            next: Instant::now(),
        }
    }

    /// Looks at Leases and tests what is registered, if it is time to.
    pub async fn go_on(&mut self, read: Option<&DynamicObject>, place: &Place, metrics: &RegistrationMetrics) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.look_at_leases(now).await;
        for (question, proof) in Question::ALL.into_iter().zip(&mut self.proofs) {
            let is_registered = read.is_some_and(|read| has(read, &question.webhook()));
            *proof = if is_registered {
                tested(&self.client, place, question, *proof, metrics).await
            } else {
                Proof::Untried
            };
        }
        let [objects, consequences] = self.proofs;
        let is_quiet = objects == Proof::Answered && !matches!(consequences, Proof::Silent(_));
        self.next = now + if is_quiet { TEST } else { TEST_AGAIN };
    }

    async fn look_at_leases(&mut self, now: Instant) {
        match self.leases.list().await {
            Ok(leases) => {
                self.pulses.look_at(&leases, now);
                self.is_served = Some(self.pulses.is_served(now));
            }
            Err(error) => {
                tracing::debug!(%error, "the leases of replicas cannot be read");
                self.is_served = None;
            }
        }
        for name in self.pulses.abandoned(now) {
            if let Err(error) = self.leases.remove(&name).await {
                tracing::debug!(%error, name, "an abandoned lease cannot be removed");
            }
        }
    }

    /// What follows for each question. A question whose webhooks do not trust the same is not proven.
    pub fn policies(&self, read: Option<&DynamicObject>) -> FailurePolicies {
        let alike = read.is_some_and(trusts_alike);
        let of = |question: Question, proof: Proof| {
            let is_served = if alike { self.is_served } else { Some(false) };
            policy(policy_of(read, question.path()), proof, is_served)
        };
        let [objects, consequences] = self.proofs;
        FailurePolicies {
            objects: of(Question::Objects, objects),
            consequences: of(Question::Consequences, consequences),
        }
    }
}

/// What is known after one more test.
async fn tested(
    client: &Client,
    place: &Place,
    question: Question,
    before: Proof,
    metrics: &RegistrationMetrics,
) -> Proof {
    let answer = self_test::ask(client.clone(), place, question).await;
    metrics.tested(question.label(), answer.is_ok());
    let proof = before.and(answer.is_ok());
    if let (Err(error), Proof::Silent(1)) = (answer, proof) {
        tracing::info!(%error, question = question.label(), "not answered");
    }
    proof
}
