//! What an edit of a guard would close and open through its companions, which the controller writes.

use crate::engine::admission::Circumstances;
use crate::engine::analysis::Analysis;
use crate::engine::analysis::alteration::Sides;
use crate::engine::analysis::consequences::{Consequences, of_sides};
use crate::engine::analysis::words::{self, Review};
use crate::engine::companion::{Companion, companions};
use crate::model::guard::document::KIND;
use crate::model::guard::{CompanionMode, Guard, User};
use crate::model::labels::Labels;
use crate::model::snapshot::Change;
use crate::model::{ObjectReference, Resource};

/// A companion that is written to the cluster.
struct Written {
    resource: Resource,
    object: ObjectReference,
    json: String,
}

pub(super) fn consequences(
    analysis: &Analysis,
    before: Option<&Guard>,
    after: Option<&Guard>,
    user: &User<'_>,
    circumstances: &Circumstances,
) -> Consequences {
    let Some(guard) = after.or(before) else { return Consequences::default() };
    let (known, snapshot) = (analysis.known(), analysis.snapshot());
    let (earlier, later) = (written(before), written(after));
    let is_kept = |object: &ObjectReference| later.iter().any(|it| it.object == *object);
    let gone = earlier.iter().filter(|it| !is_kept(&it.object) && snapshot.contains(&it.object));
    let gone = gone.map(|it| Change::Delete(it.object.clone()));
    let new = later.iter().filter(|it| earlier.iter().all(|known| known.object != it.object || known.json != it.json));
    let new = new.map(|it| Change::Put { resource: it.resource, json: it.json.clone() });
    let sides = Sides { before: Vec::new(), after: gone.chain(new).collect() };
    if sides.after.is_empty() {
        return Consequences::default();
    }
    let object = ObjectReference { kind: KIND.to_owned(), namespace: None, name: guard.name.clone() };
    let review = Review {
        snapshot,
        object: &object,
        annotations: &Labels::none(),
        is_deletion: after.is_none(),
        is_guarded: true,
        guard,
        user,
        circumstances,
    };
    words::consequences(of_sides(known, snapshot, analysis.guards(), &sides), &review)
}

/// The companions of a guard that it wants applied.
fn written(guard: Option<&Guard>) -> Vec<Written> {
    let Some(guard) = guard else { return Vec::new() };
    let modes = guard.companions;
    let all = companions(guard).objects.into_iter().filter_map(|companion| {
        let (resource, mode, metadata) = match &companion {
            Companion::NetworkPolicy(it) => (Resource::NetworkPolicy, modes.network_policies, &it.metadata),
            Companion::AuthorizationPolicy(it) => {
                (Resource::AuthorizationPolicy, modes.authorization_policies, &it.metadata)
            }
            Companion::PodMonitor(it) => (Resource::PodMonitor, modes.pod_monitors, &it.metadata),
        };
        let json = serde_json::to_string(&companion).ok().filter(|_| mode == CompanionMode::Apply)?;
        let (kind, namespace) = (resource.kind().to_owned(), Some(metadata.namespace.clone()));
        let object = ObjectReference { kind, namespace, name: metadata.name.clone() };
        Some(Written { resource, object, json })
    });
    all.collect()
}
