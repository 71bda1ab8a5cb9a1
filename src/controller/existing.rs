//! Objects that are older than their guard and lack what admission would have added: they are told of, and given it
//! where the guard asks for that.
//!
//! What is added to a template restarts its pods, so it is done one object at a time, with a pause after each.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::controller::events::{Happening, Subject, Teller};
use crate::controller::{Context, FIELD_MANAGER};
use crate::engine::admission::Circumstances;
use crate::engine::existing::{Lacking, lacking};
use crate::model::guard::document::ExistingMode;
use crate::model::guard::enforcement::MODE_LABEL;
use crate::model::snapshot::Snapshot;
use crate::model::{ObjectReference, Resource};
use crate::state::State;

/// The least time between two looks.
const PAUSE: Duration = Duration::from_secs(10);
/// The pause after an object was patched: its pods start anew.
const AFTER_A_PATCH: Duration = Duration::from_secs(5);
/// How often one object is patched at most. Somebody who takes the additions away means it.
const MOST: u32 = 3;
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The kinds that are in the snapshot as they were written.
const KEPT: [Resource; 6] = [
    Resource::Prometheus,
    Resource::PrometheusAgent,
    Resource::PodMonitor,
    Resource::ServiceMonitor,
    Resource::Probe,
    Resource::ScrapeConfig,
];
/// The kinds that are read anew each time.
const WORKLOADS: [Resource; 4] = [Resource::Deployment, Resource::StatefulSet, Resource::DaemonSet, Resource::CronJob];

/// All objects that lack something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Existing(Vec<Lacking>);

impl Existing {
    /// Those of one guard.
    pub fn of<'a>(&'a self, guard: &'a str) -> impl Iterator<Item = &'a Lacking> {
        self.0.iter().filter(move |lacking| lacking.guard == guard)
    }
}

/// Looks whenever the cluster has changed, for as long as it is polled.
pub async fn run(context: Context, told: watch::Sender<Option<Arc<Existing>>>, teller: Teller) {
    let mut states = context.shared.state.subscribe();
    let mut patched = Patched::new();
    let mut last: Option<Arc<State>> = None;
    loop {
        states.mark_unchanged();
        let state = context.shared.state.kept();
        if last.as_ref().is_none_or(|last| !last.is_based_on_the_same(&state)) && state.cluster.is_some() {
            match all_lacking(&context.client, &state).await {
                Ok(existing) => {
                    if told.borrow().as_deref() != Some(&existing) {
                        told.send_replace(Some(Arc::new(existing.clone())));
                    }
                    mend(&context.client, &state, &existing, &mut patched, &teller).await;
                    last = Some(state);
                }
                Err(error) => {
                    tracing::warn!(%error, "the workloads of a guarded namespace cannot be read");
                    sleep(PAUSE).await;
                    continue;
                }
            }
        }
        sleep(PAUSE).await;
        if states.changed().await.is_err() {
            return;
        }
    }
}

/// What of the guarded namespaces lacks something now.
async fn all_lacking(client: &Client, state: &State) -> kube::Result<Existing> {
    let Some(cluster) = &state.cluster else { return Ok(Existing::default()) };
    let mut found = Vec::new();
    let mut seen = Vec::new();
    for guard in state.guards.iter() {
        if seen.contains(&&guard.namespace) {
            continue;
        }
        seen.push(&guard.namespace);
        let circumstances = circumstances(&cluster.snapshot, &guard.namespace);
        for resource in KEPT {
            let kept = cluster.snapshot.objects_in(resource, &guard.namespace);
            found.extend(
                kept.filter_map(|kept| lacking(resource, &kept.reference, &kept.json, &state.guards, &circumstances)),
            );
        }
        for resource in WORKLOADS {
            let api = api(client, resource, &guard.namespace);
            let listed = timeout(PATIENCE, api.list(&ListParams::default())).await;
            let objects = listed.map_err(|_| no_answer())??;
            found.extend(objects.into_iter().filter_map(|object| {
                let reference = reference(resource, &guard.namespace, object.metadata.name.as_deref()?);
                let json = serde_json::to_string(&object).ok()?;
                lacking(resource, &reference, &json, &state.guards, &circumstances)
            }));
        }
    }
    Ok(Existing(found))
}

/// Patches what guards want to be patched, one after the other.
async fn mend(client: &Client, state: &State, existing: &Existing, patched: &mut Patched, teller: &Teller) {
    for lacking in &existing.0 {
        let wants = state.guards.iter().any(|it| it.name == lacking.guard && it.existing == ExistingMode::Patch);
        let times = patched.get(&lacking.object).copied().unwrap_or_default();
        if !wants || lacking.patch.is_empty() || times >= MOST {
            continue;
        }
        patched.insert(lacking.object.clone(), times + 1);
        let begun = Instant::now();
        match timeout(PATIENCE, patch(client, state, lacking)).await {
            Ok(Ok(true)) => teller.tell(added(lacking)),
            Ok(Ok(false)) => continue,
            Ok(Err(error)) => tracing::warn!(object = %lacking.object, %error, "what it lacks cannot be added"),
            Err(_) => tracing::warn!(object = %lacking.object, "what it lacks cannot be added in time"),
        }
        sleep(AFTER_A_PATCH.saturating_sub(begun.elapsed())).await;
    }
}

/// How often each object was patched.
type Patched = HashMap<ObjectReference, u32>;

/// Gives an object what it lacks at this moment, as admission would. Returns whether it lacked anything.
async fn patch(client: &Client, state: &State, known: &Lacking) -> kube::Result<bool> {
    let (namespace, name) = (known.object.namespace.as_deref().unwrap_or_default(), &known.object.name);
    let Some(cluster) = &state.cluster else { return Ok(false) };
    let api = api(client, known.resource, namespace);
    let Some(object) = api.get_opt(name).await? else { return Ok(false) };
    let json = serde_json::to_string(&object).map_err(kube::Error::SerdeError)?;
    let circumstances = circumstances(&cluster.snapshot, namespace);
    let Some(now) = lacking(known.resource, &known.object, &json, &state.guards, &circumstances) else {
        return Ok(false);
    };
    let version = object.metadata.resource_version.unwrap_or_default();
    let test = json!({"op": "test", "path": "/metadata/resourceVersion", "value": version});
    let additions = now.patch.additions().iter().filter_map(|addition| serde_json::to_value(addition).ok());
    let operations = Value::Array(std::iter::once(test).chain(additions).collect());
    let operations = serde_json::from_value(operations).map_err(kube::Error::SerdeError)?;
    let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    api.patch(name, &parameters, &Patch::<Value>::Json(operations)).await?;
    tracing::info!(object = %known.object, guard = known.guard, "added what it lacked");
    Ok(true)
}

fn added(lacking: &Lacking) -> Happening {
    Happening {
        about: Subject::Object(lacking.resource, lacking.object.clone()),
        is_warning: false,
        reason: "InjectionAdded",
        action: "Patch",
        note: format!("added what the guard {} wants and what it lacked, being older than the guard", lacking.guard),
    }
}

/// The time, and the mode that the namespace asks for.
fn circumstances(snapshot: &Snapshot, namespace: &str) -> Circumstances {
    let mode = snapshot.namespaces().get(namespace).label(MODE_LABEL).flatten().and_then(|mode| mode.parse().ok());
    Circumstances { now: Timestamp::now(), namespace_mode: mode }
}

fn reference(resource: Resource, namespace: &str, name: &str) -> ObjectReference {
    ObjectReference { kind: resource.kind().to_owned(), namespace: Some(namespace.to_owned()), name: name.to_owned() }
}

fn plural(resource: Resource) -> String {
    let kind = resource.kind().to_lowercase();
    if kind.ends_with('s') { kind + "es" } else { kind + "s" }
}

fn api(client: &Client, resource: Resource, namespace: &str) -> Api<DynamicObject> {
    let version = match resource {
        Resource::PrometheusAgent | Resource::ScrapeConfig => "v1alpha1",
        _ => "v1",
    };
    let kind = GroupVersionKind::gvk(resource.group(), version, resource.kind());
    Api::namespaced_with(client.clone(), namespace, &ApiResource::from_gvk_with_plural(&kind, &plural(resource)))
}

fn no_answer() -> kube::Error {
    kube::Error::Service("the API server does not answer".into())
}
