//! What a request would close and open, as an answer: by the last analysis of the cluster, with as much effort as there
//! is time for.

use super::answer::{Effort, Knowledge};
use super::review::Review;
use crate::engine::admission::{Circumstances, Outcome, Request, Unknown, own};
use crate::engine::analysis::{Analysis, Consequences, Cost, not_in_time};
use crate::model::guard::{Guard, User, load};

/// What there is to tell, and whether there would be more with [`Effort::Whole`].
pub(super) fn consequences(
    review: &Review<'_>,
    knowledge: Knowledge<'_>,
    circumstances: &Circumstances,
) -> (Outcome, bool) {
    let request = review.request();
    if let Some(outcome) = own::self_tested(&request) {
        return (outcome, false);
    }
    let Some((analysis, age)) = knowledge.analysed else {
        return (unknown(vec![not_known(&request)]), false);
    };
    let cost = if own::is_guard(&request) { Cost::Whole } else { analysis.cost_hint(&request) };
    let is_too_much = cost == Cost::Whole && knowledge.effort == Effort::Little;
    let mut outcome = match cost {
        Cost::Nothing => return (Outcome::default(), false),
        _ if is_too_much => unknown(vec![not_in_time(request.object_reference())]),
        _ => {
            let found = found(analysis, &request, knowledge, &review.user.user(), circumstances);
            Outcome { judgements: found.judgements, unknowns: found.unknowns, ..Outcome::default() }
        }
    };
    outcome.cluster_age = Some(age);
    (outcome, is_too_much)
}

fn found(
    analysis: &Analysis,
    request: &Request<'_>,
    knowledge: Knowledge<'_>,
    user: &User<'_>,
    circumstances: &Circumstances,
) -> Consequences {
    if !own::is_guard(request) {
        return analysis.consequences(request, user, circumstances);
    }
    let before = knowledge.guards.iter().find(|guard| guard.name == request.name);
    // One that cannot be read is refused by those who are asked whether it is right.
    let after: Option<Guard> = request.object.and_then(|json| load::guard_of_object(json).ok());
    match (request.object, &after) {
        (Some(_), None) => Consequences::default(),
        _ => analysis.consequences_of_guard(before, after.as_ref(), user, circumstances),
    }
}

fn unknown(unknowns: Vec<Unknown>) -> Outcome {
    Outcome { unknowns, ..Outcome::default() }
}

fn not_known(request: &Request<'_>) -> Unknown {
    let reason = "nothing is known of the cluster yet, so nobody can tell what it closes and opens";
    Unknown { object: request.object_reference(), reason: reason.to_owned() }
}
