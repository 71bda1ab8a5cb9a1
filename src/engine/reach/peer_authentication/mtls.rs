//! The hop at which both sides have to agree on mutual TLS or on none.

use crate::engine::reach::mesh::{Call, Capture, ClientTls, Membership, PROXY_PORTS};
use crate::engine::reach::peer_authentication::{Effective, Mode, PeerAuthentications};
use crate::engine::reach::{End, Hop, Step, Verdict};
use crate::model::Protocol;
use crate::model::Truth;
use crate::model::snapshot::Pod;

/// Whether the called pod takes the connection as it arrives.
pub fn mtls(call: &Call<'_>, policies: &PeerAuthentications) -> Step {
    match call.connection.to {
        _ if call.connection.protocol != Protocol::Tcp => open("the mesh leaves everything but TCP alone"),
        End::World => open("what is outside the cluster is under no PeerAuthentication"),
        End::Address(_) => unknown("the called address belongs to no known pod"),
        End::Pod(pod) => Mtls { call, policies, pod }.step(),
    }
}

struct Mtls<'a> {
    call: &'a Call<'a>,
    policies: &'a PeerAuthentications,
    pod: &'a Pod,
}

impl Mtls<'_> {
    fn step(&self) -> Step {
        let is_own = PROXY_PORTS.contains(&self.call.connection.port);
        match self.call.called {
            Membership::None(why) => self.without_proxy(&format!("the called pod {why}")),
            Membership::Gateway | Membership::Waypoint if is_own => self.without_proxy("a proxy serves it itself"),
            Membership::Gateway | Membership::Waypoint => unknown("what a gateway takes is not modelled"),
            _ if self.call.passes_its_sidecar_by() => {
                self.without_proxy("a pod that calls itself passes its sidecar by")
            }
            _ if self.call.may_stay_inside() => self.demanded(Truth::Unknown, "may be calling itself"),
            Membership::Ambient { .. } => self.demanded(Truth::Yes, ""),
            Membership::Sidecar(capture) => self.at_sidecar(capture),
            Membership::Unknown(why) => self.demanded(Truth::Unknown, why),
        }
    }

    fn at_sidecar(&self, capture: &Capture) -> Step {
        let port = self.call.connection.port;
        match capture.inbound(port) {
            Truth::No if self.call.is_tunnelled() != Truth::No => {
                unknown("how a sidecar takes what a ztunnel carries to a port that it does not capture is not modelled")
            }
            Truth::No => self.without_proxy(&format!("the sidecar does not capture port {port}")),
            Truth::Yes => self.demanded(Truth::Yes, ""),
            Truth::Unknown => self.demanded(Truth::Unknown, "has annotations that the injector cannot read"),
        }
    }

    /// The application takes what comes, which must then be no TLS of the mesh.
    fn without_proxy(&self, why: &str) -> Step {
        let is_metrics =
            PROXY_PORTS.contains(&self.call.connection.port) && !matches!(self.call.called, Membership::None(_));
        match self.call.arrival(Truth::No).mutual {
            Truth::No => open(&format!("{why}, and the connection comes without mutual TLS")),
            Truth::Yes if is_metrics && self.call.tls == ClientTls::IstioCertificates => {
                Step::new(Hop::Mtls, Verdict::Blocked, format!("{why} in plain text, and the caller speaks TLS"))
            }
            _ => unknown(&format!("{why}, so mutual TLS would have to be taken by the application")),
        }
    }

    /// What the policies demand where a proxy takes the connection, which is as certain as `captured`.
    fn demanded(&self, captured: Truth, why: &str) -> Step {
        let is_ambient = matches!(self.call.called, Membership::Ambient { .. });
        let effective = self.policies.effective(self.pod, self.call.connection.port, is_ambient);
        let arrival = self.call.arrival(disabled(&effective));
        let verdict = match (effective.mode, arrival.mutual) {
            _ if self.wraps_twice() => Verdict::Unknown,
            (Some(Mode::Strict), mutual) => Verdict::from(mutual),
            (Some(Mode::Disable), Truth::Yes) if !is_ambient => Verdict::Unknown,
            (Some(Mode::Permissive | Mode::Disable), _) => Verdict::Open,
            (None, Truth::Yes) if is_ambient => Verdict::Open,
            (None, _) => Verdict::Unknown,
        };
        let comes_plain = arrival.mutual == Truth::No;
        if captured != Truth::Yes && !(comes_plain && verdict == Verdict::Open) {
            return decided(unknown(&format!("the called pod {why}")), effective);
        }
        let reason = self.reason(&effective, arrival.mutual);
        decided(Step::new(Hop::Mtls, verdict, reason), effective)
    }

    /// Its own certificates go through a sidecar that adds those of the mesh.
    fn wraps_twice(&self) -> bool {
        let through_sidecar = matches!(self.call.caller, Membership::Sidecar(_));
        through_sidecar
            && self.call.tls == ClientTls::IstioCertificates
            && self.call.arrival(Truth::No).mutual != Truth::Yes
    }

    fn reason(&self, effective: &Effective, mutual: Truth) -> String {
        let port = self.call.connection.port;
        let demand = match effective.mode {
            Some(Mode::Strict) => format!("port {port} takes nothing but mutual TLS"),
            Some(Mode::Permissive) => format!("port {port} takes mutual TLS and plain text"),
            Some(Mode::Disable) => format!("port {port} takes no mutual TLS"),
            None => format!("what port {port} demands is not known"),
        };
        let arrival = match mutual {
            _ if self.wraps_twice() => "the sidecar of the caller may wrap its TLS once more",
            Truth::Yes => "the connection comes with mutual TLS",
            Truth::No => "the connection comes without mutual TLS",
            Truth::Unknown => "whether the connection comes with mutual TLS is not known",
        };
        format!("{demand}, and {arrival}")
    }
}

fn disabled(effective: &Effective) -> Truth {
    effective.mode.map_or(Truth::Unknown, |mode| Truth::from(mode == Mode::Disable))
}

fn decided(step: Step, effective: Effective) -> Step {
    match effective.decided_by {
        Some((object, path)) => step.by(object, path),
        None => step,
    }
}

fn open(reason: &str) -> Step {
    Step::new(Hop::Mtls, Verdict::Open, reason)
}

fn unknown(reason: &str) -> Step {
    Step::new(Hop::Mtls, Verdict::Unknown, reason)
}
