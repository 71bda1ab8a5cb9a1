//! Metrics of the watches and of the snapshot that comes of them. Their only label is the kind.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// What is counted about watches.
#[derive(Debug)]
pub struct WatchMetrics {
    objects: Family<KindLabels, Gauge>,
    changes: Family<KindLabels, Counter>,
    failures: Family<KindLabels, Counter>,
    broken: Family<KindLabels, Gauge>,
    event_to_snapshot: Histogram,
    publish_duration: Histogram,
    /// When everything was certainly as the snapshot has it, in seconds since the epoch.
    pub as_of: Gauge,
    /// Pods in the snapshot.
    pub pods: Gauge,
    /// Classes of pods that no policy tells apart.
    pub classes: Gauge,
    /// What could not be read, and is missing from the snapshot or known by name only.
    pub problems: Gauge,
    /// Guards in force.
    pub guards: Gauge,
    /// Guards that make no sense or overlap with others.
    pub guard_problems: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    group: &'static str,
    kind: &'static str,
}

impl Default for WatchMetrics {
    fn default() -> Self {
        Self {
            objects: Family::default(),
            changes: Family::default(),
            failures: Family::default(),
            broken: Family::default(),
            event_to_snapshot: Histogram::new([1e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0]),
            publish_duration: Histogram::new([1e-5, 1e-4, 1e-3, 5e-3, 10e-3, 50e-3, 0.1, 0.5, 1.0, 5.0]),
            as_of: Gauge::default(),
            pods: Gauge::default(),
            classes: Gauge::default(),
            problems: Gauge::default(),
            guards: Gauge::default(),
            guard_problems: Gauge::default(),
        }
    }
}

impl WatchMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let objects = "Objects that are known, by kind; kinds that the cluster does not have are left out";
        registry.register("watch_objects", objects, self.objects.clone());
        registry.register("watch_changes", "Changes of objects that were told", self.changes.clone());
        registry.register("watch_failures", "Lists and watches that failed", self.failures.clone());
        registry.register("watch_broken", "Whether a kind is not being watched", self.broken.clone());
        let latency = "Time from being told of a change to its being in the snapshot";
        registry.register_with_unit("event_to_snapshot", latency, Unit::Seconds, self.event_to_snapshot.clone());
        let duration = "Time to make the next snapshot from the one before";
        registry.register_with_unit(
            "snapshot_publish_duration",
            duration,
            Unit::Seconds,
            self.publish_duration.clone(),
        );
        let as_of = "When everything was certainly as the snapshot has it";
        registry.register("snapshot_as_of_timestamp_seconds", as_of, self.as_of.clone());
        registry.register(
            "snapshot_pods",
            "Pods in the snapshot, and templates that stand for some",
            self.pods.clone(),
        );
        let classes = "Classes of pods that no policy tells apart";
        registry.register("snapshot_pod_classes", classes, self.classes.clone());
        let problems = "Objects that are not of the form of their kind, and kinds that cannot be read";
        registry.register("snapshot_problems", problems, self.problems.clone());
        registry.register("guards", "Guards in force", self.guards.clone());
        let problems = "Guards that make no sense, or overlap with others";
        registry.register("guard_problems", problems, self.guard_problems.clone());
    }

    /// Counts changes of the objects of a kind, of which there are `difference` more now.
    pub fn changed(&self, group: &'static str, kind: &'static str, changes: u64, difference: i64) {
        let labels = KindLabels { group, kind };
        self.changes.get_or_create(&labels).inc_by(changes);
        self.objects.get_or_create(&labels).inc_by(difference);
    }

    /// The watch of a kind works.
    pub fn works(&self, group: &'static str, kind: &'static str) {
        let labels = KindLabels { group, kind };
        self.broken.get_or_create(&labels).set(0);
        // A kind without objects shows, too.
        self.objects.get_or_create(&labels).inc_by(0);
    }

    /// Counts a failure of the watch of a kind.
    pub fn failed(&self, group: &'static str, kind: &'static str) {
        let labels = KindLabels { group, kind };
        self.failures.get_or_create(&labels).inc();
        self.broken.get_or_create(&labels).set(1);
    }

    /// The cluster does not have this kind.
    pub fn absent(&self, group: &'static str, kind: &'static str) {
        let labels = KindLabels { group, kind };
        self.objects.remove(&labels);
        self.broken.remove(&labels);
    }

    /// Counts a snapshot that took so long to make, and is so much later than what it tells of.
    pub fn published(&self, duration: Duration, latencies: impl Iterator<Item = Duration>) {
        self.publish_duration.observe(duration.as_secs_f64());
        latencies.for_each(|latency| self.event_to_snapshot.observe(latency.as_secs_f64()));
    }
}
