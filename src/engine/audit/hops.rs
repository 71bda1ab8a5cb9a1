//! Hops at which something ends that is wanted, as findings about the object that decides: one for each rule, object
//! and field, however many paths end there.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::reach::guarded::Guarded;
use crate::engine::reach::mesh::PROXY_PORTS;
use crate::engine::reach::{Connection, End, Hop, Path, Step, Verdict};
use crate::engine::rules;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::model::finding::Family;
use crate::model::guard::Purpose;
use crate::model::{Finding, ObjectReference, RuleId};

/// Where paths end: the rule, the object that decides and the field of it.
type Place<'c> = (RuleId, &'c ObjectReference, String);

/// Prometheus certainly scrapes both its own port and that of the reloader beside it.
const OF_PROMETHEUS: [RuleId; 2] =
    [RuleId::new(Family::NetworkPolicy, 27), RuleId::new(Family::AuthorizationPolicy, 17)];

/// What ends at a place.
struct Ended<'c> {
    step: &'c Step,
    /// Names of the targets that are not scraped.
    targets: BTreeSet<String>,
    /// Scrape pools that have no targets because of it.
    pools: BTreeSet<String>,
    /// Other connections, each as who calls, whom and at which port.
    connections: BTreeSet<(String, String, u16)>,
    /// Purposes of these.
    purposes: BTreeSet<&'static str>,
    /// What would open the first path that can be opened.
    fix: Option<&'c str>,
}

/// Adds what is not found yet.
pub(super) fn report(cluster: &Cluster<'_, '_>, found: &mut Vec<Finding>) {
    let known: BTreeSet<_> = found.iter().map(|finding| (finding.rule, finding.object.clone())).collect();
    for ((id, object, _), ended) in ends(cluster) {
        let Some(rule) = rules::rule(id).filter(|_| !known.contains(&(id, object.clone()))) else { continue };
        let fix = ended.fix.map_or_else(|| ended.fix(rule.fix), str::to_owned);
        let mut findings = ClusterFindings::new(rule, cluster.guards, found);
        findings.report(object, ended.step.path.clone(), ended.message(), fix);
    }
}

fn ends<'c>(cluster: &Cluster<'c, '_>) -> BTreeMap<Place<'c>, Ended<'c>> {
    let mut ends = BTreeMap::new();
    for scrape in cluster.scrape_paths {
        for (place, step) in blocked(&scrape.path.steps) {
            let ended = ends.entry(place).or_insert_with(|| Ended::new(step));
            match &scrape.target {
                Some(target) => ended.targets.insert(target.scrape_url.clone()),
                None => ended.pools.insert(scrape.scrape_pool.clone()),
            };
            ended.fix = ended.fix.or_else(|| scrape.fix.as_ref().map(|fix| fix.summary.as_str()));
        }
    }
    let reached = reached(cluster);
    for (guarded, path) in cluster.connections.iter().filter(|(guarded, _)| is_there(guarded)) {
        let is_optional = guarded.purpose == Purpose::Metrics && reached.contains(&(&*guarded.from, &*guarded.to));
        for (place, step) in blocked(&path.steps).filter(|((id, ..), _)| !is_optional || OF_PROMETHEUS.contains(id)) {
            let ended = ends.entry(place).or_insert_with(|| Ended::new(step));
            ended.connections.insert((guarded.from.clone(), guarded.to.clone(), guarded.connection.port));
            ended.purposes.insert(guarded.purpose.label());
        }
    }
    ends
}

/// Whether the called port is there: the guard lists all that a component may have, and its pod declares those that it
/// has. The sidecar adds its own.
pub(in crate::engine) fn is_there(guarded: &Guarded<'_>) -> bool {
    let Connection { to, port, protocol, .. } = guarded.connection;
    match to {
        End::Pod(pod) => PROXY_PORTS.contains(&port) || pod.declared_ports(protocol).any(|declared| declared == port),
        End::Address(_) | End::World => true,
    }
}

/// Whose metrics are scraped at some port. That all ports with metrics are, only scrape paths can tell.
fn reached<'c>(cluster: &Cluster<'c, '_>) -> BTreeSet<(&'c str, &'c str)> {
    let is_scraped =
        |(guarded, path): &&(Guarded<'_>, Path)| guarded.purpose == Purpose::Metrics && path.verdict() == Verdict::Open;
    cluster.connections.iter().filter(is_scraped).map(|(it, _)| (&*it.from, &*it.to)).collect()
}

/// The blocked hops that a rule names and an object decides. Whether a monitor is picked up is told by rules that look at
/// every Prometheus: one that does is enough.
fn blocked(steps: &[Step]) -> impl Iterator<Item = (Place<'_>, &Step)> {
    let blocked = steps.iter().filter(|step| step.verdict == Verdict::Blocked && step.hop != Hop::Selection);
    blocked.filter_map(|step| {
        let place = (step.rule?, step.object.as_ref()?, step.path.to_string());
        Some((place, step))
    })
}

impl<'c> Ended<'c> {
    fn new(step: &'c Step) -> Self {
        Self {
            step,
            targets: BTreeSet::new(),
            pools: BTreeSet::new(),
            connections: BTreeSet::new(),
            purposes: BTreeSet::new(),
            fix: None,
        }
    }

    fn message(&self) -> String {
        match (self.targets.len(), self.connections.len()) {
            (0, 0) => "leaves Prometheus without targets".to_owned(),
            (0, number) => {
                let mut purposes: Vec<&str> = self.purposes.iter().copied().collect();
                purposes.truncate(3);
                format!("blocks {} ({})", counted(number, "wanted connection"), purposes.join(", "))
            }
            (number, _) => format!("cuts Prometheus off from {}", counted(number, "target")),
        }
    }

    /// What the rule says, and for whom.
    fn fix(&self, general: &str) -> String {
        let general = lower_case(general.trim_end_matches('.'));
        match (self.connections.first(), self.targets.first()) {
            (Some((from, to, port)), _) => format!("{general}: {from} must reach {to} at port {port}"),
            (None, Some(url)) => format!("{general}: Prometheus must reach {url}"),
            (None, None) => general,
        }
    }
}

/// As the beginning of a fix, which goes on in lower case.
fn lower_case(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
