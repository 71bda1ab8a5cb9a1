//! Monitors of all kinds, read once for all Prometheus resources.

use serde::Deserialize;

use crate::engine::rules;
use crate::model::Resource;
use crate::model::resource::{PodMonitor, Probe, ScrapeConfig, ServiceMonitor};
use crate::model::snapshot::Kept;

/// The kinds of monitors, in the order of the configuration that the operator writes.
pub(super) const KINDS: [Resource; 4] =
    [Resource::ServiceMonitor, Resource::PodMonitor, Resource::Probe, Resource::ScrapeConfig];

/// A monitor that can be read.
#[derive(Clone, Debug)]
pub(super) enum View<'s> {
    Pod(PodMonitor<'s>),
    Service(ServiceMonitor<'s>),
    // By far the largest are boxed.
    Probe(Box<Probe<'s>>),
    Config(Box<ScrapeConfig<'s>>),
}

/// A monitor, and what can be read of it.
#[derive(Clone, Debug)]
pub(super) struct Monitor<'s> {
    pub(super) resource: Resource,
    pub(super) kept: &'s Kept,
    /// Or why it cannot be read.
    pub(super) view: Result<View<'s>, String>,
}

impl<'s> Monitor<'s> {
    pub(super) fn new(resource: Resource, kept: &'s Kept) -> Self {
        let view = match &kept.unreadable {
            Some(why) => Err(why.clone()),
            None => View::read(resource, &kept.json),
        };
        Self { resource, kept, view }
    }
}

impl<'s> View<'s> {
    fn read(resource: Resource, json: &'s str) -> Result<Self, String> {
        match resource {
            Resource::PodMonitor => read(json).map(Self::Pod),
            Resource::ServiceMonitor => read(json).map(Self::Service),
            Resource::Probe => read(json).map(Box::new).map(Self::Probe),
            Resource::ScrapeConfig => read(json).map(Box::new).map(Self::Config),
            _ => Err(format!("{} is no monitor", resource.kind())),
        }
    }

    /// The same for rules.
    pub(super) fn as_rules_see_it(&self) -> rules::Monitor<'_, 's> {
        match self {
            Self::Pod(monitor) => rules::Monitor::Pod(monitor),
            Self::Service(monitor) => rules::Monitor::Service(monitor),
            Self::Probe(probe) => rules::Monitor::Probe(probe),
            Self::Config(config) => rules::Monitor::Config(config),
        }
    }

    /// The scrape class that it names.
    pub(super) fn scrape_class(&self) -> Option<&str> {
        let named = match self {
            Self::Pod(monitor) => &monitor.spec.scrape_class,
            Self::Service(monitor) => &monitor.spec.scrape_class,
            Self::Probe(probe) => &probe.spec.scrape_class,
            Self::Config(config) => &config.spec.scrape_class,
        };
        named.as_deref().filter(|name| !name.is_empty())
    }
}

fn read<'s, T: Deserialize<'s>>(json: &'s str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}
