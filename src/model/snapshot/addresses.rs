//! Who has which address.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::ops::Bound;

use equivalent::{Comparable, Equivalent};
use imbl::OrdSet;
use ipnet::IpNet;

use crate::model::snapshot::table::{Row, Wear};

/// Rows by address, and in their own order where several have the same.
#[derive(Clone, Debug)]
pub(super) struct Addresses<R: Row> {
    all: OrdSet<At<R>>,
    wear: Wear,
}

#[derive(Clone, Debug)]
struct At<R> {
    address: IpAddr,
    row: R,
}

impl<R: Row> Default for Addresses<R> {
    fn default() -> Self {
        Self { all: OrdSet::new(), wear: Wear::default() }
    }
}

impl<R: Row> Addresses<R> {
    /// Of rows that are in order.
    pub(super) fn of(rows: impl Iterator<Item = (IpAddr, R)>) -> Self {
        let mut all: Vec<At<R>> = rows.map(|(address, row)| At { address, row }).collect();
        all.sort();
        Self::of_ordered(&all)
    }

    fn of_ordered(all: &[At<R>]) -> Self {
        let every_second = |first: usize| all.iter().skip(first).step_by(2).cloned();
        Self { all: every_second(0).chain(every_second(1)).collect(), wear: Wear::default() }
    }

    pub(super) fn insert(&mut self, address: IpAddr, row: R) {
        if self.all.insert(At { address, row }).is_some() {
            self.wear();
        }
    }

    pub(super) fn remove(&mut self, address: IpAddr, row: R) {
        if self.all.remove(&At { address, row }).is_some() {
            self.wear();
        }
    }

    fn wear(&mut self) {
        if self.wear.add(self.all.len()) {
            *self = Self::of_ordered(&self.all.iter().cloned().collect::<Vec<_>>());
        }
    }

    /// Those that have this address.
    pub(super) fn at(&self, address: IpAddr) -> impl Iterator<Item = &R> {
        self.between(address, address)
    }

    /// Those that have an address of this range.
    pub(super) fn within(&self, range: IpNet) -> impl Iterator<Item = &R> {
        self.between(range.network(), range.broadcast())
    }

    fn between(&self, first: IpAddr, last: IpAddr) -> impl Iterator<Item = &R> {
        let start = Edge { address: first, beside: Ordering::Less };
        let end = Edge { address: last, beside: Ordering::Greater };
        self.all.range((Bound::Included(start), Bound::Included(end))).map(|at| &at.row)
    }
}

impl<R: Row> PartialEq for At<R> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<R: Row> Eq for At<R> {}

impl<R: Row> PartialOrd for At<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R: Row> Ord for At<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.address.cmp(&other.address).then_with(|| self.row.key().cmp(&other.row.key()))
    }
}

/// Where an address begins or ends.
struct Edge {
    address: IpAddr,
    /// How it is to those that have the address.
    beside: Ordering,
}

impl<R> Equivalent<At<R>> for Edge {
    fn equivalent(&self, _: &At<R>) -> bool {
        false
    }
}

impl<R> Comparable<At<R>> for Edge {
    fn compare(&self, at: &At<R>) -> Ordering {
        self.address.cmp(&at.address).then(self.beside)
    }
}
