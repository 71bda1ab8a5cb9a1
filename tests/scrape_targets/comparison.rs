//! The comparison itself.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::difference;
use crate::operator;
use crate::prediction::Prediction;
use crate::prometheus::Prometheus;
use crate::random_sets;
use crate::support::control_plane::ControlPlane;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};
use crate::targets::Targets;
use crate::world::World;

pub(crate) const CASES: &[Case] = cases![
    hand_made_as_by_default,
    hand_made_as_an_administrator_prescribes,
    hand_made_in_narrow_bounds,
    random_sets_from_0,
    random_sets_from_50,
    random_sets_from_100,
    random_sets_from_150,
];

/// How long a Prometheus may take for the targets that it should have.
const DISCOVERY: Duration = Duration::from_secs(90);
/// After how long it must still have them: it takes over what it discovers every five seconds.
const LATER: Duration = Duration::from_secs(6);
/// Of how many scrape pools differences are shown.
const SHOWN: usize = 8;

/// Scrape pools that ask the API server for what we do not evaluate, and say so.
const UNKNOWN: [&str; 2] = ["scrapeConfig/shop/pods-by-field", "scrapeConfig/shop/pods-of-some"];

fn hand_made_as_by_default(cluster: &ControlPlane) -> Result<()> {
    compare(cluster, "monitoring", "plain", &UNKNOWN)
}

fn hand_made_as_an_administrator_prescribes(cluster: &ControlPlane) -> Result<()> {
    compare(cluster, "monitoring", "strict", &UNKNOWN)
}

fn hand_made_in_narrow_bounds(cluster: &ControlPlane) -> Result<()> {
    compare(cluster, "shop", "narrow", &[])
}

fn random_sets_from_0(cluster: &ControlPlane) -> Result<()> {
    random_sets(cluster, 0)
}

fn random_sets_from_50(cluster: &ControlPlane) -> Result<()> {
    random_sets(cluster, 50)
}

fn random_sets_from_100(cluster: &ControlPlane) -> Result<()> {
    random_sets(cluster, 100)
}

fn random_sets_from_150(cluster: &ControlPlane) -> Result<()> {
    random_sets(cluster, 150)
}

/// The number in the namespaces that a failure names is the seed of the set.
fn random_sets(cluster: &ControlPlane, first: usize) -> Result<()> {
    compare(cluster, random_sets::NAMESPACE, &random_sets::prometheus_of(first / random_sets::BATCH), &[])
}

fn compare(cluster: &ControlPlane, namespace: &str, name: &str, unknown: &[&str]) -> Result<()> {
    let world = World::of(cluster)?;
    let prediction = Prediction::of(world.scraping(), namespace, name)?;
    let ours = prediction.targets(&world.snapshot)?;
    means_something(&prediction, &ours, unknown)?;
    let configuration = configuration(cluster, namespace, name, &prediction.names())?;
    let directory = cluster.directory().join(format!("{namespace}-{name}"));
    let file = operator::install(cluster, namespace, name, &configuration, &directory)?;
    let mut prometheus = Prometheus::start(cluster, namespace, name, &file, &directory)?;
    let found = has(&mut prometheus, &ours);
    found.with_context(|| format!("Prometheus complained:\n{}", prometheus.complaints()))
}

/// A comparison without targets, or without any that are dropped, would be none.
fn means_something(prediction: &Prediction<'_>, ours: &Targets, unknown: &[&str]) -> Result<()> {
    ensure!(ours.unknown.keys().eq(unknown), "not all is known: {:?}", ours.unknown);
    let numbers = [prediction.pools.len(), prediction.left_out, ours.active.len(), ours.dropped.len()];
    ensure!(numbers.iter().all(|number| *number > 20), "pools, monitors left out, targets: {numbers:?}");
    Ok(())
}

/// Waits for the configuration with these scrape pools.
fn configuration(cluster: &ControlPlane, namespace: &str, name: &str, pools: &BTreeSet<String>) -> Result<String> {
    poll::until("the scrape pools that we predict", Duration::from_mins(1), || {
        let Some(configuration) = operator::configuration(cluster, namespace, name)? else {
            return Ok(Look::not_yet("no configuration"));
        };
        let theirs = operator::pools(&configuration);
        if theirs == *pools {
            return Ok(Look::Ready(configuration));
        }
        let only = |these: &BTreeSet<String>, those| these.difference(those).cloned().collect::<Vec<_>>().join(", ");
        Ok(Look::NotYet(format!(
            "only the operator has {}; only we have {}",
            only(&theirs, pools),
            only(pools, &theirs)
        )))
    })
}

/// Waits until a Prometheus has these targets, and sees to it that it keeps them.
fn has(prometheus: &mut Prometheus, ours: &Targets) -> Result<()> {
    let mut since = None;
    poll::until("the targets that we predict", DISCOVERY, || {
        let differences = difference::of(&prometheus.targets()?, ours);
        if differences.is_empty() {
            let kept = since.get_or_insert_with(Instant::now).elapsed();
            return Ok(if kept > LATER { Look::Ready(()) } else { Look::not_yet("just those, but not for long") });
        }
        since = None;
        let number = differences.len();
        let shown = differences.into_iter().take(SHOWN).map(|(pool, text)| format!("\n{pool}:\n{text}"));
        Ok(Look::NotYet(format!("{number} scrape pools differ:{}", shown.collect::<String>())))
    })
}
