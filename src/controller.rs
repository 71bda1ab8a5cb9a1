//! What only a cluster needs: watches that become the state, one leader that makes companions, certificates and the
//! registration of the webhook.
//!
//! Every replica watches, serves with the shared certificate and keeps the registration alive; only the leader writes
//! what a guard asks for. Whatever decides what to write is a pure function of the state (`engine`); what is here reads,
//! writes and waits.

pub mod analysis;
pub mod certificates;
pub mod client;
pub mod companions;
pub mod declared;
pub mod events;
pub mod existing;
pub mod leader;
pub mod leadership;
pub mod registration;
pub mod settings;
pub mod start;
pub mod status;
pub mod uninstall;
pub mod watch;

pub use settings::Settings;
pub use start::{Controller, start};

use std::sync::Arc;

use crate::webhook::Shared;

/// The name under which we write: the field manager of server-side apply, and the reporting controller of Events.
pub const FIELD_MANAGER: &str = "scrapeguard";

/// What all parts of the controller work with.
#[derive(Clone)]
pub struct Context {
    /// A client of the API server.
    pub client: kube::Client,
    /// Who and where we are.
    pub settings: Arc<Settings>,
    /// State, readiness and metrics, which the webhook has too.
    pub shared: Shared,
    /// Whether this replica is the leader.
    pub leading: tokio::sync::watch::Receiver<bool>,
}
