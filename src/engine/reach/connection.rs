//! Connections: who opens one, to whom, to which port.

use std::net::IpAddr;

use crate::model::Protocol;
use crate::model::snapshot::{Pod, Snapshot};

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End<'s> {
    /// A pod of the snapshot.
    Pod(&'s Pod),
    /// An address that belongs to no pod of the snapshot.
    Address(IpAddr),
    /// Anything outside the cluster, whatever its address is.
    World,
}

impl<'s> End<'s> {
    /// Who is at an address. Several pods that are share the network of their node, and are seen as the node.
    pub fn at(address: IpAddr, snapshot: &'s Snapshot) -> Self {
        let mut pods = snapshot.pods_at(address);
        match (pods.next(), pods.next()) {
            (Some(pod), None) => Self::Pod(pod),
            _ => Self::Address(address),
        }
    }
}

/// A connection that somebody wants to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'s> {
    /// Who opens it.
    pub from: End<'s>,
    /// To whom.
    pub to: End<'s>,
    /// The port of the called pod, after the translation of a Service.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
}
