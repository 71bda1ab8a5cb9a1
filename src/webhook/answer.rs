//! The straight line from the bytes of a request to the bytes of an answer, without clock, socket or thread.

use jiff::Timestamp;

use super::consequences::consequences;
use super::endpoint::{Endpoint, Step};
use super::review::{self, Review, ReviewError, Verdict};
use crate::engine::admission::{self, Circumstances, Operation, Outcome};
use crate::engine::analysis::Analysis;
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
    /// What was found out about the cluster, where there is one, and when it was certainly so.
    pub analysed: Option<(&'a Analysis, Timestamp)>,
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
    answer_knowing(body, endpoint, Knowledge { guards, analysed: None, effort: Effort::Little }, now)
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
        Step::Mutate => (admission::mutate(&request, knowledge.guards, &circumstances), false),
        Step::Validate => (admission::validate(&request, knowledge.guards, &circumstances), false),
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
