//! Scrape paths: from a Prometheus through a monitor to a target, and what would mend a path that is blocked.

mod address;
mod follow;
pub mod impact;
mod lost;
mod nobody;
mod scrape;

use std::sync::Arc;

use crate::engine::reach::Path;
use crate::engine::reach::mesh::ClientTls;
use crate::engine::scrape::Target;
pub use crate::model::snapshot::Change;
use crate::model::snapshot::Pod;
use crate::model::{FieldPath, ObjectReference};
pub(super) use follow::scrape_paths;
pub(in crate::engine) use follow::{fix_of, scrape_paths_as_they_are};

/// The way of one scrape.
#[derive(Clone, Debug)]
pub struct ScrapePath<'s> {
    /// The Prometheus or PrometheusAgent resource.
    pub prometheus: ObjectReference,
    /// The pod of it that was asked for; `None` where it has none.
    pub from: Option<&'s Pod>,
    /// The monitor.
    pub monitor: ObjectReference,
    /// The endpoint of the monitor.
    pub endpoint: FieldPath,
    /// The name of the scrape pool; where the monitor is not selected, what it would be.
    pub scrape_pool: String,
    /// The target; `None` where the path ends before there is one.
    pub target: Option<Target<'s>>,
    /// What Prometheus does about TLS by itself.
    pub tls: ClientTls,
    /// The port of the target's pod, where it is known.
    pub port: Option<u16>,
    /// All hops. Targets that nothing tells apart share them.
    pub path: Arc<Path>,
    /// What would open it.
    pub fix: Option<Fix>,
}

/// The smallest change that opens a path for the intended peer, and for nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What to do, in one sentence without a full stop.
    pub summary: String,
    /// The objects as they would have to be.
    pub change: Vec<Change>,
}
