//! Writing the answer: what the API server checks is right by construction.
//!
//! It wants the uid of the request, our group, version and kind, a patch and its type together or not at all, and no
//! patch from a validating webhook or for a DELETE (`k8s.io/apiserver/pkg/admission/plugin/webhook/request` and
//! `.../mutating/dispatcher.go`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::{API_VERSION, KIND, Review};
use crate::engine::admission::{Action, Operation, Outcome, Refusal};
use crate::engine::inject::patch::Patch;
use crate::engine::message;
use crate::model::Finding;
use crate::webhook::endpoint::Step;

/// The most causes in the details of one denial.
const CAUSES_LIMIT: usize = 100;

/// What an answer amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The request goes on as it is.
    Allowed,
    /// The request goes on with additions.
    Patched,
    /// The request goes on, with something shown to the user.
    Warned,
    /// The request is refused.
    Denied,
}

impl Verdict {
    /// The strongest thing that the outcome does.
    pub fn of(outcome: &Outcome) -> Self {
        if !outcome.is_allowed() {
            Self::Denied
        } else if !outcome.patch.is_empty() {
            Self::Patched
        } else if outcome.warnings().next().is_some() || !outcome.unknowns.is_empty() {
            Self::Warned
        } else {
            Self::Allowed
        }
    }

    /// One word for logs, metrics and audit annotations.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Patched => "patched",
            Self::Warned => "warned",
            Self::Denied => "denied",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(flatten)]
    patch: Option<EncodedPatch>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_annotations: Option<AuditAnnotations>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EncodedPatch {
    patch: String,
    patch_type: &'static str,
}

/// A `Status` (`meta/v1`) that refuses.
///
/// Code and reason are those of `Forbidden`, as of every admission plugin inside the API server. `Invalid` looks
/// closer, but `kubectl` then prints only the causes and drops the message and the name of the webhook.
#[derive(Serialize)]
struct Status<'a> {
    #[serde(rename = "status")]
    success: &'static str,
    code: u16,
    reason: &'static str,
    message: String,
    details: Details<'a>,
}

#[derive(Serialize)]
struct Details<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    group: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    causes: Vec<Cause>,
}

#[derive(Serialize)]
struct Cause {
    reason: &'static str,
    message: String,
    field: String,
}

/// Keys become `<webhook name>/<key>` in the audit log. Only what is worth keeping is there.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct AuditAnnotations {
    verdict: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    denied_rules: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    warned_rules: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    recorded_rules: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    injected: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    withheld: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    unknown: String,
    /// How old what is known of the cluster was, where that had a say.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_age_seconds: Option<String>,
}

/// Writes the answer to a review as the body of a response.
pub fn encode(review: &Review<'_>, step: Step, outcome: &Outcome) -> Vec<u8> {
    let patch = patch_to_send(review, step, outcome);
    let response = Response {
        uid: &review.uid,
        allowed: outcome.is_allowed(),
        status: (!outcome.is_allowed()).then(|| refusal(review, outcome)),
        patch: patch.map(encoded),
        warnings: message::warnings(outcome),
        audit_annotations: audit_annotations(outcome, patch),
    };
    let mut body = Vec::with_capacity(512);
    // Strings into a vector: there is nothing here that can fail. Were it to, an empty body is a clear error.
    let _infallible = serde_json::to_writer(&mut body, &Envelope { api_version: API_VERSION, kind: KIND, response });
    body
}

fn patch_to_send<'a>(review: &Review<'_>, step: Step, outcome: &'a Outcome) -> Option<&'a Patch> {
    let possible = step == Step::Mutate && review.operation != Operation::Delete && review.object.is_some();
    (possible && outcome.is_allowed() && !outcome.patch.is_empty()).then_some(&outcome.patch)
}

fn encoded(patch: &Patch) -> EncodedPatch {
    let json = serde_json::to_vec(patch).unwrap_or_else(|_| b"[]".to_vec());
    EncodedPatch { patch: STANDARD.encode(json), patch_type: "JSONPatch" }
}

fn refusal<'a>(review: &'a Review<'_>, outcome: &Outcome) -> Status<'a> {
    Status {
        success: "Failure",
        code: 403,
        reason: "Forbidden",
        message: message::denial(outcome),
        details: Details {
            group: &review.kind.group,
            kind: &review.kind.kind,
            name: &review.name,
            causes: causes(outcome),
        },
    }
}

fn causes(outcome: &Outcome) -> Vec<Cause> {
    let refused = outcome.refusals.iter().map(mistake);
    refused.chain(outcome.denials().map(cause)).take(CAUSES_LIMIT).collect()
}

fn mistake(refusal: &Refusal) -> Cause {
    Cause { reason: "FieldValueInvalid", message: refusal.message.clone(), field: refusal.path.to_string() }
}

fn cause(finding: &Finding) -> Cause {
    Cause {
        reason: "FieldValueInvalid",
        message: format!("[{}] {}; {}", finding.rule, finding.message, finding.fix),
        field: finding.path.to_string(),
    }
}

fn audit_annotations(outcome: &Outcome, patch: Option<&Patch>) -> Option<AuditAnnotations> {
    let nothing_added = patch.is_none() && outcome.withheld.is_empty();
    let nothing_said = outcome.judgements.is_empty() && outcome.unknowns.is_empty() && outcome.refusals.is_empty();
    if nothing_said && nothing_added && outcome.cluster_age.is_none() {
        return None;
    }
    Some(AuditAnnotations {
        verdict: Verdict::of(outcome).label(),
        denied_rules: rules(outcome, Action::Deny),
        warned_rules: rules(outcome, Action::Warn),
        recorded_rules: rules(outcome, Action::Record),
        injected: list(patch.iter().flat_map(|patch| pointers(patch))),
        withheld: list(pointers(&outcome.withheld)),
        unknown: list(outcome.unknowns.iter().map(|unknown| unknown.object.to_string())),
        cluster_age_seconds: outcome.cluster_age.map(|age| format!("{:.1}", age.as_secs_f64())),
    })
}

fn pointers(patch: &Patch) -> impl Iterator<Item = String> {
    patch.additions().iter().map(|addition| addition.pointer.clone())
}

fn rules(outcome: &Outcome, action: Action) -> String {
    let judged = outcome.judgements.iter().filter(|judgement| judgement.action == action);
    let mut rules: Vec<_> = judged.map(|judgement| judgement.finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    list(rules.iter().map(ToString::to_string))
}

/// Comma-separated, and never long: the audit log keeps every answer.
fn list(items: impl Iterator<Item = String>) -> String {
    items.take(50).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
