//! Verdicts without their reasons, for who asks very often, and about pods that nobody has made yet.

use crate::engine::reach::evaluator::{Evaluator, Manner, TUNNEL_PORT, WAY, of_catalogue};
use crate::engine::reach::mesh::{Call, ClientTls};
use crate::engine::reach::network_policy::Direction;
use crate::engine::reach::{Connection, Hop, Step, Verdict, wanted};
use crate::model::Protocol;
use crate::model::Truth;
use crate::model::snapshot::Namespaces;

impl<'s> Evaluator<'s> {
    /// The same policies, among other namespaces.
    #[must_use]
    pub fn among<'n>(&self, namespaces: &'n Namespaces) -> Evaluator<'n>
    where
        's: 'n,
    {
        Evaluator { namespaces, ..self.clone() }
    }

    /// The verdict of [`Evaluator::follow`]. What is cheap is asked first, and nothing after a block.
    pub fn verdict(&self, connection: &Connection<'_>, manner: &Manner) -> Verdict {
        self.calling(connection, manner, |call| {
            let mut worst = Verdict::Open;
            for hop in [Hop::Ingress, Hop::Egress, Hop::Mtls, Hop::Authorization] {
                worst = worst.max(self.verdict_at(hop, call, manner));
                if worst == Verdict::Blocked {
                    break;
                }
            }
            worst
        })
    }

    /// The hop that decides of [`Evaluator::follow_wanted`], without a word about the others.
    pub fn decisive_wanted(&self, connection: &Connection<'_>, manner: &Manner) -> Step {
        self.calling(connection, manner, |call| {
            let mut decisive = (Verdict::Open, Hop::Authorization);
            for hop in WAY {
                let verdict = self.verdict_at(hop, call, manner);
                if verdict > decisive.0 {
                    decisive = (verdict, hop);
                }
                if verdict == Verdict::Blocked {
                    break;
                }
            }
            of_catalogue(wanted::named(self.step(decisive.1, call, manner), call))
        })
    }

    fn verdict_at(&self, hop: Hop, call: &Call<'_>, manner: &Manner) -> Verdict {
        match hop {
            Hop::Egress => self.carried_verdict(Direction::Egress, call),
            Hop::Ingress => self.carried_verdict(Direction::Ingress, call),
            _ => self.step(hop, call, manner).verdict,
        }
    }

    /// The port at which NetworkPolicies see a connection, if that can be told.
    pub fn carried_to(&self, connection: &Connection<'_>) -> Option<u16> {
        let (from, to) = (self.membership_of(connection.from), self.membership_of(connection.to));
        let tls = ClientTls::default();
        let call = Call { connection, caller: &from, called: &to, tls, settings: &self.mesh };
        match call.is_tunnelled() {
            _ if connection.protocol != Protocol::Tcp => Some(connection.port),
            Truth::No => Some(connection.port),
            Truth::Yes => Some(TUNNEL_PORT),
            Truth::Unknown => None,
        }
    }

    fn carried_verdict(&self, direction: Direction, call: &Call<'_>) -> Verdict {
        if self.not_considered.doubts_network(direction, call.connection) {
            return Verdict::Unknown;
        }
        let is_tunnelled = if call.connection.protocol == Protocol::Tcp { call.is_tunnelled() } else { Truth::No };
        let at = |port| {
            let connection = Connection { port, ..*call.connection };
            self.network_policies.verdict(direction, &connection, self.namespaces)
        };
        let (plain, tunnelled) = (|| at(call.connection.port), || at(TUNNEL_PORT));
        match is_tunnelled {
            Truth::No => plain(),
            Truth::Yes => tunnelled(),
            Truth::Unknown if plain() == tunnelled() => plain(),
            Truth::Unknown => Verdict::Unknown,
        }
    }
}
