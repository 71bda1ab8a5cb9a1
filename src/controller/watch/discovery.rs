//! Which of the kinds that not every cluster has are served, and where. Custom resource definitions come and go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use kube::client::{APIGroupDiscovery, APIGroupDiscoveryList};
use kube::core::params::ListParams;
use serde::de::IgnoredAny;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::kinds::{Kind, Place, Served};

/// How often we look without a reason: kinds of aggregated API servers have no definition that could be watched.
const EVERY: Duration = Duration::from_secs(10);
/// When we look again after a definition has changed, because discovery takes a moment to follow.
const AGAIN: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the watches of such kinds learn where they are served.
pub(super) type Places = Vec<(&'static Kind, watch::Sender<Place>)>;

/// Looks what is served, after every change of a definition and from time to time, until it is dropped.
pub(super) async fn run(client: Client, places: Places, changed: Arc<Notify>) {
    let mut is_well = true;
    let mut waits = [].iter();
    loop {
        match timeout(PATIENCE, client.list_api_groups_aggregated()).await {
            Ok(Ok(list)) => {
                tell(&client, &places, &served(list)).await;
                is_well = true;
            }
            failed => {
                let reason = failed.map_or_else(|slow| slow.to_string(), |error| format!("{:?}", error.err()));
                if std::mem::take(&mut is_well) {
                    tracing::warn!(reason, "the API server does not say which kinds it serves");
                }
            }
        }
        tokio::select! {
            () = changed.notified() => waits = AGAIN.iter(),
            () = sleep(waits.next().copied().unwrap_or(EVERY)) => {}
        }
    }
}

/// Every watch is told if its place is another one now.
async fn tell(client: &Client, places: &Places, served: &HashMap<(String, String), Served>) {
    for (kind, place) in places {
        let before = place.borrow().clone();
        let now = match served.get(&(kind.group.to_owned(), kind.name.to_owned())) {
            Some(served) => Place::At(served.clone()),
            None if is_still_served(client, &before).await => continue,
            None => Place::Nowhere,
        };
        place.send_if_modified(|known| {
            let is_another = *known != now;
            *known = now;
            is_another
        });
    }
}

/// An API server that has just started leaves out what it has not found yet. It does not say that this does not exist.
async fn is_still_served(client: &Client, place: &Place) -> bool {
    let Place::At(Served { path }) = place else { return false };
    let Ok(request) = kube::core::Request::new(path.clone()).list(&ListParams::default().limit(1)) else {
        return false;
    };
    let answer = timeout(PATIENCE, client.request::<IgnoredAny>(request)).await;
    !matches!(answer, Ok(Err(kube::Error::Api(status))) if status.code == 404)
}

/// Where each group and kind can be watched, in the version that the API server prefers.
fn served(list: APIGroupDiscoveryList) -> HashMap<(String, String), Served> {
    let mut served = HashMap::new();
    for (group, place) in list.items.into_iter().flat_map(of_group) {
        served.entry(group).or_insert(place);
    }
    served
}

fn of_group(group: APIGroupDiscovery) -> Vec<((String, String), Served)> {
    let name = group.metadata.and_then(|metadata| metadata.name).unwrap_or_default();
    let mut found = Vec::new();
    for version in group.versions {
        let of = version.version.unwrap_or_default();
        for resource in version.resources {
            let can_be_watched = ["list", "watch"].iter().all(|verb| resource.verbs.iter().any(|known| known == verb));
            let kind = resource.response_kind.and_then(|kind| kind.kind);
            if let (true, Some(kind), Some(plural)) = (can_be_watched, kind, resource.resource) {
                found.push(((name.clone(), kind), Served::at(&name, &of, &plural)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use hyper::{Request, Response};
    use kube::client::Body;
    use serde_json::json;

    use super::super::kinds;
    use super::*;

    fn resource(kind: &str, plural: &str, verbs: &[&str]) -> serde_json::Value {
        json!({"resource": plural, "responseKind": {"kind": kind}, "verbs": verbs})
    }

    #[test]
    fn the_preferred_version_that_can_be_watched_is_taken() {
        let list = json!({"items": [
            {"metadata": {"name": "security.istio.io"}, "versions": [
                {"version": "v2", "resources": [resource("AuthorizationPolicy", "authorizationpolicies", &["get"])]},
                {"version": "v1", "resources": [
                    resource("AuthorizationPolicy", "authorizationpolicies", &["get", "list", "watch"])]},
                {"version": "v1beta1", "resources": [
                    resource("AuthorizationPolicy", "authorizationpolicies", &["list", "watch"]),
                    resource("PeerAuthentication", "peerauthentications", &["list", "watch"])]},
            ]},
            {"metadata": {"name": "empty"}},
        ]});
        let served = served(serde_json::from_value(list).unwrap());
        let path = |kind: &str| served[&("security.istio.io".to_owned(), kind.to_owned())].path.clone();
        assert_eq!(path("AuthorizationPolicy"), "/apis/security.istio.io/v1/authorizationpolicies");
        assert_eq!(path("PeerAuthentication"), "/apis/security.istio.io/v1beta1/peerauthentications");
    }

    /// An API server that answers every request with this status.
    fn always(code: u16) -> Client {
        let answer = move |_: Request<Body>| async move {
            let status = json!({"kind": "Status", "code": code, "message": "", "reason": ""}).to_string();
            Ok::<_, std::io::Error>(Response::builder().status(code).body(Body::from(status.into_bytes())).unwrap())
        };
        Client::new(tower::service_fn(answer), "default")
    }

    #[tokio::test]
    async fn only_a_change_is_told() {
        let kind = kinds::watched(true).find(|kind| kind.name == "PodMonitor").unwrap();
        let (place, mut told) = watch::channel(Place::NotKnown);
        let places = vec![(kind, place)];
        let here = Served::at(kind.group, "v1", "podmonitors");
        let key = (kind.group.to_owned(), kind.name.to_owned());
        let served = HashMap::from([(key, here.clone())]);
        tell(&always(404), &places, &served).await;
        assert_eq!(*told.borrow_and_update(), Place::At(here));
        tell(&always(404), &places, &served).await;
        assert!(!told.has_changed().unwrap());
        for hesitant in [200, 403, 503] {
            tell(&always(hesitant), &places, &HashMap::new()).await;
            assert!(!told.has_changed().unwrap(), "{hesitant} says that it is gone");
        }
        tell(&always(404), &places, &HashMap::new()).await;
        assert_eq!(*told.borrow_and_update(), Place::Nowhere);
    }
}
