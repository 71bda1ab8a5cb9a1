//! Objects in order, found by the beginnings of their names, and changed without copying: two tables share what they
//! have in common.

mod list;
mod wear;

use std::cmp::Ordering;
use std::ops::Bound;
use std::sync::Arc;

use equivalent::{Comparable, Equivalent};
use imbl::OrdMap;

pub(super) use list::List;
pub(super) use wear::Wear;

/// Where something is in the order: names from the most to the least important one, such as namespace and name. The
/// number tells those apart that are still to be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a> {
    pub(super) names: [&'a str; 4],
    pub(super) number: u32,
}

/// Something that a table has in it.
pub trait Row: Clone {
    /// What it shows.
    type Value;

    /// Where it is.
    fn key(&self) -> Key<'_>;

    /// What it shows.
    fn value(&self) -> &Self::Value;
}

/// Something that knows its names.
pub trait Named {
    /// From the most to the least important one.
    fn names(&self) -> [&str; 4];
}

/// A row that has nothing to tell but its value.
#[derive(Debug)]
pub struct Entry<T> {
    pub(super) value: Arc<T>,
    pub(super) number: u32,
}

// Derived, it would ask the same of the value.
impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), number: self.number }
    }
}

impl<T: Named> Row for Entry<T> {
    type Value = T;

    fn key(&self) -> Key<'_> {
        Key { names: self.value.names(), number: self.number }
    }

    fn value(&self) -> &T {
        &self.value
    }
}

impl<T> From<T> for Entry<T> {
    fn from(value: T) -> Self {
        Self { value: Arc::new(value), number: 0 }
    }
}

/// A row in its place.
#[derive(Clone, Debug)]
pub struct Ordered<R>(R);

impl<R: Row> PartialEq for Ordered<R> {
    fn eq(&self, other: &Self) -> bool {
        self.0.key() == other.0.key()
    }
}

impl<R: Row> Eq for Ordered<R> {}

impl<R: Row> PartialOrd for Ordered<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R: Row> Ord for Ordered<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.key().cmp(&other.0.key())
    }
}

impl<R: Row> Equivalent<Ordered<R>> for Key<'_> {
    fn equivalent(&self, row: &Ordered<R>) -> bool {
        *self == row.0.key()
    }
}

impl<R: Row> Comparable<Ordered<R>> for Key<'_> {
    fn compare(&self, row: &Ordered<R>) -> Ordering {
        self.cmp(&row.0.key())
    }
}

/// Where the rows whose names begin like this begin or end.
struct Edge<'a> {
    names: &'a [&'a str],
    /// How it is to those rows.
    beside: Ordering,
}

impl<R: Row> Equivalent<Ordered<R>> for Edge<'_> {
    fn equivalent(&self, _: &Ordered<R>) -> bool {
        false
    }
}

impl<R: Row> Comparable<Ordered<R>> for Edge<'_> {
    fn compare(&self, row: &Ordered<R>) -> Ordering {
        let names = row.0.key().names;
        self.names.iter().copied().cmp(names.into_iter().take(self.names.len())).then(self.beside)
    }
}

/// Rows in order, each key once. A clone costs nothing, and shares what neither of the two changes.
#[derive(Clone, Debug)]
pub(super) struct Table<R: Row> {
    rows: OrdMap<Ordered<R>, ()>,
    wear: Wear,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self { rows: OrdMap::new(), wear: Wear::default() }
    }
}

impl<R: Row> Table<R> {
    /// Of rows that are in order. A tree that is filled in order has half-empty leaves; every second row fills them.
    pub(super) fn of_ordered(rows: &[R]) -> Self {
        let every_second = |first: usize| rows.iter().skip(first).step_by(2).cloned().map(|row| (Ordered(row), ()));
        Self { rows: every_second(0).chain(every_second(1)).collect(), wear: Wear::default() }
    }

    /// Puts a row in its place, instead of the one that was there.
    pub(super) fn insert(&mut self, row: R) {
        if self.rows.insert(Ordered(row), ()).is_some() {
            self.wear();
        }
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, key: &Key<'_>) -> Option<R> {
        let removed = self.rows.remove_with_key(key).map(|(Ordered(row), ())| row);
        if removed.is_some() {
            self.wear();
        }
        removed
    }

    fn wear(&mut self) {
        if self.wear.add(self.rows.len()) {
            *self = Self::of_ordered(&self.all().rows().cloned().collect::<Vec<R>>());
        }
    }

    /// The row with this key.
    pub(super) fn get(&self, key: &Key<'_>) -> Option<&R> {
        self.rows.get_key_value(key).map(|(Ordered(row), ())| row)
    }

    /// The only row of these names that is not still to be named.
    pub(super) fn named(&self, names: [&str; 4]) -> Option<&R> {
        self.get(&Key { names, number: 0 })
    }

    /// The first row.
    pub(super) fn first(&self) -> Option<&R> {
        self.rows.get_min().map(|(Ordered(row), ())| row)
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rows.
    pub(super) fn all(&self) -> List<'_, R> {
        List::all(self.rows.iter())
    }

    /// The rows whose names begin with these.
    pub(super) fn within(&self, names: &[&str]) -> List<'_, R> {
        let start = Edge { names, beside: Ordering::Less };
        let end = Edge { names, beside: Ordering::Greater };
        List::some(self.rows.range((Bound::Included(start), Bound::Included(end))))
    }

    /// The first row after all whose names begin with these.
    pub(super) fn after(&self, names: &[&str]) -> Option<&R> {
        let start = Edge { names, beside: Ordering::Greater };
        self.rows.range((Bound::Included(start), Bound::Unbounded)).next().map(|(Ordered(row), ())| row)
    }
}

impl<T: Named> Table<Entry<T>> {
    /// A number that no row of these names has.
    pub(super) fn free_number(&self, names: [&str; 4]) -> u32 {
        self.within(&names).rows().next_back().map_or(0, |last| last.number.saturating_add(1))
    }
}
