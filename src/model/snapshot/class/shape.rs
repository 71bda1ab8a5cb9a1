//! What policies and the mesh can tell pods apart by.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::labels::Labels;
use crate::model::snapshot::class::Zone;
use crate::model::snapshot::terms::Terms;
use crate::model::snapshot::{Container, Pod};

/// Terms, as they are asked for every pod.
pub(super) struct Terse<'t> {
    terms: &'t Terms,
    ignored: Vec<&'static str>,
}

impl<'t> Terse<'t> {
    pub(super) fn new(terms: &'t Terms) -> Self {
        Self { terms, ignored: terms.mentions().others() }
    }
}

/// All that policies and the mesh can tell pods apart by.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Shape<'p> {
    namespace: &'p str,
    labels: Vec<(&'p str, &'p str)>,
    mesh_annotations: Vec<(&'p str, &'p str)>,
    service_account: &'p str,
    host_network: bool,
    has_ended: bool,
    /// A template is still to be changed by whoever injects; a pod is as it is.
    is_made: bool,
    containers: &'p [Container],
    /// None where no range is mentioned, for then nobody asks.
    zones: Vec<Zone>,
}

impl<'p> Shape<'p> {
    pub(super) fn of(pod: &'p Pod, terse: &Terse<'_>) -> Self {
        let addresses = if terse.terms.has_ranges() { &*pod.addresses } else { &[] };
        Self {
            namespace: &pod.namespace,
            labels: sorted(&pod.labels, |key| !terse.ignored.contains(&key)),
            mesh_annotations: sorted(&pod.annotations, is_of_the_mesh),
            service_account: &pod.service_account,
            host_network: pod.host_network,
            has_ended: pod.has_ended(),
            is_made: pod.phase.is_some(),
            containers: &pod.containers,
            zones: addresses.iter().map(|address| terse.terms.zone_of(*address)).collect(),
        }
    }

    /// The same for the same shape, in every snapshot.
    pub(super) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        Hash::hash(self, &mut hasher);
        hasher.finish()
    }
}

fn sorted<'p>(labels: &'p Labels<'_>, counts: impl Fn(&str) -> bool) -> Vec<(&'p str, &'p str)> {
    let mut labels: Vec<_> = labels.iter().filter(|(key, _)| counts(key)).collect();
    labels.sort_unstable();
    labels
}

/// Whether the mesh reads an annotation: whether its domain is one of Istio's.
fn is_of_the_mesh(annotation: &str) -> bool {
    let domain = annotation.split_once('/').map_or("", |(domain, _)| domain);
    domain == "istio.io" || domain.ends_with(".istio.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_of_the_mesh_are_told_by_their_domain() {
        for (annotation, expected) in [
            ("sidecar.istio.io/inject", true),
            ("istio.io/rev", true),
            ("kubectl.kubernetes.io/last-applied-configuration", false),
            ("notistio.io/a", false),
            ("istio.io", false),
        ] {
            assert_eq!(is_of_the_mesh(annotation), expected, "{annotation}");
        }
    }
}
