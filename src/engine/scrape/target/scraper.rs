//! What a scrape pool makes of whatever is discovered for it (`prometheus/scrape/target.go`, `PopulateLabels`).

use std::time::Duration;

use super::doubt::Doubt;
use super::late_labels::LateLabels;
use super::{Fate, Target, url};
use crate::engine::scrape::{Discovered, ScrapePool};
use crate::model::duration;
use crate::model::relabeling::LabelSet;

const ADDRESS: &str = "__address__";
const INTERVAL: &str = "__scrape_interval__";
const TIMEOUT: &str = "__scrape_timeout__";
const INSTANCE: &str = "instance";

/// Labels that say how histograms are read. Relabeling may write anything into them, but only booleans are accepted.
const OF_HISTOGRAMS: [&str; 3] =
    ["__convert_classic_histograms_to_nhcb__", "__always_scrape_classic_histograms__", "__scrape_native_histograms__"];

/// The texts that Go takes for a boolean (`strconv.ParseBool`).
const BOOLEANS: [&str; 12] = ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"];

/// A scrape pool that is ready for targets.
#[derive(Clone, Debug)]
pub struct Scraper<'p> {
    pool: &'p ScrapePool,
    /// Labels that everything has unless it was discovered with another value.
    labels: Vec<(String, String)>,
}

impl<'p> Scraper<'p> {
    /// Makes a pool ready.
    pub fn new(pool: &'p ScrapePool) -> Self {
        let settings = &pool.settings;
        let fixed = [
            ("job", pool.name.clone()),
            (INTERVAL, normal(&settings.scrape_interval)),
            (TIMEOUT, normal(&settings.scrape_timeout)),
            ("__metrics_path__", settings.metrics_path.clone()),
            ("__scheme__", settings.scheme.clone()),
        ];
        let of_histograms = OF_HISTOGRAMS.into_iter().map(|name| (name, "false".to_owned()));
        let fixed = fixed.into_iter().chain(of_histograms).map(|(name, value)| (name.to_owned(), value));
        let first = |(name, values): &(String, Vec<String>)| {
            Some(([url::PARAMETER_PREFIX, name].concat(), values.first()?.clone()))
        };
        Self { pool, labels: fixed.chain(settings.params.iter().filter_map(first)).collect() }
    }

    /// The labels before relabeling, as `/api/v1/targets` shows them in `discoveredLabels`.
    pub fn discovered_labels(&self, discovered: &Discovered<'_>) -> LabelSet {
        LateLabels::new(discovered, &self.labels).discovered()
    }

    /// What becomes of something that was discovered.
    pub fn fate<'s>(&self, discovered: &Discovered<'s>) -> Fate<'s> {
        let mut labels = LateLabels::new(discovered, &self.labels);
        let mut doubt = Doubt::about(discovered);
        for (number, relabeling) in self.pool.relabeling.iter().enumerate() {
            let step = &relabeling.step;
            if let Some(label) = doubt.as_ref().and_then(|doubt| doubt.stops(step)) {
                return Fate::Undecided(number, label);
            }
            if !step.run(&mut labels) {
                return Fate::DroppedBy(number);
            }
            if let Some(doubt) = &mut doubt {
                doubt.note(step, &mut labels);
            }
        }
        self.complete(labels.finish(), discovered)
    }

    fn complete<'s>(&self, mut labels: LabelSet, discovered: &Discovered<'s>) -> Fate<'s> {
        let address = labels.get(ADDRESS).to_owned();
        if address.is_empty() {
            return Fate::WithoutAddress;
        }
        if let Some(reason) = refusal(&labels) {
            return Fate::Refused(reason);
        }
        if labels.get(INSTANCE).is_empty() {
            labels.set(INSTANCE, &address);
        }
        let shown = labels.iter().filter(|(name, _)| !name.starts_with("__"));
        let mut shown: Vec<_> = shown.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        shown.sort();
        Fate::Active(Target {
            address,
            scrape_url: url::of_target(&labels, &self.pool.settings.params),
            labels: shown,
            pod: discovered.pod(),
            container: discovered.container(),
        })
    }
}

/// Why Prometheus does not scrape a target with these labels.
fn refusal(labels: &LabelSet) -> Option<String> {
    let address = labels.get(ADDRESS);
    if address.contains('/') {
        return Some(format!("{address:?} is no valid host name"));
    }
    of_times(labels).err().or_else(|| {
        let wrong = OF_HISTOGRAMS.into_iter().find(|name| {
            let value = labels.get(name);
            !value.is_empty() && !BOOLEANS.contains(&value)
        })?;
        Some(format!("{wrong} is no boolean: {:?}", labels.get(wrong)))
    })
}

fn of_times(labels: &LabelSet) -> Result<(), String> {
    let (interval, timeout) = (time(labels, INTERVAL, "interval")?, time(labels, TIMEOUT, "timeout")?);
    if timeout > interval {
        let (interval, timeout) = (labels.get(INTERVAL), labels.get(TIMEOUT));
        return Err(format!("the scrape timeout {timeout} is longer than the scrape interval {interval}"));
    }
    Ok(())
}

fn time(labels: &LabelSet, label: &str, name: &str) -> Result<Duration, String> {
    let written = labels.get(label);
    match duration::parse(written) {
        None => Err(format!("the scrape {name} {written:?} is no duration")),
        Some(Duration::ZERO) => Err(format!("the scrape {name} is zero")),
        Some(time) => Ok(time),
    }
}

/// A duration as Prometheus writes it once it has read it.
fn normal(written: &str) -> String {
    duration::parse(written).map_or_else(|| written.to_owned(), duration::format)
}
