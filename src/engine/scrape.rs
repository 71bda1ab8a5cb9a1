//! Which targets a Prometheus scrapes: from monitors, through what the operator makes of them, to the addresses and
//! labels that Prometheus' own `/api/v1/targets` would show.
//!
//! A Prometheus resource selects monitors. Every endpoint of a monitor becomes a [`ScrapePool`]: where targets are
//! looked for, and how they are relabeled, as prometheus-operator would write it (`pkg/prometheus/promcfg.go`). The
//! snapshot is searched as Prometheus' service discovery would search the cluster (`discovery/kubernetes`), and what is
//! found is relabeled and completed as its scraper would do it (`scrape/target.go`). Sharding is ignored.

pub mod discovery;
mod monitor;
pub mod pool;
mod prometheus;
pub mod scraping;
mod selection;
pub mod target;

pub use discovery::{Discovered, Discovery, Found, Role, Scope, discover};
pub use pool::{RelabelingStep, ScrapePool, ScrapeSettings, StepSource};
pub use scraping::{MonitorScraping, PoolScraping, PrometheusScraping, Scraping};
pub use target::{Fate, Scraper, Target};
