//! Connections that somebody wants, such as scrapes: which rule of the catalogue it amounts to where one of them ends.
//!
//! A policy that blocks any other connection may do just what it is for, so this is asked of wanted ones only.

use crate::engine::reach::mesh::{Call, Membership};
use crate::engine::reach::{End, Hop, Step, Verdict};
use crate::model::field_path::Segment;
use crate::model::finding::Family;
use crate::model::snapshot::Pod;
use crate::model::{RuleId, Truth};

/// Where the sidecar serves its own metrics, and those of everything in its pod.
const METRICS_OF_PROXIES: [u16; 2] = [15020, 15090];

/// The step with the rule that its block amounts to, unless it is named already or nothing decides it.
pub(super) fn named(step: Step, call: &Call<'_>) -> Step {
    if step.verdict != Verdict::Blocked || step.rule.is_some() || step.object.is_none() {
        return step;
    }
    let rule = match step.hop {
        Hop::Egress => Some(network_policy(out_of(call))),
        Hop::Ingress => Some(network_policy(into(call))),
        Hop::Mtls => plain_text(call),
        Hop::Authorization => refused(&step, call),
        Hop::Selection | Hop::Discovery | Hop::Relabeling => None,
    };
    Step { rule, ..step }
}

fn out_of(call: &Call<'_>) -> u16 {
    if is_prometheus(call.connection.from) { 22 } else { 33 }
}

fn into(call: &Call<'_>) -> u16 {
    let is_sidecar = matches!(call.called, Membership::Sidecar(_));
    match call.connection.from {
        End::World => 3,
        _ if call.is_tunnelled() == Truth::Yes => 28,
        _ if is_sidecar && METRICS_OF_PROXIES.contains(&call.connection.port) => 30,
        _ if is_prometheus(call.connection.to) => 27,
        _ => 33,
    }
}

/// A sidecar of the caller could speak mutual TLS; who has none never will.
fn plain_text(call: &Call<'_>) -> Option<RuleId> {
    matches!(call.caller, Membership::None(_)).then_some(RuleId::new(Family::PeerAuthentication, 1))
}

fn refused(step: &Step, call: &Call<'_>) -> Option<RuleId> {
    let (from, to) = (is_prometheus(call.connection.from), is_prometheus(call.connection.to));
    let is_by_a_rule = matches!(step.path.segments().last(), Some(Segment::Index(_)));
    let number = match (call.caller, from, to) {
        _ if is_by_a_rule => 21,
        (Membership::None(_), ..) => 20,
        (_, true, true) => 17,
        (_, false, true) => 18,
        (_, true, false) => 19,
        (_, false, false) => return None,
    };
    Some(RuleId::new(Family::AuthorizationPolicy, number))
}

const fn network_policy(number: u16) -> RuleId {
    RuleId::new(Family::NetworkPolicy, number)
}

fn is_prometheus(end: End<'_>) -> bool {
    let name =
        |pod: &'_ Pod| matches!(pod.labels.get("app.kubernetes.io/name"), Some("prometheus" | "prometheus-agent"));
    matches!(end, End::Pod(pod) if name(pod))
}
