//! Monitors that a Prometheus selects, and that the operator leaves out all the same.

use serde::Deserialize;

use crate::engine::reach::Verdict;
use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::{Ignored, ignored_by, read_monitor, shortened};
use crate::engine::rules::prometheus::given::{Given, given};
use crate::engine::rules::scrape_monitor::timing::{Timing, timings};
use crate::model::resource::tolerant;
use crate::model::snapshot::Kept;
use crate::model::{FieldPath, Text, suggestion};

impl Ignored<'_, '_> {
    /// The field of the monitor that is to blame.
    fn path(&self) -> FieldPath {
        let blames_it = self.step.object.as_ref() == Some(&self.monitor.reference);
        if blames_it { self.step.path.clone() } else { FieldPath::of("spec") }
    }

    fn reason(&self) -> String {
        shortened(&self.step.reason, 150)
    }
}

pub(super) fn unknown_class(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let all = given(cluster);
    for ignored in ignored_by(findings.rule(), cluster) {
        let prometheus = &ignored.prometheus.reference;
        let of = all.iter().find(|given| given.kept.reference == *prometheus);
        let names = of.map(class_names).unwrap_or_default();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let wanted = read_monitor(ignored.monitor, |monitor| monitor.scrape_class().map(str::to_owned)).flatten();
        let closest = wanted.map_or_else(String::new, |it| suggestion::did_you_mean(&it, names.iter().copied()));
        let fix = if names.is_empty() {
            format!("add the class to scrapeClasses of {prometheus}, or remove scrapeClass")
        } else {
            format!("scrape classes of {prometheus}: {}{closest}", shortened(&names.join(", "), 80))
        };
        findings.report(&ignored.monitor.reference, ignored.path(), "no Prometheus has this scrape class", fix);
    }
}

fn class_names(prometheus: &Given<'_>) -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct View<'s> {
        #[serde(borrow, deserialize_with = "tolerant")]
        scrape_classes: Vec<Class<'s>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Class<'s> {
        #[serde(borrow)]
        name: Text<'s>,
    }
    prometheus.spec::<View<'_>>().scrape_classes.iter().map(|class| class.name.to_string()).collect()
}

pub(super) fn missing_key(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for ignored in ignored_by(findings.rule(), cluster) {
        findings.report(
            &ignored.monitor.reference,
            ignored.path(),
            "what it refers to is missing, so it is left out",
            format!("add the key, or name another in the monitor's own namespace: {}", ignored.reason()),
        );
    }
}

/// A timeout that is longer than the monitor's own interval needs no cluster to be found.
pub(super) fn longer_than_default(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for ignored in ignored_by(findings.rule(), cluster) {
        let is_own = read_monitor(ignored.monitor, |monitor| timings(&monitor).iter().any(Timing::is_too_long));
        if is_own == Some(false) {
            findings.report(
                &ignored.monitor.reference,
                ignored.path(),
                "the timeout is longer than Prometheus' interval",
                format!("give an interval, or a shorter scrapeTimeout: {}", ignored.reason()),
            );
        }
    }
}

pub(super) fn files(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    for ignored in ignored_by(findings.rule(), cluster) {
        findings.report(
            &ignored.monitor.reference,
            ignored.path(),
            "names a file, which Prometheus forbids, and is left out",
            "refer to a Secret or ConfigMap: authorization.credentials, tlsConfig.ca, cert and keySecret",
        );
    }
    for prometheus in &cluster.scraping.prometheuses {
        let others =
            prometheus.monitors.iter().filter(|it| it.monitor.namespace() != prometheus.prometheus.namespace());
        for scraping in others.filter(|it| it.selection.verdict == Verdict::Open) {
            for path in tokens(scraping.monitor) {
                findings.report(
                    &scraping.monitor.reference,
                    path,
                    "has a file of Prometheus sent to its targets",
                    "use authorization.credentials, and set arbitraryFSAccessThroughSMs: {deny: true} in Prometheus",
                );
            }
        }
    }
}

/// Where a ServiceMonitor names a file that is sent as a token.
fn tokens(kept: &Kept) -> Vec<FieldPath> {
    let of = |monitor: Monitor<'_, '_>| {
        let with_file = monitor.endpoints().filter(|(_, endpoint)| endpoint.bearer_token_file.is_some());
        let paths = with_file.map(|(path, _)| path.key("bearerTokenFile"));
        if matches!(monitor, Monitor::Service(_)) { paths.collect() } else { Vec::new() }
    };
    read_monitor(kept, of).unwrap_or_default()
}
