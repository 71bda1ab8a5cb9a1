//! Verdicts without their reasons, for who asks very often, and about pods that nobody has made yet.

use crate::engine::reach::authorization_policy::authorization;
use crate::engine::reach::evaluator::{Evaluator, Manner, TUNNEL_PORT};
use crate::engine::reach::mesh::{Call, ClientTls};
use crate::engine::reach::network_policy::Direction;
use crate::engine::reach::peer_authentication::mtls;
use crate::engine::reach::{Connection, Verdict};
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
        let (from, to) = (self.membership_of(connection.from), self.membership_of(connection.to));
        let call = Call { connection, caller: &from, called: &to, tls: manner.tls, settings: &self.mesh };
        let hops: [&dyn Fn() -> Verdict; 4] = [
            &|| self.carried_verdict(Direction::Ingress, &call),
            &|| self.carried_verdict(Direction::Egress, &call),
            &|| self.not_considered.of_tls(&call, mtls(&call, &self.peer_authentications)).verdict,
            &|| {
                let (policies, demands) = (&self.authorization_policies, &self.peer_authentications);
                let step = authorization(&call, manner.request.as_ref(), policies, demands);
                self.not_considered.of_authorization(&call, step).verdict
            },
        ];
        let mut worst = Verdict::Open;
        for hop in hops {
            worst = worst.max(hop());
            if worst == Verdict::Blocked {
                break;
            }
        }
        worst
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
