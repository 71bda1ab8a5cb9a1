//! The objects of all tests, made once: whoever selects pods of all namespaces must not see them come and go.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use scrapeguard::engine::scrape::Scraping;
use scrapeguard::model::Resource;
use scrapeguard::model::snapshot::{Builder, Snapshot};
use serde_json::Value;

use crate::objects::{self, KINDS};
use crate::operator;
use crate::random_sets;
use crate::support::control_plane::ControlPlane;
use crate::support::control_plane::keys::Authority;
use crate::support::control_plane::process::Process;
use crate::support::poll::{self, Look};

const HAND_MADE: [&str; 6] = [
    include_str!("hand_made/cluster.yaml"),
    include_str!("hand_made/pod-monitors.yaml"),
    include_str!("hand_made/service-monitors.yaml"),
    include_str!("hand_made/probes.yaml"),
    include_str!("hand_made/scrape-configs.yaml"),
    include_str!("hand_made/prometheuses.yaml"),
];

/// What stands for a certificate in the files.
const AUTHORITY: &str = "AUTHORITY";

/// How long the controllers must have been silent.
const CALM: Duration = Duration::from_secs(3);

/// All objects, and the operator that turns some of them into configurations.
pub(crate) struct World {
    /// The objects as we see them.
    pub(crate) snapshot: Snapshot,
    scraping: OnceLock<Scraping<'static>>,
    _operator: Process,
}

static WORLD: OnceLock<Result<World, String>> = OnceLock::new();

impl World {
    /// The world of this run, which the first caller makes.
    pub(crate) fn of(cluster: &ControlPlane) -> Result<&'static Self> {
        let world = WORLD.get_or_init(|| Self::make(cluster).map_err(|error| format!("{error:#}")));
        world.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// What we say of all Prometheuses in it.
    pub(crate) fn scraping(&'static self) -> &'static Scraping<'static> {
        self.scraping.get_or_init(|| Scraping::new(&self.snapshot))
    }

    fn make(cluster: &ControlPlane) -> Result<Self> {
        let mut objects = hand_made()?;
        objects.extend(random_sets::objects());
        let (prometheuses, others): (Vec<_>, _) = objects.into_iter().partition(is_prometheus);
        let operator = operator::start(cluster)?;
        objects::create(cluster, &others)?;
        settle(cluster)?;
        objects::create(cluster, &prometheuses)?;
        operator::has_reconciled(cluster, &prometheuses)?;
        settle(cluster)?;
        Ok(Self { snapshot: snapshot(cluster)?, scraping: OnceLock::new(), _operator: operator })
    }
}

fn is_prometheus(object: &Value) -> bool {
    object["kind"] == "Prometheus"
}

fn hand_made() -> Result<Vec<Value>> {
    let authority = Authority::new("authority")?;
    let mut objects = Vec::new();
    for text in HAND_MADE {
        objects.extend(objects::read(text)?);
    }
    for data in objects.iter_mut().filter_map(|object| object.get_mut("data")?.as_object_mut()) {
        for value in data.values_mut().filter(|value| *value == AUTHORITY) {
            *value = authority.certificate().into();
        }
    }
    Ok(objects)
}

/// Waits until the controllers have made all EndpointSlices and Endpoints.
fn settle(cluster: &ControlPlane) -> Result<()> {
    let controlled = || -> Result<Vec<Value>> {
        let mut versions = Vec::new();
        for kind in KINDS.into_iter().filter(|kind| kind.name.starts_with("Endpoint")) {
            let stored = objects::stored(cluster, kind)?;
            versions.extend(stored.into_iter().map(|mut object| object["metadata"]["resourceVersion"].take()));
        }
        Ok(versions)
    };
    let mut last = (controlled()?, Instant::now());
    poll::until("the controllers to be done", Duration::from_mins(1), || {
        let now = controlled()?;
        if now != last.0 {
            last = (now, Instant::now());
        }
        let calm = last.1.elapsed();
        Ok(if calm > CALM { Look::Ready(()) } else { Look::NotYet(format!("calm for {calm:?}")) })
    })
}

/// All objects that matter, as the API server tells them. What our model does not know of is left out: Endpoints, for
/// instance, follow from EndpointSlices.
fn snapshot(cluster: &ControlPlane) -> Result<Snapshot> {
    let mut builder = Builder::new("default");
    for kind in KINDS {
        let Some(resource) = Resource::of(kind.group, kind.name) else { continue };
        for object in objects::stored(cluster, kind)? {
            builder.add(resource, &object.to_string(), None);
        }
    }
    Ok(builder.finish())
}
