//! Why an endpoint of a monitor yields no target.

use crate::engine::reach::{Hop, Step, Verdict};
use crate::engine::rules;
use crate::engine::scrape::{Discovery, PoolScraping, Role, StepSource};
use crate::model::finding::Family;
use crate::model::snapshot::{Problem, Snapshot};
use crate::model::{FieldPath, Resource, RuleId};

/// The step at which everything ends. What is not looked at may hold targets, and so may pods that manifests do not
/// show: then nobody knows.
pub(super) fn step(scraping: &PoolScraping<'_>, snapshot: &Snapshot) -> Step {
    let pool = &scraping.pool;
    if let Some(reason) = pool.not_considered.first() {
        return Step::new(Hop::Discovery, Verdict::Unknown, reason).by(pool.monitor.clone(), pool.path.clone());
    }
    let last = scraping.dropped.iter().rposition(|number| *number > 0);
    match (&scraping.refused, last.and_then(|index| pool.relabeling.get(index))) {
        (Some((number, why)), _) => refused(scraping, *number, why),
        (None, Some(step)) => dropped(scraping, &step.source, last.unwrap_or_default(), snapshot),
        (None, None) => nothing(scraping, snapshot),
    }
}

fn refused(scraping: &PoolScraping<'_>, number: usize, why: &str) -> Step {
    let pool = &scraping.pool;
    let reason = format!("{} left after relabeling cannot be scraped: {why}", counted(number, "target"));
    Step::new(Hop::Relabeling, Verdict::Blocked, reason).by(pool.monitor.clone(), pool.path.clone())
}

fn dropped(scraping: &PoolScraping<'_>, source: &StepSource, index: usize, snapshot: &Snapshot) -> Step {
    let number = scraping.dropped.get(index).copied().unwrap_or_default();
    let what = discovered(scraping);
    match source {
        StepSource::User(object, path) => {
            let reason = format!("this step drops {} left", all_that_are(number, "target"));
            Step::new(Hop::Relabeling, Verdict::Blocked, reason).by(object.clone(), path.clone())
        }
        StepSource::Operator(object, path) => {
            let (verdict, rule, reason) = match field(path) {
                Field::Selector => {
                    let reason = format!("none of the {number} {what} where it looks has the labels that it asks for");
                    unseen(snapshot, rule(6), reason)
                }
                Field::Port => {
                    let id = if pool_is_of_services(scraping) { 5 } else { 4 };
                    let reason = format!("the port that it names is none of the {number} {what} that it selects");
                    (Verdict::Blocked, rule(id), reason)
                }
                Field::Other => {
                    let reason = format!("because of this field the operator drops {}", all_that_are(number, "target"));
                    (Verdict::Blocked, None, reason)
                }
            };
            Step { rule, ..Step::new(Hop::Discovery, verdict, reason).by(object.clone(), path.clone()) }
        }
    }
}

fn nothing(scraping: &PoolScraping<'_>, snapshot: &Snapshot) -> Step {
    let pool = &scraping.pool;
    let place = match namespaces(scraping) {
        Some(namespaces) if namespaces.is_empty() => "in no namespace at all".to_owned(),
        Some(namespaces) if namespaces.len() == 1 => format!("in namespace {}", namespaces.join("")),
        Some(namespaces) => format!("in namespaces {}", namespaces.join(", ")),
        None => "in the input".to_owned(),
    };
    let reason = format!("it finds none of the {} {place}", discovered(scraping));
    let (verdict, rule, reason) = unseen(snapshot, None, reason);
    Step { rule, ..Step::new(Hop::Discovery, verdict, reason).by(pool.monitor.clone(), pool.path.clone()) }
}

/// Blocked where pods were seen in a cluster; where there are only manifests, operators may make what is meant.
fn unseen(snapshot: &Snapshot, rule: Option<RuleId>, reason: String) -> (Verdict, Option<RuleId>, String) {
    let is_of_a_cluster = snapshot.pods().iter().any(|pod| pod.object.kind == Resource::Pod.kind());
    if is_of_a_cluster && snapshot.unread().is_empty() && !snapshot.problems().iter().any(Problem::is_loss) {
        return (Verdict::Blocked, rule, reason);
    }
    let doubt = if is_of_a_cluster {
        "but a part of the input could not be read"
    } else {
        "but the input has no pods, and operators may make some that no manifest shows"
    };
    (Verdict::Unknown, None, format!("{reason}, {doubt}"))
}

enum Field {
    Selector,
    Port,
    Other,
}

fn field(path: &FieldPath) -> Field {
    let text = path.to_string();
    if text.starts_with("spec.selector") {
        Field::Selector
    } else if [".port", ".portNumber", ".targetPort"].iter().any(|end| text.ends_with(end)) {
        Field::Port
    } else {
        Field::Other
    }
}

fn rule(number: u16) -> Option<RuleId> {
    Some(RuleId::new(Family::PodMonitor, number)).filter(|id| rules::rule(*id).is_some())
}

fn roles(scraping: &PoolScraping<'_>) -> impl Iterator<Item = Role> {
    scraping.pool.discoveries.iter().filter_map(|discovery| match discovery {
        Discovery::Kubernetes { role, .. } => Some(*role),
        Discovery::Static { .. } | Discovery::Elsewhere(_) => None,
    })
}

fn pool_is_of_services(scraping: &PoolScraping<'_>) -> bool {
    roles(scraping).any(|role| matches!(role, Role::EndpointSlice | Role::Endpoints | Role::Service))
}

/// What is discovered, in words.
fn discovered(scraping: &PoolScraping<'_>) -> &'static str {
    match roles(scraping).next() {
        Some(Role::Pod) => "container ports",
        Some(Role::EndpointSlice | Role::Endpoints) => "ports behind Services",
        Some(Role::Service) => "ports of Services",
        Some(Role::Ingress) => "paths of Ingresses",
        Some(Role::Node) => "nodes",
        None => "addresses",
    }
}

/// The namespaces in which it looks; `None` for all.
fn namespaces<'p>(scraping: &'p PoolScraping<'_>) -> Option<Vec<&'p str>> {
    let mut scopes = scraping.pool.discoveries.iter().filter_map(|discovery| match discovery {
        Discovery::Kubernetes { scope, .. } => Some(&scope.namespaces),
        Discovery::Static { .. } | Discovery::Elsewhere(_) => None,
    });
    let namespaces = scopes.next()?.as_ref()?;
    Some(namespaces.iter().map(String::as_str).collect())
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn all_that_are(number: usize, what: &str) -> String {
    if number == 1 { format!("the only {what}") } else { format!("all {number} {what}s") }
}
