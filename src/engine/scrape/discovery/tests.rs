//! What is discovered: the facts that Prometheus' own tests of `discovery/kubernetes` hold, and laws.

mod endpoints;
pub(in crate::engine::scrape) mod laws;
mod made_slices;
mod others;
mod pods;

use super::{Discovery, Found, Role, Scope, discover};
use crate::model::Source;
use crate::model::snapshot::{Builder, Snapshot};

pub(in crate::engine::scrape) fn snapshot(manifests: &str) -> Snapshot {
    let mut builder = Builder::new("default");
    builder.add_source("test.yaml", &Source::new(manifests));
    let snapshot = builder.finish();
    assert!(snapshot.problems().is_empty(), "{:?}", snapshot.problems());
    snapshot
}

fn found(role: Role, scope: Scope, snapshot: &Snapshot) -> Found<'_> {
    discover(&Discovery::Kubernetes { role, scope }, snapshot)
}

/// The labels of everything that is found, a line each, without the prefix that all meta labels share, and without those
/// that begin with any of `besides`.
fn told(found: &Found<'_>, besides: &[&str]) -> Vec<String> {
    let told = |label: (&str, &str)| {
        let name = label.0.trim_start_matches("__meta_kubernetes_");
        let is_told = !besides.iter().any(|start| name.starts_with(start));
        is_told.then(|| format!("{name}={}", label.1))
    };
    let lines = found.discovered.iter().map(|it| it.labels().iter().filter_map(told).collect::<Vec<_>>().join(" "));
    lines.collect()
}

fn addresses(found: &Found<'_>) -> Vec<String> {
    found.discovered.iter().map(|it| it.label("__address__").into_owned()).collect()
}
