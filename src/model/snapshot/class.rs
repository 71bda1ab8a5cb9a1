//! Classes of pods that no policy tells apart, so that a question has to be asked once for all of them.

pub(super) mod ranges;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::labels::Labels;
use crate::model::snapshot::{Container, Pod};
pub use ranges::Zone;
use ranges::Zones;

/// A class, by its number. Classes are numbered in the order of their first pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub(super) u32);

impl ClassId {
    /// Its number, from zero.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Labels that differ from pod to pod of one workload. They count only where somebody asks for them.
pub const LABELS_OF_ONE_POD: [&str; 9] = [
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
];

/// Which of the labels of single pods are mentioned somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions([bool; LABELS_OF_ONE_POD.len()]);

impl Mentions {
    /// Those in the text of an object.
    pub(super) fn of_text(text: &str) -> Self {
        Self(LABELS_OF_ONE_POD.map(|label| text.contains(label)))
    }

    /// Those among the labels of a selector.
    pub(super) fn of_labels(labels: &Labels<'_>) -> Self {
        Self(LABELS_OF_ONE_POD.map(|label| labels.get(label).is_some()))
    }

    /// The labels that are mentioned nowhere, so that they tell no pods apart.
    fn others(self) -> Vec<&'static str> {
        LABELS_OF_ONE_POD.into_iter().zip(self.0).filter(|(_, mentioned)| !mentioned).map(|(label, _)| label).collect()
    }
}

impl FromIterator<Self> for Mentions {
    fn from_iter<I: IntoIterator<Item = Self>>(all: I) -> Self {
        all.into_iter().fold(Self::default(), |mut sum, one| {
            sum.0.iter_mut().zip(one.0).for_each(|(sum, one)| *sum |= one);
            sum
        })
    }
}

/// All classes, as numbers of pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Classes {
    /// The labels of single pods that count.
    mentions: Mentions,
    /// The ranges of addresses that are mentioned.
    ranges: BTreeSet<IpNet>,
    /// The zones that these and annotations of pods make.
    zones: Zones,
    /// The class of every pod.
    of: Vec<ClassId>,
    /// The pods of every class.
    members: Vec<Vec<u32>>,
}

/// All that policies and the mesh can tell pods apart by.
#[derive(PartialEq, Eq, Hash)]
struct Shape<'p> {
    namespace: &'p str,
    labels: Vec<(&'p str, &'p str)>,
    mesh_annotations: Vec<(&'p str, &'p str)>,
    service_account: &'p str,
    host_network: bool,
    has_ended: bool,
    /// A template is still to be changed by whoever injects; a pod is as it is.
    is_made: bool,
    containers: &'p [Container],
    zones: Vec<Zone>,
}

impl Classes {
    /// Sorts pods into classes. Labels of single pods and ranges of addresses count if they are mentioned.
    pub(super) fn of(pods: &[Pod], mentions: Mentions, ranges: BTreeSet<IpNet>) -> Self {
        let ignored = mentions.others();
        let of_annotations = pods.iter().flat_map(ranges::of_pod);
        let zones = Zones::new(&ranges.iter().copied().chain(of_annotations).collect());
        let mut known: HashMap<Shape<'_>, ClassId> = HashMap::new();
        let mut classes = Self { mentions, ranges, zones, of: Vec::with_capacity(pods.len()), members: Vec::new() };
        for (pod, number) in pods.iter().zip(0..) {
            let next = ClassId(u32::try_from(classes.members.len()).unwrap_or(u32::MAX));
            let class = *known.entry(Shape::of(pod, &ignored, &classes.zones)).or_insert(next);
            if class == next {
                classes.members.push(Vec::new());
            }
            classes.of.push(class);
            classes.members.get_mut(class.index()).into_iter().for_each(|members| members.push(number));
        }
        classes.members.iter_mut().for_each(Vec::shrink_to_fit);
        classes.members.shrink_to_fit();
        classes
    }

    /// Whether the same labels of single pods and the same ranges count.
    pub(super) fn tell_apart_by(&self, mentions: Mentions, ranges: &BTreeSet<IpNet>) -> bool {
        self.mentions == mentions && self.ranges == *ranges
    }

    /// Whether the text of an object mentions a label of single pods or a range that does not count so far.
    pub(super) fn are_told_apart_by(&self, text: &str) -> bool {
        let mentions = Mentions::from_iter([self.mentions, Mentions::of_text(text)]);
        mentions != self.mentions || ranges::of_text(text).iter().any(|range| !self.ranges.contains(range))
    }

    /// The zone of an address.
    pub(super) fn zone_of(&self, address: IpAddr) -> Zone {
        self.zones.of(address)
    }

    /// The class of a pod by its number.
    pub(super) fn class_of(&self, pod: usize) -> Option<ClassId> {
        self.of.get(pod).copied()
    }

    /// The pods of a class, by their numbers.
    pub(super) fn members(&self, class: ClassId) -> &[u32] {
        self.members.get(class.index()).map_or(&[], Vec::as_slice)
    }

    /// All classes.
    pub(super) fn ids(&self) -> impl Iterator<Item = ClassId> + use<> {
        (0..u32::try_from(self.members.len()).unwrap_or(u32::MAX)).map(ClassId)
    }
}

impl<'p> Shape<'p> {
    fn of(pod: &'p Pod, ignored: &[&str], zones: &Zones) -> Self {
        Self {
            namespace: &pod.namespace,
            labels: sorted(&pod.labels, |key| !ignored.contains(&key)),
            mesh_annotations: sorted(&pod.annotations, is_of_the_mesh),
            service_account: &pod.service_account,
            host_network: pod.host_network,
            has_ended: pod.has_ended(),
            is_made: pod.phase.is_some(),
            containers: &pod.containers,
            zones: zones.of_pod(pod),
        }
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
