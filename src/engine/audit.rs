//! The audit: all that is wrong in a snapshot, without touching anything. Findings, scrape paths, connections of the
//! guard, and exposures.

pub mod difference;
pub mod exposure;
mod fix;
mod hops;
pub mod scrape_path;

pub use difference::{Changed, Difference};
pub use exposure::{Exposure, Exposures};
pub(in crate::engine) use hops::is_there;
pub use scrape_path::impact::{Impact, Scrapes};
pub use scrape_path::{Fix, ScrapePath};

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::admission::{Circumstances, Judgement, judge_cluster};
use crate::engine::reach::guarded::{Guarded, guarded};
use crate::engine::reach::{Evaluator, Path};
use crate::engine::rules::cluster::{self, Cluster, Written};
use crate::engine::scrape::Scraping;
use crate::model::Finding;
use crate::model::guard::Guards;
use crate::model::snapshot::{Problem, Snapshot};

/// What was found out about a cluster.
#[derive(Clone, Debug, Default)]
pub struct Audit<'s> {
    /// Findings that are not exempted, by object.
    pub findings: Vec<Finding>,
    /// Findings that are, with the reasons.
    pub exempted: Vec<Judgement>,
    /// The path of every scrape; shared with [`Scrapes`].
    pub scrape_paths: Arc<Vec<ScrapePath<'s>>>,
    /// The connections that the guards want.
    pub connections: Vec<(Guarded<'s>, Path)>,
    /// Who else reaches what is guarded.
    pub exposures: Vec<Exposure<'s>>,
    /// What was not considered, each in a sentence without a full stop.
    pub not_considered: Vec<String>,
}

impl<'s> Audit<'s> {
    /// Audits a snapshot under these guards. The modes of namespaces are read from the snapshot.
    pub fn of(
        snapshot: &'s Snapshot,
        evaluator: &Evaluator<'s>,
        guards: &Guards,
        circumstances: &Circumstances,
    ) -> Self {
        let scraping = Scraping::new(snapshot);
        let connections = connections(snapshot, evaluator, guards);
        let scrape_paths = scrape_path::scrape_paths(snapshot, evaluator, guards, &scraping);
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
        let judgements = judge_cluster(findings, snapshot, guards, circumstances);
        let (exempted, held): (Vec<_>, Vec<_>) = judgements.into_iter().partition(|it| it.exempted.is_some());
        let mut findings: Vec<Finding> = held.into_iter().map(|judgement| judgement.finding).collect();
        findings.sort_by(|a, b| key(a).cmp(&key(b)));
        let Exposures { all: exposures, not_considered: of_exposures } =
            exposure::exposures(snapshot, evaluator, guards);
        let of_scraping = scraping
            .prometheuses
            .iter()
            .flat_map(|it| it.not_considered.iter().map(|what| format!("{}: {what}", it.prometheus.reference)));
        let not_considered = not_considered(snapshot).into_iter().chain(of_scraping).chain(of_exposures).collect();
        Self { findings, exempted, scrape_paths: Arc::new(scrape_paths), connections, exposures, not_considered }
    }
}

/// By object, and the worst first.
fn key(finding: &Finding) -> impl Ord {
    (finding.object.clone(), Reverse(finding.severity), finding.rule, finding.path.clone())
}

fn connections<'s>(snapshot: &'s Snapshot, evaluator: &Evaluator<'s>, guards: &Guards) -> Vec<(Guarded<'s>, Path)> {
    let all = guards.iter().flat_map(|guard| guarded(guard, snapshot));
    all.map(|guarded| {
        let path = evaluator.follow_wanted(&guarded.connection, &guarded.manner);
        (guarded, path)
    })
    .collect()
}

/// What of the input nobody evaluates.
fn not_considered(snapshot: &Snapshot) -> Vec<String> {
    let mut unmodelled: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for it in snapshot.unmodelled() {
        unmodelled.entry(&it.object.reference.kind).or_default().push(it.object.reference.to_string());
    }
    let said = |(kind, objects): (&str, Vec<String>)| match objects.as_slice() {
        [object] => format!("{object} is not evaluated"),
        _ => format!("{} objects of kind {kind} are not evaluated", objects.len()),
    };
    let lost = snapshot.problems().iter().filter(|problem| problem.is_loss());
    let lost = lost.map(|problem| words(problem, snapshot));
    let unread = snapshot.unread().iter().map(ToString::to_string);
    unmodelled.into_iter().map(said).chain(lost).chain(unread).collect()
}

fn words(problem: &Problem, snapshot: &Snapshot) -> String {
    let place = problem.origin.and_then(|origin| snapshot.place(origin)).map(|place| format!("{place}: "));
    let object = problem.object.as_ref().map(|object| format!("{object}: "));
    format!("{}{}{}", place.unwrap_or_default(), object.unwrap_or_default(), problem.kind)
}
