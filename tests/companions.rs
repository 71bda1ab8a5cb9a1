//! The laws of companions, over random guards: the policies admit every connection of the guard and nothing else. What
//! they mean is decided here by plain evaluators of the JSON that is rendered.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use scrapeguard::engine::companion::{Companions, companions};
use scrapeguard::engine::reach::authorization::{Identity, admits};
use scrapeguard::model::Protocol;
use scrapeguard::model::Truth;
use scrapeguard::model::guard::document::IstioMode;
use scrapeguard::model::guard::{Component, Connection, Guard, Guards, Source};
use scrapeguard::model::principal::Principal;
use scrapeguard::model::resource::authorization_policy::AuthorizationPolicySpec;
use serde_json::{Map, Value, json};

const PROMETHEUS: &str = "prometheus";

/// Names of the components, and for each the names of its ports.
fn components() -> Vec<(String, Vec<String>)> {
    let names = |component: &Component| component.ports.iter().map(|port| port.name.clone()).collect();
    Guard::built_in().components.iter().map(|component| (component.name.clone(), names(component))).collect()
}

fn caller() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"namespace": "ingress-nginx", "podLabels": {"app.kubernetes.io/name": "ingress-nginx"}, "serviceAccount": "ingress-nginx"}),
        json!({"namespace": "tools"}),
        json!({"namespace": "kiali", "podLabels": {"app": "kiali"}}),
    ])
}

fn source() -> impl Strategy<Value = Value> {
    let names: Vec<String> = components().into_iter().map(|(name, _)| name).collect();
    prop_oneof![
        4 => select(names).prop_map(|name| json!({"component": name})),
        1 => Just(json!({"apiServer": true})),
        2 => caller().prop_map(|caller| json!({"caller": caller})),
    ]
}

fn connection() -> impl Strategy<Value = Value> {
    let listening = components().into_iter().filter(|(_, ports)| !ports.is_empty()).collect::<Vec<_>>();
    let to = select(listening).prop_flat_map(|(name, ports)| {
        let some = 1..=ports.len();
        (Just(name), subsequence(ports, some))
    });
    let purpose = select(vec!["metrics", "ui", "datasource", "gossip"]);
    (source(), to, purpose)
        .prop_map(|(from, (to, ports), purpose)| json!({"from": from, "to": to, "ports": ports, "purpose": purpose}))
}

/// Takes some of the built-in connections away.
fn removals() -> impl Strategy<Value = Vec<Value>> {
    let from = |source: &Source| match source {
        Source::Component(name) => json!({"component": name}),
        _ => json!({"apiServer": true}),
    };
    let removal = |connection: &Connection| json!({"from": from(&connection.from), "to": connection.to, "ports": [], "purpose": "metrics"});
    let all: Vec<Value> = Guard::built_in().connections.iter().map(removal).collect();
    let number = 0..=all.len();
    subsequence(all, number)
}

fn component_changes() -> impl Strategy<Value = Vec<Value>> {
    let names: Vec<String> = components().into_iter().map(|(name, _)| name).collect();
    let number = 0..=names.len();
    let change = |name: String| {
        let flag = || option::of(any::<bool>());
        (flag(), option::weighted(0.2, any::<bool>()), flag()).prop_map(move |(in_mesh, host_network, optional)| {
            let mut change = json!({"name": name});
            let given = [("inMesh", in_mesh), ("hostNetwork", host_network), ("optional", optional)];
            let given = given.into_iter().filter_map(|(key, flag)| Some((key.to_owned(), json!(flag?))));
            change.as_object_mut().unwrap().extend(given);
            change
        })
    };
    subsequence(names, number).prop_flat_map(move |names| names.into_iter().map(change).collect::<Vec<_>>())
}

fn guard() -> impl Strategy<Value = Guard> {
    let mesh = (select(vec!["auto", "none", "sidecar", "ambient"]), any::<bool>())
        .prop_map(|(istio, stats)| json!({"istio": istio, "envoyStats": stats}));
    let connections = (removals(), vec(connection(), 0..8)).prop_map(|(removed, added)| [removed, added].concat());
    (component_changes(), connections, vec(caller(), 0..3), mesh, any::<bool>()).prop_map(
        |(components, connections, callers, mesh, deny)| {
            let spec = json!({
                "components": components,
                "connections": connections,
                "webAccess": {"callers": callers},
                "mesh": mesh,
                "companions": {"defaultDeny": deny},
            });
            let head = json!({"apiVersion": "scrapeguard.io/v1alpha1", "kind": "ScrapeGuard", "metadata": {"name": "random"}, "spec": spec});
            Guards::parse(&head.to_string()).unwrap().iter().next().unwrap().clone()
        },
    )
}

/// Specifications of all rendered objects of a kind.
fn specs(companions: &Companions, kind: &str) -> Vec<Value> {
    let objects = companions.objects.iter().map(|object| serde_json::to_value(object).unwrap());
    objects.filter(|object| object["kind"] == kind).map(|mut object| object["spec"].take()).collect()
}

/// Somebody who calls, as a NetworkPolicy sees him: a pod with a namespace and labels, or no pod at all.
#[derive(Clone, Debug)]
struct Pod {
    namespace: String,
    labels: Map<String, Value>,
}

impl Pod {
    fn new<'a>(namespace: &str, labels: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        let labels = labels.into_iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        Self { namespace: namespace.to_owned(), labels }
    }

    fn of(guard: &Guard, component: &Component) -> Self {
        Self::new(&guard.namespace, component.selector_labels.iter().map(|(key, value)| (key, value)))
    }
}

fn matches(selector: &Value, labels: &Map<String, Value>) -> bool {
    let none = Map::new();
    selector["matchLabels"].as_object().unwrap_or(&none).iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Whether the policies admit a caller (`None` is no pod) to a port of a pod of the guarded namespace.
fn let_in(policies: &[Value], guard: &Guard, from: Option<&Pod>, to: &Pod, port: (u16, Protocol)) -> bool {
    let mut isolating = policies.iter().filter(|policy| matches(&policy["podSelector"], &to.labels)).peekable();
    let is_peer = |peer: &Value| {
        let Some(pod) = from.filter(|_| peer["ipBlock"].is_null()) else { return false };
        let name = Map::from_iter([("kubernetes.io/metadata.name".to_owned(), json!(pod.namespace))]);
        let namespace = match &peer["namespaceSelector"] {
            Value::Null => pod.namespace == guard.namespace,
            selector => matches(selector, &name),
        };
        namespace && (peer["podSelector"].is_null() || matches(&peer["podSelector"], &pod.labels))
    };
    let opens = |rule: &Value| {
        let from = rule["from"].as_array().is_none_or(|peers| peers.iter().any(is_peer));
        let wanted = json!({"port": port.0, "protocol": port.1});
        from && rule["ports"].as_array().unwrap().contains(&wanted)
    };
    isolating.peek().is_none()
        || isolating.any(|policy| policy["ingress"].as_array().is_some_and(|rules| rules.iter().any(opens)))
}

fn in_mesh(guard: &Guard, component: &Component) -> Truth {
    match (guard.mesh.istio, component.host_network, component.in_mesh) {
        (IstioMode::None, ..) | (_, true, _) | (_, _, Some(false)) => Truth::No,
        (IstioMode::Auto, _, None) => Truth::Unknown,
        _ => Truth::Yes,
    }
}

/// Who there is: the sources of all connections, all components, and strangers inside and outside the namespace.
fn everybody(guard: &Guard) -> Vec<(Source, Option<Pod>)> {
    let label = ("app".to_owned(), "stranger".to_owned());
    let stranger = |namespace: &str| {
        let source = Source::Component(format!("a stranger in {namespace}"));
        (source, Some(Pod::new(namespace, [(&label.0, &label.1)])))
    };
    let components = guard.components.iter().filter(|component| !component.host_network);
    let mut all: Vec<(Source, Option<Pod>)> = components
        .map(|component| (Source::Component(component.name.clone()), Some(Pod::of(guard, component))))
        .chain([
            stranger(&guard.namespace),
            stranger("elsewhere"),
            stranger("ingress-nginx"),
            (Source::ApiServer, None),
        ])
        .collect();
    for connection in &guard.connections {
        if let Source::Caller(caller) = &connection.from {
            all.push((connection.from.clone(), Some(Pod::new(&caller.namespace, &caller.pod_labels))));
        }
    }
    all
}

/// Whether the guard asks for this, by a connection or by what a mesh needs for one.
fn is_wanted(guard: &Guard, from: &Source, to: &Component, port: (u16, Protocol)) -> bool {
    let connections = || guard.connections.iter().filter(|connection| connection.to == to.name);
    let called = connections()
        .any(|known| (known.from == *from || known.from == Source::ApiServer) && known.ports.contains(&port));
    let (sidecar, ambient) = match guard.mesh.istio {
        IstioMode::Auto => (true, true),
        mode => (mode == IstioMode::Sidecar, mode == IstioMode::Ambient),
    };
    let meshed = in_mesh(guard, to) == Truth::Yes && port.1 == Protocol::Tcp;
    let scraper = *from == Source::Component(PROMETHEUS.to_owned());
    let envoy = meshed && sidecar && scraper && guard.mesh.envoy_stats && [15020, 15090].contains(&port.0);
    let meshed_caller = match from {
        Source::ApiServer => false,
        Source::Component(name) => {
            guard.component(name).is_some_and(|component| in_mesh(guard, component) != Truth::No)
        }
        Source::Caller(_) => true,
    };
    let calls =
        |known: &Connection| known.from == *from && known.ports.iter().any(|(_, protocol)| *protocol == Protocol::Tcp);
    let tunnel = meshed && ambient && meshed_caller && port.0 == 15008 && connections().any(calls);
    called || envoy || tunnel
}

/// The ports of a component, and some that nobody listens on.
fn ports(component: &Component) -> Vec<(u16, Protocol)> {
    let own = component.ports.iter().map(|port| (port.number, port.protocol));
    let others = [443, 15000, 15006, 15008, 15020, 15090].map(|port| (port, Protocol::Tcp));
    own.chain(others).chain([(9094, Protocol::Udp), (15008, Protocol::Udp)]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn network_policies_admit_what_the_guard_wants_and_nothing_else(guard in guard()) {
        let policies = specs(&companions(&guard), "NetworkPolicy");
        for to in guard.components.iter().filter(|component| !component.host_network) {
            for (from, pod) in everybody(&guard) {
                for port in ports(to) {
                    let admitted = let_in(&policies, &guard, pod.as_ref(), &Pod::of(&guard, to), port);
                    prop_assert_eq!(admitted, is_wanted(&guard, &from, to, port), "{:?} to {} {:?}", from, to.name, port);
                }
            }
        }
    }

    #[test]
    fn a_closed_namespace_is_closed_for_pods_that_nobody_knows(guard in guard()) {
        let policies = specs(&companions(&guard), "NetworkPolicy");
        let stranger = Pod::new(&guard.namespace, []);
        for (_, from) in everybody(&guard) {
            let admitted = let_in(&policies, &guard, from.as_ref(), &stranger, (80, Protocol::Tcp));
            prop_assert_eq!(admitted, !guard.companions.default_deny);
        }
    }

    #[test]
    fn authorization_policies_admit_every_caller_and_no_stranger(guard in guard()) {
        for policy in specs(&companions(&guard), "AuthorizationPolicy") {
            let text = policy.to_string();
            let view: AuthorizationPolicySpec<'_> = serde_json::from_str(&text).unwrap();
            let selects = |component: &&Component| matches(&policy["selector"], &Pod::of(&guard, component).labels);
            let component = guard.components.iter().find(selects).unwrap();
            prop_assert_eq!(in_mesh(&guard, component), Truth::Yes);
            for connection in guard.connections_to(component) {
                let identity = principal(&guard, &connection.from);
                for (port, _) in connection.ports.iter().filter(|(_, protocol)| *protocol == Protocol::Tcp) {
                    match &identity {
                        Some(principal) => {
                            prop_assert!(Principal::parse(principal).is_some());
                            prop_assert_eq!(admits(&view, Identity::Principal(principal), *port), Truth::Yes);
                        }
                        None => prop_assert!(may_be_missing(&guard, &connection.from), "{:?} is locked out", connection),
                    }
                    let stranger = Identity::Principal("cluster.local/ns/elsewhere/sa/default");
                    prop_assert_eq!(admits(&view, stranger, *port), Truth::No);
                }
            }
        }
    }

    #[test]
    fn who_cannot_be_admitted_is_noted(guard in guard()) {
        let companions = companions(&guard);
        for component in guard.components.iter().filter(|component| component.host_network) {
            prop_assert!(companions.notes.iter().any(|note| note.about == component.name));
        }
    }

    #[test]
    fn no_two_objects_share_a_name(guard in guard()) {
        let companions = companions(&guard);
        let key = |object: &Value| format!("{}/{}", object["kind"], object["metadata"]["name"]);
        let mut names: Vec<String> =
            companions.objects.iter().map(|object| key(&serde_json::to_value(object).unwrap())).collect();
        names.sort();
        let number = names.len();
        names.dedup();
        prop_assert_eq!(names.len(), number);
    }
}

/// The identity that a source certainly has in the mesh.
fn principal(guard: &Guard, source: &Source) -> Option<String> {
    match source {
        Source::ApiServer => None,
        Source::Caller(caller) => Some(guard.principal_in(&caller.namespace, caller.service_account.as_ref()?)),
        Source::Component(name) => {
            let component = guard.component(name).filter(|component| in_mesh(guard, component) == Truth::Yes)?;
            Some(guard.principal(component.service_account.as_ref()?))
        }
    }
}

/// Nothing is demanded for the sake of an optional component.
fn may_be_missing(guard: &Guard, source: &Source) -> bool {
    matches!(source, Source::Component(name) if guard.component(name).is_some_and(|component| component.optional))
}
