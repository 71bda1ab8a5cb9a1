//! The hop at which AuthorizationPolicies admit the caller.

use crate::engine::reach::authorization_policy::AuthorizationPolicies;
use crate::engine::reach::authorization_policy::asked::{Asked, Enforcer, HttpRequest};
use crate::engine::reach::authorization_policy::decision::{Decision, Place, decide};
use crate::engine::reach::authorization_policy::value::SCHEME;
use crate::engine::reach::mesh::{Arrival, Call, Identity, Membership, PROXY_PORTS};
use crate::engine::reach::peer_authentication::{Mode, PeerAuthentications};
use crate::engine::reach::{End, Hop, Step, Verdict};
use crate::model::Protocol;
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, Truth};

/// Whether the AuthorizationPolicies of the called pod admit the caller. `request` is what is asked over HTTP, `None`
/// where the port is not one of HTTP for Istio.
pub fn authorization(
    call: &Call<'_>,
    request: Option<&HttpRequest>,
    policies: &AuthorizationPolicies,
    peer_authentications: &PeerAuthentications,
) -> Step {
    match call.connection.to {
        _ if call.connection.protocol != Protocol::Tcp => open("the mesh leaves everything but TCP alone"),
        End::World => open("what is outside the cluster is under no AuthorizationPolicy"),
        End::Address(_) => unknown("the called address belongs to no known pod"),
        End::Pod(pod) => Question { call, request, policies, peer_authentications, pod }.step(),
    }
}

struct Question<'a> {
    call: &'a Call<'a>,
    request: Option<&'a HttpRequest>,
    policies: &'a AuthorizationPolicies,
    peer_authentications: &'a PeerAuthentications,
    pod: &'a Pod,
}

impl Question<'_> {
    fn step(&self) -> Step {
        let port = self.call.connection.port;
        let is_own = PROXY_PORTS.contains(&port);
        let sidecar = self.request.map_or(Enforcer::Tcp, Enforcer::Http);
        match self.call.called {
            Membership::None(why) => open(&format!("the called pod {why}, so no AuthorizationPolicy holds")),
            Membership::Gateway | Membership::Waypoint => self.at_gateway(is_own),
            Membership::Ambient { waypoint } => self.at_ztunnel(*waypoint),
            Membership::Sidecar(_) if self.call.passes_its_sidecar_by() => {
                open("a pod that calls itself passes its sidecar by, so no AuthorizationPolicy holds")
            }
            Membership::Sidecar(capture) => self.at_sidecar(capture.inbound(port), sidecar),
            Membership::Unknown(why) => {
                let (one, other) = (self.decided(sidecar), self.decided(Enforcer::Ztunnel));
                doubted(if one.verdict == Verdict::Open { other } else { one }, why)
            }
        }
    }

    fn at_sidecar(&self, is_captured: Truth, sidecar: Enforcer<'_>) -> Step {
        match is_captured {
            Truth::Yes => self.decided(sidecar),
            Truth::No if self.call.is_tunnelled() == Truth::No => {
                let port = self.call.connection.port;
                open(&format!("the sidecar does not capture port {port}, so no AuthorizationPolicy holds"))
            }
            Truth::No => doubted(self.decided(sidecar), "may get it from a ztunnel, past what its sidecar captures"),
            Truth::Unknown => doubted(self.decided(sidecar), "has annotations that the injector cannot read"),
        }
    }

    fn at_gateway(&self, is_own: bool) -> Step {
        if is_own {
            open("the proxy serves the port itself, so no AuthorizationPolicy holds")
        } else if self.policies.about(self.pod).next().is_none() {
            open("there is no AuthorizationPolicy")
        } else {
            unknown("what a gateway admits is not modelled")
        }
    }

    /// Policies that name a Service hold at the waypoint before it.
    fn at_ztunnel(&self, waypoint: Truth) -> Step {
        let step = self.decided(Enforcer::Ztunnel);
        let is_all = waypoint == Truth::No || !self.policies.has_targeting(self.pod);
        if is_all || step.verdict != Verdict::Open {
            return step;
        }
        unknown("a waypoint may stand before the called pod, and has policies of its own")
    }

    fn decided(&self, enforcer: Enforcer<'_>) -> Step {
        let arrival = self.arrival(enforcer);
        let connection = self.call.connection;
        let asked = Asked {
            enforcer,
            identity: arrival.identity(),
            from: match &connection.from {
                End::Pod(pod) => &pod.addresses,
                End::Address(address) => std::slice::from_ref(address),
                End::World => &[],
            },
            to: &self.pod.addresses,
            port: connection.port,
        };
        let selecting = || self.policies.selecting(self.pod);
        let decision = decide(selecting, &asked);
        let step = told(&decision, &asked);
        if self.call.may_stay_inside() { doubted(step, "may be calling itself") } else { step }
    }

    fn arrival(&self, enforcer: Enforcer<'_>) -> Arrival {
        let is_ambient = enforcer == Enforcer::Ztunnel;
        let effective = self.peer_authentications.effective(self.pod, self.call.connection.port, is_ambient);
        self.call.arrival(effective.mode.map_or(Truth::Unknown, |mode| Truth::from(mode == Mode::Disable)))
    }
}

/// The same, where it is not certain that policies hold at all: only what is open stays so.
fn doubted(step: Step, why: &str) -> Step {
    if step.verdict == Verdict::Open {
        return step;
    }
    let reason = format!("the called pod {why}, and would not be open for sure: {}", step.reason);
    Step { verdict: Verdict::Unknown, reason, ..step }
}

fn told(decision: &Decision<'_>, asked: &Asked<'_>) -> Step {
    let (verdict, who, port) = (decision.verdict(), caller(asked.identity), asked.port);
    let step = |reason: String| Step::new(Hop::Authorization, verdict, reason);
    let at = |reason: String, place: &Place<'_>| step(reason).by(place.0.object.clone(), path(place));
    match decision {
        Decision::Unguarded => open("no AuthorizationPolicy holds for the called pod"),
        Decision::NotRefused => open("no AuthorizationPolicy refuses the connection, and none demands to be admitted"),
        Decision::Admitted(place) => at(format!("an ALLOW policy admits {who} to port {port}"), place),
        Decision::Refused(place) => at(format!("a DENY policy refuses {who} at port {port}"), place),
        Decision::NotAdmitted(policy, count) => {
            let policies =
                if *count == 1 { "the only ALLOW policy".to_owned() } else { format!("{count} ALLOW policies") };
            let is_empty = policy.rules.is_empty();
            let field = if is_empty { "spec" } else { "spec.rules" };
            step(format!("no rule of {policies} admits {who} to port {port}"))
                .by(policy.object.clone(), FieldPath::of(field))
        }
        Decision::LeftToOthers(place) => at(format!("whether {who} may call port {port} is left to a provider"), place),
        Decision::Unreadable(policy) => {
            step("the policy cannot be read in full".to_owned()).by(policy.object.clone(), FieldPath::root())
        }
        Decision::Undecided(place) => {
            at(format!("whether the rule is about {who} depends on {}", cause(place, asked)), place)
        }
    }
}

fn cause<'p>((policy, index): &Place<'p>, asked: &Asked<'_>) -> &'p str {
    policy.rules.get(*index).and_then(|rule| rule.undecided(asked)).unwrap_or("what is not known")
}

fn path((_, index): &Place<'_>) -> FieldPath {
    FieldPath::of("spec.rules").index(*index)
}

fn caller(identity: Identity<'_>) -> String {
    let principal = |uri: &str| uri.strip_prefix(SCHEME).unwrap_or(uri).to_owned();
    match identity {
        Identity::Workload(uri) => principal(uri),
        Identity::Perhaps(uri) => format!("{}, if it comes with mutual TLS,", principal(uri)),
        Identity::Nobody => "a caller without mutual TLS".to_owned(),
        Identity::Unknown => "a caller whose identity is not known".to_owned(),
    }
}

fn open(reason: &str) -> Step {
    Step::new(Hop::Authorization, Verdict::Open, reason)
}

fn unknown(reason: &str) -> Step {
    Step::new(Hop::Authorization, Verdict::Unknown, reason)
}
