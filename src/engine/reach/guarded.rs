//! The connections that a guard asks for, between the pods that a snapshot really has.

use crate::engine::reach::mesh::ClientTls;
use crate::engine::reach::{Connection, End, Manner};
use crate::model::guard::connection::{Caller, Purpose, Source};
use crate::model::guard::{Certificates, Guard};
use crate::model::snapshot::{Pod, Snapshot};

/// A connection that must get through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded<'s> {
    /// What for.
    pub purpose: Purpose,
    /// Who calls, in words.
    pub from: String,
    /// Who is called, in words.
    pub to: String,
    /// Who calls whom.
    pub connection: Connection<'s>,
    /// How.
    pub manner: Manner,
}

/// All of them, in the order of the guard. A component that has no pods has no connections, and a pod needs none to
/// itself. Of pods that no policy can tell apart, the first stands for all.
pub fn guarded<'s>(guard: &Guard, snapshot: &'s Snapshot) -> Vec<Guarded<'s>> {
    let mut all = Vec::new();
    for wanted in &guard.connections {
        let called = pods_of(guard, &wanted.to, snapshot);
        let callers = callers(guard, &wanted.from, snapshot).into_iter();
        for (from, to) in
            callers.flat_map(|from| partners(from, &called, snapshot).into_iter().map(move |to| (from, to)))
        {
            let ports = wanted.ports.iter().copied();
            all.extend(ports.map(|(port, protocol)| Guarded {
                purpose: wanted.purpose,
                from: from.map_or_else(|| "kube-apiserver".to_owned(), Pod::full_name),
                to: to.full_name(),
                connection: Connection { from: from.map_or(End::World, End::Pod), to: End::Pod(to), port, protocol },
                manner: manner(guard, wanted.purpose, &wanted.to),
            }));
        }
    }
    all
}

/// Prometheus calls pods by their addresses, those in the mesh with a certificate of it if it was given one. Everybody
/// else calls Services.
fn manner(guard: &Guard, purpose: Purpose, to: &str) -> Manner {
    let in_mesh = guard.component(to).is_none_or(|component| component.in_mesh != Some(false));
    let tls = match (purpose, guard.mesh.certificates) {
        (Purpose::Metrics, Certificates::Istio | Certificates::Ocne) if in_mesh => ClientTls::IstioCertificates,
        (Purpose::Metrics, _) => ClientTls::None,
        _ => ClientTls::Mesh,
    };
    Manner { tls, request: None }
}

/// The pods that are called by one caller. A pod does not call itself, but another of its class where there is one.
fn partners<'s>(from: Option<&Pod>, called: &[&'s Pod], snapshot: &'s Snapshot) -> Vec<&'s Pod> {
    let is_other = |to: &Pod| from.is_none_or(|from| from.object != to.object);
    let partner = |to: &&'s Pod| {
        let class = snapshot.class_of(to).into_iter().flat_map(|class| snapshot.members(class));
        std::iter::once(*to).chain(class).find(|to| is_other(to))
    };
    called.iter().filter_map(partner).collect()
}

/// The pods that call; `None` for the kube-apiserver, which is none.
fn callers<'s>(guard: &Guard, source: &Source, snapshot: &'s Snapshot) -> Vec<Option<&'s Pod>> {
    match source {
        Source::ApiServer => vec![None],
        Source::Component(name) => pods_of(guard, name, snapshot).into_iter().map(Some).collect(),
        Source::Caller(Caller { namespace, pod_labels, .. }) => {
            let labels = pod_labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            pods(snapshot, namespace, &labels).into_iter().map(Some).collect()
        }
    }
}

/// The pods of a component. Of pods that no policy can tell apart, the first stands for all.
pub(in crate::engine) fn pods_of<'s>(guard: &Guard, name: &str, snapshot: &'s Snapshot) -> Vec<&'s Pod> {
    let Some(component) = guard.component(name) else { return Vec::new() };
    let labels = component.selector_labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    pods(snapshot, &guard.namespace, &labels)
}

fn pods<'s, 'l>(
    snapshot: &'s Snapshot,
    namespace: &str,
    labels: &(impl Iterator<Item = (&'l str, &'l str)> + Clone),
) -> Vec<&'s Pod> {
    let of_class = |pod: &&Pod| {
        let class = snapshot.class_of(pod);
        class.is_none_or(|class| snapshot.members(class).next().is_none_or(|first| first.object == pod.object))
    };
    let meant = |pod: &&Pod| !pod.has_ended() && pod.labels.contains_all(labels.clone());
    snapshot.pods_in(namespace).iter().filter(meant).filter(of_class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source as Text;
    use crate::model::snapshot::Builder;

    fn alertmanager(name: &str) -> String {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: monitoring, labels: \
             {{app.kubernetes.io/name: alertmanager, statefulset.kubernetes.io/pod-name: {name}}}}}\n\
             spec: {{containers: [{{name: alertmanager}}]}}\nstatus: {{phase: Running}}\n"
        )
    }

    fn asked(names: &[&str]) -> Vec<String> {
        let text: String = names.iter().map(|name| alertmanager(name)).collect();
        let mut builder = Builder::new("default");
        assert_eq!(builder.add_source("input", &Text::new(&text)), []);
        let snapshot = builder.finish();
        let all = guarded(&Guard::built_in(), &snapshot);
        all.iter()
            .map(|it| format!("{} {} {} {}", it.from, it.to, it.connection.port, it.connection.protocol))
            .collect()
    }

    #[test]
    fn one_replica_has_nobody_to_talk_to() {
        assert_eq!(asked(&["a-0"]), [""; 0]);
    }

    #[test]
    fn replicas_talk_to_each_other_and_one_pair_stands_for_all() {
        let expected = ["monitoring/a-0 monitoring/a-1 9094 TCP", "monitoring/a-0 monitoring/a-1 9094 UDP"];
        assert_eq!(asked(&["a-0", "a-1"]), expected);
        assert_eq!(asked(&["a-0", "a-1", "a-2"]), expected);
    }
}
