//! Callers outside the cluster, by their addresses.
//!
//! Ranges cut the addresses into stretches that no policy tells apart. Each begins where a range begins, or right
//! behind its end: so it is enough to try these addresses, and one that is in no range.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::trial::Trial;
use crate::engine::reach::authorization_policy::Mentioned;
use crate::engine::reach::network_policy::Opening;
use crate::engine::reach::network_policy::address_range::AddressRange;
use crate::engine::reach::{End, Path, Verdict};
use crate::model::Truth;
use crate::model::snapshot::Pod;

/// Addresses that documents use as examples (RFC 5737, RFC 3849).
const EXAMPLES: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// The ranges that policies mention around one port.
pub(super) struct Addresses<'p> {
    /// In NetworkPolicies.
    ranges: Vec<&'p AddressRange>,
    /// In AuthorizationPolicies.
    blocks: Vec<IpNet>,
    has_open: bool,
}

/// Addresses that get through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outsiders<'p> {
    /// The range that lets them; `None` for every address.
    range: Option<Range<'p>>,
    pub(super) verdict: Verdict,
    /// One of them.
    example: IpAddr,
}

/// A range that a policy mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range<'p> {
    Written(&'p AddressRange),
    Block(IpNet),
}

impl<'p> Addresses<'p> {
    /// Those around the port that is tried.
    pub(super) fn around(trial: &'p Trial<'_, '_>) -> Self {
        let mentioned = trial.evaluator.authorization_policies().mentioned(trial.port.target);
        Self::new(&trial.openings(), mentioned)
    }

    fn new(openings: &[Opening<'p>], mentioned: impl Iterator<Item = Mentioned<'p>>) -> Self {
        let ranges = openings.iter().filter_map(|opening| match opening {
            Opening::Addresses(range) => Some(*range),
            _ => None,
        });
        let blocks = mentioned.filter_map(|mentioned| match mentioned {
            Mentioned::Addresses(block) => Some(block),
            _ => None,
        });
        let has_open = openings.contains(&Opening::Everybody);
        Self { ranges: ranges.collect(), blocks: blocks.collect(), has_open }
    }

    /// One address of every stretch that policies tell apart, each with the narrowest range that it is in. One that is
    /// in none comes first.
    pub(super) fn samples(&self) -> Vec<(IpAddr, Option<Range<'p>>)> {
        let mut samples: Vec<(Vec<Truth>, IpAddr)> = Vec::new();
        for address in self.elsewhere().into_iter().chain(self.parts().flat_map(ends)) {
            let seen_as: Vec<Truth> = self.all().map(|range| range.contains(address)).collect();
            if samples.iter().all(|(known, _)| *known != seen_as) {
                samples.push((seen_as, address));
            }
        }
        samples.into_iter().map(|(_, address)| (address, self.range_of(address))).collect()
    }

    fn elsewhere(&self) -> Option<IpAddr> {
        let parts: Vec<IpNet> = self.parts().collect();
        EXAMPLES.into_iter().find(|address| !parts.iter().any(|part| part.contains(address)))
    }

    fn parts(&self) -> impl Iterator<Item = IpNet> {
        self.ranges.iter().flat_map(|range| range.parts()).chain(self.blocks.iter().copied())
    }

    fn all(&self) -> impl Iterator<Item = Range<'p>> {
        let written = self.ranges.iter().map(|range| Range::Written(range));
        written.chain(self.blocks.iter().map(|block| Range::Block(*block)))
    }

    /// The addresses that get through, without those that others stand for.
    pub(super) fn outsiders(&self, trial: &Trial<'_, '_>) -> Vec<Outsiders<'p>> {
        if self.ranges.is_empty() && !self.has_open {
            return Vec::new();
        }
        let mut all: Vec<Outsiders<'p>> = Vec::new();
        for (address, range) in self.samples() {
            let verdict = trial.verdict(trial.evaluator, End::Address(address), false);
            if verdict == Verdict::Blocked || all.iter().any(|known| known.range.is_none() && known.verdict <= verdict)
            {
                continue;
            }
            match all.iter_mut().find(|known| known.range == range) {
                Some(known) if known.verdict > verdict => *known = Outsiders { range, verdict, example: address },
                Some(_) => {}
                None => all.push(Outsiders { range, verdict, example: address }),
            }
        }
        all
    }

    /// The narrowest range that an address is in.
    fn range_of(&self, address: IpAddr) -> Option<Range<'p>> {
        let holding = self.all().filter(|range| range.contains(address) != Truth::No);
        holding.filter(Range::is_readable).max_by_key(Range::width)
    }
}

impl Range<'_> {
    fn contains(&self, address: IpAddr) -> Truth {
        match self {
            Self::Written(range) => range.contains(address),
            Self::Block(block) => Truth::from(block.contains(&address)),
        }
    }

    fn is_readable(&self) -> bool {
        self.width().is_some()
    }

    /// The length of its prefix.
    fn width(&self) -> Option<u8> {
        match self {
            Self::Written(range) => range.parts().next().map(|part| part.prefix_len()),
            Self::Block(block) => Some(block.prefix_len()),
        }
    }

    /// Whether a pod may have such an address. One that is not known may be any.
    pub(super) fn is_about(&self, pod: &Pod) -> bool {
        pod.addresses.is_empty() || pod.addresses.iter().any(|address| self.contains(*address) != Truth::No)
    }

    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Written(range) => range.to_string(),
            Self::Block(block) => block.to_string(),
        }
    }
}

impl<'p> Outsiders<'p> {
    /// Whether nothing more has to be said of pods with an address in this range.
    pub(super) fn stand_for(&self, range: Range<'p>, verdict: Verdict) -> bool {
        self.range == Some(range) && self.verdict <= verdict
    }

    /// Whether a pod that gets through does so, or may do so, as they do.
    pub(super) fn are_about(&self, pod: &Pod, verdict: Verdict) -> bool {
        self.verdict <= verdict && self.range.is_some_and(|range| range.is_about(pod))
    }

    /// Whether it is every address.
    pub(super) const fn is_anybody(&self) -> bool {
        self.range.is_none()
    }

    /// Who they are, in words.
    pub(super) fn in_words(&self) -> String {
        match &self.range {
            Some(range) => format!("any address in {}", range.in_words()),
            None => "any address outside the cluster".to_owned(),
        }
    }

    /// The verdict of one of them in another trial.
    pub(super) fn verdict_of(&self, trial: &Trial<'_, '_>) -> Verdict {
        trial.verdict(trial.evaluator, End::Address(self.example), false)
    }

    /// The way of one of them.
    pub(super) fn path(&self, trial: &Trial<'_, '_>) -> Path {
        trial.path(trial.evaluator, End::Address(self.example), false)
    }
}

/// Where a range begins, and the first address behind it.
fn ends(range: IpNet) -> impl Iterator<Item = IpAddr> {
    let behind = match range.broadcast() {
        IpAddr::V4(last) => u32::from(last).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(last) => u128::from(last).checked_add(1).map(|next| IpAddr::V6(next.into())),
    };
    std::iter::once(range.network()).chain(behind)
}
