//! The audit: all that is wrong in a snapshot, without touching anything. Findings, scrape paths, connections of the
//! guard, and exposures.

pub mod exposure;
mod hops;
pub mod scrape_path;

pub use exposure::Exposure;
pub use scrape_path::{Fix, ScrapePath};

use crate::engine::admission::Circumstances;
use crate::engine::reach::guarded::{Guarded, guarded};
use crate::engine::reach::{Evaluator, Path};
use crate::engine::rules::cluster::{self, Cluster, Written};
use crate::engine::scrape::Scraping;
use crate::model::Finding;
use crate::model::guard::Guards;
use crate::model::snapshot::Snapshot;

/// What was found out about a cluster.
#[derive(Clone, Debug, Default)]
pub struct Audit<'s> {
    /// Findings that are not exempted, by object.
    pub findings: Vec<Finding>,
    /// The path of every scrape.
    pub scrape_paths: Vec<ScrapePath<'s>>,
    /// The connections that the guards want.
    pub connections: Vec<(Guarded<'s>, Path)>,
    /// Who else reaches what is guarded.
    pub exposures: Vec<Exposure<'s>>,
    /// What was not considered, each in a sentence without a full stop.
    pub not_considered: Vec<String>,
}

impl<'s> Audit<'s> {
    /// Audits a snapshot under these guards.
    pub fn of(snapshot: &'s Snapshot, evaluator: &Evaluator<'s>, guards: &Guards, _: &Circumstances) -> Self {
        let scraping = Scraping::new(snapshot);
        let connections: Vec<(Guarded<'s>, Path)> = guards
            .iter()
            .flat_map(|guard| guarded(guard, snapshot))
            .map(|guarded| {
                let path = evaluator.follow_wanted(&guarded.connection, &guarded.manner);
                (guarded, path)
            })
            .collect();
        let scrape_paths = Vec::new();
        let written = Written::new(snapshot, &evaluator.mesh().root_namespace);
        let cluster = Cluster {
            snapshot,
            written: &written,
            guards,
            evaluator,
            scraping: &scraping,
            scrape_paths: &scrape_paths,
            connections: &connections,
        };
        let mut findings = cluster::findings(&cluster);
        hops::report(&cluster, &mut findings);
        Self { findings, scrape_paths, connections, ..Self::default() }
    }
}
