//! From what is scraped to the path of every scrape: selection, discovery and relabeling as they were found out, and
//! the way from the Prometheus to the target.

use std::collections::HashMap;
use std::sync::Arc;

use super::address::{Address, Called};
use super::scrape::{Question, Scrape};
use super::{Fix, ScrapePath, lost, nobody};
use crate::engine::audit::fix::Fixes;
use crate::engine::reach::mesh::ClientTls;
use crate::engine::reach::{Evaluator, Hop, Path, Step, Verdict};
use crate::engine::scrape::{MonitorScraping, PoolScraping, PrometheusScraping, Scraping, Target};
use crate::model::FieldPath;
use crate::model::guard::Guards;
use crate::model::snapshot::{Pod, Snapshot};

/// The paths of all scrapes, Prometheus by Prometheus. Where something ends before there is a target, one path says so.
///
/// Of a monitor that a Prometheus does not select nothing is told where another one selects it: to be for another
/// Prometheus is no mistake.
pub(in crate::engine::audit) fn scrape_paths<'s>(
    snapshot: &'s Snapshot,
    evaluator: &Evaluator<'s>,
    guards: &Guards,
    scraping: &Scraping<'s>,
) -> Vec<ScrapePath<'s>> {
    let fixes = Some(Fixes::new(snapshot, evaluator, guards));
    followed(Follower { snapshot, evaluator, fixes, known: HashMap::new(), ways: Vec::new() }, guards, scraping)
}

/// The same without fixes, which take the longest to find.
pub(in crate::engine) fn scrape_paths_as_they_are<'s>(
    snapshot: &'s Snapshot,
    evaluator: &Evaluator<'s>,
    guards: &Guards,
    scraping: &Scraping<'s>,
) -> Vec<ScrapePath<'s>> {
    followed(Follower { snapshot, evaluator, fixes: None, known: HashMap::new(), ways: Vec::new() }, guards, scraping)
}

/// What would open a path, with the policies that this evaluator knows of.
pub(in crate::engine) fn fix_of<'s>(
    path: &ScrapePath<'s>,
    snapshot: &'s Snapshot,
    evaluator: &Evaluator<'s>,
    guards: &Guards,
) -> Option<String> {
    let scrape = Scrape::of(path, snapshot)?;
    let (way, connection) = scrape.worst(evaluator)?;
    let fix = Fixes::new(snapshot, evaluator, guards).of(&connection, &scrape.manner, &way)?;
    Some(fix.summary)
}

fn followed<'s>(mut follower: Follower<'_, 's>, guards: &Guards, scraping: &Scraping<'s>) -> Vec<ScrapePath<'s>> {
    let mut paths = nobody::unselected(follower.snapshot, guards, scraping);
    for prometheus in &scraping.prometheuses {
        for monitor in prometheus.monitors.iter().filter(|it| it.selection.verdict != Verdict::Blocked) {
            follower.monitor(prometheus, monitor, &mut paths);
        }
    }
    paths
}

/// Follows scrapes, each of those that nothing tells apart once.
struct Follower<'e, 's> {
    snapshot: &'s Snapshot,
    evaluator: &'e Evaluator<'s>,
    /// `None` where nobody asks what would open a path.
    fixes: Option<Fixes<'e, 's>>,
    known: HashMap<Question, usize>,
    ways: Vec<Way>,
}

/// The way to a target.
#[derive(Clone)]
struct Way {
    port: Option<u16>,
    steps: Vec<Step>,
    /// What would open it.
    fix: Option<Fix>,
}

impl<'s> Follower<'_, 's> {
    fn monitor(
        &mut self,
        prometheus: &PrometheusScraping<'s>,
        monitor: &MonitorScraping<'s>,
        paths: &mut Vec<ScrapePath<'s>>,
    ) {
        let reference = &prometheus.prometheus.reference;
        if monitor.pools.is_empty() {
            paths.push(nobody::path(reference.clone(), monitor.monitor, monitor.selection.clone()));
        }
        let from = prometheus.pods.iter().copied().find(|pod| !pod.has_ended());
        for pool in &monitor.pools {
            let base = ScrapePath {
                prometheus: reference.clone(),
                from,
                monitor: monitor.monitor.reference.clone(),
                endpoint: pool.pool.path.clone(),
                scrape_pool: pool.pool.name.clone(),
                target: None,
                tls: pool.pool.tls,
                port: None,
                path: Arc::new(Path { steps: vec![monitor.selection.clone()] }),
                fix: None,
            };
            self.pool(&base, pool, paths);
        }
    }

    fn pool(&mut self, base: &ScrapePath<'s>, pool: &PoolScraping<'s>, paths: &mut Vec<ScrapePath<'s>>) {
        let selection = base.path.steps.clone();
        if pool.targets.is_empty() || !pool.pool.not_considered.is_empty() {
            let steps = selection.iter().cloned().chain([lost::step(pool, self.snapshot)]).collect();
            paths.push(ScrapePath { path: Arc::new(Path { steps }), ..base.clone() });
        }
        let before: Vec<Step> = selection.into_iter().chain(found(pool)).collect();
        let mut shared: HashMap<usize, Arc<Path>> = HashMap::new();
        for target in &pool.targets {
            let number = self.way(base.from, target, pool.pool.tls);
            let Some(way) = self.ways.get(number) else { continue };
            let path = shared.entry(number).or_insert_with(|| {
                let steps = before.iter().chain(&way.steps).cloned().collect();
                Arc::new(Path { steps })
            });
            let path = Arc::clone(path);
            let (port, fix) = (way.port, way.fix.clone());
            paths.push(ScrapePath { target: Some(target.clone()), port, path, fix, ..base.clone() });
        }
    }

    /// The way to a target, by its number.
    fn way(&mut self, from: Option<&'s Pod>, target: &Target<'s>, tls: ClientTls) -> usize {
        let address = Address::of(target);
        let Some(from) = from else {
            let reason = "no pod of this Prometheus is in the input, so what it may reach is not known";
            return self.add(None, vec![Step::new(Hop::Egress, Verdict::Unknown, reason)]);
        };
        match address.called(target.pod, &from.namespace, self.snapshot) {
            Called::Ends(to) => self.to(&Scrape::new(from, to, tls, &target.scrape_url)),
            Called::NoPort(service) => {
                let reason = format!("the Service has no port {}", address.port);
                let step = Step::new(Hop::Discovery, Verdict::Blocked, reason);
                self.add(None, vec![step.by(service.object.clone(), FieldPath::of("spec.ports"))])
            }
            Called::Unknown(reason) => self.add(None, vec![Step::new(Hop::Egress, Verdict::Unknown, reason)]),
        }
    }

    fn add(&mut self, port: Option<u16>, steps: Vec<Step>) -> usize {
        self.push(Way { port, steps, fix: None })
    }

    fn push(&mut self, way: Way) -> usize {
        self.ways.push(way);
        self.ways.len() - 1
    }

    /// The way to whoever is called; to the worst of several.
    fn to(&mut self, scrape: &Scrape<'s>) -> usize {
        let question = scrape.question(self.snapshot);
        if let Some(known) = self.known.get(&question) {
            return *known;
        }
        let number = match scrape.worst(self.evaluator) {
            Some((path, connection)) => {
                let fixes = self.fixes.as_mut();
                let fix = fixes.and_then(|fixes| fixes.of(&connection, &scrape.manner, &path));
                self.push(Way { port: Some(connection.port), steps: path.steps, fix })
            }
            None => self.add(None, Vec::new()),
        };
        self.known.insert(question, number);
        number
    }
}

/// The hops that a target has behind it: it was found, and kept.
fn found(pool: &PoolScraping<'_>) -> [Step; 2] {
    let (monitor, path) = (&pool.pool.monitor, &pool.pool.path);
    let number = pool.targets.len();
    let targets = if number == 1 { "1 target".to_owned() } else { format!("{number} targets") };
    let discovery = format!("finds {targets}");
    let steps = pool.pool.relabeling.len();
    let kept = format!("kept by all {steps} relabeling steps");
    [
        Step::new(Hop::Discovery, Verdict::Open, discovery).by(monitor.clone(), path.clone()),
        Step::new(Hop::Relabeling, Verdict::Open, kept).by(monitor.clone(), path.clone()),
    ]
}
