//! The straight line from the bytes of a request to the bytes of an answer, without clock, socket or thread.

use std::time::Duration;

use jiff::Timestamp;

use super::consequences::consequences;
use super::endpoint::{Endpoint, Step};
use super::review::{self, Review, ReviewError, Verdict};
use crate::engine::admission::{self, Circumstances, Operation, Outcome};
use crate::engine::analysis::Analysis;
use crate::engine::message::REMARKABLE_AGE;
use crate::model::guard::Guards;

/// An answer to a review, and what there is to say about it in logs and metrics.
#[derive(Debug)]
pub struct Answer {
    /// The body of the response: an AdmissionReview.
    pub body: Vec<u8>,
    /// What was being done.
    pub operation: Operation,
    /// What the answer amounts to.
    pub verdict: Verdict,
    /// What was found and added.
    pub outcome: Outcome,
    /// Which request it was; kept only for answers that are logged by default.
    pub denied: Option<DeniedRequest>,
    /// Whether with [`Effort::Whole`] there would be more to tell.
    pub more_to_tell: bool,
}

/// What the log says about a denied request. Nothing of the object but its name.
#[derive(Debug, PartialEq, Eq)]
pub struct DeniedRequest {
    /// The id of the request.
    pub uid: String,
    /// The kind of the object.
    pub kind: String,
    /// Its namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Its name; empty when it was still to be made.
    pub name: String,
    /// Whether nothing would have been stored anyway.
    pub dry_run: bool,
}

/// What is known when a decision is made.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge<'a> {
    /// The guards in force.
    pub guards: &'a Guards,
    /// How long ago the cluster certainly had these guards, where they are of one.
    pub age: Option<Duration>,
    /// What was found out about the cluster, where there is one, and how long ago it was certainly so.
    pub analysed: Option<(&'a Analysis, Duration)>,
    /// How much may be done to tell the consequences of the request.
    pub effort: Effort,
}

/// How much may be done to tell the consequences of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// What takes at most a good hundred milliseconds in the largest cluster.
    Little,
    /// What takes as long as an analysis of the whole cluster.
    Whole,
}

/// Reads a review, decides by these guards alone, and writes the answer.
///
/// # Errors
/// Why the body is not a review, as a sentence.
pub fn answer(body: &[u8], endpoint: Endpoint, guards: &Guards, now: Timestamp) -> Result<Answer, ReviewError> {
    answer_knowing(body, endpoint, Knowledge { guards, age: None, analysed: None, effort: Effort::Little }, now)
}

/// The same, with what is known of the cluster.
///
/// # Errors
/// Why the body is not a review, as a sentence.
pub fn answer_knowing(
    body: &[u8],
    endpoint: Endpoint,
    knowledge: Knowledge<'_>,
    now: Timestamp,
) -> Result<Answer, ReviewError> {
    let review = review::decode(body)?;
    let circumstances = Circumstances { now, namespace_mode: endpoint.namespace_mode };
    let request = review.request();
    let (outcome, more_to_tell) = match endpoint.step {
        Step::Mutate => (knowledge.dated(admission::mutate(&request, knowledge.guards, &circumstances)), false),
        Step::Validate => (knowledge.dated(admission::validate(&request, knowledge.guards, &circumstances)), false),
        Step::Consequences => consequences(&review, knowledge, &circumstances),
    };
    let verdict = Verdict::of(&outcome);
    Ok(Answer {
        body: review::encode(&review, endpoint.step, &outcome),
        operation: review.operation,
        verdict,
        denied: (verdict == Verdict::Denied).then(|| DeniedRequest::of(&review)),
        outcome,
        more_to_tell,
    })
}

impl Knowledge<'_> {
    /// What follows from the guards tells how old they are, and so does silence where that is remarkable.
    fn dated(self, outcome: Outcome) -> Outcome {
        let cluster_age = self.age.filter(|age| *age > REMARKABLE_AGE || outcome != Outcome::default());
        Outcome { cluster_age, ..outcome }
    }
}

impl DeniedRequest {
    fn of(review: &Review<'_>) -> Self {
        Self {
            uid: review.uid.clone(),
            kind: review.kind.kind.clone(),
            namespace: review.namespace.clone(),
            name: review.name.clone(),
            dry_run: review.dry_run,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    /// What is answered for a pod with this label, with guards that are so old.
    fn answered(label: &str, age: u64) -> Value {
        let object = json!({
            "metadata": {"labels": {"app": label}},
            "spec": {"containers": [{"name": label, "ports": [{"name": label, "containerPort": 3000}]}]},
        });
        let request = json!({
            "uid": "1", "operation": "CREATE", "namespace": "monitoring", "name": label, "object": object,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
        });
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
        let guards = Guards::built_in();
        let age = Some(Duration::from_secs(age));
        let knowledge = Knowledge { guards: &guards, age, analysed: None, effort: Effort::Little };
        let endpoint = Endpoint::new(Step::Mutate, None);
        let answer = answer_knowing(review.to_string().as_bytes(), endpoint, knowledge, Timestamp::UNIX_EPOCH).unwrap();
        serde_json::from_slice::<Value>(&answer.body).unwrap()["response"].take()
    }

    #[rstest]
    #[case::what_is_added("grafana", 3, Some("3.0"), false)]
    #[case::what_is_added_by_old_guards("grafana", 11, Some("11.0"), true)]
    #[case::nothing("other", 3, None, false)]
    #[case::nothing_by_old_guards("other", 11, Some("11.0"), true)]
    fn what_follows_from_guards_tells_how_old_they_are(
        #[case] label: &str,
        #[case] age: u64,
        #[case] told: Option<&str>,
        #[case] is_warned_of: bool,
    ) {
        let response = answered(label, age);
        assert_eq!(response["auditAnnotations"]["cluster-age-seconds"].as_str(), told, "{response}");
        assert_eq!(response["patch"].is_string(), label == "grafana", "{response}");
        assert_eq!(response["warnings"].is_array(), is_warned_of, "{response}");
    }
}
