//! Selectors that select nothing of what is there.

use std::collections::BTreeSet;

use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::{Looking, Selectable, each_monitor, shortened};
use crate::model::labels::Labels;
use crate::model::selector::LabelSelector;
use crate::model::snapshot::Service;
use crate::model::{FieldPath, Resource, Truth};

/// What pods and Services are made from.
pub(super) const POPULATION: [Resource; 8] = [
    Resource::Pod,
    Resource::Deployment,
    Resource::StatefulSet,
    Resource::DaemonSet,
    Resource::ReplicaSet,
    Resource::Job,
    Resource::CronJob,
    Resource::Service,
];

/// More edits than this are no slip of the keyboard.
const MOST_EDITS: usize = 2;

type Words = (&'static str, String);

/// Operators make pods and Services of which manifests say nothing. So either some of the pods were seen in a cluster,
/// or something is there that is clearly meant.
pub(super) fn selects_nothing(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    if cluster.may_lack(&POPULATION) {
        return;
    }
    let all = Selectable::new(cluster.snapshot);
    each_monitor(cluster, |kept, monitor| {
        let Some(looking) = Looking::of(kept, monitor) else { return };
        let words =
            if matches!(monitor, Monitor::Service(_)) { no_service(&all, &looking) } else { no_pod(&all, &looking) };
        if let Some((message, fix)) = words {
            findings.report(&kept.reference, FieldPath::of("spec.selector"), message, fix);
        }
    });
}

fn no_pod(all: &Selectable<'_>, looking: &Looking<'_, '_>) -> Option<Words> {
    if all.selected_pods(looking).next().is_some() {
        return None;
    }
    let labels: Vec<&Labels<'_>> = all.pods(looking).map(|pod| &pod.labels).collect();
    let meant = meant(looking.selector, &labels);
    let is_sure = meant.is_some() || pods_were_seen(all, looking);
    is_sure.then(|| ("no pod where it looks has these labels", meant.unwrap_or_else(|| there(looking, "pod", &labels))))
}

fn no_service(all: &Selectable<'_>, looking: &Looking<'_, '_>) -> Option<Words> {
    let services: Vec<&Service> = all.services(looking).collect();
    if services.is_empty() || services.iter().any(|service| looking.may_select(&service.labels)) {
        return None;
    }
    let pod = all.pods(looking).find(|pod| looking.selector.matches(&pod.labels) == Truth::Yes);
    let leads_to_it = |service: &&&Service| pod.is_some_and(|pod| service.selects(pod));
    if let Some(service) = services.iter().find(leads_to_it) {
        let fix = format!("Service labels are {}; select {} by them", written(&service.labels), service.name());
        return Some(("these are labels of pods, no Service has them", fix));
    }
    let labels: Vec<&Labels<'_>> = services.iter().map(|service| &service.labels).collect();
    let meant = meant(looking.selector, &labels);
    let is_sure = meant.is_some() || pods_were_seen(all, looking);
    let fix = || there(looking, "Service", &labels);
    is_sure.then(|| ("no Service where it looks has these labels", meant.unwrap_or_else(fix)))
}

fn pods_were_seen(all: &Selectable<'_>, looking: &Looking<'_, '_>) -> bool {
    all.pods(looking).any(|pod| pod.phase.is_some())
}

/// The one label that has to be written in another way, for something to be selected.
fn meant(selector: &LabelSelector<'_>, there: &[&Labels<'_>]) -> Option<String> {
    let own = &selector.match_labels;
    own.iter().find_map(|(key, value)| {
        let others_hold = |labels: &&&Labels<'_>| {
            let with = |asked: &str| Some(if asked == key { Some(value) } else { labels.get(asked) });
            selector.selects(with) == Truth::Yes
        };
        let mut candidates = there.iter().filter(others_hold).flat_map(|labels| labels.iter());
        let (meant_key, meant_value) = candidates.find(|found| is_slip((key, value), *found))?;
        Some(format!("write {meant_key}: {meant_value} instead of {key}: {value}"))
    })
}

/// Whether one label stands for another: the same value by another name, or almost the same value.
fn is_slip((key, value): (&str, &str), (found_key, found_value): (&str, &str)) -> bool {
    if key == found_key {
        let longest = value.len().max(found_value.len());
        return longest > 2 * MOST_EDITS && strsim::damerau_levenshtein(value, found_value) <= MOST_EDITS;
    }
    !matches!(value, "true" | "false" | "") && value == found_value
}

/// What can be selected instead.
fn there(looking: &Looking<'_, '_>, kind: &str, labels: &[&Labels<'_>]) -> String {
    for (key, value) in looking.selector.match_labels.iter() {
        let values: BTreeSet<&str> = labels.iter().filter_map(|labels| labels.get(key)).collect();
        if !values.is_empty() && !values.contains(value) {
            return format!("there {key} is {}", list(values));
        }
    }
    labels.first().map_or_else(String::new, |labels| format!("{kind} labels there are {}", written(labels)))
}

/// Some of a few words, the rest left out.
pub(super) fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    shortened(&words.join(", "), 120)
}

fn written(labels: &Labels<'_>) -> String {
    let all: Vec<String> = labels.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", shortened(&all.join(", "), 120))
}
