//! What the objects of a snapshot tell pods apart by, beyond what all pods are told apart by.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::labels::Labels;
use crate::model::snapshot::class::{LABELS_OF_ONE_POD, Zone, ranges};
use crate::model::snapshot::counted::Counted;

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
    pub(super) fn others(self) -> Vec<&'static str> {
        LABELS_OF_ONE_POD.into_iter().zip(self.0).filter(|(_, mentioned)| !mentioned).map(|(label, _)| label).collect()
    }
}

/// By what an object may tell pods of one class apart, because nothing in the snapshot mentions it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distinctions {
    /// By labels of single pods.
    pub labels: bool,
    /// By ranges of addresses.
    pub ranges: bool,
}

impl Distinctions {
    /// Whether there are any.
    pub const fn are_some(self) -> bool {
        self.labels || self.ranges
    }
}

/// How many objects mention each label of single pods, and each range of addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    mentions: [u32; LABELS_OF_ONE_POD.len()],
    ranges: Counted<IpNet>,
}

impl Terms {
    /// Counts the labels that an object mentions.
    pub(super) fn add(&mut self, mentions: Mentions) {
        self.mentions.iter_mut().zip(mentions.0).for_each(|(count, is_one)| *count += u32::from(is_one));
    }

    /// Counts them no more.
    pub(super) fn remove(&mut self, mentions: Mentions) {
        let each = self.mentions.iter_mut().zip(mentions.0);
        each.for_each(|(count, is_one)| *count = count.saturating_sub(u32::from(is_one)));
    }

    /// Counts a range. Whether it did not count before.
    pub(super) fn add_range(&mut self, range: IpNet) -> bool {
        self.ranges.add(&range, || range)
    }

    /// Counts it no more. Whether nobody else mentions it.
    pub(super) fn remove_range(&mut self, range: IpNet) -> bool {
        self.ranges.remove(&range)
    }

    /// The labels that count.
    pub(super) fn mentions(&self) -> Mentions {
        Mentions(self.mentions.map(|count| count > 0))
    }

    /// Whether any range counts.
    pub(super) fn has_ranges(&self) -> bool {
        !self.ranges.is_empty()
    }

    /// The zone of an address.
    pub(super) fn zone_of(&self, address: IpAddr) -> Zone {
        Zone::of(address, &self.ranges)
    }

    /// What the text of an object mentions that does not count so far.
    pub(super) fn lacking(&self, text: &str) -> Distinctions {
        let mut mentioned = Mentions::of_text(text).0.into_iter().zip(self.mentions);
        Distinctions {
            labels: mentioned.any(|(is_one, count)| is_one && count == 0),
            ranges: ranges::of_text(text).iter().any(|range| !self.ranges.contains(range)),
        }
    }
}
