//! What monitors can select in a snapshot, and where they look for it.

use std::collections::BTreeMap;

use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::Cluster;
use crate::model::labels::Labels;
use crate::model::resource::endpoint::NamespaceSelector;
use crate::model::resource::{PodMonitor, Probe, ScrapeConfig, ServiceMonitor};
use crate::model::selector::LabelSelector;
use crate::model::snapshot::{Kept, Pod, Service, Snapshot};
use crate::model::{Resource, Text, Truth};

/// The pods and Services of a snapshot. Of pods that no policy and no monitor tells apart, one stands for all; those
/// that have ended are left out.
#[derive(Debug)]
pub(in crate::engine::rules) struct Selectable<'s> {
    snapshot: &'s Snapshot,
    pods: BTreeMap<&'s str, Vec<&'s Pod>>,
}

/// What a PodMonitor or ServiceMonitor selects, and where.
#[derive(Debug)]
pub(in crate::engine::rules) struct Looking<'m, 'a> {
    /// The namespaces; `None` for all.
    pub(in crate::engine::rules) namespaces: Option<Vec<&'m str>>,
    /// What is selected there.
    pub(in crate::engine::rules) selector: &'m LabelSelector<'a>,
}

impl<'s> Selectable<'s> {
    pub(in crate::engine::rules) fn new(snapshot: &'s Snapshot) -> Self {
        let mut pods = BTreeMap::<&str, Vec<&Pod>>::new();
        for (pod, _) in snapshot.first_of_classes() {
            if !pod.has_ended() {
                pods.entry(&pod.namespace).or_default().push(pod);
            }
        }
        Self { snapshot, pods }
    }

    /// All pods where a monitor looks.
    pub(in crate::engine::rules) fn pods<'a>(
        &'a self,
        looking: &'a Looking<'_, '_>,
    ) -> impl Iterator<Item = &'s Pod> + 'a {
        let chosen = match &looking.namespaces {
            None => self.pods.values().collect::<Vec<_>>(),
            Some(names) => names.iter().filter_map(|name| self.pods.get(name)).collect(),
        };
        chosen.into_iter().flatten().copied()
    }

    /// Those that it selects, or may select.
    pub(in crate::engine::rules) fn selected_pods<'a>(
        &'a self,
        looking: &'a Looking<'_, '_>,
    ) -> impl Iterator<Item = &'s Pod> + 'a {
        self.pods(looking).filter(|pod| looking.may_select(&pod.labels))
    }

    /// All Services where a monitor looks.
    pub(in crate::engine::rules) fn services(&self, looking: &Looking<'_, '_>) -> impl Iterator<Item = &'s Service> {
        let snapshot = self.snapshot;
        let chosen = match &looking.namespaces {
            None => vec![snapshot.services()],
            Some(names) => names.iter().map(|name| snapshot.services_in(name)).collect(),
        };
        chosen.into_iter().flatten()
    }

    /// Those that it selects, or may select.
    pub(in crate::engine::rules) fn selected_services<'a>(
        &'a self,
        looking: &'a Looking<'_, '_>,
    ) -> impl Iterator<Item = &'s Service> + 'a {
        self.services(looking).filter(|service| looking.may_select(&service.labels))
    }
}

impl<'m, 'a> Looking<'m, 'a> {
    /// How a monitor looks; `None` for one that selects nothing itself.
    pub(in crate::engine::rules) fn of(kept: &'m Kept, monitor: Monitor<'m, 'a>) -> Option<Self> {
        let (namespaces, selector) = monitor.selection()?;
        Some(Self { namespaces: names(kept.namespace(), namespaces), selector })
    }

    /// Whether an object with these labels is selected, or may be.
    pub(in crate::engine::rules) fn may_select(&self, labels: &Labels<'_>) -> bool {
        self.selector.matches(labels) != Truth::No
    }

    /// Whether it looks in this namespace.
    pub(in crate::engine::rules) fn looks_in(&self, namespace: &str) -> bool {
        self.namespaces.as_ref().is_none_or(|names| names.contains(&namespace))
    }
}

fn names<'m>(own: &'m str, selector: &'m NamespaceSelector<'_>) -> Option<Vec<&'m str>> {
    let mut names: Vec<&str> = selector.match_names.iter().map(Text::as_str).collect();
    names.sort_unstable();
    names.dedup();
    match (selector.any, names.is_empty()) {
        (true, _) => None,
        (false, true) => Some(vec![own]),
        (false, false) => Some(names),
    }
}

/// Looks at every PodMonitor and every ServiceMonitor that can be read.
pub(in crate::engine::rules) fn each_monitor<'s>(
    cluster: &Cluster<'_, 's>,
    mut look: impl FnMut(&'s Kept, Monitor<'_, 's>),
) {
    for (kept, monitor) in cluster.read::<PodMonitor<'s>>(Resource::PodMonitor) {
        look(kept, Monitor::Pod(&monitor));
    }
    for (kept, monitor) in cluster.read::<ServiceMonitor<'s>>(Resource::ServiceMonitor) {
        look(kept, Monitor::Service(&monitor));
    }
}

/// Reads a monitor of whatever kind.
pub(in crate::engine::rules) fn read_monitor<T>(kept: &Kept, ask: impl FnOnce(Monitor<'_, '_>) -> T) -> Option<T> {
    let json = kept.json.as_str();
    let is_of = |resource: Resource| kept.reference.kind == resource.kind();
    if is_of(Resource::PodMonitor) {
        serde_json::from_str::<PodMonitor<'_>>(json).ok().map(|it| ask(Monitor::Pod(&it)))
    } else if is_of(Resource::ServiceMonitor) {
        serde_json::from_str::<ServiceMonitor<'_>>(json).ok().map(|it| ask(Monitor::Service(&it)))
    } else if is_of(Resource::Probe) {
        serde_json::from_str::<Probe<'_>>(json).ok().map(|it| ask(Monitor::Probe(&it)))
    } else {
        serde_json::from_str::<ScrapeConfig<'_>>(json).ok().map(|it| ask(Monitor::Config(&it)))
    }
}
