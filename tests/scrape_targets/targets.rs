//! Targets of a Prometheus, as its API tells them and as we predict them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// Labels by name.
pub(crate) type Labels = BTreeMap<String, String>;

/// All targets of one Prometheus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Targets {
    /// Those that it scrapes.
    #[serde(rename = "activeTargets")]
    pub(crate) active: Vec<Active>,
    /// Those that relabeling dropped.
    #[serde(rename = "droppedTargets")]
    pub(crate) dropped: Vec<Dropped>,
    /// How many there are of these in every scrape pool, for not all of them may be listed.
    #[serde(rename = "droppedTargetCounts")]
    pub(crate) dropped_number: BTreeMap<String, usize>,
    /// Scrape pools of which we do not know all targets, and why.
    #[serde(skip)]
    pub(crate) unknown: BTreeMap<String, Vec<String>>,
}

/// A target that is scraped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Active {
    pub(crate) scrape_pool: String,
    pub(crate) scrape_url: String,
    pub(crate) labels: Labels,
    pub(crate) discovered_labels: Labels,
}

/// A target that was dropped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dropped {
    pub(crate) scrape_pool: String,
    pub(crate) discovered_labels: Labels,
}

impl fmt::Display for Active {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {:?}", self.scrape_url, self.labels)
    }
}

/// When a controller last saw a change, on the Endpoints that it writes: nobody can tell from anything else.
const CHANGED: [&str; 2] = [
    "__meta_kubernetes_endpoints_annotation_endpoints_kubernetes_io_last_change_trigger_time",
    "__meta_kubernetes_endpoints_annotationpresent_endpoints_kubernetes_io_last_change_trigger_time",
];

impl Targets {
    /// Without what is left to chance.
    pub(crate) fn without_times(mut self) -> Self {
        let active = self.active.iter_mut().map(|target| &mut target.discovered_labels);
        let dropped = self.dropped.iter_mut().map(|target| &mut target.discovered_labels);
        for labels in active.chain(dropped) {
            labels.retain(|name, _| !CHANGED.contains(&name.as_str()));
        }
        self
    }
}
