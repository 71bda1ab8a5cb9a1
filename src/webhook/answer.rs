//! The straight line from the bytes of a request to the bytes of an answer, without clock, socket or thread.

use jiff::Timestamp;

use super::endpoint::{Endpoint, Step};
use super::review::{self, Review, ReviewError, Verdict};
use crate::engine::admission::{self, Circumstances, Operation, Outcome};
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

/// Reads a review, decides, and writes the answer.
///
/// # Errors
/// Why the body is not a review, as a sentence.
pub fn answer(body: &[u8], endpoint: Endpoint, guards: &Guards, now: Timestamp) -> Result<Answer, ReviewError> {
    let review = review::decode(body)?;
    let circumstances = Circumstances { now, namespace_mode: endpoint.namespace_mode };
    let outcome = match endpoint.step {
        Step::Mutate => admission::mutate(&review.request(), guards, &circumstances),
        Step::Validate => admission::validate(&review.request(), guards, &circumstances),
    };
    let verdict = Verdict::of(&outcome);
    Ok(Answer {
        body: review::encode(&review, endpoint.step, &outcome),
        operation: review.operation,
        verdict,
        denied: (verdict == Verdict::Denied).then(|| DeniedRequest::of(&review)),
        outcome,
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
